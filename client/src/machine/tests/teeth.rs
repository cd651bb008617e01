//! The decisions of the parts are needed: with one of them taken wrongly, these tests' server
//! catches the client. (The whole list of mistakes is judged by the harness.)

use serde_json::json;

use super::server::{Quirks, Server};
use super::sim::{Deed, Fault, Sim, at, config, moment, ms, secs};
use crate::machine::parts::{
    Cursor, Evidence, Exchange, Load, OwnWrites, PageSeen, PageStep, Parts, ServerCursor,
    SettledWrites, Source, Touch, Unclear,
};
use crate::machine::{Machine, Moment};
use crate::{Config, WebsiteId};
use jiff::Timestamp;
use std::time::Duration;

fn with(config: &Config, quirks: Quirks, change: impl FnOnce(&mut Parts)) -> Sim {
    let mut parts = Parts::reference(config);
    change(&mut parts);
    let machine = Machine::new(config.clone(), parts, moment(Duration::ZERO, 0));
    let mut sim = Sim::with(machine, Server::new(quirks));
    for number in 1..=3 {
        sim.server.installed_before(WebsiteId::from_number(number), json!({"v": "old"}));
    }
    sim
}

/// The reference passes, the other does not.
fn convicts(mut play: impl FnMut(&mut Sim), config: &Config, change: impl FnOnce(&mut Parts)) {
    let quirks = Quirks { page_size: 1, ..Quirks::default() };
    let mut reference = with(config, quirks.clone(), |_| {});
    play(&mut reference);
    assert_eq!(reference.difference(), None, "not fair");
    let mut wrong = with(config, quirks, change);
    play(&mut wrong);
    assert!(wrong.difference().is_some(), "not convicted");
}

fn short() -> Config {
    let mut config = config();
    config.overlap = secs(5);
    config
}

struct MovesOnFailure(ServerCursor);

impl Cursor for MovesOnFailure {
    fn behind(&self, exchange: &Exchange) -> Timestamp {
        self.0.behind(exchange)
    }
    fn ask(&self) -> Option<Timestamp> {
        self.0.ask()
    }
    fn heard(&mut self, exchange: &Exchange) {
        self.0.heard(exchange);
    }
    fn advance(&mut self, poll: &Exchange) {
        self.0.advance(poll);
    }
    fn failed(&mut self, poll: &Exchange) {
        self.0.advance(poll);
    }
    fn outlived(&self, now: Moment) -> bool {
        self.0.outlived(now)
    }
    fn jumped(&self, poll: &Exchange) -> bool {
        self.0.jumped(poll)
    }
    fn fell_back(&self, before: &Exchange, after: &Exchange) -> bool {
        self.0.fell_back(before, after)
    }
    fn resume(&mut self, ask: Timestamp, now: Moment) {
        self.0.resume(ask, now);
    }
}

#[test]
fn a_cursor_that_moves_on_failure_loses_an_update() {
    let play = |sim: &mut Sim| {
        sim.deed(secs(30), Deed::Operator(1, json!({"v": "new"})));
        sim.fault(at("since", 2, Fault::Status(500)));
        sim.run(secs(200));
    };
    let config = short();
    let wrong = MovesOnFailure(ServerCursor::new(&config));
    convicts(play, &config, |parts| parts.cursor = Box::new(wrong));
}

struct Trusting;

impl Load for Trusting {
    fn after_page(&mut self, seen: &PageSeen) -> PageStep {
        if seen.items > 0 { PageStep::Next } else { PageStep::End }
    }
    fn drifted(&self, _evidence: &Evidence) -> bool {
        false
    }
}

#[test]
fn a_load_that_does_not_look_for_drift_loses_a_website() {
    let play = |sim: &mut Sim| {
        sim.after("list", 1, Deed::Uninstall(1));
        sim.run(secs(200));
    };
    convicts(play, &short(), |parts| parts.load = Box::new(Trusting));
}

struct Careless(Unclear);

impl OwnWrites for Careless {
    fn learnt(&mut self, _website: WebsiteId, _now: Moment) {}
    fn judge(&mut self, _website: WebsiteId, _said: &Exchange, _source: Source) -> Touch {
        Touch::Apply
    }
    fn unclear(&self) -> Unclear {
        self.0
    }
    fn forget(&mut self, _now: Moment) {}
}

#[test]
fn a_lost_save_that_is_taken_as_done_shows_what_the_server_never_had() {
    let play = |sim: &mut Sim| {
        sim.fault(at("save_settings", 1, Fault::LoseRequest));
        sim.deed(secs(30), Deed::Put(1, json!({"v": "mine"})));
        sim.run(secs(200));
    };
    let wrong = || Box::new(Careless(Unclear::TakeAsDone));
    convicts(play, &short(), |parts| parts.own_writes = wrong());
}

#[test]
fn a_save_that_is_sent_again_overwrites_somebody_s_later_change() {
    let mut config = short();
    config.settle = ms(10);
    let last = |unclear: Option<Unclear>| {
        let mut sim = with(&config, Quirks::default(), |parts| {
            if let Some(unclear) = unclear {
                parts.own_writes = Box::new(Careless(unclear));
            } else {
                parts.own_writes = Box::new(SettledWrites::new(&config));
            }
        });
        sim.fault(at("save_settings", 1, Fault::LoseAnswer));
        sim.after("save_settings", 1, Deed::Operator(1, json!({"v": "theirs"})));
        sim.deed(secs(30), Deed::Put(1, json!({"v": "mine"})));
        sim.run(secs(200));
        sim.server.truth()[&WebsiteId::from_number(1)].settings.clone()
    };
    assert_eq!(last(None), json!({"v": "theirs"}));
    assert_eq!(last(Some(Unclear::SendAgain)), json!({"v": "mine"}));
}
