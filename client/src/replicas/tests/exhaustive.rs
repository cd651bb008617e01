//! Every disturbance at every step of a run, with a change at the API at every other step: bounded, and
//! complete within the bound.
//!
//! A step is one event of the world: a tick, a request at the API, an answer, an append at the store, what the
//! store says. Two orders that differ in no step are one run, so times need not be tried.

use super::world::{Deed, World, secs};
use crate::machine::tests::server::Quirks;

/// The run before anything happens: started, loaded, and two polls.
const STEPS: usize = 120;

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
}

/// Every disturbance at every so manieth step, each change at every so manieth one before and after it.
fn all(strides: (usize, usize), changes: &[Deed]) -> usize {
    let mut runs = 0;
    for disturbance in disturbances() {
        for at in (0..STEPS).step_by(strides.0) {
            for change in changes {
                for after in (0..40).step_by(strides.1) {
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

#[test]
fn whatever_is_disturbed_at_whichever_step_nothing_goes_back_and_all_converge() {
    let runs = all((7, 13), &[Deed::Operator(1), Deed::Save(1, 2)]);
    println!("{runs} runs");
}
