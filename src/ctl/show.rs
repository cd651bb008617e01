//! Answers of the control API in words.

use serde_json::Value;

use crate::terminal::{FAINT, STRONG};

/// A text member of an answer.
pub fn text<'a>(answer: &'a Value, key: &str) -> &'a str {
    answer[key].as_str().unwrap_or_default()
}

/// Addresses and credentials, one a line.
pub fn info(answer: &Value) -> String {
    let members = answer.as_object().into_iter().flatten();
    let lines = members.map(|(key, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{FAINT}{key:<16}{FAINT:#} {value}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A website by both its names.
pub fn names(name: &str, id: &str) -> String {
    if name == id || name.is_empty() {
        format!("{STRONG}{id}{STRONG:#}")
    } else {
        format!("{STRONG}{name}{STRONG:#} {FAINT}({id}){FAINT:#}")
    }
}

/// What there is to know of a website, on one line.
pub fn website(id: &str, website: &Value) -> String {
    let configured = match website["configured"].as_bool() {
        Some(true) => website["settings"].to_string(),
        _ if website["settings"] == serde_json::json!({}) => "not configured".to_owned(),
        _ => format!("not configured, {}", website["settings"]),
    };
    format!(
        "{}  {} · {}  {configured}",
        names(text(website, "name"), id),
        text(&website["plan"], "name"),
        website["price"],
    )
}
