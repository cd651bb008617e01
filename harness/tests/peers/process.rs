//! Programs that speak the protocol over stdin and stdout.

use std::sync::Arc;
use std::time::Duration;

use crisp_harness::peer::{Capabilities, Launcher, Peer, PeerError, PeerOptions, Process, View};
use crisp_harness::scenario::{SaveEnd, Standing};
use crisp_harness::subject::How;
use crisp_mock_server::id::WebsiteId;

use crate::bench::{Lifelines, access, command, has, hasty, is_reaped, order, patient, refusal};

fn peer(arguments: &str, options: PeerOptions) -> Process {
    Process::new(command("python3", "peer.py", arguments), options)
}

async fn launched(arguments: &str, options: PeerOptions) -> Box<dyn Peer> {
    let launched = peer(arguments, options).launch(&access()).await;
    launched.unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn everything_that_the_protocol_has_is_asked_and_understood() {
    if !has("python3") {
        return;
    }
    let process = peer("good", patient());
    let peer = process.launch(&access()).await.unwrap();
    let greeting = peer.greeting();
    assert_eq!((&*greeting.name, &*greeting.version), ("strange", "1.4.2"));
    let all = Capabilities {
        save: true,
        own_page: false,
        tokens: true,
        status: true,
        manual_clock: true,
        reset: true,
    };
    assert_eq!(greeting.capabilities, all);
    assert_eq!(greeting.timeout, Some(Duration::from_secs(5)));
    assert_eq!(greeting.backoff_max, Some(Duration::from_secs(80)));
    assert_eq!(greeting.relist, None);
    assert_eq!(process.view_in_words().as_deref(), Some("only `message` compared"));
    let truth = r#"{"message":"Hi","color":"red"}"#;
    assert_eq!(process.view(Some(truth)).as_deref(), Some(r#"{"message":"Hi"}"#));

    peer.start(&access()).await.unwrap();
    let reading = peer.read().await.unwrap();
    assert!(reading.ready);
    let (id, held) = &reading.websites[0];
    assert_eq!(*id, WebsiteId::numbered(1));
    assert_eq!(held.settings, r#"{"message":"generation 1"}"#);
    assert_eq!(held.token.as_deref(), Some("t1"));
    let status = reading.status.unwrap();
    assert_eq!(status.standing, Standing::Stale);
    assert_eq!(status.age, Some(Duration::from_millis(1_500)));
    let saved = peer.save(order(*id, r#"{"message":"new"}"#, How::Patch)).await;
    assert_eq!(saved, Ok(SaveEnd::Unknown));
    let advanced = peer.advance(Duration::from_secs(1), access().now).await.unwrap();
    assert_eq!(advanced.next, Some(Duration::from_micros(250_500)));
    assert_eq!(advanced.in_flight, 2);
    peer.reset().await.unwrap();
    let forgot = peer.read().await.unwrap().websites.remove(0).1.settings;
    assert_eq!(forgot, r#"{"message":"generation 2"}"#);
    let log = peer.log();
    // The mark of its family is another one each time.
    let (marks, variables): (Vec<_>, Vec<_>) = log
        .iter()
        .filter(|line| line.starts_with("CRISP_"))
        .partition(|line| line.starts_with("CRISP_MOCK_FAMILY="));
    assert_eq!(marks.len(), 1);
    insta::assert_debug_snapshot!((&log[0], variables));
    peer.stop().await.unwrap();
    assert!(matches!(peer.read().await, Err(PeerError::Stopped(_))));
}

#[tokio::test]
async fn replies_may_come_in_any_order() {
    if !has("python3") {
        return;
    }
    let peer = launched("out-of-order", patient()).await;
    // It replies to the save only after the reads that are asked meanwhile.
    let save = peer.save(order(WebsiteId::numbered(1), "{}", How::Put));
    let (saved, read) = tokio::join!(save, peer.read());
    assert_eq!(saved, Ok(SaveEnd::Done));
    assert!(read.unwrap().ready);
}

#[tokio::test]
async fn chatter_is_log_and_disturbs_nothing() {
    if !has("python3") {
        return;
    }
    let peer = launched("chatty", patient()).await;
    assert!(peer.read().await.unwrap().ready);
    let log = peer.log();
    for line in ["asked to hello", "asked to read", r#"{"level": 30, "msg": "no id"}"#] {
        assert!(log.iter().any(|kept| kept == line), "{line}: {log:?}");
    }
    let peer = launched("huge-chatter", patient()).await;
    assert!(peer.read().await.unwrap().ready);
    assert!(peer.log()[0].ends_with("… (20000000 bytes)"), "{:?}", peer.log());
}

#[tokio::test]
async fn a_reply_in_the_middle_of_a_line_that_another_thread_printed_is_heard() {
    if !has("python3") {
        return;
    }
    let peer = launched("babbles", patient()).await;
    assert!(peer.read().await.unwrap().ready);
    let log = peer.log();
    let around = "asking for {page 1} done";
    assert!(log.iter().any(|kept| kept == around), "{log:?}");
}

#[tokio::test]
async fn a_minimal_client_answers_hello_start_read_and_stop() {
    if !has("python3") {
        return;
    }
    let peer = launched("minimal", patient()).await;
    assert_eq!(peer.greeting().capabilities, Capabilities::default());
    let reading = peer.read().await.unwrap();
    assert!(!reading.ready && reading.websites.is_empty() && reading.status.is_none());
    peer.stop().await.unwrap();
}

#[tokio::test]
async fn a_client_that_never_says_hello_never_started_and_the_message_says_what_to_do() {
    if !has("python3") {
        return;
    }
    let silent = refusal(peer("silent-at-hello", hasty()).launch(&access()).await);
    assert!(matches!(silent, PeerError::NeverStarted(_)), "{silent}");
    let silent = silent.to_string();
    for part in ["did not say hello: no reply to `hello` within 400ms (--client-timeout)", "--run"]
    {
        assert!(silent.contains(part), "{silent}");
    }
    let dead = refusal(peer("dies-at-once", patient()).launch(&access()).await);
    assert!(matches!(dead, PeerError::NeverStarted(_)), "{dead}");
    let dead = dead.to_string();
    for part in ["it exited with code 1", "| Error: Cannot find module 'crisp-api'", "= hint: "] {
        assert!(dead.contains(part), "{dead}");
    }
    let line = crisp_harness::peer::CommandLine::parse("no-such-program-here x").unwrap();
    let absent = refusal(Process::new(line, patient()).launch(&access()).await);
    assert!(absent.to_string().contains("there is no command `no-such-program-here`"), "{absent}");
}

#[tokio::test]
async fn a_client_that_dies_or_falls_silent_later_has_stopped() {
    if !has("python3") {
        return;
    }
    let dead = launched("dies-at-read", patient()).await.read().await.unwrap_err();
    assert_eq!(
        dead,
        PeerError::Stopped(
            "it exited with code 3, with no reply to `read`\n  its log ends:\n    | Traceback: it broke"
                .to_owned()
        )
    );
    let silent = launched("silent-at-read", patient()).await;
    // It says no more, so that the time-out is what comes next.
    tokio::time::pause();
    let silent = silent.read().await.unwrap_err();
    assert_eq!(
        silent,
        PeerError::Late(
            "no reply to `read` within 1m (--client-timeout)\n  it was sent: {\"id\":2,\"op\":\"read\"}"
                .to_owned()
        )
    );
}

#[tokio::test]
async fn a_reply_of_a_wrong_shape_is_quoted_with_what_was_expected() {
    if !has("python3") {
        return;
    }
    let mut told = String::new();
    for reply in [
        r#"{"id": ID, "ok": true, "ready": "yes"}"#,
        r#"{"id": ID, "ready": true}"#,
        r#"{"id": ID, "ok": true, "ready": true, "websites": []}"#,
        r#"{"id": ID, "ok": true, "ready": true, "websites": {"acme": {"settings": {}}}}"#,
        r#"{"id": ID, "ok": true, "ready": true, "websites": {"w1": "Hi"}}"#,
        r#"{"id": ID, "ok": true, "ready": true, "websites": {"w1": {"message": "Hi"}}}"#,
        r#"{"id": ID, "ok": true, "ready": true, "websites": {"w1": {"settings": {}, "token": 7}}}"#,
        r#"{"id": ID, "ok": true, "ready": true, "websites": {}}"#,
        r#"{"id": ID, "ok": true, "ready": true, "websites": {}, "status": {"state": "old"}}"#,
        r#"{"id": "ID", "ok": true, "ready": true, "websites": {}}"#,
        r#"{"id": ID7, "ok": true, "ready": true, "websites": {}}"#,
        r#"{"id": ID, "ok": false}"#,
    ] {
        let peer = launched(&format!("says-at-read '{reply}'"), patient()).await;
        let error = peer.read().await.unwrap_err();
        told.push_str(&format!("{error}\n"));
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn a_greeting_of_a_wrong_shape_never_started() {
    if !has("python3") {
        return;
    }
    let mut told = String::new();
    for reply in [
        r#"{"id": ID, "ok": true, "name": 7}"#,
        r#"{"id": ID, "ok": true, "capabilities": "save"}"#,
        r#"{"id": ID, "ok": true, "timeout_ms": "10s"}"#,
        r#"{"id": ID, "ok": true, "view": {"key": ["message"]}}"#,
        r#"{"id": ID, "ok": false, "error": "protocol 1 is too old"}"#,
    ] {
        let launched = peer(&format!("says-at-hello '{reply}'"), patient()).launch(&access()).await;
        let error = refusal(launched);
        assert!(matches!(error, PeerError::NeverStarted(_)), "{error}");
        told.push_str(&format!("{error}\n"));
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn a_reply_too_long_to_be_one_is_told_as_the_reason_of_the_silence() {
    if !has("python3") {
        return;
    }
    let peer = launched("huge-reply", patient()).await;
    let was_read = async {
        while !peer.log().iter().any(|line| line.ends_with(" bytes)")) {
            tokio::task::yield_now().await;
        }
        tokio::time::pause();
    };
    let (read, ()) = tokio::join!(peer.read(), was_read);
    let error = read.unwrap_err();
    assert!(error.to_string().contains("a reply may have 8388608 at most"), "{error}");
}

#[tokio::test]
async fn what_a_client_cannot_do_is_a_refusal_and_no_end() {
    if !has("python3") {
        return;
    }
    let peer = launched("fails-at-save", patient()).await;
    let refused = peer.save(order(WebsiteId::numbered(1), "{}", How::Put)).await;
    let why = "`save` failed: no such website".to_owned();
    assert_eq!(refused, Err(PeerError::Refused(why)));
    assert!(peer.read().await.unwrap().ready);
}

#[tokio::test]
async fn a_view_of_the_users_own_comes_before_the_client_s() {
    if !has("python3") {
        return;
    }
    let view = View::parse("view.yaml", "value: message").unwrap();
    let process = peer("good", PeerOptions { view: Some(view), ..patient() });
    process.launch(&access()).await.unwrap();
    assert_eq!(process.view_in_words().as_deref(), Some("the cache holds `message` alone"));
}

#[tokio::test]
async fn a_program_that_can_forget_is_kept_for_the_next_scenario() {
    if !has("python3") {
        return;
    }
    let process = peer("good", patient());
    let first = process.launch(&access()).await.unwrap();
    first.start(&access()).await.unwrap();
    first.stop().await.unwrap();
    let second = process.launch(&access()).await.unwrap();
    assert_eq!(second.log(), Vec::<String>::new(), "the log of another scenario");
    let settings = second.read().await.unwrap().websites.remove(0).1.settings;
    // Forgotten when the first scenario ended, and again when the second began.
    assert_eq!(settings, r#"{"message":"generation 3"}"#);
}

#[tokio::test]
async fn with_a_client_ends_all_that_it_started() {
    if !has("python3") {
        return;
    }
    let lifelines = Lifelines::open().await;
    let arguments = format!("family {}", lifelines.port());
    let process = peer(&arguments, patient());
    let peer = process.launch(&access()).await.unwrap();
    let (one, other) = (lifelines.next().await, lifelines.next().await);
    drop(peer);
    one.has_ended().await;
    other.has_ended().await;
    // One that can forget is kept after its scenario, and ends with its launcher.
    let peer = process.launch(&access()).await.unwrap();
    let (one, other) = (lifelines.next().await, lifelines.next().await);
    peer.stop().await.unwrap();
    drop((peer, process));
    one.has_ended().await;
    other.has_ended().await;
}

#[tokio::test]
async fn a_client_that_does_not_stop_is_ended_and_leaves_nothing() {
    if !has("python3") {
        return;
    }
    let lifelines = Lifelines::open().await;
    let peer = launched(&format!("sulks {}", lifelines.port()), patient()).await;
    let lifeline = lifelines.next().await;
    let process = lifeline.name.clone();
    peer.stop().await.unwrap();
    lifeline.has_ended().await;
    assert!(is_reaped(&process), "a zombie is left");
}

#[test]
fn a_client_ends_with_the_runtime_that_it_was_started_in() {
    if !has("python3") {
        return;
    }
    let outer = tokio::runtime::Runtime::new().unwrap();
    let lifelines = outer.block_on(Lifelines::open());
    let process = Arc::new(peer(&format!("sulks {}", lifelines.port()), patient()));
    let inner = tokio::runtime::Runtime::new().unwrap();
    let peer = inner.block_on(process.launch(&access())).unwrap();
    let lifeline = outer.block_on(lifelines.next());
    drop(inner);
    outer.block_on(lifeline.has_ended());
    drop(peer);
}
