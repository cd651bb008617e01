//! Talking to an emulator that listens nowhere.

use base64::Engine as _;
use bytes::Bytes;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::{InProcess, ServerOptions};
use crisp_mock_server::spaces::Info;
use http::{Method, Request};
use serde_json::Value;

/// An emulator with a manual clock that starts at noon.
pub fn emulator(options: WorldOptions) -> InProcess {
    let now = "2026-01-01T12:00:00Z".parse().unwrap();
    let options = WorldOptions {
        websites: options.websites.or(Some(3)),
        clock: options.clock.or(Some(crisp_mock_server::clock::Mode::Manual)),
        now: options.now.or(Some(now)),
        ..options
    };
    InProcess::new(ServerOptions::from(options)).unwrap()
}

/// Makes a control call; returns status and body.
pub async fn control(emulator: &InProcess, call: &str, body: Value) -> (u16, Value) {
    let (method, path) = call.split_once(' ').unwrap();
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::builder()
        .method(method)
        .uri(format!("http://127.0.0.1{path}"))
        .body(body)
        .unwrap();
    send(emulator, request).await
}

/// Asks the REST API as the plugin of the given space.
pub async fn plugin(emulator: &InProcess, info: &Info, call: &str, body: Value) -> (u16, Value) {
    ask(emulator, info, ("plugin", &info.identifier, &info.key), call, body).await
}

/// Asks the REST API with the token of a user of the given space.
pub async fn user(emulator: &InProcess, info: &Info, call: &str, body: Value) -> (u16, Value) {
    ask(emulator, info, ("user", &info.user_identifier, &info.user_key), call, body).await
}

async fn ask(
    emulator: &InProcess,
    info: &Info,
    (tier, identifier, key): (&str, &str, &str),
    call: &str,
    body: Value,
) -> (u16, Value) {
    let (method, path) = call.split_once(' ').unwrap();
    let pair = format!("{identifier}:{key}");
    let basic = base64::engine::general_purpose::STANDARD.encode(pair);
    let request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(format!("{}{path}", info.rest_url))
        .header("authorization", format!("Basic {basic}"))
        .header("x-crisp-tier", tier)
        .body(if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) })
        .unwrap();
    send(emulator, request).await
}

/// Sends a request and reads its answer as JSON.
pub async fn send(emulator: &InProcess, request: Request<Bytes>) -> (u16, Value) {
    let response = emulator.answer(request).await.expect("no fault withholds it");
    let body = serde_json::from_slice(response.body()).unwrap_or_default();
    (response.status().as_u16(), body)
}

/// The settings path of a website.
pub fn settings_path(info: &Info, website: &str) -> String {
    let id: crisp_mock_server::id::WebsiteId = website.parse().unwrap();
    format!("plugins/subscription/{id}/{}/settings", info.plugin_id)
}
