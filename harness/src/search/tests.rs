use super::*;
use crate::candidate::ClientChoice;
use crate::generate::exhaustive::{Bound, Exhaustive};
use crate::scenario::Scenario;
use crate::shrink::Effort;
use crate::world::Prepared;

/// Small enough for a build without optimisation.
fn small() -> Plan {
    Plan {
        cases: 64,
        kinds: 2,
        effort: Effort { tries: 400, ..Effort::default() },
        ..Plan::default()
    }
}

fn searched(choice: ClientChoice, plan: &Plan) -> (Found, String) {
    let mut log = String::new();
    let found = search(&choice.candidate(), plan, &(), &mut |event| {
        log.push_str(&crate::report::ndjson(event).expect("an event"));
    });
    (found.expect("a search"), log)
}

#[test]
fn one_seed_tells_the_same_on_one_core_and_on_three() {
    let plan = |jobs| Plan { jobs, ..small() };
    for choice in [ClientChoice::Guide, ClientChoice::Sync] {
        let (_, alone) = searched(choice.clone(), &plan(1));
        let (_, together) = searched(choice.clone(), &plan(3));
        assert_eq!(alone, together);
        let (_, other) = searched(choice, &Plan { seed: 2, ..plan(1) });
        assert_ne!(alone, other);
    }
}

#[test]
fn all_shards_together_are_the_whole() {
    let plan = |number, of| Plan { shard: Shard { number, of }, ..small() };
    let whole = searched(ClientChoice::Sync, &plan(1, 1)).0.searched;
    let parts: Vec<_> =
        (1..=3).map(|number| searched(ClientChoice::Sync, &plan(number, 3)).0.searched).collect();
    let sum = |of: fn(&Searched) -> u64| parts.iter().map(of).sum::<u64>();
    assert_eq!(sum(|part| part.cases), whole.cases);
    assert_eq!(sum(|part| part.requests), whole.requests);
    assert_eq!(sum(|part| part.virtual_ms), whole.virtual_ms);
    let mut coverage = crate::coverage::Coverage::default();
    parts.iter().for_each(|part| coverage.add(&part.coverage));
    assert_eq!(coverage, whole.coverage);
}

#[test]
fn a_shard_knows_its_share_without_counting_and_each_case_has_one_shard() {
    for cases in [0, 1, 2, 3, 10, 256] {
        for of in [1, 2, 3, 7, 300] {
            let shards = (1..=of).map(|number| Shard { number, of });
            for shard in shards {
                let counted = (0..cases).filter(|index| shard.has(*index)).count() as u64;
                assert_eq!(shard.share(cases), counted, "{shard} of {cases}");
            }
        }
    }
    let last = Shard { number: u64::MAX, of: u64::MAX };
    assert_eq!((last.share(3), last.share(u64::MAX)), (0, 1));
}

#[test]
fn a_shard_knows_its_first_case_behind_those_of_an_earlier_search() {
    for of in 1..=5 {
        for number in 1..=of {
            let shard = Shard { number, of };
            for from in 0..12 {
                let found = (from..).find(|index| shard.has(*index));
                assert_eq!(shard.first(from), found, "{shard} from {from}");
            }
        }
    }
    assert_eq!(Shard { number: 2, of: 3 }.first(u64::MAX), None);
}

const ONE_DEED: Bound = Bound { deeds: 1, faults: 0 };

