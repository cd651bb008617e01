//! Faults of handshakes and of events on their way.

use serde_json::{Value, json};

use crate::emulator::{EVENTS, Emulator, SECOND, query};

/// What a socket hears of four saves, and why it ends, with this fault.
fn heard(fault: Value) -> (Vec<String>, Option<String>) {
    let mut crisp = Emulator::new(&[], fault);
    let sid = crisp.live(&EVENTS);
    let mut heard = Vec::new();
    for website in [1, 2, 3, 1] {
        crisp.save(website);
        heard.extend(crisp.heard(&sid));
    }
    crisp.outside += 10 * SECOND;
    crisp.space.clock.advance(10 * SECOND);
    heard.extend(crisp.heard(&sid));
    (heard, crisp.end(&sid))
}

#[test]
fn a_handshake_meets_the_faults_of_requests() {
    let path = format!("/p/68/?{}", query(4));
    let mut crisp = Emulator::new(&[], json!({"at": "rtm#1", "status": 503}));
    assert_eq!(crisp.handshake(&path).map_err(|(status, _)| status), Err(503));
    assert!(crisp.handshake(&path).is_ok());
    for lost in ["reset", "hang", "close", "lose_answer"] {
        let mut crisp = Emulator::new(&[], json!({"at": "rtm#1", lost: true}));
        assert_eq!(crisp.handshake(&path), Err((0, String::new())), "{lost}");
        assert_eq!(crisp.space.sockets.list().len(), 0, "{lost} leaves no session behind");
    }
}

#[test]
fn a_fault_refuses_an_authentication_that_is_right() {
    let mut crisp = Emulator::new(&[], json!({"at": "rtm#1", "refuse_auth": true}));
    let sid = crisp.silent();
    let payload = crisp.credentials(&EVENTS);
    let said = crisp.says(&sid, &format!("42{}", json!(["authentication", payload])));
    assert!(said[0].starts_with("42[\"unauthorized\""), "{said:?}");
    assert!(crisp.end(&sid).unwrap().contains("refuse_auth"));
    crisp.live(&EVENTS);
}

#[test]
fn a_fault_ends_a_socket_once_it_is_authenticated_or_in_place_of_an_event() {
    let mut crisp = Emulator::new(&[], json!({"at": "rtm#1", "kick": true}));
    let sid = crisp.live(&EVENTS);
    assert!(crisp.end(&sid).unwrap().contains("kick"));
    for (how, by_reset) in [("kick", false), ("close", false), ("reset", true)] {
        let mut crisp = Emulator::new(&[], json!({"at": "rtm_event#2", how: true}));
        let sid = crisp.live(&EVENTS);
        crisp.save(1);
        crisp.save(2);
        let step = crisp.step(&sid, None);
        assert_eq!(step.frames.len(), 1, "{how}");
        assert_eq!(step.end.map(|end| end.by_reset), Some(by_reset), "{how}");
    }
}

#[test]
fn an_event_that_is_delayed_waits_by_the_clock_of_the_world() {
    let fault = json!({"at": "rtm_event#2", "delay": "5s"});
    assert_eq!(heard(fault), (texts(["saved w1", "saved w3", "saved w1", "saved w2"]), None));
}

#[test]
fn an_event_out_of_order_follows_the_next() {
    let fault = json!({"at": "rtm_event#2", "hold_order": true});
    assert_eq!(heard(fault), (texts(["saved w1", "saved w3", "saved w2", "saved w1"]), None));
}

#[test]
fn an_event_is_lost_or_comes_twice() {
    let lost = json!({"at": "rtm_event#2", "drop": true});
    assert_eq!(heard(lost), (texts(["saved w1", "saved w3", "saved w1"]), None));
    let twice = json!({"at": "rtm_event#2", "duplicate": true});
    let expected = texts(["saved w1", "saved w2", "saved w2", "saved w3", "saved w1"]);
    assert_eq!(heard(twice), (expected, None));
    let late = json!([
        {"at": "rtm_event#2", "duplicate": true}, {"at": "rtm_event#2", "hold_order": true},
    ]);
    let expected = texts(["saved w1", "saved w3", "saved w2", "saved w2", "saved w1"]);
    assert_eq!(heard(late), (expected, None));
}

#[test]
fn a_fault_that_can_meet_no_socket_or_no_event_is_refused_with_what_to_write() {
    for (fault, said) in [
        (json!({"at": "rtm_event", "status": 503}), "an event on a socket has none"),
        (json!({"at": "since", "drop": true}), "`drop` is for events"),
        (json!({"window": "0s..", "duplicate": true}), "`duplicate` is for events"),
        (json!({"at": "rtm_event", "mute_pings": true}), "an event on a socket has none"),
        (json!({"at": "since", "kick": true}), "`kick` is for sockets"),
        (json!({"at": "rtm_event", "method": "GET", "drop": true}), "has no method"),
    ] {
        let problems = crisp_mock_server::fault::FaultPlan::parse(&fault).unwrap_err();
        let text = crisp_mock_server::document::list(&problems);
        assert!(text.contains(said), "{fault}: {text}");
    }
}

#[test]
fn faults_meet_the_events_of_one_website() {
    let fault = json!({"at": "rtm_event", "website": "w1", "delay": "5s"});
    assert_eq!(heard(fault), (texts(["saved w2", "saved w3", "saved w1", "saved w1"]), None));
}

#[test]
fn a_window_of_failing_answers_leaves_events_alone() {
    let fault = json!({"window": "0s..1h", "status": 503});
    let mut crisp = Emulator::new(&[], Value::Null);
    let sid = crisp.live(&EVENTS);
    let plan = crisp_mock_server::fault::FaultPlan::parse(&fault).unwrap();
    crisp.space.faults.add(plan, crisp.outside);
    crisp.save(1);
    assert_eq!(crisp.heard(&sid), ["saved w1"]);
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}
