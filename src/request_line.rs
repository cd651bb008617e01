//! One request on one line, as `serve` logs it and `ctl requests` lists it.

use std::fmt::Write as _;

use anstyle::Style;
use crisp_mock_server::journal::Entry;
use serde::Deserialize;
use serde_json::Value;

use crate::terminal::{BAD, FAINT, GOOD, ODD};

/// What a line says of a request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RequestLine {
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

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Fired {
    fault: Value,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
struct Unread {
    query: Vec<String>,
    headers: Vec<String>,
    body: Vec<String>,
}

impl From<&Entry> for RequestLine {
    fn from(entry: &Entry) -> Self {
        let fired = entry.faults.iter();
        Self {
            time: entry.time.to_string(),
            operation: entry.operation.name().to_owned(),
            occurrence: entry.occurrence,
            method: entry.method.clone(),
            path: entry.path.clone(),
            query: entry.query.clone(),
            website_name: entry.website_name.clone(),
            status: entry.status,
            outcome: entry.outcome.to_owned(),
            fired: fired.map(|fired| Fired { fault: fired.fault.to_value() }).collect(),
            unread: Unread {
                query: entry.unread.query.clone(),
                headers: entry.unread.headers.clone(),
                body: entry.unread.body.clone(),
            },
            explanation: entry.explanation.clone(),
            duration_ms: entry.duration_ms,
        }
    }
}

impl RequestLine {
    /// Writes the line, with its end; control characters that somebody sent become spaces.
    pub fn write(&self, out: &mut String) {
        let from = out.len();
        let (style, ending) = self.ending();
        // `2026-01-31T09:00:00.123Z`: the day is the same for all lines that anybody compares.
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

/// Lines and terminals stay whole whatever a client sends; the escapes of our own colours stay.
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
        let line: RequestLine = serde_json::from_value(value).unwrap();
        let mut out = String::new();
        line.write(&mut out);
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
