//! docs/wire.md#subscription, docs/wire.md#usage, docs/wire.md#provenance: subscriptions, usage
//! bills, attestations.

use crisp_mock_server::api::Tier;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::emulator::{Emulator, START, id};

const STRANGER: &str = "8c842203-7ed8-4e29-a608-7cf78a7d2fcc";

#[test]
pub fn s2_06_get_plugins_subscription_lists_every_subscription_to_the_user() {
    let mut crisp = Emulator::new();
    crisp.uninstall("w2");
    let reply = crisp.user_get("plugins/subscription");
    assert_eq!(reply.outcome(), "200 listed");
    assert_eq!(reply.names(), "w1 w3");
    let refused = crisp.get("plugins/subscription");
    assert_eq!(refused.outcome(), "403 restricted_route_tier");
}

#[test]
pub fn s2_06_get_plugins_subscription_website_lists_the_websites_subscriptions() {
    let mut crisp = Emulator::new();
    let path = format!("plugins/subscription/{}", id("w2"));
    let reply = crisp.user_get(&path);
    assert_eq!(reply.outcome(), "200 listed");
    assert_eq!(reply.names(), "w2");
    crisp.uninstall("w2");
    assert_eq!(crisp.user_get(&path).data, json!([]));
    let unknown = crisp.user_get(&format!("plugins/subscription/{STRANGER}"));
    assert_eq!(unknown.outcome(), "404 website_not_found");
}

#[test]
pub fn s2_07_get_plugins_subscription_website_plugin_has_every_member_of_its_type() {
    let mut crisp = Emulator::new();
    crisp.set_plan("w1", None, Some(7));
    let path = crisp.of("w1", "");
    for tier in [Tier::Plugin, Tier::User] {
        let reply = crisp.ask(tier, "GET", &path, None);
        assert_eq!(reply.outcome(), "200 resolved");
        let data = reply.data;
        let texts = [
            "id",
            "urn",
            "type",
            "category",
            "name",
            "summary",
            "icon",
            "website_url",
            "contact_url",
            "terms_url",
            "privacy_url",
            "help_url",
            "video_url",
            "since",
            "bill_period",
            "bill_valid_until",
            "website_id",
            "card_id",
        ];
        for text in texts {
            assert!(data[text].is_string(), "{text}");
        }
        for flag in ["configurable", "active"] {
            assert!(data[flag].is_boolean(), "{flag}");
        }
        assert!(data["plans"].is_array());
        assert_eq!(data["price"], 7);
        assert_eq!(data["website_id"], json!(id("w1")));
        assert_eq!(data["id"], json!(crisp.space.plugin().id));
        assert_eq!(data["since"], "2025-12-02T00:00:00.000Z");
        assert_eq!(data.as_object().unwrap().len(), texts.len() + 4);
    }
}

#[test]
fn a_website_that_did_not_install_the_plugin_is_not_subscribed_whatever_is_asked() {
    let mut crisp = Emulator::new();
    crisp.uninstall("w2");
    let other_plugin = format!("plugins/subscription/{}/{STRANGER}", id("w1"));
    let stranger = format!("plugins/subscription/{STRANGER}/{}", crisp.space.plugin().id);
    let no_uuid = format!("plugins/subscription/w1/{}", crisp.space.plugin().id);
    for base in [crisp.of("w2", ""), other_plugin, stranger, no_uuid] {
        for (method, rest) in [
            ("GET", ""),
            ("GET", "/settings"),
            ("PUT", "/settings"),
            ("PATCH", "/settings"),
            ("GET", "/bill/usage"),
            ("POST", "/bill/usage"),
            ("GET", "/attest/provenance"),
            ("POST", "/channel"),
            ("POST", "/event"),
        ] {
            let body = (method != "GET").then(|| json!({}));
            let reply = crisp.ask(Tier::Plugin, method, &format!("{base}{rest}"), body);
            assert_eq!(reply.outcome(), "404 not_subscribed", "{method} {base}{rest}");
        }
    }
}

#[test]
fn ids_are_read_in_either_case() {
    let mut crisp = Emulator::new();
    let path = crisp.of("w1", "/settings").to_uppercase();
    let path = path.replace("PLUGINS/SUBSCRIPTION", "plugins/subscription");
    assert_eq!(crisp.get(&path.replace("SETTINGS", "settings")).status, 200);
}

#[test]
pub fn s2_08_post_plugins_subscription_website_installs_the_plugin() {
    let mut crisp = Emulator::new();
    crisp.seconds(1);
    let path = format!("plugins/subscription/{}", id("w4"));
    let body = json!({"plugin_id": crisp.space.plugin().id});
    let reply = crisp.ask(Tier::User, "POST", &path, Some(body.clone()));
    assert_eq!(reply.outcome(), "201 subscribed");
    assert_eq!(reply.data, json!({}));
    assert_eq!(crisp.since(START), "added w4");
    let again = crisp.ask(Tier::User, "POST", &path, Some(body));
    assert_eq!(again.outcome(), "409 already_subscribed");
}

