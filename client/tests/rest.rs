//! Every route of the plain client: what goes over the wire, and how answers are read.

use std::time::Duration;

use crisp_sync::rest::{Advice, ChannelMessage, ListOptions, PluginEvent, Tier, UsageBill};
use crisp_sync::{ApiError, BaseUrl, Client, Config, Credentials, PluginId, Settings, WebsiteId};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const W: WebsiteId = WebsiteId::from_number(1);
const P: PluginId = PluginId::from_number(2);
const PATH: &str = "/v1/plugins/subscription/00000000-0000-0000-0000-000000000001";
const PLUGIN: &str = "/00000000-0000-0000-0000-000000000002";

/// A server for one request: gives this answer, tells the request.
async fn once(status: &'static str, body: String) -> (Client, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut config = Config::new(Credentials::new("id", "key"));
    let base = format!("http://{}/v1/", listener.local_addr().expect("it is bound"));
    config.base = BaseUrl::new(&base).expect("it is an address");
    config.request_timeout = Duration::from_secs(5);
    let request = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("the client comes");
        let mut text = String::new();
        let mut piece = [0; 4096];
        while !whole(&text) {
            let read = stream.read(&mut piece).await.expect("the client sends");
            text.push_str(&String::from_utf8_lossy(&piece[..read]));
        }
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nretry-after: 7\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.expect("the client reads");
        text
    });
    (Client::new(&config).expect("it can be set up"), request)
}

fn whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.to_lowercase().lines().find_map(|line| {
        line.strip_prefix("content-length:").and_then(|length| length.trim().parse().ok())
    });
    body.len() >= length.unwrap_or(0)
}

fn data(data: &serde_json::Value) -> String {
    json!({"error": false, "reason": "resolved", "data": data}).to_string()
}

macro_rules! sends {
    ($client:ident, $call:expr, $data:expr, $line:expr) => {{
        let ($client, request) = once("200 OK", data(&$data)).await;
        let answer = $call.await.expect("the answer is good");
        let request = request.await.expect("the server ran");
        let line = request.lines().next().unwrap_or_default().to_owned();
        assert_eq!(line, format!("{} HTTP/1.1", $line));
        let head = request.to_lowercase();
        assert!(head.contains("\r\nx-crisp-tier: "), "{request}");
        assert!(head.contains("\r\nauthorization: basic awq6a2v5\r\n"), "{request}");
        (answer, request)
    }};
}

#[tokio::test]
async fn the_connect_routes_are_spelt_as_specified() {
    let (plugin, _) =
        sends!(client, client.account(), json!({"plugin_id": P}), "GET /v1/plugin/connect/account");
    assert_eq!(plugin, P);
    let (accepted, _) =
        sends!(client, client.session(), json!({}), "HEAD /v1/plugin/connect/session");
    assert!(accepted);
    let (websites, _) = sends!(
        client,
        client.websites(3, ListOptions { configured_only: true }),
        json!([{"website_id": W, "token": "t", "settings": {"a": 1}}]),
        "GET /v1/plugin/connect/websites/all/3?filter_configured=1&include_plan=0"
    );
    assert_eq!(websites[0].token.as_deref(), Some("t"));
    let (items, _) = sends!(
        client,
        client.since("2026-01-01T00:00:00Z".parse().expect("a date"), ListOptions::default()),
        json!([{"website_id": W, "difference": "removed"}]),
        "GET /v1/plugin/connect/websites/since?date_since=2026-01-01T00%3A00%3A00.000Z\
         &filter_configured=0&include_plan=0"
    );
    assert_eq!(items[0].id, W);
    let (endpoints, _) = sends!(
        client,
        client.endpoints(),
        json!({"socket": {"app": "wss://a/"}, "rescue": {"socket": {"app": "wss://b/"}}}),
        "GET /v1/plugin/connect/endpoints"
    );
    assert_eq!(endpoints.socket.app, "wss://a/");
}

