//! Answers that no sane server gives: nothing panics, nothing is asked in a hot loop, and the
//! cache is right again when the answers are.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;

use super::sim::{config, moment, secs, w};
use crate::Config;
use crate::machine::{Action, Event, Machine, Operation};

const START: &str = "2026-01-01T00:00:00Z";

/// A machine, its virtual time, and how many requests it has sent.
pub struct Played {
    pub machine: Machine,
    pub now: Duration,
    pub sent: u32,
    actions: Vec<Action>,
}

impl Played {
    fn new() -> Self {
        Self::of(config())
    }

    pub fn of(config: Config) -> Self {
        Self::with(Machine::new(config, moment(Duration::ZERO, 0)), Duration::ZERO)
    }

    pub fn with(mut machine: Machine, now: Duration) -> Self {
        let actions = machine.handle(moment(now, 0), Event::Tick);
        Self { machine, now, sent: 0, actions }
    }

    /// Answers everything by `server`, 10 ms after it was sent, until `end`.
    pub fn until(
        &mut self,
        end: Duration,
        server: impl Fn(Operation, Duration) -> Response<Bytes>,
    ) {
        while self.now < end {
            let mut told = Vec::new();
            for action in std::mem::take(&mut self.actions) {
                if let Action::Send { id, operation, .. } = action {
                    self.sent += 1;
                    self.now += Duration::from_millis(10);
                    let response = server(operation, self.now);
                    let answer = Event::Answer { id, response };
                    told.extend(self.machine.handle(moment(self.now, 0), answer));
                }
            }
            if told.is_empty() {
                let wake = self.machine.next_wake().unwrap_or(end).min(end);
                self.now = self.now.max(wake);
                told = self.machine.handle(moment(self.now, 0), Event::Tick);
            }
            self.actions = told;
        }
    }

    pub fn holds(&self, number: u128) -> bool {
        self.machine.snapshot().websites.contains(&w(number))
    }
}

fn http_date(date: Timestamp) -> String {
    date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn dated(date: &str, status: u16, body: &str) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .header("date", date)
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

pub fn at(now: Duration, status: u16, body: &str) -> Response<Bytes> {
    let start: Timestamp = START.parse().unwrap();
    dated(&http_date(start + now), status, body)
}

pub fn list(items: &str) -> String {
    format!(r#"{{"error":false,"reason":"listed","data":[{items}]}}"#)
}

pub fn item(number: u128, settings: &str) -> String {
    let id = w(number);
    format!(r#"{{"website_id":"{id}","token":"t","settings":{settings}}}"#)
}

/// A server with one website on one page and no differences.
fn sane(operation: Operation, now: Duration) -> Response<Bytes> {
    match operation {
        Operation::List(1) => at(now, 200, &list(&item(1, "{}"))),
        _ => at(now, 200, &list("")),
    }
}

#[test]
fn a_list_that_goes_round_for_ever_is_given_up_and_what_it_had_is_used() {
    let mut played = Played::new();
    // The page number is ignored: every page is the first.
    played.until(secs(600), |operation, now| match operation {
        Operation::List(_) => at(now, 200, &list(&item(1, "{}"))),
        _ => at(now, 200, &list("")),
    });
    assert!(played.machine.is_ready() && played.holds(1));
    assert!(!played.machine.status(moment(played.now, 0)).verified);
    // Five lists of three passes of some hundred pages each, and ten polls.
    assert!(played.sent < 1700, "{} requests", played.sent);
}

#[test]
fn a_date_at_the_end_of_time_is_survived_and_does_not_stop_the_count_of_days() {
    for odd in ["9999-12-30T00:00:00Z", "1970-01-01T00:00:00Z"] {
        let odd = http_date(odd.parse().unwrap());
        for (from, to) in [(0, 1), (60, 200)] {
            let mut played = Played::new();
            let within = |now: Duration| (secs(from)..secs(to)).contains(&now);
            played.until(secs(2 * 24 * 3600 + 7200), |operation, now| match operation {
                _ if within(now) => dated(&odd, 200, &list("")),
                _ => sane(operation, now),
            });
            assert!(played.holds(1), "{odd} from {from} s");
            let spent = played.machine.status(moment(played.now, 0)).budget.spent;
            assert!(spent < 2000, "{odd} from {from} s: {spent} today");
        }
    }
}

#[test]
fn a_retry_after_beyond_all_numbers_is_obeyed_up_to_the_longest() {
    let longest = config().longest_retry_after;
    for asked in ["18446744073709551615", "99999999999999999999999999"] {
        let mut played = Played::new();
        played.until(secs(61), |operation, now| match operation {
            Operation::Since if now > secs(60) => {
                let mut answer = at(now, 429, "");
                let value = asked.parse().unwrap();
                answer.headers_mut().insert("retry-after", value);
                answer
            }
            _ => sane(operation, now),
        });
        let wake = played.machine.next_wake().unwrap();
        assert!(wake >= secs(60) + longest, "{asked}: again at {wake:?}");
        played.until(wake + secs(1), sane);
        assert_eq!(played.machine.status(moment(played.now, 0)).failures, 0);
    }
}

#[test]
fn settings_nested_too_deep_are_one_website_s_trouble_alone() {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(50_000), "}".repeat(50_000));
    let mut played = Played::new();
    played.until(secs(300), |operation, now| match operation {
        Operation::List(1) => {
            let both = [item(1, "{}"), item(2, &deep)];
            at(now, 200, &list(&both.join(",")))
        }
        _ => at(now, 200, &list("")),
    });
    assert!(played.machine.is_ready() && played.holds(1));
    let asked = played.sent;
    assert!(asked < 20, "{asked} requests");
}

#[test]
fn an_identifier_that_is_said_a_thousand_times_is_one_website() {
    let many: Vec<_> = (0..1000).map(|round| item(1, &format!(r#"{{"n":{round}}}"#))).collect();
    let mut played = Played::new();
    played.until(secs(100), |operation, now| match operation {
        Operation::List(1) => at(now, 200, &list(&many.join(","))),
        _ => at(now, 200, &list("")),
    });
    let websites = &played.machine.snapshot().websites;
    assert_eq!(websites.len(), 1);
    let last = websites.get(&w(1)).unwrap();
    assert_eq!(last.settings.as_json(), r#"{"n":999}"#);
}
