//! Bad input: arbitrary requests thrown at a space.
//!
//! Whatever is sent, there is an answer in the envelope (a HEAD's without a body), nothing panics,
//! a refused request leaves the truth untouched, and what is remembered of it is small.

use bytes::Bytes;
use crisp_mock_server::api::{ROUTES, Tier};
use crisp_mock_server::engine::Website;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::quirks::{Quirks, Settings, TABLE};
use http::{HeaderName, HeaderValue, Method, Request};
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::Arc;

use crate::emulator::{Emulator, basic, id, options};

/// A request before it meets a space, whose ids and keys it may contain.
#[derive(Debug, Clone)]
struct Sketch {
    method: String,
    path: String,
    query: Option<String>,
    tier: Option<Tier>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Sketch {
    /// The request, if the `http` crate can carry it at all.
    fn build(&self, crisp: &Emulator) -> Option<Request<Bytes>> {
        let query = self.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let plugin = crisp.space.plugin().id.to_string();
        let path = self.path.replace("{plugin}", &plugin);
        let path = path.replace("{website}", &id("w1").to_string()).replace("{page}", "1");
        let mut request = Request::builder()
            .method(Method::from_bytes(self.method.as_bytes()).ok()?)
            .uri(format!("{path}{query}"));
        if let Some(tier) = self.tier {
            let accounts = crisp.space.accounts();
            let account = if tier == Tier::User { &accounts.user } else { &accounts.plugin };
            request = request.header("authorization", basic(account));
            request = request.header("x-crisp-tier", tier.name());
        }
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            request = request.header(name, HeaderValue::from_bytes(value).ok()?);
        }
        request.body(Bytes::from(self.body.clone())).ok()
    }
}

fn method() -> impl Strategy<Value = String> {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    prop_oneof![9 => select(known.to_vec()).prop_map(str::to_owned), 1 => "[A-Za-z!#$%&'*+.^_|~-]{1,12}"]
}

/// Paths: real ones, real ones with a segment spoilt, and anything.
fn path() -> impl Strategy<Value = String> {
    let patterns: Vec<_> = ROUTES.iter().map(|route| format!("/v1/{}", route.pattern)).collect();
    let spoil = "(%[0-9a-fA-F]{2}|%|[a-z0-9._~!$&'()*+,;=:@-]|/){0,24}";
    prop_oneof![
        6 => select(patterns.clone()),
        1 => select(patterns.clone()).prop_map(|path| format!("{path}/")),
        3 => (select(patterns), spoil, 0..8_usize).prop_map(|(path, segment, at)| {
            let mut segments: Vec<_> = path.split('/').collect();
            let at = at % segments.len();
            segments[at] = &segment;
            format!("/{}", segments.join("/").trim_start_matches('/'))
        }),
        1 => "/(%[0-9a-fA-F]{2}|[a-zA-Z0-9._~/-]){0,40}",
        1 => (0..20_000_usize).prop_map(|length| format!("/v1/{}", "a/".repeat(length))),
    ]
}

fn query() -> impl Strategy<Value = Option<String>> {
    let names = ["date_since", "filter_configured", "include_plan", "page", "", "ä", "%FF"];
    let values = [
        "1",
        "0",
        "True",
        "",
        "2026-01-01T00:00:00Z",
        "%222025-12-01T00:00:00.000Z%22",
        "2026-01-01T00:00:00+00:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "-009999-01-01T00:00:00Z",
        "2026-01-01T00:00:00+99:99",
        "2026-01-01T24:00:60Z",
        "%FF%00",
        "99999999999999999999",
        "null",
    ];
    let pair = (select(names.to_vec()), select(values.to_vec()));
    let pairs = prop::collection::vec(pair, 0..6).prop_map(|pairs| {
        let pairs: Vec<_> = pairs
            .into_iter()
            .map(
                |(name, value)| {
                    if name == "ä" { "%C3%A4".into() } else { format!("{name}={value}") }
                },
            )
            .collect();
        pairs.join("&")
    });
    prop_oneof![2 => Just(None), 6 => pairs.prop_map(Some), 1 => "[ -~&&[^#\"<> `{}|\\\\^]]{0,40}".prop_map(Some)]
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let names = [
        "authorization",
        "x-crisp-tier",
        "x-crisp-other",
        "content-type",
        "user-agent",
        "content-length",
        "transfer-encoding",
        "host",
    ];
    let values: Vec<&[u8]> = vec![
        b"",
        b"plugin",
        b"user",
        b"application/json",
        b"text/plain",
        b"Basic ",
        b"Basic Og==",
        b"Basic \xff",
        b"\xff\xfe",
        b"Basic //8=",
        b"gzip, chunked",
        b"-1",
    ];
    let value = prop_oneof![
        4 => select(values).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(32..=126_u8, 0..3_000),
    ];
    let header = (select(names.to_vec()).prop_map(str::to_owned), value);
    prop::collection::vec(header, 0..5)
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let whole = [
        r#"{"message":"changed"}"#,
        "{}",
        "[]",
        "null",
        "5",
        "\"text\"",
        r#"{"message":5}"#,
        r#"{"plugin_id":"x"}"#,
        r#"{"name":"a","units":1,"price":0.5}"#,
        r#"{"name":"a","data":{}}"#,
        r#"{"namespace":"a","payload":{}}"#,
        r#"{"message":"a","message":"b"}"#,
        r#"{"":"","\u0000":"\ud83d\ude00"}"#,
        r#"{"message":"a","n":1e308,"i":-9223372036854775808,"u":18446744073709551615}"#,
    ];
    let whole = select(whole.to_vec());
    prop_oneof![
        5 => whole.clone().prop_map(|text| text.as_bytes().to_vec()),
        2 => (whole, 0..60_usize).prop_map(|(text, at)| text.as_bytes()[..at.min(text.len())].to_vec()),
        1 => (1..2_000_usize).prop_map(|depth| {
            format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth)).into_bytes()
        }),
        1 => (1..300_000_usize).prop_map(|size| {
            format!(r#"{{"message":"{}"}}"#, "x".repeat(size)).into_bytes()
        }),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let tier = prop_oneof![
        4 => Just(Some(Tier::Plugin)),
        2 => Just(Some(Tier::User)),
        1 => Just(Some(Tier::Website)),
        1 => Just(None),
    ];
    let parts = (method(), path(), query(), tier, headers(), body());
    parts.prop_map(|(method, path, query, tier, headers, body)| Sketch {
        method,
        path,
        query,
        tier,
        headers,
        body,
    })
}

