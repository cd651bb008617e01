//! Each oracle convicts a client that breaks its rule, and none convicts the reference.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use crisp_harness::judge::Demand;
use crisp_harness::oracle::{Rule, Verdict};
use crisp_harness::runner::{Judged, Outcome, judge};
use crisp_harness::scenario::{SaveEnd, Scenario};
use crisp_harness::subject::{
    About, Action, Client, Event, Moment, ReportedStatus, Setup, Subject, Sync,
};
use crisp_harness::world::Prepared;
use crisp_harness::zoo;

fn prepared(text: &str) -> Prepared {
    let scenario = Scenario::parse("test.yaml", text).unwrap_or_else(|error| panic!("{error}"));
    Prepared::new(scenario.into()).unwrap()
}

fn fails(judged: &Judged, rule: Rule) -> bool {
    judged.findings.iter().any(|finding| {
        finding.demand == Demand::Oracle(rule) && matches!(finding.verdict, Verdict::Fail(_))
    })
}

/// The reference passes, the mutant fails by this rule.
#[track_caller]
fn convicts(rule: Rule, mutant: &str, text: &str) {
    let prepared = prepared(text);
    let fair = judge(&prepared, &Sync::reference());
    assert_eq!(fair.outcome(), Outcome::Passed, "the reference: {:#?}", fair.failures());
    let mutant = zoo::named(mutant).unwrap_or_else(|unknown| panic!("{unknown}"));
    let judged = judge(&prepared, &*mutant.client());
    assert!(fails(&judged, rule), "{} let it pass: {:#?}", rule.name(), judged.findings);
}

