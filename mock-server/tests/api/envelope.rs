//! Base, envelope, HEAD, unknown routes and methods (docs/wire.md#envelope).

use bytes::Bytes;
use crisp_mock_server::api::Tier;
use crisp_mock_server::options::WorldOptions;
use http::Request;
use serde_json::json;

use crate::emulator::{Emulator, START, options};

#[test]
fn a_success_has_the_three_members_in_their_order() {
    let mut crisp = Emulator::new();
    let reply = crisp.get("plugin/connect/account");
    let id = crisp.space.plugin().id;
    let expected =
        format!(r#"{{"error":false,"reason":"resolved","data":{{"plugin_id":"{id}"}}}}"#);
    assert_eq!(reply.body, expected);
    let refused = crisp.get("plugins/subscription");
    assert_eq!(refused.body, r#"{"error":true,"reason":"restricted_route_tier","data":{}}"#);
}

#[test]
fn the_headers_are_json_a_date_and_no_limits() {
    let mut crisp = Emulator::new();
    let reply = crisp.list();
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(reply.header("date"), Some("Thu, 01 Jan 2026 00:00:00 GMT"));
    let others: Vec<_> = reply.headers.keys().map(|name| name.as_str()).collect();
    assert_eq!(others.len(), 3, "no Retry-After, no X-RateLimit: {others:?}");
}

#[test]
fn head_has_the_status_and_the_headers_of_get_and_no_body() {
    let mut crisp = Emulator::new();
    let paths = [
        "plugin/connect/account".to_owned(),
        "plugin/connect/websites/all/1".to_owned(),
        format!("plugin/connect/websites/since?date_since={START}"),
        "plugin/connect/websites/since".to_owned(),
        "plugin/connect/endpoints".to_owned(),
        crisp.of("w1", ""),
        crisp.of("w1", "/settings"),
        crisp.of("w9", "/settings"),
        crisp.of("w1", "/bill/usage"),
        crisp.of("w1", "/attest/provenance"),
        "plugins/subscription".to_owned(),
        "plugin/connect/nothing".to_owned(),
    ];
    for path in paths {
        let get = crisp.get(&path);
        let head = crisp.ask(Tier::Plugin, "HEAD", &path, None);
        assert_eq!((head.status, head.body), (get.status, Bytes::new()), "{path}");
        let names = |headers: &http::HeaderMap| {
            let mut names: Vec<_> = headers.keys().map(|name| name.to_string()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&head.headers), names(&get.headers), "{path}");
    }
}

#[test]
fn one_slash_at_the_end_is_tolerated_and_two_are_not() {
    let mut crisp = Emulator::new();
    let settings = crisp.of("w1", "/settings");
    for path in ["plugin/connect/account", "plugin/connect/websites/all/1", settings.as_str()] {
        assert!(crisp.get(&format!("{path}/")).status < 300, "{path}/");
        assert_eq!(crisp.get(&format!("{path}//")).outcome(), "404 not_found");
    }
    let query = crisp.get(&format!("plugin/connect/websites/since/?date_since={START}"));
    assert_eq!(query.status, 200);
}

#[test]
fn unknown_routes_are_404_and_say_what_was_meant() {
    let mut crisp = Emulator::new();
    let near = [
        ("plugin/connect/acount", "the nearest route is plugin/connect/account"),
        ("plugins/connect/account", "the nearest route is plugin/connect/account"),
        ("plugin/connect/website/since", "the nearest route is plugin/connect/websites/since"),
        ("website/abc/conversations/1", "outside the plugin area"),
        ("", "no such route"),
        ("plugins/subscription//", "two slashes in a row"),
        ("/plugin/connect/account", "two slashes in a row"),
        ("plugin/connect/session/valid", "no such route"),
    ];
    for (path, why) in near {
        let reply = crisp.get(path);
        assert_eq!(reply.outcome(), "404 not_found", "{path}");
        assert_eq!(reply.data, json!({"message": "the route does not exist"}), "{path}");
        assert!(crisp.explanation().contains(why), "{path}: {}", crisp.explanation());
    }
    for path in ["/", "/plugin/connect/account", "/v2/plugin/connect/account", "/v1", "//"] {
        let request = Request::get(path).body(Bytes::new()).unwrap();
        assert_eq!(crisp.raw(&request).outcome(), "404 not_found", "{path}");
        assert!(crisp.explanation().contains("routes start with /v1/"));
    }
}

#[test]
fn a_method_that_the_route_does_not_have_is_405_and_names_those_it_has() {
    let mut crisp = Emulator::new();
    let settings = crisp.of("w1", "/settings");
    let event = crisp.of("w1", "/event");
    let cases = [
        ("POST", settings.as_str(), "GET, HEAD, PUT, PATCH"),
        ("DELETE", settings.as_str(), "GET, HEAD, PUT, PATCH"),
        ("GET", event.as_str(), "POST"),
        ("HEAD", event.as_str(), "POST"),
        ("OPTIONS", "plugin/connect/account", "GET, HEAD"),
        ("BREW", "plugin/connect/websites/all", "GET, HEAD"),
        ("get", "plugin/connect/account", "GET, HEAD"),
        ("POST", "plugin/connect/session", "HEAD"),
    ];
    for (method, path, allowed) in cases {
        let reply = crisp.ask(Tier::Plugin, method, path, None);
        assert_eq!(reply.status, 405, "{method} {path}");
        assert_eq!(reply.header("allow"), Some(allowed), "{method} {path}");
        if method != "HEAD" {
            assert_eq!(reply.reason, "method_not_allowed");
        }
    }
}

#[test]
fn unknown_routes_need_no_credentials_and_reveal_nothing_else() {
    let mut crisp = Emulator::new();
    let request = Request::get("/v1/nothing/here").body(Bytes::new()).unwrap();
    assert_eq!(crisp.raw(&request).outcome(), "404 not_found");
    let request = Request::get("/v1/plugin/connect/account").body(Bytes::new()).unwrap();
    assert_eq!(crisp.raw(&request).outcome(), "401 invalid_session");
}

#[test]
fn a_stub_answers_in_the_envelope_with_its_status() {
    let stubs = ["POST website/*/conversation/*/message=202", "GET website/*/operators/list=500"];
    let stub = stubs.iter().map(|stub| stub.parse().unwrap()).collect();
    let mut crisp = Emulator::with(WorldOptions { stub, ..options() });
    let path = "website/a/conversation/b/message";
    let reply = crisp.ask(Tier::Plugin, "POST", path, Some(json!({"type": "text"})));
    assert_eq!(reply.outcome(), "202 stubbed");
    assert_eq!(crisp.journal().operation.name(), "stub");
    assert_eq!(crisp.get("website/a/operators/list").status, 500);
    assert_eq!(crisp.get(path).outcome(), "404 not_found");
}

#[test]
fn strange_escapes_in_a_path_are_no_route_or_no_website() {
    let mut crisp = Emulator::new();
    let plugin = crisp.space.plugin().id;
    let cases = [
        ("plugin/connect/%61ccount".to_owned(), "404 not_found"),
        ("plugin%2Fconnect%2Faccount".to_owned(), "404 not_found"),
        ("plugin/connect/../connect/account".to_owned(), "404 not_found"),
        (format!("plugins/subscription/%FF%FE/{plugin}/settings"), "404 not_subscribed"),
        (format!("plugins/subscription/%00/{plugin}/settings"), "404 not_subscribed"),
        (format!("plugins/subscription/%2e%2e/{plugin}"), "404 not_subscribed"),
        (format!("plugins/subscription/%/{plugin}"), "404 not_subscribed"),
        ("plugin/connect/websites/all/%31".to_owned(), "206 listed"),
        ("plugin/connect/websites/all/%FF".to_owned(), "400 invalid_data"),
    ];
    for (path, outcome) in cases {
        assert_eq!(crisp.get(&path).outcome(), outcome, "{path}");
    }
}