/// Some quirks at any of their values.
fn quirks() -> impl Strategy<Value = Settings> {
    let values: Vec<(String, String)> = TABLE
        .iter()
        .flat_map(|about| about.alternatives.iter().map(|value| (about.name, *value)))
        // These refuse nearly everything, and the schema's own are another test's business.
        .filter(|(name, _)| !["unknown-agent", "edge-limit", "schema-draft"].contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    prop::collection::vec(select(values), 0..6).prop_map(Settings)
}

fn truth(crisp: &Emulator) -> Vec<Arc<Website>> {
    crisp.space.world.directory().installed().to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    /// Whatever is sent is answered in the envelope, and a refusal changes nothing.
    #[test]
    fn any_request_is_answered_in_the_envelope_and_a_refusal_changes_nothing(
        quirks in quirks(),
        sketches in prop::collection::vec(sketch(), 1..12),
    ) {
        let mut crisp = Emulator::with(WorldOptions { quirks: Some(quirks), ..options() });
        for sketch in sketches {
            let Some(request) = sketch.build(&crisp) else { continue };
            let before = (truth(&crisp), crisp.space.world.outbox.events().count());
            let reply = crisp.raw(&request); // checks the envelope
            prop_assert!((200..=599).contains(&reply.status));
            prop_assert_ne!(reply.status / 100, 5, "{:?}", reply);
            let read = [Method::GET, Method::HEAD].contains(request.method());
            if reply.status >= 400 || read {
                let after = (truth(&crisp), crisp.space.world.outbox.events().count());
                prop_assert_eq!(before, after, "{:?}", sketch);
            }
            let entry = crisp.journal();
            prop_assert_eq!(entry.status, Some(reply.status));
            let size = serde_json::to_string(&entry).expect("an entry").len();
            prop_assert!(size < 20_000, "an entry of {} bytes", size);
            if reply.status >= 400 {
                prop_assert!(entry.explanation.is_some_and(|why| !why.is_empty()));
            }
            crisp.millis(700);
        }
    }

    /// A quirk takes a value or refuses it; nothing else comes of any text.
    #[test]
    fn any_text_is_a_quirks_value_or_is_refused(
        name in select(TABLE.iter().map(|about| about.name).collect::<Vec<_>>()),
        value in "\\PC{0,30}|-?[0-9]{1,20}(ms|s|m|h|d|KiB|/s)?|(refuse|partial|busted|kept):[0-9]{1,20}[smhd]",
    ) {
        let mut quirks = Quirks::default();
        if quirks.set(name, &value).is_ok() {
            let written = quirks.values().into_iter().find(|(known, _)| *known == name);
            let (_, text) = written.expect("every quirk is listed");
            let mut again = Quirks::default();
            prop_assert!(again.set(name, &text).is_ok(), "{} is written as {}", value, text);
            prop_assert_eq!(again, quirks);
        } else {
            prop_assert_eq!(quirks, Quirks::default());
        }
    }
}

#[test]
fn thousands_of_different_requests_leave_a_bounded_cache_and_journal() {
    let mut crisp = Emulator::quirky(&[("get-cache", "kept:10m")]);
    for number in 0..3_000 {
        let long = "x".repeat(5_000);
        let path = format!("plugin/connect/account?{number}={long}");
        let reply = crisp.get(&path);
        assert_eq!(reply.header("bloom-status"), Some("MISS"));
        assert_eq!(crisp.get(&path).header("bloom-status"), Some("MISS"), "too long to be kept");
    }
    let entries = crisp.space.journal.entries(&Default::default()).count() as u64;
    assert_eq!(entries + crisp.space.journal.dropped(), 6_000);
}
