//! The set is bounded as a whole: what is over a bound is not used at all, the cache serves on, and
//! it is asked again after growing waits.

use bytes::Bytes;
use http::Response;
use serde_json::json;
use std::time::Duration;

use super::hostile::{Played, at, item, list};
use super::server::Quirks;
use super::sim::{Deed, Sim, config, moment, secs, w};
use crate::machine::{Freshness, Machine, Operation, SaveOutcome, State, WarmStart};
use crate::{Change, Config, Settings, Website};

fn bounded(websites: usize) -> Config {
    let mut config = config();
    config.most_websites = websites;
    config.quota = crate::Quota::Unlimited;
    config
}

/// Every page has two websites that no page had before.
fn endless(operation: Operation, now: Duration) -> Response<Bytes> {
    match operation {
        Operation::List(page) => {
            let number = u128::from(page) * 2;
            let two = [item(number, "{}"), item(number + 1, "{}")];
            at(now, 200, &list(&two.join(",")))
        }
        _ => at(now, 200, &list("")),
    }
}

fn error(played: &Played) -> String {
    played.machine.status(moment(played.now, 0)).last_error.unwrap_or_default()
}

#[test]
fn a_first_list_without_end_is_given_up_at_the_bound_and_read_again_after_growing_waits() {
    let mut played = Played::of(bounded(100));
    for second in 1..=3600 {
        played.until(secs(second), endless);
        let aside = played.machine.phase.pass().map_or(0, |pass| pass.pages().len());
        assert!(aside <= 102, "{aside} websites held aside");
    }
    assert!(!played.machine.is_ready() && played.machine.snapshot().websites.is_empty());
    // 51 pages a pass, and between two passes from half a minute to a quarter of an hour.
    let passes = played.machine.counters().over_bound;
    assert!((4..=15).contains(&passes), "{passes} passes in an hour");
    assert_eq!(u64::from(played.sent / 51), passes, "{} requests", played.sent);
    let error = error(&played);
    assert!(error.contains("bound of 100 (`Config::most_websites`)"), "{error}");
    assert!(played.machine.status(moment(played.now, 0)).failures > 3);
    // The list has an end again.
    let wait = bounded(100).refused.cap;
    played.until(secs(3600) + wait, |operation, now| match operation {
        Operation::List(1) => at(now, 200, &list(&item(1, "{}"))),
        _ => at(now, 200, &list("")),
    });
    assert!(played.machine.is_ready() && played.holds(1));
    assert_eq!(played.machine.status(moment(played.now, 0)).last_error, None);
}

