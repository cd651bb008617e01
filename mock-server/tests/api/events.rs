//! What goes out to the plugin as events (docs/wire.md#events-and-channels).

use crisp_mock_server::api::Tier;
use serde_json::{Value, json};

use crate::emulator::{Emulator, id, message};

/// The events so far: names and payloads without the ids that all of them have.
fn events(crisp: &Emulator) -> Vec<(String, Value)> {
    let events = crisp.space.world.outbox.events();
    let events = events.map(|event| {
        let mut data = event.data.clone();
        let members = data.as_object_mut().expect("an object");
        assert_eq!(members.remove("website_id"), Some(json!(event.website_id)));
        if let Some(plugin) = members.remove("plugin_id") {
            assert_eq!(plugin, json!(crisp.space.plugin().id));
        }
        assert_eq!(event.timestamp, crisp.moment().wall.0);
        (event.event.to_owned(), data)
    });
    events.collect()
}

#[test]
pub fn s2_16_post_channel_forwards_to_the_plugins_channel() {
    let mut crisp = Emulator::new();
    let path = crisp.of("w1", "/channel");
    let full = json!({"namespace": "orders", "identifier": "A-1", "payload": {"state": "paid"}});
    let reply = crisp.ask(Tier::Plugin, "POST", &path, Some(full.clone()));
    assert_eq!(reply.outcome(), "202 forwarded");
    let plain = json!({"namespace": "orders", "payload": {}});
    assert_eq!(crisp.ask(Tier::User, "POST", &path, Some(plain.clone())).status, 202);
    let expected = [("plugin:channel".into(), full), ("plugin:channel".into(), plain)];
    assert_eq!(events(&crisp), expected);
}

#[test]
pub fn s2_17_post_event_dispatches_with_the_plugins_urn() {
    let mut crisp = Emulator::new();
    let path = crisp.of("w1", "/event");
    let body = json!({"name": "order:paid", "data": {"order": "A-1"}});
    for tier in [Tier::Plugin, Tier::User] {
        let reply = crisp.ask(tier, "POST", &path, Some(body.clone()));
        assert_eq!(reply.outcome(), "202 dispatched");
    }
    let urn = &crisp.space.plugin().urn;
    let data = json!({"urn": urn, "name": "order:paid", "data": {"order": "A-1"}});
    let expected = [("plugin:event".into(), data.clone()), ("plugin:event".into(), data)];
    assert_eq!(events(&crisp), expected);
}

#[test]
fn what_is_no_event_is_refused_and_sends_nothing() {
    let mut crisp = Emulator::new();
    let wrong = [
        ("/channel", json!({})),
        ("/channel", json!({"namespace": "a"})),
        ("/channel", json!({"namespace": 1, "payload": {}})),
        ("/channel", json!({"namespace": "a", "payload": "text"})),
        ("/channel", json!({"namespace": "a", "identifier": 5, "payload": {}})),
        ("/channel", json!([])),
        ("/event", json!({"name": "a"})),
        ("/event", json!({"data": {}})),
        ("/event", json!({"name": "a", "data": []})),
    ];
    for (rest, body) in wrong {
        let path = crisp.of("w1", rest);
        let reply = crisp.ask(Tier::Plugin, "POST", &path, Some(body.clone()));
        assert_eq!(reply.outcome(), "400 invalid_data", "{rest} {body}");
        assert_eq!(reply.data["namespace"], "body");
    }
    assert_eq!(events(&crisp), []);
}

#[test]
fn members_that_are_not_read_are_not_sent_on() {
    let mut crisp = Emulator::new();
    let path = crisp.of("w1", "/channel");
    let body = json!({"namespace": "a", "payload": {}, "idenfitier": "A-1"});
    assert_eq!(crisp.ask(Tier::Plugin, "POST", &path, Some(body)).status, 202);
    assert_eq!(events(&crisp)[0].1, json!({"namespace": "a", "payload": {}}));
    assert_eq!(crisp.journal().unread.body, ["idenfitier"]);
}

#[test]
fn installs_uninstalls_saves_and_plans_are_told() {
    let mut crisp = Emulator::new();
    crisp.install("w4");
    crisp.save("w4", message("operator"));
    crisp.write("PATCH", "w4", json!({"other": 1}));
    crisp.set_plan("w4", Some("Mini"), Some(5));
    crisp.uninstall("w4");
    let expected: [(String, Value); 5] = [
        ("plugin:subscription:updated".into(), json!({"bound": true, "target": "website"})),
        ("plugin:settings:saved".into(), json!({"settings": {"message": "operator"}})),
        ("plugin:settings:saved".into(), json!({"settings": {"message": "operator", "other": 1}})),
        (
            "plan:subscription:updated".into(),
            json!({"plan": {"id": "Mini", "name": "Mini", "trialing": false}}),
        ),
        ("plugin:subscription:updated".into(), json!({"bound": false, "target": "website"})),
    ];
    assert_eq!(events(&crisp), expected);
    assert!(crisp.space.world.outbox.events().all(|event| event.website_id == id("w4")));
}

#[test]
fn the_outbox_is_bounded_by_number_and_by_bytes() {
    let mut crisp = Emulator::new();
    let path = crisp.of("w1", "/event");
    let mut send = |bytes: usize, times: usize| {
        for _ in 0..times {
            let body = json!({"name": "a", "data": {"text": "x".repeat(bytes)}});
            assert_eq!(crisp.ask(Tier::Plugin, "POST", &path, Some(body)).status, 202);
        }
        let kept: Vec<_> = crisp.space.world.outbox.events().cloned().collect();
        (kept.len(), serde_json::to_string(&kept).unwrap().len())
    };
    assert_eq!(send(1, 1_005).0, 1_000);
    let (number, bytes) = send(1_000_000, 10);
    assert!(number < 10 && bytes < 9_000_000, "{number} events of {bytes} bytes");
    assert_eq!(send(9_000_000, 1).0, 1, "the newest is always there");
}
