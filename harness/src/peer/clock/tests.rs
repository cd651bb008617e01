//! Processes that are played by the test, on real sockets.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::{Advanced, ClockChannel};

/// A process on the channel.
struct Played {
    stream: BufReader<TcpStream>,
}

impl Played {
    async fn joins(channel: &ClockChannel, nonce: &str, pid: u32) -> Self {
        let stream = TcpStream::connect(&channel.address).await.unwrap();
        let mut played = Self { stream: BufReader::new(stream) };
        let hello = json!({ "hello": 1, "nonce": nonce, "pid": pid, "thread": 0, "runtime": "node",
            "version": "22.1.0", "parent": if pid == 3 { 2 } else { 0 } });
        played.says(&hello).await;
        played
    }

    async fn says(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.stream.get_mut().write_all(line.as_bytes()).await.unwrap();
    }

    async fn hears(&mut self) -> Value {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Answers one order with this report; gives where the clock was to be moved to.
    async fn rests(&mut self, mut report: Value) -> f64 {
        let order = self.hears().await;
        report["id"] = order["id"].clone();
        report["at_rest"] = json!(true);
        self.says(&report).await;
        order["advance_to_ms"].as_f64().unwrap()
    }
}

async fn moved_to(channel: &ClockChannel, to: Duration) -> Result<Advanced, String> {
    Ok(channel.advance(to, Timestamp::UNIX_EPOCH, false).await?.1)
}

async fn there_are(channel: &ClockChannel, count: usize) {
    while channel.processes.lock().len() < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_clock_is_moved_and_what_the_process_waits_for_is_known() {
    let channel = ClockChannel::open().await.unwrap();
    let mut node = Played::joins(&channel, &channel.nonce, 7).await;
    let hello = channel.first().await;
    assert_eq!((hello.runtime.as_str(), hello.version.as_str()), ("node", "22.1.0"));
    let moved = moved_to(&channel, Duration::from_millis(1500));
    let report = json!({ "next_ms": 60_000, "in_flight": 2, "asked": 9, "entered": 1 });
    let (advanced, to) = tokio::join!(moved, node.rests(report));
    let advanced = advanced.unwrap();
    assert_eq!(
        advanced,
        Advanced {
            next: Some(Duration::from_secs(60)),
            in_flight: 2,
            asked: Some(9),
            ..advanced.clone()
        }
    );
    assert!((to - 1500.0).abs() < 1e-9, "{to}");
    for (entered, same) in [(1, true), (2, false)] {
        let moved = moved_to(&channel, Duration::from_millis(1500));
        let (again, _) = tokio::join!(moved, node.rests(json!({ "entered": entered })));
        let again = again.unwrap();
        assert_eq!(again.activity == advanced.activity, same, "{entered}");
    }
}

#[tokio::test]
async fn what_one_process_was_like_before_its_clock_moved_is_told_and_of_several_it_is_not() {
    let channel = ClockChannel::open().await.unwrap();
    let mut node = Played::joins(&channel, &channel.nonce, 7).await;
    there_are(&channel, 1).await;
    let report = json!({ "in_flight": 1, "entered": 2, "found": { "next_ms": 5, "asked": 9 } });
    let moves = || channel.advance(Duration::from_secs(1), Timestamp::UNIX_EPOCH, true);
    let (moved, _) = tokio::join!(moves(), node.rests(report.clone()));
    let (found, advanced) = moved.unwrap();
    let found = found.unwrap();
    assert_eq!((found.next, found.asked), (Some(Duration::from_millis(5)), Some(9)));
    assert_eq!((advanced.in_flight, advanced.activity == found.activity), (1, false));
    let mut child = Played::joins(&channel, &channel.nonce, 8).await;
    there_are(&channel, 2).await;
    let twice = async {
        for _ in 0..2 {
            tokio::join!(node.rests(report.clone()), child.rests(report.clone()));
        }
    };
    let (moved, ()) = tokio::join!(moves(), twice);
    assert_eq!(moved.unwrap().0, None);
}

#[tokio::test]
async fn a_program_without_the_nonce_and_a_line_that_is_no_hello_are_not_let_in() {
    let channel = ClockChannel::open().await.unwrap();
    let _stranger = Played::joins(&channel, "another", 7).await;
    let mut rubbish = Played::joins(&channel, "another", 8).await;
    rubbish.says(&json!([1, 2, 3])).await;
    let _node = Played::joins(&channel, &channel.nonce, 9).await;
    assert_eq!(channel.first().await.pid, 9);
    assert_eq!(channel.processes.lock().len(), 1);
}

#[tokio::test]
async fn of_several_processes_the_first_alarm_counts_and_they_are_asked_until_none_was_woken() {
    let channel = ClockChannel::open().await.unwrap();
    let mut parent = Played::joins(&channel, &channel.nonce, 1).await;
    there_are(&channel, 1).await;
    let mut child = Played::joins(&channel, &channel.nonce, 2).await;
    there_are(&channel, 2).await;
    let report = |next, entered| json!({ "next_ms": next, "in_flight": 1, "entered": entered });
    let with_child = |entered| {
        let mut report = report(9_000, entered);
        report["children"] = json!([2]);
        report["asked"] = json!(3);
        report
    };
    let parents = async {
        parent.rests(with_child(1)).await;
        // The child had written to it.
        parent.rests(with_child(2)).await;
        parent.rests(with_child(2)).await;
    };
    let childs = async {
        for _ in 0..3 {
            child.rests(report(4_000, 5)).await;
        }
    };
    let moved = moved_to(&channel, Duration::ZERO);
    let (advanced, (), ()) = tokio::join!(moved, parents, childs);
    let advanced = advanced.unwrap();
    assert_eq!(
        advanced,
        Advanced { next: Some(Duration::from_secs(4)), in_flight: 2, ..advanced.clone() }
    );
    assert_eq!(advanced.asked, None, "one of the two does not count");
}

#[tokio::test]
async fn a_process_that_ends_is_asked_no_more_and_one_that_is_busy_says_why() {
    let channel = ClockChannel::open().await.unwrap();
    let mut busy = Played::joins(&channel, &channel.nonce, 1).await;
    there_are(&channel, 1).await;
    let ends = Played::joins(&channel, &channel.nonce, 2).await;
    there_are(&channel, 2).await;
    drop(ends);
    let plays = async {
        let order = busy.hears().await;
        let late = json!({ "id": order["id"], "at_rest": false, "because": "it reads a file" });
        busy.says(&late).await;
        while channel.because().is_none() {
            tokio::task::yield_now().await;
        }
        let because = channel.because();
        let rest = json!({ "id": order["id"], "at_rest": true, "in_flight": 0 });
        busy.says(&rest).await;
        because
    };
    let moved = moved_to(&channel, Duration::ZERO);
    let (advanced, because) = tokio::join!(moved, plays);
    let advanced = advanced.unwrap();
    assert_eq!(advanced, Advanced { next: None, in_flight: 0, ..advanced.clone() });
    assert_eq!(because.unwrap(), "process 1 does not come to rest: it reads a file");
}

/// A process whose child has been waited for in vain, until the clocks have come to rest.
async fn with_a_child(channel: &ClockChannel, parent: &mut Played, detached: &[u32]) {
    let a_while_ago = Instant::now().checked_sub(Duration::from_secs(3)).unwrap();
    channel.silent.lock().is_awaited(&[2], a_while_ago);
    let report = json!({ "entered": 1, "children": [2], "detached": detached });
    let moved = moved_to(channel, Duration::ZERO);
    let asked = async {
        loop {
            parent.rests(report.clone()).await;
        }
    };
    tokio::select! {
        moved = moved => assert!(moved.is_ok()),
        () = asked => {}
    }
}

#[tokio::test]
async fn a_failure_beside_a_child_without_a_clock_is_in_doubt() {
    let channel = ClockChannel::open().await.unwrap();
    let mut parent = Played::joins(&channel, &channel.nonce, 1).await;
    there_are(&channel, 1).await;
    with_a_child(&channel, &mut parent, &[2]).await;
    assert_eq!(channel.doubt(), None, "nothing waits for it");
    with_a_child(&channel, &mut parent, &[]).await;
    let doubt = channel.doubt().unwrap();
    assert!(
        doubt.starts_with("the plugin began process 2, whose clock cannot be moved"),
        "{doubt}"
    );
}

#[tokio::test]
async fn a_child_that_reports_after_it_was_given_up_was_slow() {
    let channel = ClockChannel::open().await.unwrap();
    let mut parent = Played::joins(&channel, &channel.nonce, 1).await;
    there_are(&channel, 1).await;
    with_a_child(&channel, &mut parent, &[]).await;
    let _late = Played::joins(&channel, &channel.nonce, 2).await;
    there_are(&channel, 2).await;
    let late = moved_to(&channel, Duration::ZERO).await;
    assert!(late.unwrap_err().starts_with("process 2 began to report more than 2 s after"));
}

#[tokio::test]
async fn a_shell_around_a_process_with_a_clock_is_no_doubt() {
    let channel = ClockChannel::open().await.unwrap();
    let mut parent = Played::joins(&channel, &channel.nonce, 1).await;
    there_are(&channel, 1).await;
    let mut inner = Played::joins(&channel, &channel.nonce, 3).await;
    there_are(&channel, 2).await;
    let asked = async {
        loop {
            inner.rests(json!({ "entered": 1 })).await;
        }
    };
    tokio::select! {
        () = with_a_child(&channel, &mut parent, &[]) => {}
        () = asked => {}
    }
    assert_eq!(channel.doubt(), None);
}
