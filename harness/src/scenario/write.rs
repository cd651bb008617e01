//! Writing a scenario as a person would: sections in blocks, facts on one line each.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::Scenario;

/// A line longer than this is folded into a block.
const WIDEST: usize = 96;
/// A key that is longer, with its quotes, is announced.
const LONGEST_KEY: usize = 1_000;

pub(super) fn yaml(scenario: &Scenario) -> String {
    // Nothing in a scenario fails to be written as JSON.
    let value = serde_json::to_value(scenario).unwrap_or_default();
    let mut out = String::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("name", Value::String(name)) => {
                let _ = writeln!(out, "name: {}", plain(name, false));
            }
            ("about", Value::String(about)) => write_about(&mut out, about),
            ("faults", Value::Array(faults)) => {
                out.push_str("faults:\n");
                for fault in faults {
                    let _ = writeln!(out, "  - {}", flow(fault));
                }
            }
            ("when", Value::Array(steps)) => {
                out.push_str("when:\n");
                steps
                    .iter()
                    .filter_map(Value::as_object)
                    .for_each(|step| write_step(&mut out, step));
            }
            ("kills", Value::String(name)) => {
                let _ = writeln!(out, "kills: [{}]", plain(name, true));
            }
            (name, Value::Object(members)) => section(&mut out, name, members),
            (name, value) => {
                let _ = writeln!(out, "{name}: {}", flow(value));
            }
        }
    }
    out
}

fn section(out: &mut String, name: &str, members: &Map<String, Value>) {
    let line = format!("{name}: {}", flow(&Value::Object(members.clone())));
    if line.chars().count() <= WIDEST {
        let _ = writeln!(out, "{line}");
        return;
    }
    let _ = writeln!(out, "{name}:");
    for (key, value) in members {
        let _ = writeln!(out, "  {key}: {}", flow(value));
    }
}

/// The anchor, the wait and the deed, a line each.
fn write_step(out: &mut String, step: &Map<String, Value>) {
    for (place, (key, value)) in step.iter().enumerate() {
        let lead = if place == 0 { "  - " } else { "    " };
        let text = value.as_str().map_or_else(|| flow(value), |text| plain(text, false));
        let _ = writeln!(out, "{lead}{key}: {text}");
    }
}

fn write_about(out: &mut String, about: &str) {
    let line = format!("about: {}", plain(about, false));
    if line.chars().count() <= WIDEST && !about.contains('\n') {
        let _ = writeln!(out, "{line}");
        return;
    }
    let words: Vec<&str> = about.split_whitespace().collect();
    // Other white space than one space between words would be lost.
    if words.join(" ") != about || about.contains(char::is_control) {
        let _ = writeln!(out, "about: {}", Value::from(about));
        return;
    }
    out.push_str("about: >-\n");
    let mut width = 0;
    for word in words {
        let long = word.chars().count();
        if width == 0 {
            let _ = write!(out, "  {word}");
            width = 2 + long;
        } else if width + 1 + long > WIDEST {
            let _ = write!(out, "\n  {word}");
            width = 2 + long;
        } else {
            let _ = write!(out, " {word}");
            width += 1 + long;
        }
    }
    out.push('\n');
}

/// A value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text, true),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(name, value)| member(&key(name), &flow(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// A key and its value. YAML looks for the colon of a key in 1,024 characters, unless a question mark announces it.
fn member(key: &str, value: &str) -> String {
    let announced = if key.chars().count() < LONGEST_KEY { "" } else { "? " };
    format!("{announced}{key}: {value}")
}

/// A key; `off` is one of the language's own.
fn key(name: &str) -> String {
    if name == "off" { name.to_owned() } else { plain(name, true) }
}

/// A text without quotes where YAML reads it back as the same text, else with.
fn plain(text: &str, in_flow: bool) -> String {
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let first = text.chars().next();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let shifts = unsigned.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with(['s', 'm']);
    let starts_well = first.is_some_and(|c| c.is_ascii_alphanumeric() || c == '/') || shifts;
    // A number would be read as one; a duration such as 5s is none.
    let numeric =
        first.is_some_and(|c| c.is_ascii_digit()) && !text.ends_with(['s', 'm', 'h', 'd']);
    let common =
        |c: char| c.is_alphanumeric() || " _-./()'#+;".contains(c) || (!in_flow && c == ',');
    let safe = starts_well
        && !numeric
        && text.chars().all(|c| common(c) || (c == ':' && !in_flow))
        && !text.contains(": ")
        && !text.contains(if in_flow { "#" } else { " #" })
        && !text.ends_with([' ', ':'])
        && !reserved.contains(&text.to_ascii_lowercase().as_str());
    if safe { text.to_owned() } else { Value::from(text).to_string() }
}
