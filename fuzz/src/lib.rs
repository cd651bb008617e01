//! What the fuzz targets hold their runs to, whatever the input.

mod played;

use std::time::Duration;

use crisp_mock_server::document::{Document, Invalid};
pub use played::Played;
use rustix::time::{ClockId, clock_gettime};

/// What a file is called in messages.
pub const FILE: &str = "file.yaml";

/// More time than any input of a few kilobytes may take, although instrumented code is slow.
const LONGEST: Duration = Duration::from_secs(1);

/// Runs a target and holds it to a second. CPU time, so that a busy machine makes no finding; that
/// of the process, because documents and schemas are read in threads of their own.
///
/// # Panics
///
/// When the run took longer.
pub fn bounded(run: impl FnOnce()) {
    let before = cpu_time();
    run();
    let took = cpu_time().saturating_sub(before);
    assert!(took <= LONGEST, "the run took {took:?} of CPU time, and may take {LONGEST:?}");
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The text as a document; none when it is refused, with a place.
pub fn document(text: &[u8]) -> Option<Document> {
    Document::from_bytes(FILE, text.to_vec())
        .inspect_err(|invalid| refused_with_a_place(text, invalid))
        .ok()
}

/// A refused file has at least one problem, with a place inside the text.
///
/// # Panics
///
/// When it has none.
pub fn refused_with_a_place(text: &[u8], invalid: &Invalid) {
    assert!(!invalid.problems.is_empty(), "refused without a reason: {}", invalid.report);
    report_has_a_place(text, &invalid.report);
}

/// The first line of a report is `file:line:column: message`, and the text has such a line.
///
/// # Panics
///
/// When it is not, or the text has not.
pub fn report_has_a_place(text: &[u8], report: &str) {
    let place = report.strip_prefix(FILE).and_then(|rest| rest.strip_prefix(':'));
    let mut parts = place.unwrap_or_default().splitn(3, ':');
    let mut number = || parts.next().and_then(|part| part.parse::<usize>().ok()).unwrap_or(0);
    let (line, column) = (number(), number());
    let message = parts.next().unwrap_or_default();
    // YAML knows more line breaks than `\n`.
    let text = String::from_utf8_lossy(text);
    let lines = text.chars().filter(|c| "\n\r\u{85}\u{2028}\u{2029}".contains(*c)).count() + 1;
    assert!(
        (1..=lines).contains(&line) && column > 0 && !message.trim().is_empty(),
        "a report without a place in a text of {lines} lines: {report}"
    );
}
