use std::collections::HashSet;

use super::*;
use crate::generate::envelope;

const SMALL: Bound = Bound { deeds: 2, faults: 1 };

/// The number of a case: what [`Exhaustive::case`] takes apart.
fn number(all: &Exhaustive, case: &Case<'_>) -> Option<u64> {
    let level = Bound { deeds: case.story.len(), faults: case.troubles.len() };
    let (_, first) = all.levels.iter().find(|(other, _)| *other == level)?;
    let stories = &all.stories[level.deeds];
    let troubles = &all.troubles[level.faults];
    let story = stories.iter().position(|story| story == case.story)?;
    let trouble = troubles.iter().position(|set| set == case.troubles)?;
    let manner = all.manners.iter().position(|manner| manner == case.manner)?;
    let place = (story * troubles.len() + trouble) * all.manners.len() + manner;
    Some(first + place as u64)
}

#[test]
fn a_number_is_a_case_and_a_case_is_a_number() {
    let all = Exhaustive::new(SMALL, true);
    let some = (0..all.len()).step_by(997).chain([0, all.len() - 1]);
    for wanted in some {
        let case = all.case(wanted).expect("a case");
        assert_eq!(number(&all, &case), Some(wanted));
    }
    assert!(all.case(all.len()).is_none());
}

#[test]
fn no_two_numbers_stand_for_one_scenario() {
    for bound in [Bound { deeds: 2, faults: 0 }, Bound { deeds: 0, faults: 2 }] {
        let all = Exhaustive::new(bound, false);
        let mut seen = HashSet::new();
        for number in 0..all.len() {
            let scenario = all.scenario(number).expect("a case");
            let differs = (scenario.server.quirks, scenario.faults, scenario.when);
            assert!(seen.insert(format!("{differs:?}")), "{number}");
        }
    }
}

#[test]
fn the_fewest_deeds_and_faults_come_first() {
    let all = Exhaustive::new(SMALL, false);
    let levels: Vec<_> = all.levels.iter().map(|(level, _)| level.to_string()).collect();
    assert_eq!(levels, ["0,0", "0,1", "1,0", "1,1", "2,0", "2,1"]);
    let sizes: Vec<_> = all.levels.iter().map(|(level, _)| all.size(*level)).collect();
    assert_eq!(sizes, [2, 156, 176, 13_728, 7_964, 621_192]);
    assert_eq!(all.len(), 643_218);
    for (level, _) in &all.levels {
        let range = all.of_level(*level);
        assert_eq!(all.level(range.start), Some(*level));
        assert_eq!(all.level(range.end - 1), Some(*level));
    }
}

#[test]
fn every_deed_changes_something_and_none_is_earlier_than_the_one_before() {
    for story in stories::stories(3) {
        assert!(story.is_sorted_by_key(|doing| doing.time), "{story:?}");
        for website in alphabet::Website::ALL {
            let mut installed = website == alphabet::Website::There;
            for doing in story.iter().filter(|doing| doing.website == website) {
                assert!(alphabet::Change::possible(installed).contains(&doing.change), "{story:?}");
                installed = doing.change.leaves_it_installed();
            }
        }
    }
}

#[test]
fn every_case_can_be_written_down_and_read_and_lies_in_the_envelope() {
    let all = Exhaustive::new(SMALL, true);
    for number in (0..all.len()).step_by(16_001) {
        let scenario = all.scenario(number).expect("a case");
        let again = Scenario::parse("case.yaml", &scenario.to_yaml());
        assert_eq!(again.as_ref().ok(), Some(&scenario), "{number}: {again:?}");
        assert_eq!(envelope::outside(&scenario), Vec::<String>::new(), "{number}");
    }
}

#[test]
fn bounds_are_read_as_they_are_written() {
    assert_eq!("2,1".parse(), Ok(SMALL));
    assert_eq!(SMALL.to_string(), "2,1");
    assert_eq!(SMALL.in_words(), "at most 2 deeds and 1 fault");
    for wrong in ["2", "2,", ",1", "4,0", "0,4", "a,b", "-1,0", ""] {
        assert!(wrong.parse::<Bound>().is_err(), "{wrong}");
    }
}
