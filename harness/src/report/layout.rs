//! Lines and columns of a report at a terminal.

use std::fmt::Write;

use super::Line;

/// How wide a report is where nothing is said.
pub(super) const WIDTH: usize = 98;

/// Writes a name and what is to be said of it, in lines of this width.
pub(super) fn field(out: &mut String, name: &str, text: &str, width: usize) {
    let mut wrapped_text = String::new();
    wrapped(&mut wrapped_text, text, 14, width);
    let _ = write!(out, "  {name:<12}{}", &wrapped_text[14..]);
}

/// Breaks a text into lines, each indented.
pub(super) fn wrapped(out: &mut String, text: &str, indent: usize, width: usize) {
    let mut line = " ".repeat(indent);
    for word in text.split_whitespace() {
        let blank = line.trim().is_empty();
        if !blank && line.chars().count() + 1 + word.chars().count() > width {
            let _ = writeln!(out, "{line}");
            line = " ".repeat(indent);
        } else if !blank {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "{line}");
}

/// The timeline, in lines of this width where its cells can be cut.
pub(super) fn table(out: &mut String, lines: &[Line], width: usize) {
    let widest = |cell: fn(&Line) -> &str, least: usize, most: usize| {
        let widest = lines.iter().map(|line| cell(line).chars().count()).max().unwrap_or(0);
        widest.clamp(least, most.max(least))
    };
    let cells = |crisp: usize, wire: usize| {
        (widest(|line| &line.crisp, 5, crisp), widest(|line| &line.wire, 4, wire))
    };
    let mut cache = usize::MAX;
    let (mut crisp, mut wire) = cells(44, 52);
    if width < WIDTH {
        cache = widest(|line| &line.cache, 10, 22);
        // Time, the indent, and the gaps between four columns.
        let left = width.saturating_sub(8 + 2 * 4 + cache);
        (crisp, _) = cells(left / 2, 0);
        (_, wire) = cells(0, left.saturating_sub(crisp));
    }
    let _ = writeln!(out, "  {:>8}  {:<crisp$}  {:<wire$}  your cache", "time", "Crisp", "wire");
    let (mut last_at, mut last_cache) = (None, "");
    for line in lines {
        let at = if last_at == Some(line.at_ms) { String::new() } else { seconds(line.at_ms) };
        last_at = Some(line.at_ms);
        let shown = if line.cache == last_cache { "" } else { &line.cache };
        last_cache = &line.cache;
        let shown = cut(shown, cache);
        let row = format!(
            "  {at:>8}  {:<crisp$}  {:<wire$}  {shown}",
            cut(&line.crisp, crisp),
            cut(&line.wire, wire)
        );
        let _ = writeln!(out, "{}", row.trim_end());
    }
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn seconds(at_ms: u64) -> String {
    if at_ms.is_multiple_of(1000) {
        format!("{} s", at_ms / 1000)
    } else {
        format!("{:.2} s", at_ms as f64 / 1000.0)
    }
}