#[tokio::test]
async fn the_subscription_routes_are_spelt_as_specified() {
    let (all, request) = sends!(
        client,
        client.with_tier(Tier::User).subscriptions(),
        json!([{"id": "x", "since": "2026-01-01", "plans": [{"price": 5}]}]),
        "GET /v1/plugins/subscription"
    );
    assert_eq!(all[0].plans[0].price, Some(5));
    assert!(request.to_lowercase().contains("x-crisp-tier: user"));
    sends!(client, client.subscriptions_of(W), json!([]), format!("GET {PATH}"));
    sends!(client, client.subscription(W, P), json!({}), format!("GET {PATH}{PLUGIN}"));
    let (_, request) = sends!(client, client.subscribe(W, P), json!({}), format!("POST {PATH}"));
    let body = format!(r#"{{"plugin_id":"{P}"}}"#);
    assert!(request.ends_with(&body), "{request}");
    sends!(client, client.unsubscribe(W, P), json!({}), format!("DELETE {PATH}{PLUGIN}"));
}

#[tokio::test]
async fn the_settings_routes_send_the_bare_object() {
    let settings = Settings::from_json(r#"{"a":1}"#).expect("it is JSON");
    let (held, _) = sends!(
        client,
        client.settings(W, P),
        json!({"website_id": W, "token": "t", "settings": {"a": 2}, "schema": {}}),
        format!("GET {PATH}{PLUGIN}/settings")
    );
    assert_eq!(held.settings.as_json(), r#"{"a":2}"#);
    let (_, request) = sends!(
        client,
        client.save_settings(W, P, &settings),
        json!({}),
        format!("PUT {PATH}{PLUGIN}/settings")
    );
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    let line = format!("PATCH {PATH}{PLUGIN}/settings");
    sends!(client, client.update_settings(W, P, &settings), json!({}), line);
}

#[tokio::test]
async fn the_remaining_routes_are_spelt_as_specified() {
    let bill = UsageBill { name: "Messages".to_owned(), units: 250, price: 0.1 };
    let line = format!("GET {PATH}{PLUGIN}/bill/usage");
    let (bills, _) = sends!(client, client.usage_bills(W, P), json!([bill]), line);
    assert_eq!(bills.first(), Some(&bill));
    let line = format!("POST {PATH}{PLUGIN}/bill/usage");
    sends!(client, client.report_usage(W, P, &bill), json!({}), line);
    let provenance = json!({
        "payload": {"website": {"website_id": W}, "user": {"user_id": "u", "role": "owner"},
                    "plugin": {"plugin_id": P}},
        "signed": "s", "expire_at": 1
    });
    let line = format!("GET {PATH}{PLUGIN}/attest/provenance");
    let (attested, _) = sends!(client, client.provenance(W, P), provenance, line);
    assert_eq!(attested.payload.user.role, "owner");
    let message =
        ChannelMessage { namespace: "orders".to_owned(), identifier: None, payload: json!({}) };
    let line = format!("POST {PATH}{PLUGIN}/channel");
    let (_, request) = sends!(client, client.send_channel(W, P, &message), json!({}), line);
    assert!(request.ends_with(r#"{"namespace":"orders","payload":{}}"#), "{request}");
    let event = PluginEvent { name: "order:paid".to_owned(), data: json!({"order": 1}) };
    let line = format!("POST {PATH}{PLUGIN}/event");
    sends!(client, client.send_event(W, P, &event), json!({}), line);
}

async fn refused(status: &'static str, reason: &str) -> ApiError {
    let body = json!({"error": true, "reason": reason, "data": {"message": "why"}}).to_string();
    let (client, _) = once(status, body).await;
    client.account().await.expect_err("it is a refusal")
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let throttled = refused("429 Too Many Requests", "too_many_requests").await;
    assert_eq!(throttled.advice(), Advice::RepeatAfter(Duration::from_secs(7)));
    let credentials = refused("401 Unauthorized", "invalid_session").await;
    assert!(matches!(credentials, ApiError::Credentials(_)), "{credentials}");
    let gone = refused("404 Not Found", "not_subscribed").await;
    assert!(matches!(gone, ApiError::NotSubscribed(_)), "{gone}");
    let redirected = refused("302 Found", "").await;
    assert!(matches!(redirected, ApiError::Server(_)), "not followed: {redirected}");
}

#[tokio::test]
async fn a_refused_token_is_no_session_and_no_error() {
    let (client, _) = once("401 Unauthorized", String::new()).await;
    assert!(!client.session().await.expect("it is an answer"));
}
