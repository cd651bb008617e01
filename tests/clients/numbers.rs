//! Numbers in settings, as JavaScript keeps them, which says itself what they are.

use std::io::Write as _;
use std::process::{Command, Stdio};

use bytes::Bytes;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::InProcess;
use http::{Method, Request};
use serde_json::json;

use crate::ajv::chance::Chance;
use crate::want::{or_skip, program};

/// Reads and writes JSON once.
const ROUND: &str = "const text = require('fs').readFileSync(0, 'utf8');\
    process.stdout.write(JSON.stringify(JSON.parse(text)))";

/// Where a notation or a range of integers ends.
const EDGES: &[&str] = &[
    "-0",
    "0.0",
    "1.0",
    "1e2",
    "1E+2",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999",
    "999999999999999999999",
    "1e20",
    "1e21",
    "-1e21",
    "123456789012345678901",
    "1e-6",
    "1e-7",
    "1.5e-7",
    "5e-324",
    "1e-400",
    "1.7976931348623157e308",
    "0.1",
    "2.2250738585072011e-308",
];

fn digits(chance: &mut Chance, most: usize) -> String {
    (0..=chance.below(most)).map(|_| char::from(b'0' + chance.below(10) as u8)).collect()
}

/// Digits that are a whole number in JSON.
fn whole(chance: &mut Chance) -> String {
    let digits = digits(chance, 25);
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
}

/// A number as JSON may have it.
pub fn number(chance: &mut Chance) -> String {
    let sign = if chance.percent(30) { "-" } else { "" };
    let mut text = format!("{sign}{}", whole(chance));
    if chance.percent(40) {
        text = format!("{text}.{}", digits(chance, 20));
    }
    if chance.percent(40) {
        let sign = chance.pick(&["", "-", "+"]);
        text = format!("{text}e{sign}{}", chance.below(280));
    }
    text
}

/// What Node makes of a text, if it can be had.
fn in_javascript(text: &str) -> Option<String> {
    let node = or_skip(program("node"))?;
    let mut command = Command::new(node);
    command.args(["-e", ROUND]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("node starts");
    let written = child.stdin.take().map(|mut to| to.write_all(text.as_bytes()));
    written.expect("it was asked for").expect("node reads");
    let output = child.wait_with_output().expect("node ends");
    assert!(output.status.success(), "node failed");
    Some(String::from_utf8(output.stdout).expect("JSON is UTF-8"))
}

/// What the emulator answers to a request, as text.
async fn answered(emulator: &InProcess, method: Method, path: &str, body: &str) -> String {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://127.0.0.1{path}"))
        .header("authorization", "Basic bjpu")
        .header("x-crisp-tier", "plugin")
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_owned()))
        .expect("a request");
    let answer = emulator.answer(request).await.expect("no fault is armed");
    let text = String::from_utf8(answer.body().to_vec()).expect("JSON is UTF-8");
    assert!(answer.status().is_success(), "{path}: {text}");
    text
}

#[tokio::test]
async fn two_thousand_numbers_are_kept_and_written_as_javascript_does() {
    let mut chance = Chance::new(13);
    let numbers: Vec<_> = EDGES
        .iter()
        .map(|&text| text.to_owned())
        .chain((0..2_000).map(|_| number(&mut chance)))
        .collect();
    let sent = format!("{{\"n\":[{}]}}", numbers.join(","));
    let Some(kept) = in_javascript(&sent) else {
        return;
    };
    let options = WorldOptions {
        websites: Some(1),
        identifier: Some("n".to_owned()),
        key: Some("n".to_owned()),
        schema: Some(json!({"type": "object"})),
        ..WorldOptions::default()
    };
    let emulator = InProcess::new(options.into()).expect("it starts");
    let w1 = WebsiteId::numbered(1);
    let settings = format!("/v1/plugins/subscription/{w1}/{}/settings", emulator.info().plugin_id);
    answered(&emulator, Method::PUT, &settings, &sent).await;
    // The second save reads what the first one stored.
    answered(&emulator, Method::PATCH, &settings, "{}").await;
    for path in [
        settings.as_str(),
        "/v1/plugin/connect/websites/all/1",
        "/v1/plugin/connect/websites/since?date_since=2000-01-01T00:00:00Z",
        "/_mock/websites/w1",
        "/_mock/websites",
        "/_mock/events",
        "/_mock/state",
    ] {
        let found = answered(&emulator, Method::GET, path, "").await;
        let inner = &kept[1..kept.len() - 1];
        assert!(found.contains(inner), "{path}: {}", differing(&numbers, &kept, &found));
    }
}

/// The numbers of the first few that are written in another way.
fn differing(sent: &[String], kept: &str, found: &str) -> String {
    fn listed(text: &str) -> Vec<&str> {
        let list = text.split_once("\"n\":[").and_then(|(_, rest)| rest.split_once(']'));
        list.map(|(list, _)| list.split(',').collect()).unwrap_or_default()
    }
    let pairs = sent.iter().zip(listed(kept)).zip(listed(found));
    let pairs = pairs.filter(|((_, wanted), found)| wanted != found).take(10);
    let told = pairs.map(|((sent, wanted), found)| format!("{sent}: {found}, JavaScript {wanted}"));
    told.collect::<Vec<_>>().join("\n")
}
