//! What is said of runs that would go on for ever, or in which nothing could be known.

use super::seconds;
use crate::judge::Demand;
use crate::oracle::{Rule, Verdict};
use crate::runner::{Outcome, judge};
use crate::scenario::Scenario;
use crate::subject::{Guide, Sync};
use crate::world::Prepared;

#[test]
fn a_client_whose_own_refusals_never_end_is_judged_and_told_so() {
    let text = "
name: a date that has not come
server: { quirks: { future-date: refused } }
client: { clock: +2d }
start: { websites: { w1: { message: old } } }
when: [ { at: 90s, save: { w1: { message: new } } } ]
";
    let scenario = Scenario::parse("date.yaml", text).expect("a scenario");
    let prepared = Prepared::new(scenario.into()).expect("a server");
    let judged = judge(&prepared, &Guide);
    assert_eq!(judged.run.broken_off, None);
    assert!(judged.run.history.now() < seconds(3 * 3600));
    let failures = judged.failures();
    let but = &failures.first().expect("a conviction").1.but;
    assert!(but.contains("were refused for what they ask (since#"), "{but}");
}

#[test]
fn refusals_between_good_lists_do_not_put_the_judgement_off_for_ever() {
    let text = include_str!(
        "../../../../scenarios/dates/a-clock-ahead-of-a-server-that-refuses-the-future.yaml"
    );
    let scenario = Scenario::parse("dates.yaml", text).expect("a scenario");
    let prepared = Prepared::new(scenario.into()).expect("a server");
    let mutant = crate::zoo::named("local-clock").expect("a mutant");
    let judged = judge(&prepared, &*mutant.client());
    assert_eq!(judged.run.broken_off, None);
    assert_eq!(judged.outcome(), Outcome::Failed, "it asks too much");
    assert!(judged.run.history.now() < seconds(3 * 3600));
}

/// What becomes of a scenario of these steps with `crisp-sync`.
fn outcome_of(steps: &str) -> Outcome {
    let text =
        format!("name: moved\nstart: {{ websites: {{ w1: {{ message: old }} }} }}\nwhen:\n{steps}");
    let scenario = Scenario::parse("moved.yaml", &text).expect("a scenario");
    let prepared = Prepared::new(scenario.into()).expect("a server");
    let findings = judge(&prepared, &Sync::reference()).findings;
    let converged = Demand::Oracle(Rule::Converged);
    let finding = findings.into_iter().find(|finding| finding.demand == converged);
    match finding.expect("O1").verdict {
        Verdict::Pass => Outcome::Passed,
        Verdict::Fail(_) => Outcome::Failed,
        Verdict::NotJudged(_) => Outcome::NotJudged,
    }
}

#[test]
fn what_changed_between_two_moves_of_the_server_s_clock_that_no_answer_showed_is_no_guilt() {
    let back = "  - { at: 90s, clock: { server: -10m } }\n";
    let save = "  - { at: 100s, save: { w1: { message: new } } }\n";
    let forth = "  - { at: 110s, clock: { server: +10m } }\n";
    let later = "  - { at: 130s, clock: { server: +10m } }\n";
    assert_eq!(outcome_of(&format!("{back}{save}{forth}")), Outcome::NotJudged);
    assert_eq!(outcome_of(&format!("{back}{save}{later}")), Outcome::Passed, "a poll came between");
    let before = save.replace("100s", "80s");
    assert_eq!(outcome_of(&format!("{before}{back}{forth}")), Outcome::Passed);
}
