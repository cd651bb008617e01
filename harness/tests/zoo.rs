//! The zoo: every mutant is caught by its own file, and fairly.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use crisp_harness::judge::Demand;
use crisp_harness::oracle::{Rule, Verdict};
use crisp_harness::replay::load;
use crisp_harness::runner::{Judged, Outcome, judge};
use crisp_harness::subject::Sync;
use crisp_harness::world::Prepared;
use crisp_harness::zoo::{self, Mutant};

fn prepared(mutant: &Mutant) -> Prepared {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let path = folder.join(mutant.file());
    let loaded = load(&[path]).unwrap_or_else(|error| panic!("{error}"));
    loaded.into_iter().next().unwrap().1
}

fn convicting(judged: &Judged) -> Vec<Rule> {
    let failed = |finding: &crisp_harness::judge::Finding| match (finding.demand, &finding.verdict) {
        (Demand::Oracle(rule), Verdict::Fail(_)) => Some(rule),
        _ => None,
    };
    judged.findings.iter().filter_map(failed).collect()
}

#[test]
fn every_mutant_fails_its_own_file_by_exactly_the_oracles_that_it_names() {
    let mut wrong = Vec::new();
    for mutant in zoo::all() {
        let prepared = prepared(mutant);
        let judged = judge(&prepared, &*mutant.client());
        let by = convicting(&judged);
        if by != prepared.scenario.by {
            wrong.push(format!(
                "{mutant:?}: the file says {:?}, it is {by:?}, {:?}",
                prepared.scenario.by, judged.run.broken_off
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reference_passes_the_file_of_every_mutant() {
    for mutant in zoo::all() {
        let judged = judge(&prepared(mutant), &Sync::reference());
        assert_eq!(
            judged.outcome(),
            Outcome::Passed,
            "{mutant:?}: {:#?}",
            judged.failures()
        );
    }
}
