//! Cost: requests a day, and how little a calm day needs.

use std::time::Duration;

use serde_json::json;

use super::server::Quirks;
use super::sim::{Deed, Fault, Sim, config, during, secs, w};
use crate::config::Quota;
use crate::machine::QuotaSource;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[test]
fn ten_thousand_websites_cost_less_than_the_default_quota_a_day() {
    let mut sim = Sim::new(config(), Quirks { page_size: 2000, ..Quirks::default() });
    for number in 1..=10_000 {
        sim.server.installed_before(w(number), json!({}));
    }
    // The model server is slow with many websites: its pages are 2,000 long, and the arithmetic
    // is done with the cost that pages of 20 would have.
    sim.run(secs(10));
    assert_eq!(sim.machine.snapshot().websites.len(), 10_000);
    sim.machine.pretend_list_cost(502);
    let polls = DAY.as_secs() / sim.machine.status(sim.moment()).poll_interval.as_secs();
    let lists = DAY.as_secs() / sim.machine.status(sim.moment()).relist_interval.as_secs();
    assert!(polls + (lists + 1) * 503 < 5000, "{polls} polls, {lists} lists");
}

#[test]
fn a_calm_day_of_three_websites_is_one_poll_a_minute_and_one_list_an_hour() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.run(DAY);
    sim.assert_converged();
    let requests = sim.sent.len();
    assert!((1440..1440 + 24 * 4 + 10).contains(&requests), "{requests}");
    assert_eq!(sim.count("get_settings"), 0);
}

#[test]
fn a_known_small_quota_is_kept() {
    let mut config = config();
    config.quota = Quota::Known(500);
    let mut sim = Sim::three(config, Quirks::default());
    sim.run(DAY - secs(60));
    assert!(sim.sent.len() <= 500, "{}", sim.sent.len());
    assert!(sim.sent.len() >= 200, "{}", sim.sent.len());
}

#[test]
fn a_quota_that_runs_out_is_learnt_and_the_next_day_is_spread_evenly() {
    let mut sim = Sim::three(config(), Quirks::default());
    // 600 requests are spent at about 10 o'clock; then nothing until midnight.
    sim.fault(during("any", 10 * 3600, DAY.as_secs(), Fault::Throttle(429, None)));
    sim.run(DAY + secs(3600));
    let status = sim.machine.status(sim.moment());
    assert_eq!(status.budget.source, QuotaSource::Learnt);
    assert!(status.poll_interval > secs(150), "{:?}", status.poll_interval);
    sim.run(DAY * 2);
    let second_day = sim.sent.iter().filter(|(at, _)| *at >= DAY + secs(1200)).count();
    assert!(second_day < 700, "{second_day}");
}

#[test]
fn a_plugin_where_websites_come_and_go_is_not_listed_for_ever() {
    let mut sim = Sim::three(config(), Quirks::default());
    for minute in 0..120 {
        sim.deed(secs(minute * 60 + 30), Deed::Install(u128::from(minute) + 10, json!({})));
        sim.deed(secs(minute * 60 + 55), Deed::Uninstall(u128::from(minute) + 10));
    }
    sim.run(secs(7200));
    assert!(sim.machine.counters().lists <= 12, "{}", sim.machine.counters().lists);
}
