//! 304 in answer to requests that are not conditional: no data, a failure, and another address.

use serde_json::json;

use super::server::Quirks;
use super::sim::{Deed, Fault, Sim, at, config, during, ms, secs, w};
use crate::machine::{Freshness, SaveOutcome, State};

#[test]
fn a_304_on_a_poll_is_a_failure_and_the_next_address_is_new() {
    let mut sim = Sim::three(config(), Quirks { not_modified: true, ..Quirks::default() });
    // The answer is lost, so the same address is asked again, which the cache in front has seen.
    sim.fault(at("since", 2, Fault::LoseAnswer));
    sim.deed(secs(30), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(70));
    sim.assert_converged();
    assert!(sim.machine.counters().cached_answers >= 2, "a page and a poll");
    let [.., refused, taken] = &sim.server.requests[..] else { panic!("two polls") };
    assert!(taken.0 - refused.0 <= secs(4), "asked again soon: {:?}", taken.0);
    assert_eq!(sim.machine.counters().lists, 1);
}

#[test]
fn a_304_without_end_keeps_the_set_and_the_cursor_and_says_why() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(during("since", 50, 500, Fault::NotModified));
    sim.deed(secs(70), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(499));
    assert_eq!(sim.machine.snapshot().websites.len(), 3, "the cache serves on");
    assert_eq!(sim.changes.len(), 3, "a 304 tells nothing");
    assert_eq!(sim.machine.state(), State::Retrying);
    let status = sim.machine.status(sim.moment());
    assert!(matches!(status.freshness, Freshness::Stale { .. }), "{status}");
    let error = status.last_error.unwrap();
    assert!(error.contains("304 Not Modified") && error.contains("a cache between"), "{error}");
    let asked = sim.count("since");
    assert!((15..80).contains(&asked), "{asked} requests in 450 s");
    sim.run(secs(532));
    sim.assert_converged();
}

#[test]
fn a_304_on_a_page_is_neither_its_content_nor_the_end_of_the_list() {
    for page in 1..=4 {
        let mut sim = Sim::three(config(), Quirks::default());
        sim.fault(at("list", page, Fault::NotModified));
        sim.run(secs(10));
        sim.assert_converged();
        assert!(sim.machine.is_ready(), "page request {page}");
    }
}

#[test]
fn a_page_that_is_answered_304_for_ever_is_asked_at_another_address() {
    // The last page is asked twice, so the second time is answered 304 until the address is new.
    let mut sim = Sim::three(config(), Quirks { not_modified: true, ..Quirks::default() });
    sim.run(secs(10));
    assert!(sim.machine.is_ready());
    sim.assert_converged();
}

#[test]
fn a_304_on_a_save_is_unclear_and_read_back() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(at("save_settings", 1, Fault::NotModified));
    sim.deed(secs(30), Deed::Put(1, json!({"v": "mine"})));
    sim.run(secs(40));
    assert!(matches!(sim.outcomes[..], [(_, _, SaveOutcome::Unknown { .. })]), "not carried out");
    sim.assert_converged();
    assert_eq!(sim.count("save_settings"), 1, "never sent twice");
}

#[test]
fn a_304_on_a_read_back_is_asked_again() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(at("get_settings", 1, Fault::NotModified));
    sim.deed(secs(30), Deed::Patch(1, json!({"v": "mine"})));
    sim.run(secs(30) + ms(2500));
    assert!(matches!(sim.outcomes[..], [(_, _, SaveOutcome::Done)]), "{:?}", sim.outcomes);
    assert!(sim.machine.snapshot().websites.get(&w(1)).is_some());
    sim.assert_converged();
}