#[test]
fn converged_convicts_a_cursor_that_moves_on_failure() {
    convicts(
        Rule::Converged,
        "cursor-moves-on-failure",
        "
name: x
client: { overlap: 5s }
start: { websites: { w1: { message: old } } }
faults: [ { at: since#2, status: 500 } ]
when: [ { at: 30s, save: { w1: { message: new } } } ]
",
    );
}

#[test]
fn snapshot_convicts_a_client_that_shows_an_answer_item_by_item() {
    convicts(
        Rule::Snapshot,
        "item-by-item",
        "
name: x
start: { websites: { w1: { message: old }, w2: { message: old } } }
when:
  - { at: 130s, save: { w1: { message: new } } }
  - { at: 131s, save: { w2: { message: new } } }
",
    );
}

#[test]
fn monotonic_convicts_answers_applied_in_the_order_of_arrival() {
    convicts(
        Rule::Monotonic,
        "arrival-order",
        "
name: x
client: { request_timeout: 2m, overlap: 5s }
start: { websites: { w1: { message: one } } }
faults: [ { at: since#2, delay: 90s } ]
when:
  - { at: 30s, save: { w1: { message: two } } }
  - { at: 100s, save: { w1: { message: three } } }
",
    );
}

#[test]
fn no_resurrection_convicts_a_late_answer_that_brings_back_the_dead() {
    convicts(
        Rule::NoResurrection,
        "arrival-order",
        "
name: x
client: { request_timeout: 2m, overlap: 5s }
start: { websites: { w1: { message: one } } }
faults: [ { at: since#2, delay: 90s } ]
when:
  - { at: 30s, save: { w1: { message: two } } }
  - { at: 100s, uninstall: w1 }
",
    );
}

#[test]
fn no_phantom_convicts_a_save_that_is_shown_before_its_answer() {
    convicts(
        Rule::NoPhantom,
        "no-roll-back",
        "
name: x
start: { websites: { w1: { message: old } } }
when: [ { at: 70s, client_save: { w1: { message: 7 } } } ]
",
    );
}

#[test]
fn read_your_writes_convicts_a_poll_that_undoes_a_save() {
    convicts(
        Rule::ReadYourWrites,
        "poll-overwrites-own-save",
        "
name: x
start: { websites: { w1: { message: old } } }
faults: [ { at: since#2, delay: 5s } ]
when:
  - { at: 30s, save: { w1: { message: operator } } }
  - { during: since#2, client_save: { w1: { message: mine } } }
",
    );
}

#[test]
fn no_lost_update_convicts_a_save_that_is_sent_again() {
    convicts(
        Rule::NoLostUpdate,
        "repeats-saves-blindly",
        "
name: x
start: { websites: { w1: { message: old } } }
faults: [ { at: save_settings#1, lose_answer: true } ]
when:
  - { at: 70s, client_save: { w1: { message: mine } } }
  - { after: save_settings#1, save: { w1: { message: operator } } }
",
    );
}

#[test]
fn honest_ready_convicts_a_client_that_reads_one_page() {
    convicts(
        Rule::HonestReady,
        "one-page-only",
        "
name: x
server: { page_size: 2 }
start: { generated: 3 }
",
    );
}

#[test]
fn honest_ready_judges_a_start_when_the_answers_hide_nothing_of_before_it_any_more() {
    convicts(
        Rule::HonestReady,
        "half-a-list",
        "
name: x
server: { page_size: 2, quirks: { list-lag: 1500ms } }
start: { generated: 4 }
faults: [ { window: 62s..64s, at: list/2, status: 500 } ]
when:
  - { at: 60s, uninstall: w1 }
  - { at: 62s, restart: client }
",
    );
}

#[test]
fn honest_status_convicts_a_client_that_always_says_fresh() {
    convicts(
        Rule::HonestStatus,
        "always-fresh",
        "
name: x
faults: [ { window: 65s..400s, at: since, status: 503 } ]
",
    );
}

#[test]
fn liveness_convicts_a_client_that_stops_on_404() {
    convicts(
        Rule::Liveness,
        "stops-on-refusal",
        "
name: x
faults: [ { at: since#2, status: 404 } ]
",
    );
}

#[test]
fn pacing_convicts_a_client_that_ignores_retry_after() {
    convicts(
        Rule::Pacing,
        "ignores-retry-after",
        "
name: x
faults: [ { at: since#2, throttle: 429, retry_after: 30s } ]
",
    );
}

#[test]
fn pacing_convicts_waits_that_are_never_reset() {
    convicts(
        Rule::Pacing,
        "backoff-never-resets",
        "
name: x
faults:
  - { window: 65s..300s, at: since, status: 500 }
  - { window: 350s..1000s, at: since, status: 500, times: 1 }
",
    );
}

#[test]
fn cost_convicts_a_client_that_reads_each_website_after_each_poll() {
    convicts(
        Rule::Cost,
        "one-request-per-website",
        "
name: x
start: { generated: 5 }
",
    );
}

#[test]
fn cost_convicts_a_client_that_retries_without_a_pause() {
    convicts(
        Rule::Cost,
        "no-backoff",
        "
name: x
faults: [ { window: ..60s, status: 503 } ]
",
    );
}

#[test]
fn atomic_convicts_a_client_that_applies_half_of_a_broken_answer() {
    convicts(
        Rule::Atomic,
        "half-applied-answer",
        "
name: x
start: { websites: { w1: { message: old }, w2: { message: old } } }
faults: [ { at: since#2, cut_body: 500 } ]
when: [ { at: 30s, save: { w1: { message: new }, w2: { message: new } } } ]
",
    );
}

#[test]
fn quiet_convicts_a_client_that_lists_again_and_again() {
    convicts(
        Rule::Quiet,
        "resync-loop",
        "
name: x
",
    );
}

/// The reference, which does not send what it is to save.
struct Idle;

struct NeverSaves(Box<dyn Subject>);

impl Client for Idle {
    fn about(&self, setup: &crisp_harness::scenario::Client) -> About {
        Sync::reference().about(setup)
    }

    fn start(&self, setup: &Setup, now: Moment) -> Box<dyn Subject> {
        Box::new(NeverSaves(Sync::reference().start(setup, now)))
    }
}

impl Subject for NeverSaves {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Save { ticket, .. } => actions.push(Action::SaveEnded(ticket, SaveEnd::Done)),
            event => self.0.handle(now, event, actions),
        }
    }

    fn next_wake(&self) -> Option<Duration> {
        self.0.next_wake()
    }

    fn status(&self, now: Moment) -> Option<ReportedStatus> {
        self.0.status(now)
    }
}

#[test]
fn read_your_writes_convicts_a_client_that_calls_a_save_done_and_never_sent_it() {
    let save = |settings: &str| {
        let text = format!(
            "name: x
start: {{ websites: {{ w1: {{ message: old, count: 1 }} }} }}
when: [ {{ at: 70s, client_update: {{ w1: {settings} }} }} ]"
        );
        judge(&prepared(&text), &Idle)
    };
    let judged = save("{ message: mine }");
    assert!(fails(&judged, Rule::ReadYourWrites), "{:#?}", judged.findings);
    // What is there already needs no request.
    let judged = save("{ message: old }");
    assert_eq!(judged.outcome(), Outcome::Passed, "{:#?}", judged.findings);
}

/// The reference, of whose cache nothing is ever seen.
struct Hidden;

struct ShowsNothing(Box<dyn Subject>);

impl Client for Hidden {
    fn about(&self, setup: &crisp_harness::scenario::Client) -> About {
        Sync::reference().about(setup)
    }

    fn start(&self, setup: &Setup, now: Moment) -> Box<dyn Subject> {
        Box::new(ShowsNothing(Sync::reference().start(setup, now)))
    }
}

impl Subject for ShowsNothing {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        self.0.handle(now, event, actions);
        actions.retain(|action| matches!(action, Action::Send(..) | Action::Abandon(..)));
    }

    fn next_wake(&self) -> Option<Duration> {
        self.0.next_wake()
    }

    fn status(&self, now: Moment) -> Option<ReportedStatus> {
        self.0.status(now)
    }
}

#[test]
fn a_website_that_was_saved_and_never_shown_is_not_said_to_have_been_installed() {
    let text = "name: x
start: { websites: { w1: { message: old } } }
when: [ { at: 70s, save: { w1: { message: new } } } ]";
    let judged = judge(&prepared(text), &Hidden);
    let converged = judged
        .failures()
        .into_iter()
        .find(|(finding, _)| finding.demand == Demand::Oracle(Rule::Converged));
    let fact = converged.map(|(_, breach)| breach.fact.as_str());
    assert_eq!(fact, Some("w1 had the plugin all along."));
}

/// What is told of a mutant that does not converge.
fn told_of(mutant: &str, text: &str) -> (&'static str, String) {
    let mutant = zoo::named(mutant).unwrap_or_else(|unknown| panic!("{unknown}"));
    let judged = judge(&prepared(text), &*mutant.client());
    let converged = judged
        .failures()
        .into_iter()
        .find(|(finding, _)| finding.demand == Demand::Oracle(Rule::Converged))
        .map(|(_, breach)| (breach.word, breach.but.clone()));
    converged.unwrap()
}

#[test]
fn what_never_came_is_told_by_what_the_cache_shows_instead() {
    let leaves = "
name: x
client: { overlap: 5s }
start: { generated: 2 }
when: [ { at: 90s, uninstall: w2 } ]
";
    let (word, but) = told_of("swallows-removals", leaves);
    assert_eq!(word, "ghost");
    assert!(but.contains("and still shows it at "), "{but}");
}
