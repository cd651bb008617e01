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
        let exclusive = case
            .server
            .quirks
            .0
            .iter()
            .any(|(name, _)| name == "since-boundary");
        case.when.iter().any(leaves) && hangs && exclusive
    };
    let least = shrink(&first(fails), Effort::default(), &mut |case| fails(case)).scenario;
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
    let least = shrink(&first(saves), Effort::default(), &mut |case| saves(case)).scenario;
    let yaml = least.to_yaml();
    let yaml = yaml.split_once('\n').map_or("", |(_, rest)| rest);
    insta::assert_snapshot!(yaml);
}

#[test]
fn shrinking_ends_when_it_has_tried_enough() {
    let mut asked = 0;
    let case = first(|case| case.faults.faults.len() > 2);
    let shrunk = shrink(&case, Effort { tries: 10 }, &mut |_| {
        asked += 1;
        false
    });
    assert_eq!((shrunk.tries, asked), (10, 10));
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
            let least = shrink(&case, Effort::default(), &mut |case| faulty(case)).scenario;
            let again = Scenario::parse("least.yaml", &least.to_yaml());
            assert_eq!(again.ok(), Some(least));
        }
    }
}
