//! Answers as crisp-sync reads them, each after a line `---`, to whatever its machine asks. The
//! first line of an answer is its status and its headers, the rest its body:
//!
//! ```text
//! 200 bloom-status: HIT|retry-after: 7
//! {"error":false,"reason":"listed","data":[]}
//! ```
//!
//! `fail` is a connection that fails, `lost` an answer that never comes; `save` and `patch` order a
//! save of the settings in the body. When the answers are used up, a sane server goes on.
#![no_main]

use std::time::Duration;

use bytes::Bytes;
use crisp_mock_fuzz::bounded;
use crisp_sync::machine::{
    Action, Event, Failure, How, Machine, Moment, Operation, RequestId, Ticket,
};
use crisp_sync::{BaseUrl, Config, Credentials, PluginId, Quota, Settings, WebsiteId};
use http::Response;
use libfuzzer_sys::fuzz_target;

/// 2026-01-01, in seconds since 1970.
const START: u64 = 1_767_225_600;
/// More answers than these only take time.
const MOST_ANSWERS: usize = 48;
/// How long the sane server answers: longer than any wait, and than two lists of the net.
const SANE: Duration = Duration::from_secs(4 * 3_600);
/// Requests that a client without a quota may need in that time, polls, lists and retries.
const MOST_REQUESTS: usize = 400;
/// Turns at one moment that send nothing.
const MOST_TURNS: usize = 8;

fuzz_target!(|data: &[u8]| {
    bounded(|| {
        let mut played = Played::new();
        let answers = split(data, b"\n---\n").take(MOST_ANSWERS).collect();
        played.hostile(answers);
        played.sane();
        played.is_right_again();
    });
});

fn split<'a>(data: &'a [u8], line: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = Some(data);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.windows(line.len()).position(|window| window == line);
        rest = end.map(|end| &text[end + line.len()..]);
        Some(end.map_or(text, |end| &text[..end]))
    })
}

struct Played {
    machine: Machine,
    now: Duration,
    open: Vec<(RequestId, Operation)>,
    saves: u64,
    ended: u64,
    sent: usize,
}

impl Played {
    fn new() -> Self {
        let mut config = Config::new(Credentials::new("identifier", "key"));
        config.base = BaseUrl::new("http://crisp.test/v1/").expect("an address");
        config.plugin_id = Some(PluginId::from_number(255));
        config.quota = Quota::Unlimited;
        config.poll_every = Duration::from_secs(600);
        config.overlap = Duration::from_secs(1_200);
        config.most_websites = 100;
        config.most_bytes = 1 << 20;
        let mut played = Self {
            machine: Machine::new(config, moment(Duration::ZERO)),
            now: Duration::ZERO,
            open: Vec::new(),
            saves: 0,
            ended: 0,
            sent: 0,
        };
        played.hand_in(Event::Tick);
        played
    }

    fn hand_in(&mut self, event: Event) {
        for action in self.machine.handle(moment(self.now), event) {
            match action {
                Action::Send { id, operation, .. } => {
                    self.sent += 1;
                    self.open.push((id, operation));
                }
                Action::Abandon { id } => self.open.retain(|(open, _)| *open != id),
                Action::SaveEnded { ticket, .. } => {
                    self.ended += 1;
                    assert!(ticket.0 < self.saves, "a save ends that was never ordered");
                }
                Action::Changed(_) | Action::Ready => {}
                Action::Socket { .. } => panic!("it was not told to listen"),
            }
        }
        let snapshot = self.machine.snapshot();
        assert!(snapshot.websites.len() <= 101, "more websites than the bound and a save");
        let _ = self.machine.status(moment(self.now));
    }

    fn hostile(&mut self, answers: Vec<&[u8]>) {
        for answer in answers {
            let end = answer.iter().position(|byte| *byte == b'\n').unwrap_or(answer.len());
            let (head, body) = (&answer[..end], answer.get(end + 1..).unwrap_or_default());
            if let how @ (b"save" | b"patch") = head {
                let how = if how == b"save" { How::Put } else { How::Patch };
                self.save(how, body);
                continue;
            }
            if self.open.is_empty() {
                self.wake();
            }
            self.now += Duration::from_millis(10);
            if self.open.is_empty() {
                continue;
            }
            let (id, _) = self.open.remove(0);
            match head {
                b"fail" => self.hand_in(Event::Failed { id, failure: Failure::Connect }),
                b"lost" => {}
                head => {
                    if let Some(response) = response(head, body) {
                        self.hand_in(Event::Answer { id, response });
                    }
                }
            }
        }
    }

