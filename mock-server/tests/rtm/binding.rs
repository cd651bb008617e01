//! Which events reach a socket, and what becomes of one that falls behind.

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::space::Outside;
use serde_json::{Value, json};

use crate::emulator::{EVENTS, Emulator};

#[test]
fn only_the_events_that_a_socket_names_reach_it() {
    let mut crisp = Emulator::new(&[], Value::Null);
    let sid = crisp.live(&["plugin:settings:saved"]);
    crisp.uninstall(2);
    crisp.save(1);
    assert_eq!(crisp.heard(&sid), ["saved w1"]);
    let push = json!(["socket:bind:push", {"events": ["plugin:subscription:updated"]}]);
    crisp.says(&sid, &format!("42{push}"));
    let pop = json!(["socket:bind:pop", {"events": ["plugin:settings:saved"]}]);
    crisp.says(&sid, &format!("42{pop}"));
    crisp.save(1);
    crisp.uninstall(1);
    assert_eq!(crisp.heard(&sid), ["uninstalled w1"]);
}

#[test]
fn a_website_installed_after_the_bind_is_silent_until_the_client_binds_again() {
    // Node binds with `{}`, Go with an empty text.
    for payload in [json!({}), json!("")] {
        let mut crisp = Emulator::new(&[], Value::Null);
        let sid = crisp.live(&EVENTS);
        crisp.install(9);
        crisp.save(9);
        crisp.save(1);
        assert_eq!(crisp.heard(&sid), ["installed w9", "saved w1"]);
        crisp.save(9);
        // What happened before the bind is told by the binding there was.
        let bind = format!("42{}", json!(["socket:bind", payload]));
        assert_eq!(crisp.says(&sid, &bind), Vec::<String>::new());
        crisp.save(9);
        assert_eq!(crisp.heard(&sid), ["saved w9"]);
    }
}

#[test]
fn a_website_that_leaves_and_comes_back_is_a_new_one() {
    let mut crisp = Emulator::new(&[], Value::Null);
    let sid = crisp.live(&EVENTS);
    crisp.uninstall(1);
    crisp.install(1);
    crisp.save(1);
    assert_eq!(crisp.heard(&sid), ["uninstalled w1", "installed w1"]);
}

#[test]
fn quirks_change_what_a_fresh_install_is_told() {
    let mut at_once = Emulator::new(&[("rtm-install", "at-once")], Value::Null);
    let sid = at_once.live(&EVENTS);
    at_once.install(9);
    at_once.save(9);
    assert_eq!(at_once.heard(&sid), ["installed w9", "saved w9"]);
    let mut withheld = Emulator::new(&[("rtm-installed", "withheld")], Value::Null);
    let sid = withheld.live(&EVENTS);
    withheld.install(9);
    withheld.save(9);
    assert_eq!(withheld.heard(&sid), Vec::<String>::new());
}

#[test]
fn rooms_narrow_a_socket_to_some_websites() {
    let mut crisp = Emulator::new(&[], Value::Null);
    let sid = crisp.silent();
    let mut payload = crisp.credentials(&EVENTS);
    payload["rooms"] = json!([WebsiteId::numbered(2).to_string()]);
    crisp.says(&sid, &format!("42{}", json!(["authentication", payload])));
    crisp.save(1);
    crisp.save(2);
    assert_eq!(crisp.heard(&sid), ["saved w2"]);
}

#[test]
fn a_socket_that_falls_behind_is_closed_and_that_is_said() {
    let mut crisp = Emulator::new(&[], Value::Null);
    let sid = crisp.live(&EVENTS);
    for _ in 0..1_000 {
        crisp.save(1);
    }
    // Each step writes so much and no more: the rest stays in the outbox.
    let mut frames = 0;
    loop {
        let step = crisp.step(&sid, None);
        assert!(step.frames.iter().map(String::len).sum::<usize>() < 70_000);
        frames += step.frames.len();
        if step.elapsed_due.is_none() {
            break;
        }
    }
    assert_eq!(frames, 1_000);
    for _ in 0..1_001 {
        crisp.save(1);
    }
    let why = crisp.end(&sid).expect("one event is no longer kept");
    assert!(why.contains("fell behind"), "{why}");
}

#[test]
fn sockets_stay_open_when_the_world_is_reset_and_hear_the_new_one() {
    let mut crisp = Emulator::new(&[], Value::Null);
    let sid = crisp.live(&EVENTS);
    crisp.install(9);
    crisp.save(1);
    let outside = Outside { elapsed: crisp.outside, wall: crisp.space.clock.wall_at_start() };
    crisp.space.reset(outside);
    assert_eq!(crisp.heard(&sid), Vec::<String>::new(), "what was before is gone");
    crisp.save(2);
    assert_eq!(crisp.heard(&sid), ["saved w2"]);
    let state = crisp.space.state(outside);
    let state = crisp_mock_server::state::State::parse(&state).unwrap();
    crisp.save(3);
    crisp.space.restore(&state, outside);
    crisp.save(1);
    assert_eq!(crisp.heard(&sid), ["saved w1"]);
}
