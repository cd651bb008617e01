//! Faults that are right and faults that are wrong, shared by the tests of parser and schema.

use serde_json::{Value, json};

pub(super) fn right() -> Vec<Value> {
    vec![
        json!({ "at": "since#2", "status": 503 }),
        json!({ "at": "list/2#1", "cut_body": 40 }),
        json!({ "at": "save_settings#1..3", "lose_answer": true }),
        json!({ "window": "1m5s..13m20s", "at": "since", "throttle": 429, "retry_after": "20s" }),
        json!({ "at": "since#every:3", "delay": "5s", "times": 4 }),
        json!({ "at": "list", "reset": true, "chance": 0.2, "seed": 7 }),
        json!({ "window": "20s..", "clock": "server", "skew": "-1m" }),
        json!({ "window": "20s..", "clock": "client", "step": "+1m30s" }),
        json!({ "at": "since#3..", "status": 500, "reason": "database_down" }),
        json!({ "window": "..30s", "hang": true }),
        json!({ "window": "0s..", "close": true }),
        json!({ "at": "list", "delay": { "uniform": ["1s", "3s"] } }),
        json!({ "at": "list", "delay": { "uniform": ["0s", "250ms"] }, "seed": 3 }),
        json!({ "at": "list/2", "drip": "100B/s" }),
        json!({ "at": "get_settings", "website": "w1", "method": "GET", "garbage": true }),
        json!({ "at": "account", "html": true }),
        json!({ "at": "account", "empty_body": true }),
        json!({ "at": "since", "wrong_type": true }),
        json!({ "at": "since", "error_envelope": true }),
        json!({ "at": "since", "missing_data": true }),
        json!({ "at": "since", "null_data": true }),
        json!({ "at": "update_settings", "lose_request": true }),
        json!({ "at": "get_settings", "stale": "1m" }),
        json!({ "at": "list/3", "empty_page": true }),
        json!({ "at": "since", "short_page": true }),
        json!({ "at": "list#2", "repeat_page": true }),
        json!({ "at": "list/2", "repeat_page": true }),
        json!({ "window": "1s..", "repeat_page": true }),
        json!({ "at": "since", "hold_order": true }),
        json!({ "at": "account", "throttle": 420 }),
        json!({ "at": "session", "status": 204 }),
    ]
}

