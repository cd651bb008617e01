//! The first list and the later ones.

use serde_json::json;

use super::server::Quirks;
use super::sim::{Deed, Fault, Sim, at, config, during, ms, secs, w};
use crate::Change;
use crate::machine::State;

fn one_a_page() -> Quirks {
    Quirks { page_size: 1, ..Quirks::default() }
}

#[test]
fn a_load_reads_to_the_empty_page_twice_verifies_and_becomes_ready() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.run(secs(1));
    sim.assert_converged();
    assert_eq!((sim.count("list"), sim.count("since")), (4, 1));
    assert_eq!(sim.ready_at, Some(ms(50)));
    assert_eq!(sim.machine.state(), State::Steady);
}

#[test]
fn nothing_is_in_the_cache_before_the_load_is_verified() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.run(ms(49));
    assert_eq!(sim.machine.state(), State::Verifying);
    assert!(!sim.machine.is_ready());
    assert!(sim.machine.snapshot().websites.is_empty());
    assert!(sim.changes.is_empty());
}

#[test]
fn a_change_while_the_pages_are_read_is_not_lost() {
    let mut sim = Sim::three(config(), one_a_page());
    sim.after("list", 1, Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(1));
    sim.assert_converged();
    assert_eq!(sim.count("list"), 9, "an edit may be a website that came back: one more pass");
}

#[test]
fn a_website_that_leaves_while_the_pages_are_read_costs_another_pass_and_no_website() {
    let mut sim = Sim::three(config(), one_a_page());
    sim.after("list", 1, Deed::Uninstall(1));
    sim.run(secs(1));
    sim.assert_converged();
    assert!(sim.machine.snapshot().websites.contains(&w(2)), "w2 moved to page 1 unread");
    assert_eq!(sim.machine.counters().drifts, 1);
}

#[test]
fn a_website_that_leaves_before_its_page_is_read_moves_nothing() {
    let mut sim = Sim::three(config(), one_a_page());
    sim.after("list", 1, Deed::Uninstall(3));
    sim.run(secs(1));
    sim.assert_converged();
    assert_eq!(sim.machine.counters().drifts, 0);
}

#[test]
fn an_install_in_front_of_the_pages_that_leaves_again_is_noticed_by_the_repeat() {
    let mut sim = Sim::three(config(), Quirks { newest_first: true, ..one_a_page() });
    sim.after("list", 1, Deed::Install(4, json!({})));
    sim.after("list", 2, Deed::Uninstall(4));
    sim.run(secs(1));
    sim.assert_converged();
}

#[test]
fn drift_that_a_lagging_differential_hides_is_found_by_a_later_poll() {
    let mut sim = Sim::three(config(), Quirks { lag: ms(1500), ..one_a_page() });
    // Visible on the pages and in the differential 1.5 s late: between pages 1 and 2.
    sim.deed(ms(0), Deed::Uninstall(1));
    sim.fault(at("list", 2, Fault::Delay(ms(1600))));
    sim.run(secs(61));
    sim.assert_converged();
}

#[test]
fn a_failing_page_is_asked_again_and_neither_skipped_nor_the_end() {
    let mut sim = Sim::three(config(), one_a_page());
    for occurrence in 2..=3 {
        sim.fault(at("list", occurrence, Fault::Status(500)));
    }
    sim.run(secs(10));
    sim.assert_converged();
    assert!(sim.ready_at.is_some());
}

#[test]
fn an_empty_page_that_lies_is_not_the_end() {
    let empty = "{\"error\":false,\"reason\":\"listed\",\"data\":[]}";
    let mut sim = Sim::three(config(), one_a_page());
    sim.fault(at("list", 2, Fault::Body(empty)));
    sim.run(secs(10));
    sim.assert_converged();
}

#[test]
fn a_404_past_the_end_ends_the_list_once_the_page_before_is_seen_to_be_there() {
    let mut sim = Sim::three(config(), Quirks { past_end_404: true, ..one_a_page() });
    sim.run(secs(1));
    sim.assert_converged();
    assert!(sim.machine.is_ready());
}

