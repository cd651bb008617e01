//! O2: what a client reads alone is left out, from the moment at which it asks.

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;

use super::{history, request, seconds};
use crate::history::{By, Quality, Request, State, What};
use crate::oracle::{Oracle as _, snapshot};

/// What a client asks after it shows one of three websites that changed: when, what of, and when the
/// answer is there, in seconds.
struct Asks {
    at: u64,
    website: Option<usize>,
    until: u64,
    answer: Quality,
}

fn account(at: u64, until: u64, answer: Quality) -> Asks {
    Asks { at, website: None, until, answer }
}

fn reading(website: usize, at: u64, until: u64) -> Asks {
    Asks { at, website: Some(website), until, answer: Quality::Good }
}

/// What is said of a client that shows one of so many websites that changed at 10 s, and then asks this.
fn half_shown(changed: usize, asks: &[Asks]) -> Option<&'static str> {
    let mut history = history();
    let sites = Vec::from_iter((1..).take(changed).map(|number| {
        let id = WebsiteId::numbered(number);
        history.site(id)
    }));
    let mut state = |text: &str| Some(State { settings: history.values.json(text), token: None });
    let [old, new] = ["1", "2"].map(&mut state);
    let mut oracle = snapshot::Snapshot::default();
    let mut events = Vec::new();
    for site in sites.clone() {
        events.push((0, What::Truth { site, state: old, by: By::Start }));
        events.push((0, What::Shows { site, state: old }));
    }
    events.push((0, What::Ready));
    for site in sites.clone() {
        events.push((10, What::Truth { site, state: new, by: By::Operator }));
    }
    history.requests.push(request(Operation::Since, seconds(20), Quality::Good));
    events.extend([(20, What::Sent(0)), (20, What::Shows { site: sites[0], state: new })]);
    events.push((20, What::Step));
    // What is asked at the moment of an answer is asked before the answer counts as dealt with.
    let mut handled = Some((20, What::Handled(0)));
    for (ask, index) in asks.iter().zip(1..) {
        let operation = match ask.website {
            Some(_) => Operation::GetSettings,
            None => Operation::Account,
        };
        let site = ask.website.map(|website| sites[website]);
        let asked = request(operation, seconds(ask.at), ask.answer);
        history.requests.push(Request { site, ..asked });
        events.extend(handled.take_if(|(at, _)| *at < ask.at));
        events.push((ask.at, What::Sent(index)));
        events.extend(handled.take());
        events.push((ask.until, What::Arriving(index)));
        handled = Some((ask.until, What::Handled(index)));
    }
    events.extend(handled);
    events.push((600, What::End));
    let mut breaches = events.into_iter().filter_map(|(at, what)| {
        let event = history.push(seconds(at), what);
        oracle.see(&history, &event).map(|breach| breach.word)
    });
    breaches.next()
}

const TORN: Option<&str> = Some("torn set");

#[test]
fn a_step_that_is_followed_by_a_reading_of_the_rest_at_once_is_not_torn() {
    assert_eq!(half_shown(2, &[]), TORN);
    assert_eq!(half_shown(2, &[reading(1, 21, 22)]), TORN);
    assert_eq!(half_shown(2, &[reading(1, 20, 21)]), None);
}

#[test]
fn a_client_may_ask_for_its_account_before_it_can_read_a_website_alone() {
    assert_eq!(half_shown(2, &[account(20, 21, Quality::Good)]), TORN);
    assert_eq!(half_shown(2, &[account(20, 21, Quality::Good), reading(1, 21, 22)]), None);
    assert_eq!(half_shown(2, &[account(20, 21, Quality::Good), reading(1, 22, 23)]), TORN);
}

#[test]
fn a_client_whose_account_fails_may_ask_for_it_again_for_a_while() {
    let failed = || account(20, 21, Quality::Broken);
    let then = |at| [failed(), account(at, at, Quality::Good), reading(1, at, at)];
    assert_eq!(half_shown(2, &then(25)), None);
    assert_eq!(half_shown(2, &then(580)), TORN);
    assert_eq!(half_shown(2, &[failed()]), TORN);
}

#[test]
fn a_client_may_read_several_websites_one_after_another() {
    assert_eq!(half_shown(3, &[reading(1, 20, 21)]), TORN);
    assert_eq!(half_shown(3, &[reading(1, 20, 21), reading(2, 21, 22)]), None);
    assert_eq!(half_shown(3, &[reading(1, 20, 21), reading(2, 22, 23)]), TORN);
}
