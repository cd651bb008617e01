use super::*;
use crate::generate::{Bounds, scenario};
use crate::scenario::{Anchor, Deed};
use crisp_mock_server::fault::Effect;

fn first(wanted: impl Fn(&Scenario) -> bool) -> Scenario {
    (0..5000)
        .map(|index| scenario(11, index, Bounds::default()))
        .find(|case| wanted(case) && case.when.len() > 4)
        .expect("a case that is like this")
}

#[test]
fn a_planted_failure_shrinks_to_its_minimum() {
    let fails = |case: &Scenario| {
        let leaves = |step: &crate::scenario::Step| matches!(step.deed, Deed::Uninstall(_));
        let hangs = case.faults.faults.iter().any(|f| f.effect.key() == "delay");
        let exclusive = case.server.quirks.0.iter().any(|(name, _)| name == "since-boundary");
        case.when.iter().any(leaves) && hangs && exclusive
    };
    let least = shrink(&first(fails), Effort::default(), &fails).scenario;
    assert_eq!(least.when.len(), 1, "{}", least.to_yaml());
    assert_eq!(least.faults.faults.len(), 1, "{}", least.to_yaml());
    assert_eq!(least.server.quirks.0.len(), 1, "{}", least.to_yaml());
    assert_eq!(least.client, crate::scenario::Client::default());
    assert_eq!(least.server.page_size, None);
}

#[test]
fn times_become_round_and_websites_become_the_first() {
    let saves = |case: &Scenario| {
        case.when.iter().any(|step| {
            matches!(step.anchor, Anchor::At(at) if at.as_secs() > 60)
                && matches!(step.deed, Deed::Save(_))
        })
    };
    let least = shrink(&first(saves), Effort::default(), &saves).scenario;
    let yaml = least.to_yaml();
    let yaml = yaml.split_once('\n').map_or("", |(_, rest)| rest);
    insta::assert_snapshot!(yaml);
}

#[test]
fn shrinking_ends_when_it_has_tried_enough() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let case = first(|case| case.faults.faults.len() > 2);
    let effort = Effort { tries: 10, at_a_time: 3 };
    let shrunk = shrink(&case, effort, &|_| {
        asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        false
    });
    assert_eq!((shrunk.tries, asked.into_inner()), (10, 10));
    assert_eq!(shrunk.scenario, case);
}

#[test]
fn whatever_is_left_reads_back_from_its_file() {
    for index in 0..40 {
        let case = scenario(5, index, Bounds::default());
        let faulty = |case: &Scenario| {
            let clock = |effect: &Effect| matches!(effect, Effect::Clock(_));
            case.faults.faults.iter().any(|fault| !clock(&fault.effect)) || case.when.len() > 1
        };
        if faulty(&case) {
            let least = shrink(&case, Effort::default(), &faulty).scenario;
            let again = Scenario::parse("least.yaml", &least.to_yaml());
            assert_eq!(again.ok(), Some(least));
        }
    }
}

#[test]
fn candidates_side_by_side_lead_to_the_same() {
    let leaves = |case: &Scenario| {
        let leaves = |step: &crate::scenario::Step| matches!(step.deed, Deed::Uninstall(_));
        case.when.iter().any(leaves)
    };
    let case = first(leaves);
    let alone = shrink(&case, Effort::default(), &leaves);
    let effort = Effort { at_a_time: 4, ..Effort::default() };
    assert_eq!(shrink(&case, effort, &leaves), alone);
}
