//! O13 convicts what happens because of an answer that says nothing, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use crisp_harness::judge::Demand;
use crisp_harness::oracle::{Rule, Verdict};
use crisp_harness::runner::judge;
use crisp_harness::scenario::Scenario;
use crisp_harness::subject::{
    About, Action, Client, Event, Moment, ReportedStatus, Setup, Subject, Sync,
};
use crisp_harness::world::Prepared;
use crisp_mock_server::id::WebsiteId;

/// When a client drops a website for no reason.
#[derive(Clone, Copy, PartialEq)]
enum When {
    /// While it deals with the first answer of this status.
    At(u16),
    /// When its alarm goes off next, after that.
    After(u16),
}

/// The reference, but for one website that it drops once.
struct Drops(When, u32);

struct Dropping {
    inner: Box<dyn Subject>,
    when: When,
    website: WebsiteId,
    met: bool,
    done: bool,
}

impl Client for Drops {
    fn about(&self, setup: &crisp_harness::scenario::Client) -> About {
        Sync::reference().about(setup)
    }

    fn start(&self, setup: &Setup, now: Moment) -> Box<dyn Subject> {
        Box::new(Dropping {
            inner: Sync::reference().start(setup, now),
            when: self.0,
            website: WebsiteId::numbered(self.1),
            met: false,
            done: false,
        })
    }
}

impl Subject for Dropping {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        let (When::At(status) | When::After(status)) = self.when;
        let answers =
            matches!(&event, Event::Answer(_, answer) if answer.status().as_u16() == status);
        let now_is_it = match self.when {
            When::At(_) => answers,
            When::After(_) => self.met && matches!(event, Event::Tick),
        };
        self.met |= answers;
        if now_is_it && !std::mem::replace(&mut self.done, true) {
            actions.push(Action::Shows(self.website, None));
        }
        self.inner.handle(now, event, actions);
    }

    fn next_wake(&self) -> Option<Duration> {
        self.inner.next_wake()
    }

    fn status(&self, now: Moment) -> Option<ReportedStatus> {
        self.inner.status(now)
    }
}

/// Whether O13 convicts a client that drops this website then.
fn convicts(when: When, website: u32, text: &str) -> bool {
    let scenario = Scenario::parse("test.yaml", text).unwrap();
    let prepared = Prepared::new(scenario.into()).unwrap();
    let judged = judge(&prepared, &Drops(when, website));
    let dropped = judged.failures().iter().any(|(_, breach)| breach.site.is_some());
    assert!(dropped, "nothing was dropped: {:#?}", judged.findings);
    judged.findings.iter().any(|finding| {
        finding.demand == Demand::Oracle(Rule::Atomic)
            && matches!(finding.verdict, Verdict::Fail(_))
    })
}

#[test]
fn a_refusal_changes_nothing() {
    let text = "{ name: x, faults: [ { at: since#2, status: 500 } ] }";
    assert!(convicts(When::At(500), 1, text));
}

#[test]
fn a_404_can_be_an_answer_of_its_own() {
    let text = "{ name: x, faults: [ { at: since#2, status: 404 } ] }";
    assert!(!convicts(When::At(404), 1, text));
}

#[test]
fn what_comes_later_does_not_come_of_the_answer() {
    let text = "{ name: x, faults: [ { at: since#2, status: 500 } ] }";
    assert!(!convicts(When::After(500), 1, text));
}

#[test]
fn what_is_saved_may_be_shown_at_any_moment_and_nothing_else_may() {
    let text = "
name: x
faults: [ { at: since#3, status: 500 } ]
when: [ { at: 70s, client_save: { w1: { message: mine } } } ]
";
    assert!(!convicts(When::At(500), 1, text));
    assert!(convicts(When::At(500), 2, text));
}
