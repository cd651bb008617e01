//! The timeline of one scenario as a picture.

use std::fmt::Write;

use super::ScenarioReport;

const ROW: usize = 24;
const COLUMNS: [usize; 4] = [20, 110, 430, 860];
const WIDTH: usize = 1180;

/// The timeline of a failed scenario; nothing for one without a failure.
#[must_use]
pub fn svg(report: &ScenarioReport) -> Option<String> {
    let failure = report.failure.as_ref()?;
    let height = (failure.timeline.len() + 6) * ROW;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"monospace\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    text(&mut out, COLUMNS[0], 1, "#b00020", &format!("{} · {}", failure.word, report.name));
    text(&mut out, COLUMNS[0], 2, "#333", &failure.story.join(" "));
    for (column, title) in COLUMNS.into_iter().zip(["time", "Crisp", "wire", "cache"]) {
        text(&mut out, column, 4, "#888", title);
    }
    for (index, line) in failure.timeline.iter().enumerate() {
        let row = index + 5;
        let at = format!("{:.2} s", line.at_ms as f64 / 1000.0);
        text(&mut out, COLUMNS[0], row, "#888", &at);
        text(&mut out, COLUMNS[1], row, "#0b5", &line.crisp);
        text(&mut out, COLUMNS[2], row, "#06c", &line.wire);
        text(&mut out, COLUMNS[3], row, "#333", &line.cache);
    }
    out.push_str("</svg>\n");
    Some(out)
}

fn text(out: &mut String, x: usize, row: usize, colour: &str, text: &str) {
    let safe = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{}\" fill=\"{colour}\">{safe}</text>", row * ROW);
}
