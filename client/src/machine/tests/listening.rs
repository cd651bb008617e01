//! The machine listens to the model relay.

use std::time::Duration;

use serde_json::json;

use super::relay::Way;
use super::server::Quirks;
use super::sim::{Deed, Fault, Sim, at, config, during, ms, secs, w};
use crate::config::Listening;
use crate::machine::{Freshness, SocketState};
use crate::{Change, Config};

fn listening() -> Config {
    let mut config = config();
    config.listening = Some(Listening::default());
    config
}

/// Three websites and a socket that is live, with the polls after the load over.
fn calm() -> Sim {
    let mut sim = Sim::three(listening(), Quirks::default());
    sim.run(secs(400));
    assert_eq!(sim.machine.socket_state(), SocketState::Live);
    assert_eq!(sim.machine.status(sim.moment()).poll_interval, secs(600));
    sim
}

fn binds(sim: &Sim) -> usize {
    sim.relay.said.iter().filter(|(_, text)| text == "42[\"socket:bind\",{}]").count()
}

/// The time from a moment to the first change after it.
fn shown_after(sim: &Sim, from: Duration) -> Option<Duration> {
    let later = |(at, _): &&(Duration, Change)| *at >= from;
    sim.changes.iter().find(later).map(|(at, _)| *at - from)
}

#[test]
fn a_machine_that_is_not_asked_to_listen_opens_nothing() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.run(secs(1000));
    assert_eq!(sim.machine.socket_state(), SocketState::Off);
    assert_eq!((sim.count("endpoints"), sim.relay.opened.len()), (0, 0));
    assert!(!sim.machine.status(sim.moment()).to_string().contains("listening"));
}

#[test]
fn a_save_is_shown_at_once_though_polls_are_ten_minutes_apart() {
    let mut sim = calm();
    sim.deed(secs(500), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(501));
    sim.assert_converged();
    assert_eq!(shown_after(&sim, secs(500)), Some(ms(20)), "one way for each of event and poll");
}

#[test]
fn an_event_while_a_poll_is_under_way_is_followed_by_another_poll() {
    let mut sim = calm();
    sim.deed(secs(500), Deed::Operator(1, json!({"v": "first"})));
    // The poll for the first event is answered from before this, and arrives after its event.
    sim.latency = ms(500);
    sim.deed(secs(500) + ms(600), Deed::Operator(2, json!({"v": "second"})));
    sim.run(secs(502));
    sim.assert_converged();
}

#[test]
fn an_event_that_is_ahead_of_the_api_is_polled_for_until_the_overlap_is_over() {
    for lag in [2, 40, 110] {
        let quirks = Quirks { lag: secs(lag), ..Quirks::default() };
        let mut sim = Sim::three(listening(), quirks);
        sim.run(secs(800));
        sim.deed(secs(1000), Deed::Operator(1, json!({"v": "new"})));
        sim.run(secs(1000 + lag + 61));
        sim.assert_converged();
    }
}

#[test]
fn a_website_that_is_installed_is_bound_and_its_next_save_heard() {
    let mut sim = calm();
    sim.deed(secs(500), Deed::Install(9, json!({"v": "first"})));
    sim.deed(secs(510), Deed::Operator(9, json!({"v": "second"})));
    let before = binds(&sim);
    sim.run(secs(511));
    sim.assert_converged();
    assert_eq!(binds(&sim) - before, 1);
}

#[test]
fn what_a_website_saves_between_its_install_and_the_bind_is_not_missed() {
    let mut sim = calm();
    sim.latency = ms(300);
    sim.deed(secs(500), Deed::Install(9, json!({"v": "first"})));
    sim.deed(secs(500) + ms(550), Deed::Operator(9, json!({"v": "second"})));
    sim.run(secs(507));
    sim.assert_converged();
}

#[test]
fn an_install_that_no_event_tells_is_bound_when_a_poll_does() {
    let mut sim = Sim::three(listening(), Quirks::default());
    sim.relay.withholds = true;
    sim.run(secs(400));
    sim.deed(secs(500), Deed::Install(9, json!({"v": "first"})));
    sim.run(secs(1100));
    sim.assert_converged();
    sim.deed(secs(1300), Deed::Operator(9, json!({"v": "second"})));
    sim.run(secs(1301));
    sim.assert_converged();
    sim.deed(secs(1400), Deed::Uninstall(9));
    sim.deed(secs(1400), Deed::Install(9, json!({"v": "third"})));
    sim.run(secs(2100));
    sim.deed(secs(2200), Deed::Operator(9, json!({"v": "fourth"})));
    sim.run(secs(2201));
    sim.assert_converged();
}