    fn save(&mut self, how: How, body: &[u8]) {
        let settings =
            std::str::from_utf8(body).ok().and_then(|text| Settings::from_json(text).ok());
        let settings = settings.unwrap_or_else(Settings::unconfigured);
        let (ticket, website) = (Ticket(self.saves), WebsiteId::from_number(1));
        self.saves += 1;
        self.hand_in(Event::Save { ticket, website, settings, how });
    }

    /// Time goes to the next thing that the machine waits for.
    fn wake(&mut self) {
        if let Some(wake) = self.machine.next_wake() {
            self.now = self.now.max(wake);
            self.hand_in(Event::Tick);
        }
    }

    fn sane(&mut self) {
        let end = self.now + SANE;
        self.sent = 0;
        while self.now < end {
            if self.open.is_empty() {
                let before = self.now;
                // What fell due at one moment may take a few turns.
                for _ in 0..MOST_TURNS {
                    self.wake();
                    if self.now > before || !self.open.is_empty() {
                        break;
                    }
                }
                assert!(
                    self.now > before || !self.open.is_empty(),
                    "it wakes for nothing at {before:?}: {}",
                    self.machine.status(moment(self.now))
                );
                continue;
            }
            let (id, operation) = self.open.remove(0);
            self.now += Duration::from_millis(10);
            let response = self.sane_answer(operation);
            self.hand_in(Event::Answer { id, response });
            assert!(self.sent < MOST_REQUESTS, "{} requests to a sane server", self.sent);
        }
    }

    fn sane_answer(&self, operation: Operation) -> Response<Bytes> {
        let website = WebsiteId::from_number(1);
        let item = format!(r#"{{"website_id":"{website}","token":"t","settings":{{"sane":1}}}}"#);
        let data = match operation {
            Operation::List(1) => format!("[{item}]"),
            Operation::List(_) | Operation::Since => "[]".to_owned(),
            Operation::Account => r#"{"plugin_id":"00000000-0000-0000-0000-0000000000ff"}"#.into(),
            // It has no other website.
            Operation::GetSettings(id) if id != website => return not_subscribed(),
            Operation::GetSettings(_) => item,
            Operation::SaveSettings(_) | Operation::UpdateSettings(_) | Operation::Endpoints => {
                "{}".to_owned()
            }
        };
        let body = format!(r#"{{"error":false,"reason":"listed","data":{data}}}"#);
        let stamp = Moment { elapsed: self.now, ..moment(self.now) }.wall;
        Response::builder()
            .header("date", stamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
            .body(Bytes::from(body))
            .expect("an answer")
    }

    /// The sane server has one website, whose settings no save changes: what a list says is what
    /// the cache holds, whatever it was told before.
    fn is_right_again(&self) {
        assert_eq!(self.ended, self.saves, "a save never ended");
        let snapshot = self.machine.snapshot();
        let ids: Vec<_> = snapshot.websites.iter().map(|website| website.id).collect();
        assert_eq!(ids, [WebsiteId::from_number(1)], "{:?}", self.machine.status(moment(self.now)));
        let settings = snapshot.websites.get(&ids[0]).map(|website| website.settings.as_json());
        assert_eq!(settings, Some(r#"{"sane":1}"#));
        assert!(self.machine.is_ready());
    }
}

fn moment(elapsed: Duration) -> Moment {
    let wall = Duration::from_secs(START) + elapsed;
    let wall = i64::try_from(wall.as_millis()).ok();
    let wall = wall.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    Moment { elapsed, wall: wall.expect("within this era") }
}

fn response(head: &[u8], body: &[u8]) -> Option<Response<Bytes>> {
    let (status, headers) = head.split_at(head.len().min(3));
    let mut response = Response::builder().status(status);
    for header in headers.split(|byte| *byte == b'|') {
        let colon = header.iter().position(|byte| *byte == b':');
        if let Some((name, value)) = colon.map(|colon| header.split_at(colon)) {
            response = response.header(name.trim_ascii(), value[1..].trim_ascii());
        }
    }
    response.body(Bytes::copy_from_slice(body)).ok()
}

fn not_subscribed() -> Response<Bytes> {
    let body = r#"{"error":true,"reason":"not_subscribed","data":{}}"#;
    Response::builder().status(404).body(Bytes::from(body)).expect("an answer")
}
