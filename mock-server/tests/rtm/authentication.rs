//! Who may listen, and what becomes of the others.

use serde_json::{Value, json};

use crate::emulator::{EVENTS, Emulator, SECOND, query};

fn authentication(payload: &Value) -> String {
    format!("42{}", json!(["authentication", payload]))
}

#[test]
fn each_version_is_opened_as_its_clients_expect() {
    let mut crisp = Emulator::new(&[], Value::Null);
    let sid = crisp.handshake(&format!("/p/68/?{}", query(3))).unwrap();
    let open = format!(
        "0{{\"sid\":\"{sid}\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\
         \"maxPayload\":65536}}"
    );
    assert_eq!(crisp.frames(&sid), [open.clone(), "40".to_owned()], "3 waits for the server's 40");
    let other = crisp.handshake(&format!("/socket.io/?{}", query(4))).unwrap();
    assert_eq!(crisp.frames(&other), [open.replace(&sid, &other)], "4 sends 40 itself");
}

#[test]
fn a_socket_is_silent_until_it_is_authenticated() {
    let mut crisp = Emulator::new(&[], Value::Null);
    let sid = crisp.silent();
    crisp.save(1);
    assert_eq!(crisp.heard(&sid), Vec::<String>::new());
    let payload = crisp.credentials(&EVENTS);
    assert_eq!(crisp.says(&sid, &authentication(&payload)), ["42[\"authenticated\",true]"]);
    assert_eq!(crisp.heard(&sid), Vec::<String>::new(), "what was before is not replayed");
    crisp.save(1);
    assert_eq!(crisp.heard(&sid), ["saved w1"]);
}

#[test]
fn wrong_credentials_are_told_so_and_disconnected() {
    let wrong: [(&str, Value, &str); 4] = [
        ("password", json!("0"), "the key is wrong"),
        ("username", json!("nobody"), "no token of this server has that identifier"),
        ("tier", json!("website"), "the key belongs to tier `plugin`"),
        ("tier", Value::Null, "the key belongs to tier `plugin`"),
    ];
    for (member, value, why) in wrong {
        let mut crisp = Emulator::new(&[], Value::Null);
        let sid = crisp.silent();
        let mut payload = crisp.credentials(&EVENTS);
        payload[member] = value;
        let step = crisp.step(&sid, Some(&authentication(&payload)));
        let unauthorized = "42[\"unauthorized\",{\"message\":\"invalid_credentials\"}]";
        assert_eq!(step.frames, [unauthorized, "41"]);
        let end = step.end.expect("it ends");
        assert!(end.why.contains(why), "{}", end.why);
        crisp.space.close_socket(&sid, &end.why);
        assert!(crisp.explanation().contains(why), "{}", crisp.explanation());
    }
}

#[test]
fn quirks_say_what_a_refused_socket_hears() {
    let quirks = [("rtm-refusal-message", "go_away")];
    let mut crisp = Emulator::new(&quirks, Value::Null);
    let sid = crisp.silent();
    let said = crisp.says(&sid, &authentication(&json!({})));
    assert_eq!(said, ["42[\"unauthorized\",{\"message\":\"go_away\"}]", "41"]);
    let mut crisp = Emulator::new(&[("rtm-refusal", "closed")], Value::Null);
    let sid = crisp.silent();
    let step = crisp.step(&sid, Some(&authentication(&json!({}))));
    assert_eq!((step.frames, step.end.is_some()), (Vec::new(), true));
}

#[test]
fn a_socket_has_ten_seconds_to_authenticate_even_when_the_clock_stands() {
    for (quirk, seconds) in [("10s", 10), ("2s", 2)] {
        let mut crisp = Emulator::new(&[("rtm-deadline", quirk)], Value::Null);
        let sid = crisp.silent();
        assert_eq!(crisp.step(&sid, None).due, Some(seconds * SECOND));
        crisp.outside = seconds * SECOND - SECOND / 10;
        assert_eq!(crisp.end(&sid), None);
        crisp.outside = seconds * SECOND;
        let why = crisp.end(&sid).expect("it is too late");
        assert!(why.contains("rtm-deadline"), "{why}");
    }
}

#[test]
fn an_operator_and_a_development_token_listen_too_within_their_trust() {
    let mut crisp = Emulator::new(&[("development-token", "trusted:2")], Value::Null);
    let accounts = crisp.space.accounts().clone();
    let mut listen = |account: &crisp_mock_server::api::Account| {
        let sid = crisp.silent();
        let payload = json!({
            "username": account.identifier, "password": account.key,
            "tier": account.tier.name(), "events": EVENTS,
        });
        assert_eq!(crisp.says(&sid, &authentication(&payload)), ["42[\"authenticated\",true]"]);
        crisp.save(2);
        crisp.save(3);
        crisp.heard(&sid)
    };
    assert_eq!(listen(&accounts.user), ["saved w2", "saved w3"]);
    assert_eq!(listen(&accounts.development), ["saved w2"], "w3 is not trusted");
}

#[test]
fn what_is_no_frame_ends_the_socket_and_the_journal_says_why() {
    for (frame, why) in [
        ("hello", "no packet type"),
        ("42{\"not\":\"an event\"}", "not a JSON array"),
        ("451-[\"a\",{}]", "binary attachments"),
        ("41", "the client closed it"),
    ] {
        let mut crisp = Emulator::new(&[], Value::Null);
        let sid = crisp.live(&EVENTS);
        let end = crisp.step(&sid, Some(frame)).end.expect(frame);
        assert!(end.why.contains(why), "{frame}: {}", end.why);
        crisp.space.close_socket(&sid, &end.why);
        assert!(crisp.explanation().ends_with(&end.why));
        assert!(crisp.space.socket(crisp.outside, &sid, None).is_none(), "it is gone");
    }
}

#[test]
fn polling_and_handshakes_that_ask_for_no_websocket_are_refused_as_engine_io_does() {
    let mut crisp = Emulator::new(&[], Value::Null);
    assert_eq!(
        crisp.handshake("/socket.io/?EIO=4&transport=polling"),
        Err((400, r#"{"code":0,"message":"Transport unknown"}"#.to_owned()))
    );
    assert!(crisp.explanation().contains("transports"), "{}", crisp.explanation());
    assert_eq!(
        crisp.handshake("/p/68/?EIO=2&transport=websocket"),
        Err((400, r#"{"code":5,"message":"Unsupported protocol version"}"#.to_owned()))
    );
}

#[test]
fn a_space_takes_so_many_sockets_and_no_more() {
    let mut crisp = Emulator::new(&[], Value::Null);
    let path = format!("/p/68/?{}", query(4));
    let most = crisp_mock_server::bounds::RTM_SOCKETS;
    let sids: Vec<_> = (0..most).map(|_| crisp.handshake(&path).unwrap()).collect();
    assert_eq!(crisp.handshake(&path).map_err(|(status, _)| status), Err(503));
    crisp.space.close_socket(&sids[0], "over");
    assert!(crisp.handshake(&path).is_ok());
}