#[test]
fn a_404_in_the_middle_of_the_list_is_not_the_end() {
    let mut sim = Sim::three(config(), one_a_page());
    sim.fault(at("list", 2, Fault::Status(404)));
    sim.run(secs(1));
    sim.assert_converged();
}

#[test]
fn an_outage_of_404s_ends_in_a_new_pass_and_not_in_half_a_list() {
    let mut sim = Sim::three(config(), one_a_page());
    sim.fault(at("list", 3, Fault::Status(404))).fault(at("list", 4, Fault::Status(404)));
    sim.run(secs(60));
    sim.assert_converged();
    assert!(sim.machine.is_ready());
}

#[test]
fn a_list_that_is_cached_is_asked_again_until_it_is_fresh() {
    let quirks = Quirks { cache_for: secs(60), ..one_a_page() };
    let mut sim = Sim::three(config(), quirks);
    // Another instance of the plugin has filled the cache.
    sim.fault(at("list", 1, Fault::Stale(secs(0)))).fault(at("list", 2, Fault::Stale(secs(0))));
    sim.run(secs(100));
    sim.assert_converged();
    assert!(sim.ready_at.is_some_and(|at| at > secs(1)));
}

#[test]
fn the_net_lists_again_every_hour_and_finds_what_no_difference_told() {
    let mut config = config();
    config.relist_every = secs(600);
    let mut sim = Sim::three(config, Quirks::default());
    sim.run(secs(100));
    // A change that no differential will ever tell of: stamped far in the past.
    sim.server.installed_before(w(9), json!({"v": "hidden"}));
    sim.run(secs(590));
    assert!(sim.difference().is_some());
    sim.run(secs(605));
    sim.assert_converged();
    assert!(matches!(sim.changes.last(), Some((_, Change::Added { new })) if new.id == w(9)));
    assert_eq!(sim.machine.counters().lists, 2);
}

#[test]
fn polls_go_on_while_a_long_list_is_read_again() {
    let mut config = config();
    config.relist_every = secs(300);
    let mut sim = Sim::three(config, one_a_page());
    sim.run(secs(299));
    let polls = sim.machine.counters().polls;
    sim.latency = secs(25);
    sim.run(secs(330));
    assert_eq!(sim.machine.state(), State::Relisting);
    sim.run(secs(450));
    assert!(sim.machine.counters().polls > polls + 1);
    assert!(sim.machine.is_ready());
}

#[test]
fn a_relist_that_misses_websites_is_read_twice_before_they_are_removed() {
    let mut config = config();
    config.relist_every = secs(300);
    let mut sim = Sim::three(config, Quirks::default());
    sim.run(secs(200));
    let empty = "{\"error\":false,\"reason\":\"listed\",\"data\":[]}";
    sim.fault(at("list", 5, Fault::Body(empty))).fault(at("list", 6, Fault::Body(empty)));
    sim.run(secs(400));
    sim.assert_converged();
    assert!(sim.changes.iter().all(|(_, change)| !matches!(change, Change::Removed { .. })));
}

#[test]
fn a_load_that_takes_longer_than_the_gap_begins_anew() {
    let mut config = config();
    config.longest_gap = secs(100);
    let mut sim = Sim::three(config, one_a_page());
    sim.fault(during("list", 0, 150, Fault::Status(503)));
    sim.faults[0].from = 2;
    sim.deed(secs(50), Deed::Uninstall(1));
    sim.run(secs(200));
    sim.assert_converged();
    let first_pages = sim.server.requests.iter().filter(|(_, path)| path.ends_with("/all/1"));
    assert!(first_pages.count() >= 2);
}

