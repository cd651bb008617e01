//! What a report says of the cause: one plain client, one mistake at a time.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use crisp_harness::report::{RunEvent, ScenarioReport, Text};
use crisp_harness::runner::judge;
use crisp_harness::scenario::{self, Scenario};
use crisp_harness::subject::{
    About, Action, Client, DeclaredTiming, Event, Held, Moment, ReportedStatus, RequestId, Setup,
    Subject,
};
use crisp_harness::world::Prepared;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const POLL: Duration = Duration::from_secs(60);
const OVERLAP: SignedDuration = SignedDuration::from_secs(30);

/// One mistake.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    NeverPolls,
    EndsAtAnOddAnswer,
    EndsAtARefusal,
    DropsWhatIsNotNamed,
    SkipsItemsWithoutSettings,
    AsksForConfigured,
    OwnClock,
    Trims,
    OnlyTheFirstItem,
    SamePage,
}

/// Lists all, then asks for changes; its cursor is the `Date` of the answers.
struct Plain(Wrong);

impl Client for Plain {
    fn about(&self, _: &scenario::Client) -> About {
        let declared = DeclaredTiming {
            poll_every: POLL,
            longest_poll: POLL,
            overlap: OVERLAP.unsigned_abs(),
            request_timeout: Duration::from_secs(10),
            first_retry: POLL,
            retry_cap: POLL,
            refused_cap: POLL,
            throttled_cap: POLL,
            ..DeclaredTiming::default()
        };
        About { name: "plain".to_owned(), declared, ..About::default() }
    }

    fn start(&self, setup: &Setup, _: Moment) -> Box<dyn Subject> {
        Box::new(Running {
            wrong: self.0,
            base: setup.base.clone(),
            key: base64(&setup.identifier, &setup.key),
            sent: 0,
            wake: Some(Duration::ZERO),
            page: Some(1),
            cursor: None,
            cache: BTreeMap::new(),
        })
    }
}

fn base64(identifier: &str, key: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("{identifier}:{key}"))
}

struct Running {
    wrong: Wrong,
    base: String,
    key: String,
    sent: u64,
    wake: Option<Duration>,
    /// The page that is read; none after the load.
    page: Option<u32>,
    cursor: Option<Timestamp>,
    cache: BTreeMap<String, String>,
}

impl Subject for Running {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Tick if self.wake.is_some_and(|wake| wake <= now.elapsed) => {
                self.ask(now, actions)
            }
            Event::Answer(_, response) => self.answered(now, &response, actions),
            Event::Failed(_) => self.wake = Some(now.elapsed + POLL),
            Event::Tick | Event::Save { .. } | Event::Socket(_) => {}
        }
    }

    fn next_wake(&self) -> Option<Duration> {
        self.wake
    }

    fn status(&self, _: Moment) -> Option<ReportedStatus> {
        None
    }
}

impl Running {
    fn ask(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.wake = None;
        let filter = u8::from(self.wrong == Wrong::AsksForConfigured);
        let path = match self.page {
            Some(page) => format!("all/{page}?filter_configured={filter}"),
            None => {
                let cursor =
                    if self.wrong == Wrong::OwnClock { now.wall } else { self.cursor.unwrap() };
                let from = cursor.checked_sub(OVERLAP).unwrap();
                format!("since?date_since={from:.3}&filter_configured={filter}")
            }
        };
        self.sent += 1;
        let request = Request::get(format!("{}plugin/connect/websites/{path}", self.base))
            .header("Authorization", format!("Basic {}", self.key))
            .header("X-Crisp-Tier", "plugin")
            .body(Bytes::new())
            .unwrap();
        actions.push(Action::Send(RequestId(self.sent), request));
    }

    fn answered(&mut self, now: Moment, response: &Response<Bytes>, actions: &mut Vec<Action>) {
        self.wake = Some(now.elapsed + POLL);
        if !response.status().is_success() {
            if self.wrong == Wrong::EndsAtARefusal {
                self.wake = None;
            }
            return;
        }
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let Some(items) = body["data"].as_array() else {
            if self.wrong == Wrong::EndsAtAnOddAnswer {
                self.wake = None;
            }
            return;
        };
        let date = response.headers()["date"].to_str().unwrap();
        let date = jiff::fmt::rfc2822::parse(date).unwrap().timestamp();
        let Some(page) = self.page else {
            self.apply(items, actions);
            self.cursor = Some(date);
            return;
        };
        self.cursor.get_or_insert(date);
        self.apply(items, actions);
        let end = items.is_empty() || (self.wrong == Wrong::SamePage && self.sent == 4);
        self.page = match (end, self.wrong) {
            (true, _) => None,
            (false, Wrong::SamePage) => Some(1),
            (false, _) => Some(page + 1),
        };
        self.wake = Some(now.elapsed);
        if end {
            actions.push(Action::Ready);
            if self.wrong == Wrong::NeverPolls {
                self.wake = None;
            }
        }
    }

