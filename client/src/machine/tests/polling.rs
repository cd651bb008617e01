//! Polls: cursor, clocks, gaps, lies.

use serde_json::json;

use super::server::Quirks;
use super::sim::{Deed, Fault, Sim, at, config, during, ms, secs, w};
use crate::machine::{Freshness, State};
use crate::{Change, Config};

fn short_overlap() -> Config {
    let mut config = config();
    config.overlap = secs(5);
    config
}

#[test]
fn an_operator_s_save_arrives_with_the_next_poll() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.deed(secs(70), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(121));
    sim.assert_converged();
}

#[test]
fn a_failed_poll_is_asked_again_from_the_same_date() {
    let mut sim = Sim::three(short_overlap(), Quirks::default());
    sim.deed(secs(30), Deed::Operator(1, json!({"v": "new"})));
    sim.fault(at("since", 2, Fault::Status(500)));
    sim.run(secs(62));
    sim.assert_converged();
}

#[test]
fn a_save_while_a_slow_poll_travels_is_not_lost() {
    let mut sim = Sim::three(short_overlap(), Quirks::default());
    sim.fault(at("since", 2, Fault::Delay(secs(20))));
    sim.deed(secs(70), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(125));
    sim.assert_converged();
}

#[test]
fn a_client_clock_that_is_wrong_or_jumps_does_not_matter() {
    for skew in [-600_000, 600_000] {
        let mut sim = Sim::three(short_overlap(), Quirks::default());
        sim.deed(secs(20), Deed::SkewClient(skew));
        sim.deed(secs(65), Deed::SkewClient(0));
        sim.deed(secs(70), Deed::Operator(1, json!({"v": "new"})));
        sim.run(secs(125));
        sim.assert_converged();
    }
}

#[test]
fn a_server_clock_that_steps_back_leads_to_a_list_and_loses_nothing() {
    let mut sim = Sim::three(short_overlap(), Quirks::default());
    sim.deed(secs(90), Deed::SkewServer(-60_000));
    sim.deed(secs(100), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(125));
    sim.assert_converged();
    assert_eq!(sim.machine.counters().lists, 2);
}

#[test]
fn coarse_stamps_and_an_exclusive_boundary_lose_nothing() {
    let quirks = Quirks { exclusive: true, seconds: true, ..Quirks::default() };
    let mut sim = Sim::three(short_overlap(), quirks);
    sim.deed(ms(60_050 + 300), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(125));
    sim.assert_converged();
}

#[test]
fn without_a_date_header_the_local_clock_and_a_double_overlap_do() {
    let mut sim = Sim::three(short_overlap(), Quirks { no_date: true, ..Quirks::default() });
    sim.deed(ms(60_055), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(125));
    sim.assert_converged();
}

#[test]
fn bodies_that_are_not_the_api_s_change_nothing_and_keep_the_cursor() {
    for body in [
        "<html>a proxy's page</html>",
        "",
        "{\"error\":false,\"reason\":\"listed\",\"data\":[{\"website_id\":",
        "{\"error\":true,\"reason\":\"oops\",\"data\":[]}",
        "{\"error\":false,\"reason\":\"listed\",\"data\":null}",
        "{\"error\":false,\"reason\":\"listed\"}",
        "{\"error\":false,\"reason\":\"listed\",\"data\":{}}",
    ] {
        let mut sim = Sim::three(short_overlap(), Quirks::default());
        sim.deed(secs(30), Deed::Operator(1, json!({"v": "new"})));
        sim.fault(at("since", 2, Fault::Body(body)));
        sim.run(ms(60_100));
        assert_eq!(sim.changes.len(), 3, "{body}");
        assert_eq!(sim.machine.state(), State::Retrying, "{body}");
        assert!(matches!(sim.machine.freshness(sim.moment()), Freshness::Stale { .. }));
        sim.run(secs(62));
        sim.assert_converged();
    }
}

#[test]
fn an_outage_longer_than_the_gap_ends_in_a_list_that_removes_what_left() {
    let mut config = short_overlap();
    config.longest_gap = secs(300);
    let mut sim = Sim::three(config, Quirks { remembers: secs(600), ..Quirks::default() });
    sim.deed(secs(70), Deed::Uninstall(2));
    sim.fault(during("any", 65, 800, Fault::Connect));
    sim.run(secs(500));
    assert_eq!(sim.machine.state(), State::Recovering);
    assert!(sim.machine.snapshot().websites.contains(&w(2)), "the cache serves on");
    sim.run(secs(840));
    sim.assert_converged();
    let removed = |change: &Change| matches!(change, Change::Removed { old } if old.id == w(2));
    assert!(sim.changes.iter().any(|(_, change)| removed(change)));
}

