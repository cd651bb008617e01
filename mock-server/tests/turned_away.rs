//! What is refused before it has a route stands in the journal all the same, and says why.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

use base64::Engine as _;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::journal::{Entry, Filter};
use crisp_mock_server::server::{MockServer, ServerOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What a server answers to these bytes, until the connection ends.
async fn told(server: &MockServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.addresses()[0]).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn last(server: &MockServer) -> Entry {
    let space = server.spaces().default_space().lock();
    space.journal.last().unwrap().clone()
}

#[tokio::test]
async fn a_body_that_is_too_large_is_in_the_journal_with_the_limit() {
    let server = MockServer::start(ServerOptions::default()).await.unwrap();
    let head = "PUT /v1/x HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 9999999\r\n\r\n";
    let answer = told(&server, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("x-mock-request: 1\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.contains("\"payload_too_large\""), "{answer}");
    let entry = last(&server);
    assert_eq!((entry.method.as_str(), entry.path.as_str()), ("PUT", "/v1/x"));
    assert_eq!(entry.status, Some(413));
    assert!(!entry.carried_out);
    let why = entry.explanation.unwrap();
    assert_eq!(why, "the body has more than 2097152 bytes: send fewer");
}

#[tokio::test]
async fn a_body_that_cannot_be_told_from_what_follows_is_in_the_journal() {
    let server = MockServer::start(ServerOptions::default()).await.unwrap();
    let head = "PUT /v1/x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nx\r\n";
    let answer = told(&server, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(last(&server).explanation.unwrap().contains("chunks"));
}

#[tokio::test]
async fn http_2_is_closed_and_the_journal_names_the_version_to_use() {
    let server = MockServer::start(ServerOptions::default()).await.unwrap();
    // The preface, empty SETTINGS, and a HEADERS frame of stream 1 without a field.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x01\x05\0\0\0\x01";
    assert!(told(&server, preface).await.contains("use HTTP/1.1"));
    let entry = last(&server);
    assert_eq!((entry.method.as_str(), entry.status, entry.outcome), ("PRI", None, "close"));
    assert!(entry.explanation.unwrap().contains("HTTP/1.1"));
}

#[tokio::test]
async fn a_control_call_that_is_too_large_is_refused_and_is_none_of_the_plugin_s() {
    let server = MockServer::start(ServerOptions::default()).await.unwrap();
    let head = "POST /_mock/faults HTTP/1.1\r\nhost: a\r\ncontent-length: 9999999\r\n\r\n";
    assert!(told(&server, head.as_bytes()).await.starts_with("HTTP/1.1 413 "));
    assert_eq!(server.spaces().default_space().lock().journal.total(), 0);
}

#[tokio::test]
async fn what_the_http_library_refuses_is_in_the_envelope_and_in_the_journal() {
    let server = MockServer::start(ServerOptions::default()).await.unwrap();
    let long = format!("GET /v1/{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(70_000));
    let headers: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    let many = format!("GET /v1/x HTTP/1.1\r\nhost: a\r\n{headers}\r\n");
    for (number, (bytes, status, reason)) in [
        ("GARBAGE\r\n\r\n", 400, "invalid_data"),
        (long.as_str(), 414, "uri_too_long"),
        (many.as_str(), 431, "headers_too_large"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = told(&server, bytes.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains(&format!("x-mock-request: {}\r\n", number + 1)), "{answer}");
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let envelope = format!(r#"{{"error":true,"reason":"{reason}","data":{{}}}}"#);
        assert_eq!(body, envelope);
        let entry = last(&server);
        assert_eq!((entry.method.as_str(), entry.status), ("UNREADABLE", Some(status)));
        assert!(entry.explanation.is_some());
    }
}

#[tokio::test]
async fn a_request_has_one_host_and_no_coding_but_chunked() {
    let server = MockServer::start(ServerOptions::default()).await.unwrap();
    for (lines, status) in [
        ("", 400),
        ("host: a\r\nhost: b\r\n", 400),
        ("host: a\r\ntransfer-encoding: gzip, chunked\r\n", 501),
    ] {
        let end = if status == 501 { "0\r\n\r\n" } else { "" };
        let bytes = format!(
            "PUT /v1/plugin/connect/account HTTP/1.1\r\nconnection: close\r\n{lines}\r\n{end}"
        );
        let answer = told(&server, bytes.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{lines}: {answer}");
        assert!(last(&server).explanation.is_some());
    }
}

#[tokio::test]
async fn a_control_call_that_is_too_large_is_answered_as_the_control_api_answers() {
    let server = MockServer::start(ServerOptions::default()).await.unwrap();
    let head = "POST /_mock/faults HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 9999999\r\n\r\n";
    let answer = told(&server, head.as_bytes()).await;
    assert!(answer.contains(r#"{"error":"the body has more than 2097152 bytes"#), "{answer}");
    let head = "DELETE /_mock/spaces/%ff HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
    let answer = told(&server, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(r#""hint":"#), "{answer}");
}

#[tokio::test]
async fn what_its_head_refuses_is_answered_without_asking_for_the_body() {
    let options = ServerOptions { control_token: Some("t".to_owned()), ..ServerOptions::default() };
    let server = MockServer::start(options).await.unwrap();
    let info = server.info();
    let pair = base64::engine::general_purpose::STANDARD
        .encode(format!("{}:{}", info.identifier, info.key));
    let known = format!("authorization: Basic {pair}\r\nx-crisp-tier: plugin\r\n");
    server.spaces().default_space().lock().world.quirks.body_limit.0 = Some(1);
    let w1 = WebsiteId::numbered(1);
    let path = format!("/v1/plugins/subscription/{w1}/{}/settings", info.plugin_id);
    for (path, headers, length, status) in [
        (path.as_str(), "", "9", 401),
        (&path, "authorization: Basic eDp5\r\n", "9", 401),
        (&path, &known, "2000", 413),
        (&path, &known, "9999999", 413),
        (&path, &format!("{known}content-type: text/plain\r\n"), "9", 400),
        ("/v1/x", &known, "9", 404),
        ("/v1/plugin/connect/account", &known, "9", 405),
        ("/_mock/state", "", "9", 401),
    ] {
        let head = format!(
            "PUT {path} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\
             {headers}\r\n"
        );
        let answer = told(&server, head.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}{answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
    }
    let journal = server.spaces().default_space().lock().journal.total();
    assert_eq!(journal, 7, "each of the API is in the journal once");
    let explained = |seq: usize| {
        let space = server.spaces().default_space().lock();
        space.journal.entries(&Filter::default()).nth(seq).unwrap().explanation.clone().unwrap()
    };
    assert_eq!(explained(2), "the body has 2000 bytes, and quirk body-limit is 1KiB");

    let mut stream = TcpStream::connect(server.addresses()[0]).await.unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\
         connection: close\r\n{known}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{}").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}
