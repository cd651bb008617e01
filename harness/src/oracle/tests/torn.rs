//! O2: what a client reads alone is left out, from the moment at which it asks.

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;

use super::{history, request, seconds};
use crate::history::{By, Quality, Request, State, What};
use crate::oracle::{Oracle as _, snapshot};

/// What is said of a client that shows one of two websites that changed, and asks for the other alone
/// so many seconds after.
fn half_shown(asks_after: Option<u64>) -> Option<&'static str> {
    let mut history = history();
    let sites = [1, 2].map(|number| history.site(WebsiteId::numbered(number)));
    let mut state = |text: &str| Some(State { settings: history.values.json(text), token: None });
    let [old, new] = ["1", "2"].map(&mut state);
    let mut oracle = snapshot::Snapshot::default();
    let mut events = Vec::new();
    for site in sites {
        events.push((0, What::Truth { site, state: old, by: By::Start }));
        events.push((0, What::Shows { site, state: old }));
    }
    events.push((0, What::Ready));
    for site in sites {
        events.push((10, What::Truth { site, state: new, by: By::Operator }));
    }
    let poll = request(Operation::Since, seconds(20), Quality::Good);
    let read = request(Operation::GetSettings, seconds(20), Quality::Good);
    history.requests.extend([poll, Request { site: Some(sites[1]), ..read }]);
    events.extend([(20, What::Sent(0)), (20, What::Shows { site: sites[0], state: new })]);
    events.push((20, What::Step));
    events.extend(asks_after.map(|after| (20 + after, What::Sent(1))));
    events.push((20 + asks_after.unwrap_or_default(), What::Handled(0)));
    let mut breaches = events.into_iter().filter_map(|(at, what)| {
        let event = history.push(seconds(at), what);
        oracle.see(&history, &event).map(|breach| breach.word)
    });
    breaches.next()
}

#[test]
fn a_step_that_is_followed_by_a_reading_of_the_rest_at_once_is_not_torn() {
    assert_eq!(half_shown(None), Some("torn set"));
    assert_eq!(half_shown(Some(1)), Some("torn set"));
    assert_eq!(half_shown(Some(0)), None);
}
