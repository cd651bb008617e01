//! What the servers are filled with, and what they are asked.

use crisp_mock_server::spaces::Info;
use serde_json::{Value, json};

use crate::Outcome;

/// Enough for one page of 20 and a bit.
pub const FEW: u32 = 25;

/// A schema whose settings take about 300 bytes, which is what budgets speak of.
pub fn schema() -> Value {
    let text = |length: u32| json!({"type": "string", "minLength": length, "maxLength": length});
    json!({
        "type": "object",
        "required": ["message", "color", "position", "enabled", "delay", "footer"],
        "properties": {
            "message": text(120),
            "color": {"enum": ["#1972f5", "#e24a00", "#00a35c"]},
            "position": {"enum": ["left", "right"]},
            "enabled": {"type": "boolean"},
            "delay": {"type": "integer", "minimum": 0, "maximum": 60},
            "footer": text(80),
        },
    })
}

/// A world of so many websites with such settings, as the options of one.
pub fn world(websites: u32) -> Value {
    json!({"websites": websites, "schema": schema()})
}

/// The same with a quota, and ten fault rules of which none ever acts.
pub fn world_with_everything() -> Value {
    let never = 1_000_000_000;
    json!({
        "websites": FEW,
        "schema": schema(),
        "quota": 1_000_000_000_u64,
        "faults": [
            {"at": format!("list#{never}"), "status": 503},
            {"at": format!("list#{never}.."), "throttle": 429, "retry_after": "20s"},
            {"at": "list/2", "cut_body": 40},
            {"at": "list/3#1..9", "lose_answer": true},
            {"at": "list", "window": "10000m..20000m", "delay": "5s"},
            {"at": "list", "window": "10000m..", "reset": true},
            {"at": format!("list#every:{never}"), "garbage": true},
            {"at": "list", "method": "HEAD", "empty_body": true},
            {"at": "list", "chance": 1e-12, "seed": 7, "html": true},
            {"window": "10000m..", "hang": true},
        ],
    })
}

/// A request for a path below the base of the REST API, as an official client writes it.
pub fn request(info: &Info, path: &str) -> String {
    let authorization = basic(&info.identifier, &info.key);
    format!(
        "GET /v1/{path} HTTP/1.1\r\nhost: {}\r\nauthorization: {authorization}\r\n\
         x-crisp-tier: plugin\r\nuser-agent: node-crisp-api/10.0.27\r\n\
         accept: application/json\r\naccept-encoding: identity\r\n\
         content-type: application/json\r\nconnection: keep-alive\r\n\r\n",
        host(&info.url)
    )
}

/// A call of the control API with a JSON body.
pub fn control(info: &Info, method: &str, path: &str, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "{method} /_mock/{path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        host(&info.url),
        body.len()
    )
}

pub fn basic(identifier: &str, key: &str) -> String {
    use base64::Engine as _;
    let pair = format!("{identifier}:{key}");
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    format!("Basic {encoded}")
}

/// Address and port of a URL.
pub fn host(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, host)| host)
}

/// The path of a page of the list.
pub fn page(number: u32) -> String {
    format!("plugin/connect/websites/all/{number}")
}

/// Reads world options from their JSON text.
pub fn options(text: &str) -> Outcome<crisp_mock_server::options::WorldOptions> {
    Ok(serde_json::from_str(text)?)
}

/// A save from the dashboard.
pub struct Change {
    pub path: String,
    pub body: Value,
}

/// Ten of them, each of another website.
pub fn changes() -> impl Iterator<Item = Change> {
    (1..=10_u32).map(|number| Change {
        path: format!("websites/w{}/settings", number * 31),
        body: json!({
            "message": "m".repeat(120),
            "color": "#1972f5",
            "position": "left",
            "enabled": true,
            "delay": number,
            "footer": "f".repeat(80),
        }),
    })
}

/// The differential of the last day, in which nothing but [`changes`] happened.
pub fn since_yesterday() -> String {
    let day = std::time::Duration::from_secs(86_400);
    let date = crisp_mock_server::spaces::system_clock::outside().wall.minus(day);
    format!("plugin/connect/websites/since?date_since={date}")
}
