//! Taps: they hear of every request under the space's lock, and can act at that moment.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::InProcess;
use crisp_mock_server::space::{Handled, Space};
use crisp_mock_server::spaces::{SharedSpace, Tap, system_clock};
use http::Request;

const HELD: Duration = Duration::from_secs(7);

/// Uninstalls `w1` with the first list, holds that answer, and remembers what it heard.
#[derive(Debug, Default)]
struct Busy(Mutex<Vec<String>>);

impl Busy {
    fn heard(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
}

impl Tap for Busy {
    fn handled(&self, space: &mut Space, _: &Request<Bytes>, handled: &mut Handled) {
        self.heard(format!("{} {}", handled.seq, handled.operation));
        let w1 = WebsiteId::numbered(1);
        let now = space.now(system_clock::elapsed());
        if handled.operation == Operation::List && space.world.uninstall(now, w1).is_ok() {
            handled.delivery.hold += HELD;
        }
    }

    fn ended(&self, seq: u64, client_left: bool) {
        let how = if client_left { "left" } else { "ended" };
        self.heard(format!("{seq} {how}"));
    }
}

fn emulator() -> InProcess {
    let options = WorldOptions { websites: Some(2), ..WorldOptions::default() };
    InProcess::new(options.into()).unwrap()
}

fn tapped(emulator: &InProcess) -> Arc<Busy> {
    let tap = Arc::new(Busy::default());
    assert!(emulator.spaces().default_space().tap(tap.clone()));
    tap
}

fn list(emulator: &InProcess) -> Request<Bytes> {
    let info = emulator.info();
    let pair = format!("{}:{}", info.identifier, info.key);
    let pair = base64::engine::general_purpose::STANDARD.encode(pair);
    Request::get("http://localhost/v1/plugin/connect/websites/all/1")
        .header("authorization", format!("Basic {pair}"))
        .header("x-crisp-tier", "plugin")
        .body(Bytes::new())
        .unwrap()
}

/// Whether `w1` is in an answer.
fn has_w1(body: &[u8]) -> bool {
    let w1 = WebsiteId::numbered(1).to_string();
    std::str::from_utf8(body).unwrap().contains(&w1)
}

#[tokio::test]
async fn what_a_tap_changes_is_not_in_the_answer_that_it_hears_of_and_is_in_the_next() {
    let emulator = emulator();
    tapped(&emulator);
    let first = emulator.answer(list(&emulator)).await.unwrap();
    assert!(has_w1(first.body()));
    let second = emulator.answer(list(&emulator)).await.unwrap();
    assert!(!has_w1(second.body()));
}

#[tokio::test]
async fn a_tap_can_hold_an_answer() {
    let emulator = emulator();
    tapped(&emulator);
    let holds = [
        emulator.reply(list(&emulator)).await.delivery.hold,
        emulator.reply(list(&emulator)).await.delivery.hold,
    ];
    assert_eq!(holds, [HELD, Duration::ZERO]);
}

#[tokio::test]
async fn a_tap_hears_of_requests_and_of_their_ends_but_not_of_ends_from_before_a_reset() {
    let emulator = emulator();
    let tap = tapped(&emulator);
    drop(emulator.reply(list(&emulator)).await);
    let late = emulator.reply(list(&emulator)).await;
    let cell: &SharedSpace = emulator.spaces().default_space();
    cell.reset();
    drop(late);
    drop(emulator.reply(list(&emulator)).await);
    let heard = tap.0.lock().unwrap().clone();
    assert_eq!(heard, ["1 list", "1 ended", "2 list", "1 list", "1 ended"]);
}

#[tokio::test]
async fn a_space_has_one_tap() {
    let emulator = emulator();
    tapped(&emulator);
    assert!(!emulator.spaces().default_space().tap(Arc::new(Busy::default())));
}