#[test]
fn a_search_through_all_cases_is_whole_when_it_is_spread_and_when_it_is_resumed() {
    struct After(u64, std::sync::atomic::AtomicU64);
    impl Watch for After {
        fn judged(&self, _: Tally) {
            self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        fn is_over(&self) -> bool {
            self.1.load(std::sync::atomic::Ordering::Relaxed) >= self.0
        }
    }
    let sync = ClientChoice::Sync.candidate();
    let plan = |shard, from| Plan { all: Some(ONE_DEED), shard, from, jobs: 1, ..small() };
    let run = |plan: &Plan, watch: &dyn Watch| {
        let found = search(&sync, plan, watch, &mut |_| {}).expect("a search");
        (found.code, found.searched)
    };
    let whole = Shard::default();
    let (code, all) = run(&plan(whole, 0), &());
    assert_eq!((code, all.passed, all.next), (ExitCode::Passed, 178, None));
    let shards = (1..=3).map(|number| run(&plan(Shard { number, of: 3 }, 0), &()).1.requests);
    assert_eq!(shards.sum::<u64>(), all.requests);

    let (code, begun) = run(&plan(whole, 0), &After(50, 0.into()));
    assert_eq!((code, begun.passed, begun.not_reached), (ExitCode::NothingJudged, 50, 128));
    let (code, rest) = run(&plan(whole, begun.next.expect("where it goes on")), &());
    assert_eq!((code, rest.passed), (ExitCode::Passed, 128));
    assert_eq!(begun.requests + rest.requests, all.requests);
}

#[test]
fn the_first_of_all_cases_that_fails_is_reported_with_its_number() {
    let plan = Plan { all: Some(Bound { deeds: 1, faults: 1 }), ..small() };
    let (found, log) = searched(ClientChoice::Guide, &plan);
    assert_eq!(found.code, ExitCode::Failed);
    let conviction = &found.convictions[0];
    let case = conviction.case.expect("its number");
    assert!(log.contains(&format!("\"case\":{case}")), "{log}");
    let origin = conviction.scenario.found.clone().expect("where it comes from");
    assert_eq!(origin.case, Some(format!("case {case} of --all 1,1")));
    let again = Exhaustive::new(Bound { deeds: 1, faults: 1 }, false).scenario(case);
    let prepared = Prepared::new(again.expect("a case").into()).expect("a scenario");
    let judged = runner::judge(&prepared, &crate::subject::Guide);
    assert_eq!(judged.outcome(), Outcome::Failed);
}

/// Counting them one by one would take years.
#[test]
fn a_search_of_more_cases_than_there_is_time_for_ends_when_it_is_stopped() {
    struct OneRound(std::sync::atomic::AtomicU64);
    impl Watch for OneRound {
        fn judged(&self, tally: Tally) {
            self.0.fetch_add(tally.cases, std::sync::atomic::Ordering::Relaxed);
        }
        fn is_over(&self) -> bool {
            self.0.load(std::sync::atomic::Ordering::Relaxed) >= 2
        }
    }
    let sync = ClientChoice::Sync.candidate();
    let plan = |shard, forever| Plan { cases: u64::MAX, jobs: 1, shard, forever, ..small() };
    let watch = || OneRound(0.into());
    let whole = plan(Shard::default(), false);
    let found = search(&sync, &whole, &watch(), &mut |_| {}).expect("a search");
    assert_eq!(found.searched.not_reached, u64::MAX - found.searched.cases);
    // The second case of this shard is the last that there is.
    let sparse = Shard { number: 2, of: u64::MAX - 2 };
    let sparse = plan(sparse, true);
    let found = search(&sync, &sparse, &watch(), &mut |_| {}).expect("a search");
    assert_eq!(found.searched.cases, 2);
}

#[test]
fn what_is_found_fails_for_the_client_and_passes_for_the_reference() {
    let (found, _) = searched(ClientChoice::Guide, &small());
    assert_eq!(found.code, ExitCode::Failed);
    for conviction in &found.convictions {
        let yaml = conviction.scenario.to_yaml();
        let again = Scenario::parse("again.yaml", &yaml).expect("a scenario");
        let prepared = Prepared::new(again.into()).expect("a scenario");
        let guide = crate::subject::Guide;
        assert_eq!(runner::judge(&prepared, &guide).outcome(), Outcome::Failed);
        assert!(runner::is_fair(&prepared), "{yaml}");
        assert!(conviction.after <= 4, "{yaml}");
    }
}

#[test]
fn a_soak_keeps_every_distinct_failure_until_it_is_stopped() {
    struct Rounds(std::sync::atomic::AtomicU64);
    impl Watch for Rounds {
        fn judged(&self, _: Tally) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        fn is_over(&self) -> bool {
            self.0.load(std::sync::atomic::Ordering::Relaxed) >= 24
        }
    }
    let plan = Plan { forever: true, cases: 1, seed: 2, ..small() };
    let guide = ClientChoice::Guide.candidate();
    let found = search(&guide, &plan, &Rounds(0.into()), &mut |_| {}).expect("a search");
    let mut shapes: Vec<_> = found
        .convictions
        .iter()
        .map(|conviction| (conviction.class.word, conviction.shape.clone()))
        .collect();
    assert!(shapes.len() > 3, "{shapes:?}");
    // Also of the round in which it was stopped.
    for conviction in &found.convictions {
        assert!(conviction.after <= 4, "{}", conviction.scenario.to_yaml());
    }
    shapes.sort();
    shapes.dedup();
    assert_eq!(shapes.len(), found.convictions.len());
}

#[test]
fn shards_are_read_as_they_are_written() {
    assert_eq!("2/4".parse(), Ok(Shard { number: 2, of: 4 }));
    for wrong in ["0/4", "5/4", "4", "a/b", "1/0", ""] {
        assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
    }
}

/// What is drawn around a socket or an event brings along what makes it come about.
#[test]
fn nearly_all_random_cases_about_events_are_judged_and_the_others_say_why() {
    let plan = Plan { cases: 256, ..small() };
    let (found, log) = searched(ClientChoice::SyncEvents, &plan);
    let Searched { cases, not_judged, not_judged_why, .. } = found.searched;
    assert!(not_judged * 50 <= cases, "{not_judged} of {cases}: {not_judged_why:?}");
    assert_eq!(not_judged, not_judged_why.iter().map(|(_, count)| count).sum::<u64>(), "{log}");
}
