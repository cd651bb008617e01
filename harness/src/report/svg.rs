//! The story of one failure as a picture.

use std::fmt::Write;

use super::layout::wrapped;
use super::{Failure, ScenarioReport};

const ROW: usize = 24;
const COLUMNS: [usize; 4] = [20, 110, 430, 860];
const WIDTH: usize = 1180;
/// So many characters of the story stand on a line.
const LINE: usize = 140;

/// The story of a failed scenario, with its timeline; nothing for one without a failure.
#[must_use]
pub fn svg(report: &ScenarioReport) -> Option<String> {
    let failure = report.failure.as_ref()?;
    let mut rows = String::new();
    let mut row = 1;
    text(&mut rows, COLUMNS[0], row, "#b00020", &format!("{} · {}", failure.word, report.name));
    for line in told(failure.story.iter().map(String::as_str)) {
        row += 1;
        text(&mut rows, COLUMNS[0], row, "#333", &line);
    }
    row += 2;
    for (column, title) in COLUMNS.into_iter().zip(["time", "Crisp", "wire", "cache"]) {
        text(&mut rows, column, row, "#888", title);
    }
    for line in &failure.timeline {
        row += 1;
        let at = format!("{:.2} s", line.at_ms as f64 / 1000.0);
        text(&mut rows, COLUMNS[0], row, "#888", &at);
        text(&mut rows, COLUMNS[1], row, "#0b5", &line.crisp);
        text(&mut rows, COLUMNS[2], row, "#06c", &line.wire);
        text(&mut rows, COLUMNS[3], row, "#333", &line.cache);
    }
    row += 1;
    let last = last(failure);
    for line in told(last.iter().map(String::as_str)) {
        row += 1;
        text(&mut rows, COLUMNS[0], row, "#333", &line);
    }
    let height = (row + 1) * ROW;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"monospace\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         {rows}</svg>\n"
    ))
}

/// What stands under the timeline.
fn last(failure: &Failure) -> Vec<String> {
    let mut lines = Vec::new();
    if let (Some(expected), Some(got)) = (&failure.expected, &failure.got) {
        lines.push(format!("expected {expected}"));
        lines.push(format!("got {got}"));
    }
    if let Some(hazard) = &failure.hazard {
        lines.push(format!("Looks like {} ({}). {}", hazard.what, hazard.number, hazard.instead));
    }
    lines
}

/// Texts in lines that fit.
fn told<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut out = String::new();
    texts.flat_map(str::lines).for_each(|line| wrapped(&mut out, line, 0, LINE));
    out.lines().map(str::to_owned).collect()
}

fn text(out: &mut String, x: usize, row: usize, colour: &str, text: &str) {
    let safe = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{}\" fill=\"{colour}\">{safe}</text>", row * ROW);
}
