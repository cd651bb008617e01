use serde_json::json;

use super::server::Quirks;
use super::sim::{Deed, Sim, config, ms, secs};
use crate::machine::State;

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
fn an_operator_s_save_arrives_with_the_next_poll() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.deed(secs(70), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(121));
    sim.assert_converged();
}
