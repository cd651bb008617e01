//! What a probe makes of the requests that it sees.

use std::time::Duration;

use crisp_mock_server::api::Unread;
use crisp_mock_server::clock::Stamp;
use crisp_mock_server::journal::Entry;
use crisp_mock_server::operation::Operation;

use super::sight::{Cache, Saying, Sight};

const POLL: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(10);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn entry(at: u64, operation: Operation, page: &str, status: u16) -> Entry {
    Entry {
        seq: 1,
        time: Stamp(0),
        elapsed_ms: at,
        operation,
        occurrence: 1,
        method: "GET".to_owned(),
        path: format!("/v1/plugin/connect/websites/{page}"),
        query: String::new(),
        agent: None,
        website: None,
        website_name: None,
        status: Some(status),
        outcome: "answer",
        carried_out: status < 400,
        client_left: false,
        faults: Vec::new(),
        unread: Unread::default(),
        explanation: (status == 401).then(|| "the key is wrong".to_owned()),
        duration_ms: None,
    }
}

/// A client that loads at these times and polls at those.
fn client(loads: &[u64], polls: &[u64]) -> Sight {
    client_of(POLL, loads, polls)
}

fn client_of(poll: Duration, loads: &[u64], polls: &[u64]) -> Sight {
    let mut sight = Sight::new(poll, PATIENCE, Duration::ZERO);
    for (page, at) in loads.iter().enumerate() {
        sight.see(&entry(*at, Operation::List, &format!("all/{}", page + 1), 200));
    }
    for at in polls {
        sight.see(&entry(*at, Operation::Since, "since", 200));
    }
    sight.cache = Cache::Shown;
    sight
}

fn wrong(said: Saying) -> String {
    match said {
        Saying::Wrong(untried) => untried.to_string(),
        said => panic!("{said:?}"),
    }
}

#[test]
fn all_is_well_with_the_second_poll_of_a_client_that_shows_its_cache() {
    let loads = [300, 310];
    let now = ms(720);
    assert_eq!(client(&loads, &[510]).say(now, false), Saying::GoOn);
    let mut sight = client(&loads, &[510, 715]);
    assert_eq!(sight.say(now, false), Saying::Fine);
    sight.cache = Cache::Loading;
    assert_eq!(sight.say(now, false), Saying::GoOn);
}

#[test]
fn a_client_that_lists_everything_in_place_of_polling_is_well_too() {
    let mut sight = client(&[], &[]);
    for at in [300, 510, 720] {
        sight.see(&entry(at, Operation::List, "all/1", 200));
        sight.see(&entry(at + 3, Operation::List, "all/2", 200));
    }
    assert_eq!(sight.say(ms(730), false), Saying::Fine);
}

#[test]
fn polls_that_belong_to_the_load_do_not_show_the_interval() {
    let sight = client(&[300, 302], &[304, 306, 308]);
    assert_eq!(sight.say(ms(400), false), Saying::GoOn);
    let said = wrong(sight.say(ms(4_900), false));
    assert!(said.contains("it asked 5 times, then nothing for 4s500ms"), "{said}");
    assert!(said.contains("CRISP_POLL_MS tells it to poll every 200 ms"), "{said}");
}

#[test]
fn an_interval_of_its_own_is_told_whether_it_is_too_long_or_none() {
    let long = wrong(client(&[300], &[2_300, 4_300]).say(ms(4_900), false));
    assert!(long.contains("it polls every 2s, although"), "{long}");
    let none: Vec<u64> = (300..4_800).step_by(10).collect();
    let none = wrong(client(&[290], &none).say(ms(4_900), false));
    assert!(none.contains("it polled 450 times in 4s600ms, although"), "{none}");
}

#[test]
fn an_interval_that_cannot_be_measured_in_this_time_is_none_of_its_own() {
    let slow = client_of(Duration::from_secs(2), &[300], &[]);
    assert_eq!(slow.say(ms(4_900), false), Saying::Fine);
    let once = client(&[300], &[3_000]);
    assert_eq!(once.say(ms(4_900), false), Saying::Fine);
}

#[test]
fn a_slow_machine_says_nothing_of_a_client() {
    let silent = client(&[300], &[]);
    wrong(silent.say(ms(4_900), false));
    assert_eq!(silent.say(ms(4_900), true), Saying::Fine);
    let mut elsewhere = client(&[300], &[600, 900]);
    elsewhere.cache = Cache::Misplaced("404".to_owned());
    wrong(elsewhere.say(ms(4_900), false));
    assert_eq!(elsewhere.say(ms(4_900), true), Saying::Fine);
    // Still under way, each step a good while after the one before.
    let mut crawls = client(&[1_000, 3_500, 5_400], &[]);
    crawls.cache = Cache::Loading;
    assert_eq!(crawls.say(ms(5_600), false), Saying::Fine);
    crawls.cache = Cache::Misplaced("nothing listens".to_owned());
    assert_eq!(crawls.say(ms(5_600), false), Saying::Fine);
    let nothing = Sight::new(POLL, PATIENCE, Duration::ZERO);
    assert_eq!(nothing.say(ms(10_100), true), Saying::Fine);
}

#[test]
fn a_client_that_is_refused_from_the_first_request_on_is_told_with_that_request() {
    let mut sight = Sight::new(POLL, PATIENCE, Duration::ZERO);
    sight.see(&entry(300, Operation::List, "all/1", 401));
    assert_eq!(sight.say(ms(400), false), Saying::GoOn);
    let said = wrong(sight.at_its_end());
    let wanted = "its only request, `GET /v1/plugin/connect/websites/all/1`, was answered with \
                  401: the key is wrong";
    assert!(said.contains(wanted), "{said}");
    assert!(said.contains("CRISP_KEY"), "{said}");
    sight.see(&entry(500, Operation::List, "all/1", 401));
    let said = wrong(sight.say(ms(2_400), true));
    assert!(said.contains("all its 2 requests were refused, the first, `GET"), "{said}");
    // One that is asked for its credentials first, and then gives them, is let in.
    sight.see(&entry(510, Operation::List, "all/1", 200));
    assert_eq!(sight.say(ms(2_400), false), Saying::GoOn);
    assert_eq!(sight.at_its_end(), Saying::Fine);
}

#[test]
fn a_client_may_start_slowly_unless_its_cache_is_there_before_it_asked_anything() {
    let mut sight = Sight::new(POLL, PATIENCE, Duration::ZERO);
    assert_eq!(sight.say(ms(9_900), false), Saying::GoOn);
    assert_eq!(sight.say(ms(10_100), false), Saying::Unasked(PATIENCE));
    sight.cache = Cache::Shown;
    assert_eq!(sight.say(ms(4_600), false), Saying::Unasked(ms(4_500)));
}
