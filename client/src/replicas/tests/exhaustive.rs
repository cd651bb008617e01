//! Every disturbance at every step of a run, with a change at the API at every other step: bounded, and
//! complete within the bound.
//!
//! A step is one event of the world: a tick, a request at the API, an answer, an append at the store, what the
//! store says. Two orders that differ in no step are one run, so times need not be tried.

use super::world::{Deed, World, secs};
use std::time::Duration;

use crate::machine::SaveOutcome;
use crate::machine::tests::server::Quirks;

/// Disturbances begin before one of so many steps: the start, the load and two polls of three replicas.
const STEPS: usize = 90;
/// Between the disturbance and the change, or the other way round.
const APART: usize = 30;

/// Every disturbance, for three replicas.
fn disturbances() -> Vec<Deed> {
    let mut deeds = vec![
        Deed::StoreAway(8),
        Deed::StoreAway(100),
        Deed::StoreEmptied,
        Deed::StoreSetBack(1),
        Deed::StoreSetBack(5),
        Deed::StoreClock(5),
        Deed::Uninstall(2),
    ];
    for node in 0..3 {
        deeds.extend([
            Deed::Pause(node, 3),
            Deed::Pause(node, 100),
            Deed::Kill(node),
            Deed::Cut(node, 8),
            Deed::Cut(node, 100),
            Deed::WallMoved(node, -5),
            Deed::WallMoved(node, 5),
        ]);
    }
    deeds
}

/// Runs with these deeds, each before the step of this number.
fn run(deeds: &[(usize, Deed)]) {
    let mut world = World::new(3, Quirks::default());
    for (step, deed) in deeds {
        while world.steps < *step && world.step(secs(600)) {}
        world.act(*deed);
    }
    // The longest disturbance, and the time in which every replica is as the API again; then two polls.
    world.run(world.now + secs(110));
    let until = world.now + secs(600);
    while world.now < until && !world.has_converged() {
        world.run(world.now + secs(5));
    }
    world.run(world.now + secs(130));
    world.assert_converged();
    assert!(world.open.is_empty(), "callers still wait for {:?}", world.open);
}

/// Every disturbance before every `stride`th step, with each change as far before and after it.
fn all(stride: usize, changes: &[Deed]) -> usize {
    let mut runs = 0;
    for (number, disturbance) in disturbances().into_iter().enumerate() {
        for at in (number % stride..STEPS).step_by(stride) {
            for change in changes {
                for after in (at % stride..APART).step_by(stride) {
                    let deeds = [(at, disturbance), (at + after, *change)];
                    let before = [(at, *change), (at + after, disturbance)];
                    for deeds in [deeds, before] {
                        let ran = std::panic::catch_unwind(|| run(&deeds));
                        assert!(ran.is_ok(), "with {deeds:?}");
                        runs += 1;
                    }
                }
            }
        }
    }
    runs
}

/// `CRISP_SYNC_STRIDE=1` tries every step (302,400 runs); the stride of the usual run takes 1,832 of them.
#[test]
fn whatever_is_disturbed_at_whichever_step_nothing_goes_back_and_all_converge() {
    let stride = std::env::var("CRISP_SYNC_STRIDE").map_or(13, |text| text.parse().unwrap());
    let runs = all(stride, &[Deed::Operator(1), Deed::Save(1, 2)]);
    println!("{runs} runs");
}

#[test]
fn a_save_that_comes_just_before_the_log_is_renewed_is_done() {
    for minute in 1..20 {
        let mut world = World::new(3, Quirks::default());
        world.run(secs(minute * 60));
        // Half of what an entry takes on its way before the next one that time demands.
        let wake = |node: usize| Some((world.nodes[node].replica.as_ref()?.next_wake()?, node));
        let Some((next, author)) = (0..3).filter_map(wake).min() else { continue };
        world.run(next.saturating_sub(Duration::from_micros(500)).max(world.now));
        world.act(Deed::Save((author + 1) % 3, 1));
        world.run(world.now + secs(300));
        assert!(world.open.is_empty(), "callers still wait after minute {minute}");
        assert_eq!(world.ended, [SaveOutcome::Done], "ordered after minute {minute}");
        world.assert_converged();
    }
}
