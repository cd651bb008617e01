//! Real time: a planted fault is found each time, and the history is that of the scenario.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crisp_harness::candidate::{Candidate, Trial};
use crisp_harness::judge::{Demand, Finding};
use crisp_harness::live::{OverHttp, Terms};
use crisp_harness::oracle::{Rule, Verdict};
use crisp_harness::replay::ExitCode;
use crisp_harness::report::{RunEvent, ScenarioReport, Text};
use crisp_harness::runner::{Judged, Outcome};
use crisp_harness::scenario;
use crisp_harness::search::{Phase, Plan, Watch, search};
use crisp_harness::subject::{
    About, Action, Client, Event, Guide, Moment, ReportedStatus, Setup, Subject, Sync,
};
use crisp_mock_server::id::WebsiteId;

use crate::driven::Driven;
use crate::{SLOW_POLL, prepared};

fn real_time(client: impl Client + 'static) -> OverHttp {
    let client = Arc::new(client);
    OverHttp::new(Driven { client, manual: false }, Terms::default())
}

/// The reference, and what it learns of `w1` once it has it never reaches the cache.
struct Forgetful;

impl Client for Forgetful {
    fn about(&self, setup: &scenario::Client) -> About {
        Sync::reference().about(setup)
    }

    fn start(&self, setup: &Setup, now: Moment) -> Box<dyn Subject> {
        Box::new(Forgets { inner: Sync::reference().start(setup, now), had: false })
    }
}

struct Forgets {
    inner: Box<dyn Subject>,
    had: bool,
}

impl Subject for Forgets {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        self.inner.handle(now, event, actions);
        actions.retain(|action| {
            let about_w1 = matches!(action, Action::Shows(id, _) if *id == WebsiteId::numbered(1));
            !about_w1 || !std::mem::replace(&mut self.had, true)
        });
    }

    fn next_wake(&self) -> Option<Duration> {
        self.inner.next_wake()
    }

    fn status(&self, now: Moment) -> Option<ReportedStatus> {
        self.inner.status(now)
    }
}

fn verdict(judged: &Judged, rule: Rule) -> &Verdict {
    let finding = judged.findings.iter().find(|finding| finding.demand.name() == rule.name());
    &finding.unwrap().verdict
}

#[test]
fn a_client_that_loses_an_update_is_convicted_three_times_of_three() {
    let judged = real_time(Forgetful).judge(&prepared(SLOW_POLL)).unwrap();
    assert_eq!(judged.outcome(), Outcome::Failed);
    let (finding, breach) = judged.failures()[0];
    assert_eq!((finding.demand.name(), breach.word), ("converged", "lost update"));
    let outside = judged.outside.as_ref().unwrap();
    assert_eq!(outside.confirmed.as_deref(), Some("3 of 3 runs fail"));
}

#[test]
fn the_guides_loop_loses_a_save_during_a_slow_poll_in_real_time_too() {
    let judged = real_time(Guide).judge(&prepared(SLOW_POLL)).unwrap();
    assert_eq!(judged.outcome(), Outcome::Failed);
    assert_eq!(judged.failures()[0].0.demand.name(), "converged");
}

#[test]
fn what_real_time_cannot_judge_is_not_judged_and_said_to_be_so() {
    let judged = real_time(Sync::reference()).judge(&prepared(SLOW_POLL)).unwrap();
    assert_eq!(judged.outcome(), Outcome::Passed);
    let barred = [Rule::HonestStatus, Rule::Pacing, Rule::Cost, Rule::Atomic, Rule::Quiet];
    for rule in Rule::ALL {
        let unjudged = matches!(verdict(&judged, rule), Verdict::NotJudged(_));
        assert_eq!(unjudged, barred.contains(&rule), "{}", rule.name());
    }
}

#[test]
fn the_history_is_told_in_the_time_of_the_scenario() {
    let text = "
name: an operator saves
start: { websites: { w1: { message: old } } }
when:
  - { at: 90s, save: { w1: { message: new } } }
";
    let judged = real_time(Sync::reference()).judge(&prepared(text)).unwrap();
    let history = &judged.run.history;
    let saved = history.track(0).versions.last().unwrap().from;
    // One second of the machine is 300 s of the scenario; the machine may be half a minute late.
    let late = Duration::from_secs(90)..Duration::from_secs(9_090);
    assert!(late.contains(&saved), "{saved:?}");
    let outside = judged.outside.as_ref().unwrap();
    assert_eq!(outside.pace.as_deref(), Some("poll 200 ms stands for 60 s"));
}

#[test]
fn a_failure_says_what_stands_for_what_and_how_often_it_came_again() {
    let judged = real_time(Forgetful).judge(&prepared(SLOW_POLL)).unwrap();
    let report = ScenarioReport::of(&judged, 0, "slow.yaml", "--over-http", Some(true));
    let told = Text::default().render(&RunEvent::ScenarioFinished(Box::new(report)));
    for part in [
        "FAIL    lost update · a save during a slow poll",
        "poll 200 ms stands for 60 s",
        "3 of 3 runs fail",
        "operator saves w1: message \"new\"",
        "Fair?       crisp-sync passes this file.",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
}

#[test]
fn a_search_in_real_time_shrinks_what_it_found_and_confirms_what_is_left() {
    let candidate = Candidate {
        trial: Box::new(real_time(Forgetful)),
        judged: "forgetful".to_owned(),
        options: String::new(),
        is_reference: false,
    };
    let plan =
        Plan { cases: 60, max_steps: 2, jobs: candidate.trial.at_a_time(), ..Plan::default() };
    let found = search(&candidate, &plan, &Brief::default(), &mut |_| {}).unwrap();
    assert_eq!(found.code, ExitCode::Failed);
    let conviction = &found.convictions[0];
    assert!(conviction.after <= conviction.before, "{conviction:?}");
    assert!(found.searched.cases < 60, "it stops at the first failure");
}

/// Gives shrinking a few seconds, as a count of questions.
#[derive(Default)]
struct Brief {
    shrinking: AtomicBool,
    asked: AtomicU64,
}

impl Watch for Brief {
    fn begins(&self, phase: Phase) {
        self.shrinking.store(phase == Phase::Shrinking, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.shrinking.load(Ordering::Relaxed) && self.asked.fetch_add(1, Ordering::Relaxed) > 500
    }
}

/// A poll to which no answer comes, and whether the client was judged on polling on after it.
fn hung(request_timeout: &str) -> Option<String> {
    let text = format!(
        "name: an answer that never comes\nclient: {{ request_timeout: {request_timeout} }}\nfaults: [{{ at: \"since#1\", hang: true }}]\n"
    );
    let judged = real_time(Guide).judge(&prepared(&text)).unwrap();
    let liveness = |finding: &&Finding| finding.demand == Demand::Oracle(Rule::Liveness);
    match &judged.findings.iter().find(liveness)?.verdict {
        Verdict::NotJudged(why) => Some(why.clone()),
        _ => None,
    }
}

#[test]
fn a_client_that_waited_until_the_harness_ended_a_hang_is_not_judged_to_give_up() {
    let why = hung("2h").expect("not judged");
    let expected = "since#1 hung until the harness ended it after 2 s: whether this client gives";
    assert!(why.starts_with(expected), "{why}");
    assert_eq!(hung("60s"), None, "it gave up by itself");
}