#[test]
fn a_date_that_the_server_refuses_leads_to_a_list() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(at("since", 3, Fault::Status(410)));
    sim.run(secs(125));
    sim.assert_converged();
    assert_eq!(sim.machine.counters().lists, 2);
}

#[test]
fn a_date_that_became_too_old_before_the_first_poll_after_a_list_leads_to_a_list() {
    let mut sim = Sim::three(config(), Quirks { horizon: secs(600), ..Quirks::default() });
    sim.deed(secs(40), Deed::Operator(1, json!({"v": "newer"})));
    sim.fault(during("since", 20, 620, Fault::Connect));
    sim.run(secs(1500));
    sim.assert_converged();
    assert_eq!(sim.machine.counters().lists, 2);
}

#[test]
fn a_server_that_refuses_every_date_is_not_listed_again_and_again() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(during("since", 50, 3000, Fault::Status(400)));
    sim.run(secs(3000));
    assert!(sim.count("list") < 20, "{}", sim.count("list"));
}

#[test]
fn an_answer_out_of_a_cache_is_not_believed_and_the_next_address_is_new() {
    let mut sim = Sim::three(short_overlap(), Quirks::default());
    sim.deed(secs(110), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(121));
    sim.assert_converged();
    sim.fault(at("since", 4, Fault::Stale(secs(100))));
    sim.run(secs(185));
    sim.assert_converged();
    assert_eq!(sim.machine.counters().cached_answers, 1);
    assert_eq!(sim.changes.len(), 4, "the old settings never came back");
}

#[test]
fn a_website_that_came_back_has_its_new_token() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.deed(secs(200), Deed::Uninstall(1));
    sim.deed(secs(210), Deed::Install(1, json!({"v": "old"})));
    sim.run(secs(250));
    sim.assert_converged();
}

#[test]
fn a_raw_log_is_applied_in_order_and_the_doubtful_website_read() {
    let mut sim = Sim::three(config(), Quirks { raw_log: true, ..Quirks::default() });
    sim.deed(secs(200), Deed::Uninstall(1));
    sim.deed(secs(210), Deed::Install(1, json!({"v": "again"})));
    sim.deed(secs(215), Deed::Operator(2, json!({"v": "first"})));
    sim.deed(secs(220), Deed::Operator(2, json!({"v": "second"})));
    sim.run(secs(250));
    sim.assert_converged();
    assert_eq!(sim.count("get_settings"), 1);
    let told: Vec<_> = sim.changes.iter().skip(3).collect();
    assert_eq!(told.len(), 2, "one change a website: {told:?}");
}

#[test]
fn repeats_within_the_overlap_tell_nothing() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.deed(secs(130), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(500));
    assert_eq!(sim.changes.len(), 4);
    assert_eq!(sim.machine.snapshot().generation, 2);
}

#[test]
fn a_hint_polls_at_once() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.deed(secs(10), Deed::Operator(1, json!({"v": "new"})));
    sim.deed(secs(11), Deed::PollNow);
    sim.run(secs(12));
    sim.assert_converged();
}

#[test]
fn a_hint_during_a_poll_polls_again_when_that_is_answered() {
    let mut sim = Sim::three(short_overlap(), Quirks::default());
    sim.fault(at("since", 2, Fault::Delay(secs(8))));
    sim.deed(secs(63), Deed::Operator(1, json!({"v": "new"})));
    sim.deed(secs(64), Deed::PollNow);
    sim.run(secs(67));
    assert_eq!(sim.count("since"), 2, "one is under way");
    sim.run(secs(70));
    sim.assert_converged();
    assert_eq!(sim.count("since"), 3);
    sim.run(secs(100));
    assert_eq!(sim.count("since"), 3, "and one is enough");
}

#[test]
fn the_status_is_stale_while_polls_fail_and_its_age_counts_from_the_last_good_sending() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(during("any", 59, 200, Fault::Hang));
    sim.run(secs(100));
    let age = secs(100) - ms(40);
    assert_eq!(sim.machine.freshness(sim.moment()), Freshness::Stale { age: Some(age) });
    let status = sim.machine.status(sim.moment()).to_string();
    assert!(status.starts_with("retrying · stale since 99s · 3 websites"), "{status}");
    sim.run(secs(280));
    assert!(matches!(sim.machine.freshness(sim.moment()), Freshness::Fresh { .. }));
}
