//! Numbers in settings: as JavaScript keeps them, which says itself what they are, and to the digit.

use std::io::Write as _;
use std::process::{Command, Stdio};

use bytes::Bytes;
use crisp_mock_server::document::Document;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::quirks::Settings;
use crisp_mock_server::server::InProcess;
use http::{Method, Request};
use serde_json::{Value, json};

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

/// The edges, and two thousand others.
fn numbers() -> Vec<String> {
    let mut chance = Chance::new(13);
    let edges = EDGES.iter().map(|&text| text.to_owned());
    edges.chain((0..2_000).map(|_| number(&mut chance))).collect()
}

fn emulator(quirk: &str, state: Option<Value>) -> InProcess {
    let is_new = state.is_none();
    let options = WorldOptions {
        websites: is_new.then_some(1),
        identifier: Some("n".to_owned()),
        key: Some("n".to_owned()),
        schema: is_new.then(|| json!({"type": "object"})),
        quirks: is_new.then(|| Settings(vec![("numbers".to_owned(), quirk.to_owned())])),
        state,
        ..WorldOptions::default()
    };
    InProcess::new(options.into()).expect("it starts")
}

/// Where a website's settings are, in an emulator of any state.
fn settings_of_w1(emulator: &InProcess) -> String {
    let w1 = WebsiteId::numbered(1);
    format!("/v1/plugins/subscription/{w1}/{}/settings", emulator.info().plugin_id)
}

/// Everything that shows the settings of a website has these numbers.
async fn is_shown(emulator: &InProcess, paths: &[&str], sent: &[String], kept: &str) {
    let settings = settings_of_w1(emulator);
    for path in [&[settings.as_str()], paths].concat() {
        let found = answered(emulator, Method::GET, path, "").await;
        let inner = &kept[1..kept.len() - 1];
        assert!(found.contains(inner), "{path}: {}", differing(sent, kept, &found));
    }
}

/// Beside the settings themselves.
const SHOWN: [&str; 7] = [
    "/v1/plugin/connect/websites/all/1",
    "/v1/plugin/connect/websites/since?date_since=2000-01-01T00:00:00Z",
    "/_mock/websites/w1",
    "/_mock/websites/w1/history",
    "/_mock/websites",
    "/_mock/events",
    "/_mock/state",
];

#[tokio::test]
async fn two_thousand_numbers_are_kept_and_written_as_javascript_does() {
    let numbers = numbers();
    let sent = format!("{{\"n\":[{}]}}", numbers.join(","));
    let Some(kept) = in_javascript(&sent) else {
        return;
    };
    let emulator = emulator("javascript", None);
    let settings = settings_of_w1(&emulator);
    answered(&emulator, Method::PUT, &settings, &sent).await;
    // The second save reads what the first one stored.
    answered(&emulator, Method::PATCH, &settings, "{}").await;
    is_shown(&emulator, &SHOWN, &numbers, &kept).await;
}

#[tokio::test]
async fn two_thousand_numbers_are_kept_to_the_digit_if_that_is_the_quirk() {
    let numbers = numbers();
    let sent = format!("{{\"n\":[{}]}}", numbers.join(","));
    let first = emulator("as-sent", None);
    let settings = settings_of_w1(&first);
    answered(&first, Method::PUT, &settings, &sent).await;
    answered(&first, Method::PATCH, &settings, "{\"b\":1.50}").await;
    is_shown(&first, &SHOWN, &numbers, &sent).await;
    answered(&first, Method::PUT, "/_mock/websites/w1/settings", &sent).await;
    is_shown(&first, &SHOWN, &numbers, &sent).await;

    // A dump is put back, and read from a file.
    let state = answered(&first, Method::GET, "/_mock/state", "").await;
    answered(&first, Method::PUT, "/_mock/state", &state).await;
    let shown = ["/_mock/websites/w1", "/_mock/state"];
    is_shown(&first, &shown, &numbers, &sent).await;
    let document = Document::parse("state.json", state).expect("JSON is YAML");
    let second = emulator("as-sent", Some(document.exact_value()));
    is_shown(&second, &shown, &numbers, &sent).await;

    // An event of the plugin's own, and a website that comes with settings.
    let event = format!("{{\"event\":\"message:send\",\"data\":{sent}}}");
    answered(&second, Method::POST, "/_mock/events", &event).await;
    is_shown(&second, &["/_mock/events"], &numbers, &sent).await;
    let website = format!("{{\"website_id\":\"w2\",\"settings\":{sent}}}");
    answered(&second, Method::POST, "/_mock/websites", &website).await;
    is_shown(&second, &["/_mock/websites/w2"], &numbers, &sent).await;
}

#[test]
fn a_number_to_the_digit_is_one_value_for_schema_and_merge() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let schema = r#"{"properties": {"n": {"type": "integer", "multipleOf": 2},
            "websites": {"properties": {"settings": {"multipleOf": 0.50}}}}}"#;
        let emulator = emulator("as-sent", None);
        answered(&emulator, Method::PUT, "/_mock/schema", schema).await;
        answered(&emulator, Method::PUT, "/_mock/quirks", r#"{"merge-depth":"deep"}"#).await;
        let settings = settings_of_w1(&emulator);
        answered(&emulator, Method::PUT, &settings, r#"{"n":4.00,"o":1.50}"#).await;
        answered(&emulator, Method::PATCH, &settings, r#"{"n":2.0,"o":{"p":2.50}}"#).await;
        answered(&emulator, Method::PATCH, &settings, r#"{"o":{"q":-0}}"#).await;
        is_shown(&emulator, &[], &[], r#"{"n":2.0,"o":{"p":2.50,"q":-0}}"#).await;
        answered(&emulator, Method::PATCH, &settings, r#"{"o":7.50}"#).await;
        is_shown(&emulator, &[], &[], r#"{"n":2.0,"o":7.50}"#).await;
    });
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
