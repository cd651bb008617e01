//! The same scenarios over real HTTP: they convict the clients that are wrong, and no others.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod by_hand;
mod corpus;
mod driven;
mod odd;
mod real_time;

use std::sync::Arc;

use crisp_harness::scenario::Scenario;
use crisp_harness::world::Prepared;

fn prepared(text: &str) -> Prepared {
    let scenario = Scenario::parse("test.yaml", text).unwrap_or_else(|error| panic!("{error}"));
    Prepared::new(Arc::new(scenario)).unwrap()
}

/// An operator saves while the answer to a poll is under way.
const SLOW_POLL: &str = "
name: a save during a slow poll
start: { websites: { w1: { message: old } } }
faults:
  - { at: \"since#1\", delay: 5s }
when:
  - during: since#1
    save: { w1: { message: new } }
expect: { websites: { w1: { message: new } } }
";