#[test]
fn subscribing_needs_the_plugins_id_in_the_body_as_python_and_php_find_out() {
    let mut crisp = Emulator::new();
    let path = format!("plugins/subscription/{}", id("w4"));
    let plugin = crisp.space.plugin().id;
    let wrong = [
        ("Python", json!({})),
        ("PHP", json!({"pluginId": plugin})),
        ("another", json!({"plugin_id": STRANGER})),
        ("no text", json!({"plugin_id": 5})),
        ("a list", json!([plugin])),
    ];
    for (who, body) in wrong {
        let reply = crisp.ask(Tier::User, "POST", &path, Some(body));
        assert_eq!(reply.outcome(), "400 invalid_data", "{who}");
        assert_eq!(reply.data["namespace"], "body", "{who}");
    }
    assert!(crisp.website("w4").is_none());
    let php = json!({"pluginId": plugin});
    crisp.ask(Tier::User, "POST", &path, Some(php));
    assert_eq!(crisp.journal().unread.body, ["pluginId"], "what is misspelt shows up");
    let unknown = format!("plugins/subscription/{STRANGER}");
    let reply = crisp.ask(Tier::User, "POST", &unknown, Some(json!({"plugin_id": plugin})));
    assert_eq!(reply.outcome(), "404 website_not_found");
}

#[test]
pub fn s2_09_delete_plugins_subscription_website_plugin_uninstalls_it() {
    let mut crisp = Emulator::new();
    crisp.seconds(1);
    let path = crisp.of("w2", "");
    let reply = crisp.ask(Tier::User, "DELETE", &path, None);
    assert_eq!(reply.outcome(), "200 unsubscribed");
    assert_eq!(reply.data, json!({}));
    assert_eq!(crisp.since(START), "removed w2");
    let again = crisp.ask(Tier::User, "DELETE", &path, None);
    assert_eq!(again.outcome(), "404 not_subscribed");
}

#[test]
pub fn s2_13_get_bill_usage_lists_the_open_bills() {
    let mut crisp = Emulator::new();
    let path = crisp.of("w1", "/bill/usage");
    for tier in [Tier::Plugin, Tier::User] {
        let reply = crisp.ask(tier, "GET", &path, None);
        assert_eq!(reply.outcome(), "200 listed");
        assert_eq!(reply.data, json!([]));
    }
}

#[test]
pub fn s2_14_post_bill_usage_adds_a_bill_for_the_plugin_only() {
    let mut crisp = Emulator::new();
    let path = crisp.of("w1", "/bill/usage");
    let bill = json!({"name": "Paid messages sent", "units": 250, "price": 0.10});
    let reply = crisp.ask(Tier::Plugin, "POST", &path, Some(bill.clone()));
    assert_eq!(reply.outcome(), "201 added");
    assert_eq!(crisp.get(&path).data, json!([bill]));
    let other = crisp.of("w2", "/bill/usage");
    assert_eq!(crisp.get(&other).data, json!([]), "each website has its own");
    let user = crisp.ask(Tier::User, "POST", &path, Some(bill));
    assert_eq!(user.outcome(), "403 restricted_route_tier");
    crisp.uninstall("w1");
    crisp.install("w1");
    assert_eq!(crisp.get(&path).data, json!([]), "bills go with the subscription");
}

#[test]
fn a_bill_that_is_none_is_refused_and_not_kept() {
    let mut crisp = Emulator::new();
    let path = crisp.of("w1", "/bill/usage");
    let wrong = [
        json!({}),
        json!([]),
        json!({"name": "a", "units": 1}),
        json!({"name": "a", "units": -1, "price": 1}),
        json!({"name": "a", "units": 4_294_967_296_u64, "price": 1}),
        json!({"name": "a", "units": 1.5, "price": 1}),
        json!({"name": 1, "units": 1, "price": 1}),
        json!({"name": "a", "units": 1, "price": "1"}),
        json!({"name": "a".repeat(1_001), "units": 1, "price": 1}),
    ];
    for body in wrong {
        let reply = crisp.ask(Tier::Plugin, "POST", &path, Some(body.clone()));
        assert_eq!(reply.outcome(), "400 invalid_data", "{body}");
    }
    assert_eq!(crisp.get(&path).data, json!([]));
}

#[test]
pub fn s2_15_get_attest_provenance_is_signed_with_the_plugins_secret() {
    let mut crisp = Emulator::new();
    let path = crisp.of("w1", "/attest/provenance");
    for tier in [Tier::Plugin, Tier::User] {
        let reply = crisp.ask(tier, "GET", &path, None);
        assert_eq!(reply.outcome(), "200 resolved");
        let data = reply.data;
        let plugin = crisp.space.plugin();
        assert_eq!(data["payload"]["website"], json!({"website_id": id("w1")}));
        assert_eq!(data["payload"]["plugin"], json!({"plugin_id": plugin.id}));
        let user = json!({"user_id": plugin.operator, "role": "owner"});
        assert_eq!(data["payload"]["user"], user);
        let expires = data["expire_at"].as_u64().expect("an unsigned number");
        assert_eq!(expires, 1_767_225_600_000 + 600_000);
        // The text that is signed is the payload as it stands in the answer.
        let body = String::from_utf8(reply.body.to_vec()).unwrap();
        let payload = &body[body.find(r#""payload":"#).unwrap() + 10..];
        let payload = &payload[..payload.find("}}").unwrap() + 2];
        assert_eq!(serde_json::from_str::<Value>(payload).unwrap(), data["payload"]);
        let mut mac = Hmac::<Sha256>::new_from_slice(plugin.secret.as_bytes()).unwrap();
        mac.update(format!("[{expires};{payload}]").as_bytes());
        assert_eq!(data["signed"], hex::encode(mac.finalize().into_bytes()));
    }
}