#[test]
fn a_removal_is_shown_at_once_and_binds_nothing() {
    let mut sim = calm();
    let before = binds(&sim);
    sim.deed(secs(500), Deed::Uninstall(1));
    sim.run(secs(501));
    sim.assert_converged();
    assert_eq!(binds(&sim), before);
}

#[test]
fn what_happens_while_the_socket_is_down_is_polled_for_once_it_is_back() {
    let mut sim = calm();
    sim.deed(secs(500), Deed::Kick);
    sim.deed(secs(500) + ms(1), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(503));
    sim.assert_converged();
    assert_eq!(sim.machine.socket_state(), SocketState::Live);
    assert_eq!(sim.machine.counters().connects, 2);
}

#[test]
fn without_a_socket_polls_go_back_to_the_usual_interval_until_it_is_back() {
    let mut sim = calm();
    sim.relay.is_down = true;
    sim.deed(secs(500), Deed::Kick);
    sim.deed(secs(530), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(561));
    sim.assert_converged();
    let polls = sim.count("since");
    sim.run(secs(1161));
    assert!((9..=10).contains(&(sim.count("since") - polls)), "{}", sim.count("since") - polls);
    let status = sim.machine.status(sim.moment());
    assert_eq!(status.poll_interval, secs(60));
    assert_eq!(status.socket_error.as_deref(), Some("connection refused"));
    assert!(status.to_string().contains("not listening, next attempt in"), "{status}");
    sim.relay.is_down = false;
    sim.run(secs(1161 + 600));
    let status = sim.machine.status(sim.moment());
    assert_eq!((status.poll_interval, status.socket_error), (secs(600), None));
}

#[test]
fn a_socket_whose_pings_stop_is_replaced_when_its_deadline_is_over() {
    let mut sim = calm();
    sim.relay.mutes_pings = Some(secs(500));
    sim.run(secs(550));
    sim.relay.mutes_pings = None;
    sim.run(secs(560));
    assert_eq!(sim.relay.opened.len(), 2);
    assert_eq!(sim.machine.socket_state(), SocketState::Live);
}

#[test]
fn a_server_that_opens_and_says_nothing_is_given_up_after_ten_seconds() {
    let mut sim = Sim::three(listening(), Quirks::default());
    sim.relay.is_mute = true;
    sim.run(secs(9));
    assert_eq!(sim.machine.socket_state(), SocketState::Connecting);
    sim.run(secs(11));
    assert!(matches!(sim.machine.socket_state(), SocketState::Down { .. }));
    let error = sim.machine.status(sim.moment()).socket_error.unwrap();
    assert_eq!(error, "the server did not greet in time");
    sim.assert_converged();
}

#[test]
fn refused_credentials_are_tried_again_slowly_and_the_cache_polls_as_usual() {
    let mut sim = Sim::three(listening(), Quirks::default());
    sim.relay.refuses = u32::MAX;
    sim.deed(secs(3000), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(3600));
    sim.assert_converged();
    assert!((4..=20).contains(&sim.relay.opened.len()), "{:?}", sim.relay.opened);
    assert!(sim.count("since") > 50, "{}", sim.count("since"));
    let status = sim.machine.status(sim.moment());
    assert!(status.socket_error.unwrap().contains("no such key"));
    assert_eq!(status.last_error, None, "the polls are good");
    assert!(matches!(status.freshness, Freshness::Fresh { .. }));
}

#[test]
fn a_socket_that_is_kicked_again_and_again_costs_ever_fewer_connects() {
    let mut sim = Sim::three(listening(), Quirks::default());
    for second in (5..3600).step_by(5) {
        sim.deed(secs(second), Deed::Kick);
    }
    sim.run(secs(3600));
    assert!(sim.relay.opened.len() < 40, "{}", sim.relay.opened.len());
    assert!(sim.count("endpoints") < 40);
    assert!(sim.count("since") < 130, "{}", sim.count("since"));
}

