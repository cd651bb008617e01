//! One request on one line, as `serve` logs it and `ctl requests` lists it.

use std::fmt::Write as _;

use anstyle::Style;
use crisp_mock_server::journal::Entry;
use serde::Deserialize;
use serde_json::Value;

use crate::terminal::{BAD, FAINT, GOOD, ODD};

/// The members of a journal's entry that a line shows.
#[derive(Debug, Deserialize)]
struct RequestLine {
    time: String,
    operation: String,
    occurrence: u64,
    method: String,
    path: String,
    #[serde(default)]
    query: String,
    website_name: Option<String>,
    status: Option<u16>,
    outcome: String,
    #[serde(default, rename = "faults")]
    fired: Vec<Fired>,
    #[serde(default)]
    unread: Unread,
    explanation: Option<String>,
    duration_ms: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Fired {
    fault: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Unread {
    query: Vec<String>,
    headers: Vec<String>,
    body: Vec<String>,
}

/// Writes a request of the journal as a line, with its end; control characters become spaces.
pub fn write(request: &Value, out: &mut String) {
    match RequestLine::deserialize(request) {
        Ok(line) => line.write(out),
        // A server of another version may describe requests differently.
        Err(_) => out.push_str(&format!("{request}\n")),
    }
}

/// As [`write()`], from the journal of this process.
pub fn write_entry(entry: &Entry, out: &mut String) {
    // An entry is always JSON.
    write(&serde_json::to_value(entry).unwrap_or_default(), out);
}

impl RequestLine {
    fn write(&self, out: &mut String) {
        let from = out.len();
        let (style, ending) = self.ending();
        // Of `2026-01-31T09:00:00.123Z` the time alone: the lines of a run share the day.
        let time = self.time.get(11..23).unwrap_or(&self.time);
        let Self { method, path, operation, occurrence, .. } = self;
        // Writing to a String cannot fail.
        let _ =
            write!(out, "{FAINT}{time}{FAINT:#}  {style}{ending:<5}{style:#}  {method:<5} {path}");
        if !self.query.is_empty() {
            let _ = write!(out, "?{}", self.query);
        }
        let _ = write!(out, "  {FAINT}{operation}#{occurrence}");
        if let Some(name) = &self.website_name {
            let _ = write!(out, " {name}");
        }
        if let Some(took) = self.duration_ms {
            let _ = write!(out, " {}", milliseconds(took));
        }
        let _ = write!(out, "{FAINT:#}");
        for fired in &self.fired {
            let _ = write!(out, "  {ODD}fault {}{ODD:#}", fired.fault);
        }
        self.write_remarks(out);
        clean(out, from);
        out.push('\n');
    }

    fn write_remarks(&self, out: &mut String) {
        let unread = [&self.unread.query, &self.unread.headers, &self.unread.body];
        let unread: Vec<&str> = unread.into_iter().flatten().map(String::as_str).collect();
        if !unread.is_empty() {
            let _ = write!(out, "  {ODD}never read: {}{ODD:#}", unread.join(", "));
        }
        if let Some(explanation) = &self.explanation {
            let _ = write!(out, "  {BAD}{explanation}{BAD:#}");
        }
    }

    /// The status, or how it ended without one.
    fn ending(&self) -> (Style, String) {
        match self.status {
            Some(status) if self.outcome != "answer" && self.outcome != "drip" => {
                (BAD, format!("{status} {}", self.outcome))
            }
            Some(status @ ..400) => (GOOD, status.to_string()),
            Some(status @ ..500) => (ODD, status.to_string()),
            Some(status) => (BAD, status.to_string()),
            None => (BAD, self.outcome.clone()),
        }
    }
}

fn milliseconds(took: f64) -> String {
    if took < 10.0 { format!("{took:.1} ms") } else { format!("{took:.0} ms") }
}

/// Replaces the control characters that a client sent, except the escapes of our own colours.
fn clean(out: &mut String, from: usize) {
    if !out[from..].contains(|c: char| c.is_control() && c != '\u{1b}') {
        return;
    }
    let cleaned: String = out[from..]
        .chars()
        .map(|c| if c.is_control() && c != '\u{1b}' { ' ' } else { c })
        .collect();
    out.truncate(from);
    out.push_str(&cleaned);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(value: Value) -> String {
        let mut out = String::new();
        write(&value, &mut out);
        anstream::adapter::strip_str(&out).to_string()
    }

    #[test]
    fn a_request_that_went_well_is_one_short_line() {
        let shown = line(serde_json::json!({
            "time": "2026-01-31T09:00:00.123Z", "operation": "list", "occurrence": 1,
            "method": "GET", "path": "/v1/plugin/connect/websites/all/1",
            "query": "filter_configured=0", "status": 206, "outcome": "answer",
            "duration_ms": 0.42,
        }));
        insta::assert_snapshot!(shown, @"09:00:00.123  206    GET   /v1/plugin/connect/websites/all/1?filter_configured=0  list#1 0.4 ms");
    }

    #[test]
    fn what_went_wrong_stands_on_the_same_line() {
        let shown = line(serde_json::json!({
            "time": "2026-01-31T09:00:00.123Z", "operation": "since", "occurrence": 2,
            "method": "GET", "path": "/v1/plugin/connect/websites/since", "status": null,
            "outcome": "reset", "faults": [{ "id": 1, "fault": { "at": "since#2", "reset": true } }],
            "unread": { "query": ["filter_configurd"] },
            "explanation": "two\nlines",
        }));
        insta::assert_snapshot!(shown, @r#"09:00:00.123  reset  GET   /v1/plugin/connect/websites/since  since#2  fault {"at":"since#2","reset":true}  never read: filter_configurd  two lines"#);
    }
}