/// What is wrong, the pointer to the mistake, and a word that its message or hint must have.
/// The last says whether the JSON Schema sees it too.
pub(super) fn wrong() -> Vec<(Value, &'static str, &'static str, bool)> {
    let by_both = [
        (
            json!({ "at": "since", "stauts": 503 }),
            "/stauts",
            "`status`",
        ),
        (json!({ "at": "since" }), "", "does nothing"),
        (json!({ "status": 503 }), "", "aimed at"),
        (
            json!({ "at": "since", "status": 503, "reset": true }),
            "/reset",
            "contradict",
        ),
        (json!({ "at": "sicne", "status": 503 }), "/at", "`since`"),
        (json!({ "at": "list/0", "status": 503 }), "/at", "page 0"),
        (
            json!({ "at": "list/01", "status": 503 }),
            "/at",
            "not a page",
        ),
        (json!({ "at": "since/2", "status": 503 }), "/at", "no pages"),
        (
            json!({ "at": "since#0", "status": 503 }),
            "/at",
            "occurrence 0",
        ),
        (json!({ "at": "since#..3", "status": 503 }), "/at", "#1..3"),
        (
            json!({ "at": "since#every:0", "status": 503 }),
            "/at",
            "never comes",
        ),
        (
            json!({ "at": "since#x", "status": 503 }),
            "/at",
            "not an occurrence",
        ),
        (json!({ "at": 3, "status": 503 }), "/at", "a text"),
        (
            json!({ "at": "since", "status": "503" }),
            "/status",
            "200 to 599",
        ),
        (
            json!({ "at": "since", "status": 600 }),
            "/status",
            "200 to 599",
        ),
        (
            json!({ "at": "since", "status": 500, "reason": "It broke" }),
            "/reason",
            "lower case",
        ),
        (
            json!({ "at": "since", "throttle": 503 }),
            "/throttle",
            "429 or 420",
        ),
        (
            json!({ "at": "since", "throttle": 429, "reason": "x" }),
            "/reason",
            "`status`",
        ),
        (
            json!({ "at": "since", "reset": true, "retry_after": "5s" }),
            "/retry_after",
            "throttle",
        ),
        (
            json!({ "at": "since", "status": 500, "skew": "5s" }),
            "/skew",
            "clock",
        ),
        (json!({ "at": "since", "delay": 5 }), "/delay", "`5s`"),
        (json!({ "at": "since", "delay": "5" }), "/delay", "`5s`"),
        (
            json!({ "at": "since", "delay": "-5s" }),
            "/delay",
            "negative",
        ),
        (
            json!({ "at": "since", "delay": { "normal": ["1s", "2s"] } }),
            "/delay",
            "uniform",
        ),
        (json!({ "at": "since", "reset": false }), "/reset", "disarm"),
        (
            json!({ "at": "since", "reset": "yes" }),
            "/reset",
            "`reset: true`",
        ),
        (
            json!({ "at": "since", "cut_body": -1 }),
            "/cut_body",
            "bytes",
        ),
        (json!({ "at": "since", "drip": "0B/s" }), "/drip", "100B/s"),
        (json!({ "at": "since", "drip": "fast" }), "/drip", "100B/s"),
        (
            json!({ "at": "since", "reset": true, "chance": 0, "seed": 1 }),
            "/chance",
            "never",
        ),
        (
            json!({ "at": "since", "reset": true, "chance": 1.5, "seed": 1 }),
            "/chance",
            "up to 1",
        ),
        (
            json!({ "at": "since", "reset": true, "chance": 0.5 }),
            "/chance",
            "seed",
        ),
        (
            json!({ "at": "since", "reset": true, "seed": 5 }),
            "/seed",
            "chance",
        ),
        (
            json!({ "at": "since", "reset": true, "times": 0 }),
            "/times",
            "from 1",
        ),
        (json!({ "window": "5s", "reset": true }), "/window", "20s.."),
        (
            json!({ "window": "..", "reset": true }),
            "/window",
            "start or an end",
        ),
        (
            json!({ "at": "get_settings", "website": "x", "reset": true }),
            "/website",
            "w1",
        ),
        (
            json!({ "at": "list", "method": "get", "reset": true }),
            "/method",
            "`GET`",
        ),
        (
            json!({ "at": "account", "empty_page": true }),
            "/at",
            "list",
        ),
        (
            json!({ "at": "since", "repeat_page": true }),
            "/at",
            "pages",
        ),
        (
            json!({ "at": "list/1", "repeat_page": true }),
            "/at",
            "page 1",
        ),
        (
            json!({ "clock": "server", "skew": "-60s" }),
            "/clock",
            "window",
        ),
        (
            json!({ "window": "1s..", "clock": "server" }),
            "/clock",
            "skew",
        ),
        (
            json!({ "window": "1s..", "clock": "server", "step": "1s" }),
            "/step",
            "skew",
        ),
        (
            json!({ "window": "1s..", "clock": "wall", "skew": "1s" }),
            "/clock",
            "client",
        ),
        (
            json!({ "window": "1s..", "at": "list", "clock": "server", "skew": "1s" }),
            "/at",
            "everybody",
        ),
        (
            json!({ "window": "1s..", "clock": "server", "skew": 60 }),
            "/skew",
            "-60s",
        ),
        (json!("since#2"), "", "object"),
        (json!(null), "", "object"),
    ];
    let by_the_parser = [
        (json!({ "at": "since#3..1", "status": 503 }), "/at", "1..3"),
        (json!({ "at": "since", "delay": "0s" }), "/delay", "nothing"),
        (
            json!({ "at": "since", "delay": "5 parsecs" }),
            "/delay",
            "not a duration",
        ),
        (
            json!({ "at": "since", "delay": { "uniform": ["3s", "1s"] } }),
            "/delay",
            "bounds",
        ),
        (
            json!({ "window": "30s..20s", "reset": true }),
            "/window",
            "empty",
        ),
        (
            json!({ "window": "30s..30s", "reset": true }),
            "/window",
            "empty",
        ),
        (json!({ "at": "since", "stale": "11m" }), "/stale", "10m"),
        (
            json!({ "at": "save_settings", "stale": "1m" }),
            "/at",
            "read",
        ),
        (
            json!({ "window": "1s..", "method": "PUT", "stale": "1m" }),
            "/method",
            "read",
        ),
        (
            json!({ "at": "since", "method": "PUT", "reset": true }),
            "/method",
            "GET",
        ),
        (
            json!({ "at": "list", "website": "w1", "reset": true }),
            "/website",
            "website",
        ),
        (
            json!({ "window": "1s..", "clock": "server", "skew": "0s" }),
            "/skew",
            "nothing",
        ),
    ];
    let both = by_both
        .into_iter()
        .map(|(value, place, word)| (value, place, word, true));
    let parser = by_the_parser
        .into_iter()
        .map(|(value, place, word)| (value, place, word, false));
    both.chain(parser).collect()
}