#[test]
fn discovery_that_fails_or_hangs_keeps_neither_the_load_nor_the_polls() {
    for fault in [Fault::Status(404), Fault::Hang, Fault::Status(500), Fault::Body("<html>")] {
        let mut sim = Sim::three(listening(), Quirks::default());
        sim.fault(during("endpoints", 0, 900, fault));
        sim.run(secs(1));
        assert!(sim.machine.is_ready());
        sim.deed(secs(700), Deed::Operator(1, json!({"v": "new"})));
        sim.run(secs(775));
        sim.assert_converged();
        sim.run(secs(3000));
        assert_eq!(sim.machine.socket_state(), SocketState::Live);
    }
}

#[test]
fn an_event_during_the_load_and_during_a_later_list_is_not_lost() {
    let mut sim = Sim::three(listening(), Quirks { page_size: 1, ..Quirks::default() });
    sim.after("list", 2, Deed::Operator(1, json!({"v": "early"})));
    sim.run(secs(2));
    sim.assert_converged();
    let pages = sim.count("list");
    sim.after("list", pages + 3, Deed::Operator(1, json!({"v": "late"})));
    sim.run(secs(3700));
    sim.assert_converged();
    assert!(sim.count("list") > pages);
}

#[test]
fn events_that_are_lost_late_or_doubled_cost_time_and_nothing_else() {
    for ways in [
        vec![Way::Lost],
        vec![Way::Late(secs(7)), Way::Arrives],
        vec![Way::Twice],
        vec![Way::Late(secs(40)), Way::Lost, Way::Twice],
    ] {
        let mut sim = calm();
        sim.relay.ways = ways.clone();
        for (number, second) in (500..520).enumerate() {
            let value = json!({"v": number});
            sim.deed(secs(second), Deed::Operator(1 + number as u128 % 3, value));
        }
        sim.run(secs(1130));
        sim.assert_converged();
        let told = sim.changes.iter().filter_map(|(_, change)| match change {
            Change::Updated { old, new } => Some((old, new)),
            _ => None,
        });
        for (old, new) in told {
            let value = |website: &crate::Website| -> i64 {
                let settings: serde_json::Value = website.settings.parse().unwrap();
                settings["v"].as_i64().unwrap_or(-1)
            };
            assert!(value(new) > value(old), "{ways:?}");
        }
    }
}

#[test]
fn a_quiet_hour_takes_thirteen_requests_with_its_full_list() {
    let mut sim = calm();
    let before = sim.machine.counters().requests;
    sim.run(secs(400 + 3600));
    let took = sim.machine.counters().requests - before;
    assert_eq!(took, 13, "a list of three websites, four polls that verify it, and five others");
    let mut sim = Sim::three(config(), Quirks::default());
    sim.run(secs(400));
    let before = sim.machine.counters().requests;
    sim.run(secs(400 + 3600));
    assert_eq!(sim.machine.counters().requests - before, 64, "without a socket");
}

#[test]
fn two_hours_of_events_without_end_cost_little_more_than_two_hours_of_usual_polls() {
    let mut sim = calm();
    for (number, second) in (500..7600).step_by(7).enumerate() {
        sim.deed(secs(second), Deed::Operator(1 + number as u128 % 3, json!({"v": number})));
    }
    let before = sim.machine.counters().requests;
    sim.run(secs(7600));
    let requests = sim.machine.counters().requests - before;
    assert!((140..170).contains(&requests), "{requests}");
}

#[test]
fn an_installed_website_has_its_token_as_soon_as_it_is_shown() {
    let mut sim = calm();
    sim.deed(secs(500), Deed::Install(9, json!({})));
    sim.run(secs(501));
    let token = sim.server.truth()[&w(9)].token.clone();
    let shown = sim.machine.snapshot().websites.get(&w(9)).unwrap().token.clone();
    assert_eq!(shown.as_deref(), Some(token.as_str()));
}

#[test]
fn each_connection_asks_for_the_address_anew() {
    let mut sim = calm();
    sim.deed(secs(500), Deed::Kick);
    sim.fault(at("endpoints", 2, Fault::LoseRequest));
    sim.run(secs(520));
    assert_eq!((sim.count("endpoints"), sim.relay.opened.len()), (3, 2));
}