    fn apply(&mut self, items: &[Value], actions: &mut Vec<Action>) {
        let most =
            if self.wrong == Wrong::OnlyTheFirstItem && self.page.is_none() { 1 } else { 99 };
        for item in items.iter().take(most) {
            let id = item["website_id"].as_str().unwrap().to_owned();
            if item["difference"] == "removed" {
                self.show(id, None, actions);
                continue;
            }
            let empty = item["settings"].as_object().is_none_or(serde_json::Map::is_empty);
            if empty && self.wrong == Wrong::SkipsItemsWithoutSettings {
                continue;
            }
            let text = if empty { "{}".to_owned() } else { item["settings"].to_string() };
            let trimmed = self.wrong == Wrong::Trims;
            self.show(id, Some(if trimmed { text.replace(' ', "") } else { text }), actions);
        }
        if self.wrong == Wrong::DropsWhatIsNotNamed && self.page.is_none() && !items.is_empty() {
            let named = |id: &String| items.iter().any(|item| item["website_id"] == id.as_str());
            let gone: Vec<_> = self.cache.keys().filter(|id| !named(id)).cloned().collect();
            gone.into_iter().for_each(|id| self.show(id, None, actions));
        }
    }

    fn show(&mut self, id: String, settings: Option<String>, actions: &mut Vec<Action>) {
        let held = settings.clone().map(|settings| Held { settings, token: None });
        actions.push(Action::Shows(id.parse().unwrap(), held));
        match settings {
            Some(settings) => self.cache.insert(id, settings),
            None => self.cache.remove(&id),
        };
    }
}

/// The report of this client in a scenario, and its hint.
fn told(wrong: Wrong, yaml: &str) -> (String, &'static str) {
    let scenario = Scenario::parse("x.yaml", &format!("name: x\n{yaml}")).unwrap();
    let judged = judge(&Prepared::new(scenario.into()).unwrap(), &Plain(wrong));
    let report = ScenarioReport::of(&judged, 0, "x.yaml", "", Some(true));
    let hint = report.failure.as_ref().and_then(|failure| failure.hazard.as_ref());
    let hint = hint.map_or("nothing", |hazard| hazard.number);
    (Text::default().render(&RunEvent::ScenarioFinished(Box::new(report))), hint)
}

const TWO: &str = "start: { websites: { w1: { message: a b }, w2: { message: old } } }\n";
const SAVE: &str = "when: [ { at: 90s, save: { w1: { message: new } } } ]\n";

#[track_caller]
fn hints(wrong: Wrong, yaml: &str, at: &str) {
    let (text, hint) = told(wrong, yaml);
    assert_eq!(hint, at, "{text}");
}

#[test]
fn a_client_that_never_asks_the_differential_is_told_so() {
    hints(Wrong::NeverPolls, &format!("{TWO}{SAVE}"), "C13");
}

#[test]
fn a_loop_that_an_answer_ended_is_told_from_one_that_a_refusal_ended() {
    let odd = "faults: [ { at: since#1, garbage: true } ]\n";
    hints(Wrong::EndsAtAnOddAnswer, &format!("{TWO}{odd}{SAVE}"), "F7");
    let refused = "faults: [ { at: since#1, status: 403 } ]\n";
    hints(Wrong::EndsAtARefusal, &format!("{TWO}{refused}{SAVE}"), "F1");
}

#[test]
fn a_difference_that_is_taken_for_the_list_is_told_from_one_that_is_empty() {
    hints(Wrong::DropsWhatIsNotNamed, &format!("{TWO}{SAVE}"), "A16");
}

#[test]
fn items_without_settings_that_are_skipped_are_named_in_loads_and_in_polls() {
    let unconfigured = "start: { websites: { w1: { message: old } }, unconfigured: [w2] }\n";
    hints(Wrong::SkipsItemsWithoutSettings, unconfigured, "A11");
    let emptied = "when: [ { at: 90s, save: { w1: {} } } ]\n";
    hints(Wrong::SkipsItemsWithoutSettings, &format!("{TWO}{emptied}"), "A11");
}

#[test]
fn settings_that_were_altered_are_no_merge() {
    hints(Wrong::Trims, TWO, "A15");
}

#[test]
fn the_first_item_alone_is_a_part_of_an_answer() {
    let both = "when: [ { at: 90s, save: { w1: { message: new }, w2: { message: new } } } ]\n";
    hints(Wrong::OnlyTheFirstItem, &format!("{TWO}{both}"), "A8");
}

#[test]
fn a_page_number_that_is_never_raised_is_told_from_a_single_page() {
    let pages = "server: { page_size: 1 }\n";
    let (text, hint) = told(Wrong::SamePage, &format!("{pages}{TWO}"));
    assert_eq!(hint, "P4");
    assert!(text.contains("never raised"), "{text}");
}

#[test]
fn a_filter_is_seen_on_the_wire_and_is_the_cause() {
    let unconfigured = "start: { websites: { w1: { message: old } }, unconfigured: [w2] }\n";
    let (text, hint) = told(Wrong::AsksForConfigured, unconfigured);
    assert_eq!(hint, "P9", "{text}");
    assert!(text.contains("list/1 filter_configured=1"), "{text}");
}

#[test]
fn dates_in_the_future_are_seen_on_the_wire_and_are_the_cause() {
    let ahead = "client: { clock: +10m }\n";
    let (text, hint) = told(Wrong::OwnClock, &format!("{ahead}{TWO}{SAVE}"));
    assert_eq!(hint, "C3", "{text}");
    assert!(text.contains("in the future"), "{text}");
}
