//! Credentials, tiers, refusals (docs/wire.md#credentials, docs/wire.md#tiers).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use crisp_mock_server::api::Tier;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::options::WorldOptions;
use http::Request;
use serde_json::{Value, json};

use crate::emulator::{Emulator, basic, id, options};

/// Every row of the matrix of docs/wire.md#tiers: method, path below `/v1/`, body, open to user,
/// open to plugin.
fn matrix(crisp: &Emulator) -> Vec<(&'static str, String, Option<Value>, bool, bool)> {
    let website = format!("plugins/subscription/{}", id("w1"));
    let new = format!("plugins/subscription/{}", id("w9"));
    let of = |rest: &str| crisp.of("w1", rest);
    let plugin = json!({"plugin_id": crisp.space.plugin().id});
    let since = "plugin/connect/websites/since?date_since=2026-01-01T00:00:00Z";
    let bill = json!({"name": "a", "units": 1, "price": 1});
    vec![
        ("GET", "plugin/connect/account".into(), None, false, true),
        ("HEAD", "plugin/connect/session".into(), None, false, true),
        ("GET", "plugin/connect/websites/all".into(), None, false, true),
        ("GET", "plugin/connect/websites/all/1".into(), None, false, true),
        ("GET", since.into(), None, false, true),
        ("GET", "plugin/connect/endpoints".into(), None, false, true),
        ("GET", "plugins/subscription".into(), None, true, false),
        ("GET", website, None, true, false),
        ("GET", of(""), None, true, true),
        ("POST", new, Some(plugin), true, false),
        ("DELETE", of(""), None, true, false),
        ("GET", of("/settings"), None, true, true),
        ("PUT", of("/settings"), Some(json!({})), true, true),
        ("PATCH", of("/settings"), Some(json!({})), true, true),
        ("GET", of("/bill/usage"), None, true, true),
        ("POST", of("/bill/usage"), Some(bill), false, true),
        ("GET", of("/attest/provenance"), None, true, true),
        ("POST", of("/channel"), Some(json!({"namespace": "a", "payload": {}})), true, true),
        ("POST", of("/event"), Some(json!({"name": "a", "data": {}})), true, true),
    ]
}

#[test]
fn the_matrix_of_tiers_holds_for_every_route() {
    let rows = matrix(&Emulator::new());
    assert_eq!(rows.len(), crisp_mock_server::api::ROUTES.len());
    for (method, path, body, user, plugin) in rows {
        for (tier, open) in [(Tier::User, user), (Tier::Plugin, plugin), (Tier::Website, false)] {
            let mut crisp = Emulator::new();
            let reply = crisp.ask(tier, method, &path, body.clone());
            let name = tier.name();
            if open {
                assert!(reply.status < 300, "{method} {path} as {name}: {}", reply.outcome());
            } else {
                assert_eq!(reply.status, 403, "{method} {path} as {name}");
                let why = crisp.explanation();
                assert!(why.contains(&format!("tier `{name}` may not use this route")), "{why}");
                if method != "HEAD" {
                    assert_eq!(reply.reason, "restricted_route_tier");
                }
            }
        }
    }
}

fn with_authorization(crisp: &mut Emulator, value: Option<&[u8]>) -> (String, String) {
    let mut request = Request::get("/v1/plugin/connect/account").header("x-crisp-tier", "plugin");
    if let Some(value) = value {
        request = request.header("authorization", value);
    }
    let reply = crisp.raw(&request.body(Bytes::new()).unwrap());
    (reply.outcome(), crisp.journal().explanation.unwrap_or_default())
}

#[test]
fn credentials_that_open_nothing_are_invalid_session_with_the_cause_in_the_journal() {
    let mut crisp = Emulator::new();
    let encoded = |text: &str| format!("Basic {}", STANDARD.encode(text)).into_bytes();
    let identifier = crisp.space.accounts().plugin.identifier.clone();
    let wrong: Vec<(Option<Vec<u8>>, &str)> = vec![
        (None, "there is no Authorization header"),
        (Some(b"".to_vec()), "is not `Basic`"),
        (Some(b"Basic".to_vec()), "is not `Basic`"),
        (Some(b"Bearer abc".to_vec()), "is not `Basic`"),
        (Some(b"Basic !!!".to_vec()), "is not `Basic`"),
        (Some(b"Basic /////w==".to_vec()), "is not `Basic`"),
        (Some(encoded("no colon")), "is not `Basic`"),
        (Some(encoded(":")), "no token of this server has that identifier"),
        (Some(encoded("somebody:else")), "no token of this server has that identifier"),
        (Some(encoded(&format!("{identifier}:wrong"))), "the key is wrong"),
        (Some(encoded(&format!("{identifier}:"))), "the key is wrong"),
    ];
    for (value, why) in wrong {
        let (outcome, explanation) = with_authorization(&mut crisp, value.as_deref());
        assert_eq!(outcome, "401 invalid_session", "{why}");
        assert!(explanation.contains(why), "{explanation}");
    }
    let key = crisp.space.accounts().plugin.key.clone();
    let lower = format!("basic {}", STANDARD.encode(format!("{identifier}:{key}")));
    let (outcome, _) = with_authorization(&mut crisp, Some(lower.as_bytes()));
    assert_eq!(outcome, "200 resolved", "the scheme's case does not matter");
    let (outcome, why) = with_authorization(&mut crisp, Some(b"Basic \xff\xfe"));
    assert_eq!(outcome, "401 invalid_session", "{why}");
}

