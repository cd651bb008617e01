//! What a client writes beside its replies, in bounded memory.

use std::collections::VecDeque;

use parking_lot::Mutex;

/// How many lines are kept from the beginning, where programs say why they cannot start.
const FIRST: usize = 50;
/// How many lines are kept from the end.
const LAST: usize = 200;
/// How many characters of a line are kept.
const WIDTH: usize = 1_000;
/// How many of the lines stand in a message.
const TAIL: usize = 12;

/// The first and the last lines of a log.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    first: Vec<String>,
    last: VecDeque<String>,
    left_out: u64,
}

impl Log {
    pub(super) fn note(&self, line: &str) {
        let line = shortened(line, WIDTH);
        let mut kept = self.0.lock();
        if kept.first.len() < FIRST {
            kept.first.push(line);
            return;
        }
        if kept.last.len() == LAST {
            kept.last.pop_front();
            kept.left_out += 1;
        }
        kept.last.push_back(line);
    }

    /// Forgets everything: another scenario begins.
    pub(super) fn clear(&self) {
        *self.0.lock() = Kept::default();
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let kept = self.0.lock();
        let mut lines = kept.first.clone();
        if kept.left_out > 0 {
            lines.push(format!("… {} lines left out …", kept.left_out));
        }
        lines.extend(kept.last.iter().cloned());
        lines
    }

    /// Its end, as it stands under a message.
    pub(super) fn tail(&self) -> String {
        tail(&self.lines())
    }
}

/// The end of what a client wrote, as it stands under a message.
pub(crate) fn tail(lines: &[String]) -> String {
    if lines.is_empty() {
        return "\n  it wrote nothing".to_owned();
    }
    let end = lines.len().saturating_sub(TAIL);
    let mut tail = "\n  its log ends:".to_owned();
    for line in &lines[end..] {
        tail.push_str("\n    | ");
        tail.push_str(line);
    }
    tail
}

/// The beginning of a text, with a sign that there is more.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_never_ends_is_kept_in_its_beginning_and_end() {
        let log = Log::default();
        for number in 0..1_000 {
            log.note(&format!("line {number} {}", "x".repeat(2_000)));
        }
        let lines = log.lines();
        assert_eq!(lines.len(), FIRST + LAST + 1);
        assert!(lines[0].starts_with("line 0 "));
        assert_eq!(lines[FIRST], "… 750 lines left out …");
        assert!(lines[FIRST + LAST].starts_with("line 999 "));
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH + 1));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shortened("äöü", 2), "äö…");
        assert_eq!(shortened("äöü", 3), "äöü");
    }
}
