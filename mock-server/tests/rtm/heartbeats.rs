//! Heartbeats of both versions, on outside time.

use serde_json::{Value, json};

use crate::emulator::{EVENTS, Emulator, SECOND, query};

#[test]
fn the_server_asks_a_client_of_engine_io_4_and_gives_it_up_without_an_answer() {
    let mut crisp = Emulator::new(&[], Value::Null);
    let sid = crisp.live(&EVENTS);
    assert_eq!(crisp.step(&sid, None).due, Some(25 * SECOND));
    crisp.outside = 25 * SECOND;
    assert_eq!(crisp.frames(&sid), ["2"]);
    crisp.says(&sid, "3");
    crisp.outside = 50 * SECOND;
    assert_eq!(crisp.frames(&sid), ["2"]);
    crisp.outside = 69 * SECOND;
    assert_eq!(crisp.end(&sid), None);
    crisp.outside = 70 * SECOND;
    assert!(crisp.end(&sid).unwrap().contains("heartbeat"));
}

#[test]
fn a_client_of_engine_io_3_asks_and_is_answered() {
    let mut crisp = Emulator::new(&[("rtm-deadline", "10m")], Value::Null);
    let sid = crisp.handshake(&format!("/p/68/?{}", query(3))).unwrap();
    crisp.frames(&sid);
    crisp.outside = 40 * SECOND;
    assert_eq!(crisp.says(&sid, "2"), ["3"]);
    crisp.outside = 84 * SECOND;
    assert_eq!(crisp.end(&sid), None);
    crisp.outside = 85 * SECOND;
    assert!(crisp.end(&sid).is_some());
}

#[test]
fn quirks_set_the_heartbeat_and_the_first_frame_says_so() {
    let quirks = [("rtm-ping-interval", "5s"), ("rtm-ping-timeout", "2s")];
    let mut crisp = Emulator::new(&quirks, Value::Null);
    let sid = crisp.handshake(&format!("/p/68/?{}", query(4))).unwrap();
    let open = crisp.frames(&sid).remove(0);
    assert!(open.contains("\"pingInterval\":5000,\"pingTimeout\":2000"), "{open}");
    crisp.outside = 5 * SECOND;
    assert_eq!(crisp.frames(&sid), ["2"]);
}

#[test]
fn a_fault_mutes_heartbeats() {
    let faults = json!({"at": "rtm#1", "mute_pings": true});
    let mut crisp = Emulator::new(&[], faults);
    let sid = crisp.live(&EVENTS);
    assert_eq!(crisp.step(&sid, None).due, None);
    crisp.outside = 1_000 * SECOND;
    assert_eq!(crisp.frames(&sid), Vec::<String>::new());
    assert_eq!(crisp.end(&sid), None, "the client is the one that gives up");
    assert_eq!(crisp.says(&sid, "2"), Vec::<String>::new());
}