#[test]
fn an_empty_plugin_becomes_ready_with_nothing() {
    let mut sim = Sim::new(config(), Quirks::default());
    sim.run(secs(1));
    assert!(sim.machine.is_ready());
    assert!(sim.machine.snapshot().websites.is_empty());
}

#[test]
fn a_first_list_that_stays_in_doubt_is_read_on_until_a_pass_agrees() {
    let mut sim = Sim::three(config(), one_a_page());
    for number in 4..=6 {
        sim.server.installed_before(w(number), json!({}));
    }
    // In each pass the website of page 1 leaves when it has been read.
    for (page_1, number) in [(1, 1), (8, 2), (14, 3)] {
        sim.after("list", page_1, Deed::Uninstall(number));
    }
    sim.run(ms(400));
    assert_eq!(sim.machine.counters().drifts, 3);
    let asked = sim.count("list");
    assert!(!sim.machine.is_ready() && sim.machine.snapshot().websites.is_empty());
    let said = sim.machine.status(sim.moment()).last_error;
    assert_eq!(said.as_deref(), Some("list: its pages moved while they were read"));
    sim.run(secs(3));
    sim.assert_converged();
    assert!(sim.machine.is_ready() && sim.count("list") > asked);
    assert_eq!(sim.machine.counters().lists, 1, "the fourth pass was enough");
}

#[test]
fn an_update_while_the_first_list_is_read_costs_one_more_pass_and_a_later_list_none() {
    let mut sim = Sim::three(config(), one_a_page());
    sim.after("list", 2, Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(1));
    assert_eq!((sim.machine.counters().drifts, sim.machine.is_ready()), (1, true));
    sim.assert_converged();
    let asked = sim.count("list");
    sim.after("list", asked + 2, Deed::Operator(2, json!({"v": "newer"})));
    sim.run(secs(3700));
    assert_eq!(sim.machine.counters().drifts, 1);
    sim.assert_converged();
}

#[test]
fn passes_that_stay_in_doubt_follow_one_another_ever_more_slowly() {
    // Each page begins with the last website of the one before, so that no pass is believed.
    let mut sim = Sim::three(config(), Quirks { pages_overlap: true, ..Quirks::default() });
    sim.run(secs(3599));
    // Four times after 122 s more, then after 244 s, 488 s and 976 s more.
    assert_eq!(sim.machine.counters().lists, 1 + 4 + 3);
}

#[test]
fn a_coming_back_that_an_earlier_pass_explains_costs_a_list_when_its_window_is_past() {
    let quirks = Quirks { by_id: true, same_token: true, ..Quirks::default() };
    let mut sim = Sim::three(config(), quirks);
    sim.server.installed_before(w(4), json!({}));
    // In each of two passes w1 leaves and is back, and w3 is on no page.
    for pass in [0, 4] {
        sim.after("list", pass + 1, Deed::Uninstall(1));
        sim.after("list", pass + 2, Deed::Install(1, json!({})));
    }
    sim.run(secs(60));
    assert!(!sim.machine.snapshot().websites.contains(&w(3)), "nothing told of it");
    assert!(!sim.machine.status(sim.moment()).verified);
    sim.run(secs(125));
    sim.assert_converged();
    assert_eq!(sim.machine.counters().lists, 2);
    sim.run(secs(3600));
    assert_eq!(sim.machine.counters().lists, 2, "the list of the hour is not due yet");
}

#[test]
fn a_website_that_was_saved_before_the_first_pass_and_comes_back_in_the_second_costs_a_third() {
    let quirks = Quirks { by_id: true, same_token: true, ..Quirks::default() };
    let mut sim = Sim::three(config(), quirks);
    sim.server.installed_before(w(4), json!({}));
    sim.deed(ms(0), Deed::Operator(1, json!({"v": "new"})));
    sim.after("list", 5, Deed::Uninstall(1));
    sim.after("list", 6, Deed::Install(1, json!({})));
    sim.run(secs(1));
    sim.assert_converged();
    assert_eq!(sim.machine.counters().drifts, 2);
}