#[test]
fn a_list_of_items_without_identifiers_has_a_bound_too() {
    let mut played = Played::of(bounded(100));
    played.until(secs(60), |operation, now| match operation {
        Operation::List(_) => at(now, 200, &list(r#"{"website_id":7},{"website_id":8}"#)),
        _ => at(now, 200, &list("")),
    });
    assert!(played.sent < 51 * 5, "{} requests in a minute", played.sent);
    assert!(error(&played).contains("`Config::most_websites`"));
}

#[test]
fn a_relist_over_the_bound_leaves_the_set_and_polls_go_on() {
    let mut config = bounded(100);
    config.relist_every = secs(600);
    let mut played = Played::of(config);
    let sane = |operation, now| match operation {
        Operation::List(1) => at(now, 200, &list(&item(1, r#"{"n":1}"#))),
        _ => at(now, 200, &list("")),
    };
    played.until(secs(500), sane);
    let newer = item(1, r#"{"n":2}"#).replacen('{', r#"{"difference":"updated","#, 1);
    played.until(secs(3000), |operation, now| match operation {
        Operation::List(_) => endless(operation, now),
        _ => at(now, 200, &list(&newer)),
    });
    let websites = &played.machine.snapshot().websites;
    assert_eq!(websites.len(), 1);
    assert_eq!(websites.get(&w(1)).unwrap().settings.as_json(), r#"{"n":2}"#, "polls go on");
    assert_eq!(played.machine.state(), State::Relisting);
    assert_eq!(played.machine.counters().lists, 1);
    let status = played.machine.status(moment(played.now, 0));
    assert!(matches!(status.freshness, Freshness::Fresh { .. }), "{status}");
    assert!(error(&played).contains("list: "), "{}", error(&played));
    played.until(secs(3000 + 900), sane);
    assert!(played.machine.counters().lists > 1, "a list that fits is used");
    assert_eq!(error(&played), "");
}

#[test]
fn settings_over_the_bound_of_bytes_are_not_taken_in_by_a_list() {
    let mut config = bounded(100);
    config.most_bytes = 1000;
    let mut played = Played::of(config);
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(600));
    let both = [item(1, &long), item(2, &long)].join(",");
    played.until(secs(60), |operation, now| match operation {
        Operation::List(1) => at(now, 200, &list(&both)),
        _ => at(now, 200, &list("")),
    });
    assert!(!played.machine.is_ready());
    assert!(error(&played).contains("bound of 1000 (`Config::most_bytes`)"), "{}", error(&played));
}

#[test]
fn a_poll_that_would_go_over_the_bound_is_not_applied_by_half_and_asked_again_until_it_fits() {
    let mut sim = Sim::three(bounded(4), Quirks::default());
    sim.deed(secs(70), Deed::Operator(1, json!({"v": "new"})));
    sim.deed(secs(71), Deed::Install(8, json!({})));
    sim.deed(secs(72), Deed::Install(9, json!({})));
    sim.run(secs(300));
    assert_eq!(sim.changes.len(), 3, "not even the change of a known website is shown");
    assert_eq!(sim.machine.state(), State::Retrying);
    let status = sim.machine.status(sim.moment());
    assert!(matches!(status.freshness, Freshness::Stale { .. }), "{status}");
    let error = status.last_error.unwrap();
    assert!(error.starts_with("since: 5 websites") && error.contains("of 4 "), "{error}");
    let polls = sim.count("since");
    assert!((4..=10).contains(&polls), "{polls} polls in 300 s");
    // One leaves, and all of it fits.
    sim.deed(secs(301), Deed::Uninstall(2));
    sim.run(secs(301) + config().refused.cap);
    sim.assert_converged();
    assert_eq!(sim.machine.snapshot().websites.len(), 4);
}

#[test]
fn a_poll_that_would_go_over_the_bound_of_bytes_is_not_applied() {
    let mut config = bounded(100);
    config.most_bytes = 200;
    let mut sim = Sim::three(config.clone(), Quirks::default());
    sim.deed(secs(70), Deed::Operator(1, json!({"v": "x".repeat(300)})));
    sim.run(secs(200));
    assert_eq!(sim.changes.len(), 3);
    sim.deed(secs(201), Deed::Operator(1, json!({"v": "short"})));
    sim.run(secs(201) + config.refused.cap);
    sim.assert_converged();
}

#[test]
fn a_differential_that_brings_the_list_over_the_bound_is_not_used_either() {
    let mut sim = Sim::three(bounded(4), Quirks::default());
    sim.after("list", 2, Deed::Install(8, json!({})));
    sim.after("list", 3, Deed::Install(9, json!({})));
    sim.run(secs(20));
    assert!(!sim.machine.is_ready());
    assert_eq!(sim.machine.counters().over_bound, 1);
}

#[test]
fn a_set_over_a_bound_that_was_lowered_follows_what_does_not_make_it_grow() {
    let website = |number| Website {
        id: w(number),
        token: Some("t".into()),
        settings: Settings::from_json("{}").unwrap(),
        price: None,
        plan: None,
    };
    let cursor = "2026-01-01T00:00:00Z".parse().unwrap();
    let warm = WarmStart {
        websites: (1..=5).map(website).collect(),
        cursor,
        verified: true,
        learnt: Vec::new(),
    };
    let machine = Machine::resume(bounded(2), moment(secs(60), 0), warm);
    let mut played = Played::with(machine, secs(60));
    let news = |number, word: &str| {
        item(number, "[]").replacen('{', &format!(r#"{{"difference":"{word}","#), 1)
    };
    let smaller = [news(1, "updated"), news(2, "removed")].join(",");
    played.until(secs(61), |_, now| at(now, 200, &list(&smaller)));
    assert_eq!(played.machine.snapshot().websites.len(), 4);
    let larger = news(6, "added");
    played.until(secs(200), |_, now| at(now, 200, &list(&larger)));
    assert_eq!(played.machine.snapshot().websites.len(), 4);
    assert!(error(&played).contains("bound of 2 "), "{}", error(&played));
}

#[test]
fn a_reading_over_the_bound_is_not_shown_and_its_save_is_unknown() {
    let mut config = bounded(100);
    config.most_bytes = 200;
    let mut sim = Sim::three(config, Quirks::default());
    sim.deed(secs(30), Deed::Patch(1, json!({"long": "x".repeat(300)})));
    sim.run(secs(59));
    assert_eq!(sim.changes.len(), 3);
    assert!(sim.machine.status(sim.moment()).last_error.unwrap().contains("`Config::most_bytes`"));
    sim.run(secs(61));
    assert!(
        matches!(sim.outcomes[..], [(_, _, SaveOutcome::Unknown { .. })]),
        "{:?}",
        sim.outcomes
    );
}

#[test]
fn an_own_put_shows_whatever_the_bound() {
    let mut config = bounded(100);
    config.most_bytes = 200;
    let mut sim = Sim::three(config, Quirks::default());
    sim.deed(secs(30), Deed::Put(1, json!({"long": "x".repeat(300)})));
    sim.run(secs(200));
    sim.assert_converged();
    assert!(matches!(sim.outcomes[..], [(_, _, SaveOutcome::Done)]), "{:?}", sim.outcomes);
    let own = |change: &Change| matches!(change, Change::Updated { .. });
    assert!(own(&sim.changes.last().unwrap().1));
}

#[test]
fn websites_that_differentials_name_and_nothing_settles_have_a_bound() {
    let mut played = Played::of(bounded(10));
    let named = std::cell::Cell::new(10_u128);
    played.until(secs(900), |operation, now| match operation {
        Operation::List(1) => at(now, 200, &list(&item(1, "{}"))),
        Operation::Since if now > secs(30) => {
            // Neither a word that is known nor settings: each has to be read alone.
            let first = named.replace(named.get() + 5000);
            let items = (first..first + 5000).map(|n| format!(r#"{{"website_id":"{}"}}"#, w(n)));
            at(now, 200, &list(&items.collect::<Vec<_>>().join(",")))
        }
        Operation::GetSettings(_) => at(now, 503, ""),
        _ => at(now, 200, &list("")),
    });
    assert!(played.machine.names_aside() <= 40_000, "{}", played.machine.names_aside());
    assert!(played.machine.counters().over_bound > 0);
    assert!(played.holds(1), "the cache serves on");
}
