use bytes::Bytes;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::{InProcess, ServerOptions};
use http::Request;
use serde_json::Value;

use crate::talk::{control, emulator, send};

async fn asked(emulator: &InProcess, uri: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let request = headers
        .iter()
        .fold(Request::get(uri), |request, (name, value)| request.header(*name, *value));
    send(emulator, request.body(Bytes::new()).unwrap()).await
}

#[tokio::test]
async fn a_foreign_origin_or_host_is_refused() {
    let emulator = emulator(WorldOptions::default());
    let (status, body) = asked(&emulator, "/_mock/info", &[("host", "evil.example:8420")]).await;
    assert_eq!(status, 403, "{body}");
    let foreign = [("host", "127.0.0.1:8420"), ("origin", "http://evil.example")];
    assert_eq!(asked(&emulator, "/_mock/info", &foreign).await.0, 403);
    let ours = [("host", "127.0.0.1:8420"), ("origin", "http://127.0.0.1:8420")];
    assert_eq!(asked(&emulator, "/_mock/info", &ours).await.0, 200);
}

#[tokio::test]
async fn a_token_is_demanded_from_every_call_when_one_is_set() {
    let options = ServerOptions { control_token: Some("s3cret".into()), ..Default::default() };
    let emulator = InProcess::new(options).unwrap();
    for call in ["info", "health", "openapi.json", "nothing", "spaces/x/info"] {
        let uri = format!("http://127.0.0.1/_mock/{call}");
        assert_eq!(asked(&emulator, &uri, &[]).await.0, 401, "{call}");
        assert_eq!(
            asked(&emulator, &uri, &[("authorization", "Bearer wrong")]).await.0,
            401,
            "{call}"
        );
    }
    let right = [("authorization", "Bearer s3cret")];
    assert_eq!(asked(&emulator, "http://mock.anywhere.example/_mock/health", &right).await.0, 200);
}

#[tokio::test]
async fn unknown_calls_and_methods_name_what_there_is() {
    let emulator = emulator(WorldOptions::default());
    let (status, body) = control(&emulator, "GET /_mock/website", Value::Null).await;
    assert_eq!(status, 404);
    assert_eq!(body["hint"], "the nearest is /_mock/websites");
    let (status, body) = control(&emulator, "PATCH /_mock/clock", Value::Null).await;
    assert_eq!(status, 405);
    assert_eq!(body["error"], "/_mock/clock does not take PATCH");
}

#[tokio::test]
async fn broken_bodies_are_answered_not_crashed_on() {
    let emulator = emulator(WorldOptions::default());
    let deep = "[".repeat(100_000);
    for body in ["{", "nul", "\u{0}", &deep, "[1,2"] {
        for call in ["websites", "faults", "clock", "schema", "quirks", "quota", "spaces"] {
            let method = if ["schema", "quirks", "quota"].contains(&call) { "PUT" } else { "POST" };
            let request =
                Request::builder().method(method).uri(format!("http://127.0.0.1/_mock/{call}"));
            let (status, answer) =
                send(&emulator, request.body(Bytes::from(body.to_owned())).unwrap()).await;
            assert_eq!(status, 400, "{call} {answer}");
            assert!(answer["error"].is_string() && answer["hint"].is_string());
        }
    }
}