fn with_tier(crisp: &mut Emulator, user: bool, path: &str, tier: Option<&str>) -> String {
    let accounts = crisp.space.accounts();
    let account = if user { &accounts.user } else { &accounts.plugin };
    let mut request = Request::get(format!("/v1/{path}")).header("authorization", basic(account));
    if let Some(tier) = tier {
        request = request.header("x-crisp-tier", tier);
    }
    crisp.raw(&request.body(Bytes::new()).unwrap()).outcome()
}

#[test]
fn a_missing_tier_is_user() {
    let mut crisp = Emulator::new();
    assert_eq!(with_tier(&mut crisp, true, "plugins/subscription", None), "200 listed");
    let restricted = with_tier(&mut crisp, false, "plugin/connect/account", None);
    assert_eq!(restricted, "403 restricted_route_tier");
    assert!(crisp.explanation().starts_with("X-Crisp-Tier is missing"));
}

#[test]
fn a_key_of_one_tier_does_not_open_another() {
    let mut crisp = Emulator::new();
    let settings = crisp.of("w1", "/settings");
    let cases = [
        (false, Some("user"), "belongs to tier `plugin`, but X-Crisp-Tier is `user`"),
        (false, None, "belongs to tier `plugin`, but X-Crisp-Tier is missing"),
        (true, Some("plugin"), "belongs to tier `user`, but X-Crisp-Tier is `plugin`"),
        (false, Some("admin"), "X-Crisp-Tier is `admin`"),
        (false, Some("Plugin"), "X-Crisp-Tier is `Plugin`"),
        (false, Some(""), "X-Crisp-Tier is ``"),
    ];
    for (user, tier, why) in cases {
        let outcome = with_tier(&mut crisp, user, &settings, tier);
        assert_eq!(outcome, "401 invalid_session", "{tier:?}");
        assert!(crisp.explanation().contains(why), "{}", crisp.explanation());
    }
}

#[test]
fn of_two_authorizations_or_tiers_the_first_counts() {
    let mut crisp = Emulator::new();
    let mut twice = |first: &str, second: &str| {
        let mut request = crisp.request(Tier::Plugin, "GET", "plugin/connect/account");
        let headers = request.headers_mut().unwrap();
        let right = headers.remove("x-crisp-tier").unwrap();
        assert_eq!(right, "plugin");
        headers.append("x-crisp-tier", first.parse().unwrap());
        headers.append("x-crisp-tier", second.parse().unwrap());
        crisp.raw(&request.body(Bytes::new()).unwrap()).status
    };
    assert_eq!(twice("plugin", "user"), 200);
    assert_eq!(twice("user", "plugin"), 403);
}

#[test]
fn no_scope_is_ever_needed_and_the_development_pair_has_crisps_shape() {
    let crisp = Emulator::new();
    for account in [&crisp.space.accounts().plugin, &crisp.space.accounts().user] {
        assert!(account.identifier.parse::<WebsiteId>().is_ok(), "a UUID");
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        assert!(account.key.len() == 64 && account.key.chars().all(hex));
    }
    let (a, b) = (Emulator::new(), Emulator::new());
    assert_eq!(a.space.accounts(), b.space.accounts(), "the same on every start");
}

#[test]
fn credentials_can_be_chosen_and_the_old_pair_is_dead_then() {
    let own =
        WorldOptions { identifier: Some("me".into()), key: Some("secret".into()), ..options() };
    let mut crisp = Emulator::with(own);
    let encoded = format!("Basic {}", STANDARD.encode("me:secret"));
    assert_eq!(with_authorization(&mut crisp, Some(encoded.as_bytes())).0, "200 resolved");
    let old = basic(&Emulator::new().space.accounts().plugin);
    assert_eq!(with_authorization(&mut crisp, Some(old.as_bytes())).0, "401 invalid_session");
}

#[test]
fn a_refused_request_writes_nothing() {
    let mut crisp = Emulator::new();
    let settings = crisp.of("w1", "/settings");
    let before = crisp.settings("w1");
    let body = Bytes::from_static(b"{\"message\":\"mine\"}");
    for tier in ["user", "website", "nobody"] {
        let mut request = crisp.request(Tier::Plugin, "PUT", &settings);
        request.headers_mut().unwrap().insert("x-crisp-tier", tier.parse().unwrap());
        assert!(crisp.raw(&request.body(body.clone()).unwrap()).status >= 400);
    }
    assert_eq!(crisp.settings("w1"), before);
}
