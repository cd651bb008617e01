//! What is said on stderr when the command has ended.

use std::fmt::Write as _;

use crisp_mock_server::operation::Operation;
use crisp_mock_server::spaces::{Spaces, UsageSummary};

use crate::request_line;
use crate::terminal::{self, BAD, FAINT, ODD, STRONG, row};

use super::tally::{Counts, Tally};

/// How many faults are named; the others are counted.
const MOST_NAMED: usize = 10;

/// Printed when no request came: most likely the client still has Crisp's address.
pub const NOTHING_CAME: &str =
    "0 requests received: is setRestHost(process.env.CRISP_REST_HOST) called?";

/// The same where Crisp's address leads to the emulator.
pub const NOTHING_CAME_BY_INTERCEPT: &str = "0 requests received: does the command's runtime take HTTPS_PROXY? docs/intercept.md has a table";

/// What came of the command, as far as the emulator saw it.
#[derive(Debug)]
pub struct Summary {
    /// The requests.
    pub counts: Counts,
    /// Quota and faults, over all spaces that ever were.
    pub usage: UsageSummary,
    /// Requests a day in the default space.
    pub limit: Option<u64>,
    /// Whether Crisp's own address leads to the emulator.
    pub intercepts: bool,
}

impl Summary {
    /// Takes stock.
    pub fn of(tally: &Tally, spaces: &Spaces, intercepts: bool) -> Self {
        Self {
            counts: tally.counts(),
            usage: spaces.usage_summary(),
            limit: spaces.default_space().lock().world.quota.limit,
            intercepts,
        }
    }

    /// Why it may be that no request came.
    #[must_use]
    pub fn nothing_came(&self) -> &'static str {
        if self.intercepts { NOTHING_CAME_BY_INTERCEPT } else { NOTHING_CAME }
    }

    /// How many requests there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.operations.values().sum()
    }

    /// How many of them met no route.
    #[must_use]
    pub fn unmatched(&self) -> u64 {
        let unmatched = self.counts.operations.get(&Operation::Unmatched);
        unmatched.copied().unwrap_or_default()
    }

    /// Says it.
    pub fn show(&self) {
        terminal::complain(&self.text());
    }

    /// Shows the latest requests with the faults they met.
    pub fn show_last(&self) {
        if !self.counts.last.is_empty() {
            terminal::complain(&self.last());
        }
    }

    fn last(&self) -> String {
        let last = &self.counts.last;
        let mut out = match last.len() {
            1 => "the last request:\n".to_owned(),
            number => format!("the last {number} requests:\n"),
        };
        for (space, entry) in last {
            if let Some(space) = space {
                let _ = write!(out, "{FAINT}{space}{FAINT:#}  ");
            }
            request_line::write_entry(entry, &mut out);
        }
        out
    }

    fn text(&self) -> String {
        let mut out = String::new();
        let total = self.total();
        if total == 0 {
            let _ = writeln!(out, "crisp-mock: {ODD}{}{ODD:#}", self.nothing_came());
        } else {
            let requests = counted(total, "request");
            let _ =
                writeln!(out, "crisp-mock: {STRONG}{requests}{STRONG:#}: {}", self.operations());
        }
        if let Some(example) = &self.counts.unmatched {
            let unmatched = counted(self.unmatched(), "request");
            row(&mut out, "no route", &format!("{BAD}{unmatched}{BAD:#}, the latest {example}"));
        }
        self.faults(&mut out);
        self.quota(&mut out);
        out
    }

    /// The operations, the commonest first.
    fn operations(&self) -> String {
        let mut operations: Vec<_> = self.counts.operations.iter().collect();
        operations.sort_by_key(|(operation, count)| (std::cmp::Reverse(**count), **operation));
        let shown = operations.iter().map(|(operation, count)| format!("{operation} {count}"));
        shown.collect::<Vec<_>>().join(", ")
    }

    fn faults(&self, out: &mut String) {
        let mut fired: Vec<_> = self.counts.faults.iter().collect();
        fired.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (fault, count) in fired.iter().take(MOST_NAMED) {
            row(out, "fault fired", &format!("{count}\u{d7} {fault}"));
        }
        if let Some(more) = fired.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            row(out, "fault fired", &format!("and {more} others"));
        }
        let UsageSummary { unfired, unfired_besides, .. } = &self.usage;
        for unfired in unfired.iter().take(MOST_NAMED) {
            let fault = unfired.fault.to_value();
            row(out, "never fired", &format!("{ODD}{fault}{ODD:#}"));
        }
        let more = unfired.len().saturating_sub(MOST_NAMED) as u64 + unfired_besides;
        if more > 0 {
            row(out, "never fired", &format!("{ODD}and {more} others{ODD:#}"));
        }
    }

    fn quota(&self, out: &mut String) {
        let UsageSummary { spent, refused, .. } = self.usage;
        if spent == 0 && refused == 0 {
            return;
        }
        let mut said = format!("{spent} spent");
        if let Some(a_day) = self.usage.a_day() {
            let elapsed = crisp_mock_server::duration::format(rounded(self.usage.elapsed));
            let a_day = grouped(a_day);
            let _ =
                write!(said, " in {elapsed} of the emulator's time: {a_day} a day at this rate");
        }
        if let Some(limit) = self.limit {
            let _ = write!(said, ", of {} allowed", grouped(limit));
        }
        if refused > 0 {
            let refused = counted(refused, "request");
            let _ = write!(said, "; {BAD}{refused} refused for want of it{BAD:#}");
        }
        row(out, "quota", &said);
    }
}

/// A tenth of a second is exact enough to read, a millisecond below that.
fn rounded(time: std::time::Duration) -> std::time::Duration {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let step = if millis >= 1_000 { 100 } else { 1 };
    std::time::Duration::from_millis(millis / step * step)
}

/// `1 request`, `2 requests`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// A number with a comma before every three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn large_numbers_are_readable() {
        for (number, shown) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")]
        {
            assert_eq!(grouped(number), shown);
        }
    }

    #[test]
    fn the_rate_is_that_of_the_worlds_that_spent_and_the_limit_stands_beside_it() {
        let summary = Summary {
            counts: Counts {
                operations: [(Operation::List, 2), (Operation::Since, 28)].into(),
                faults: [(r#"{"at":"since#2","status":503}"#.to_owned(), 1)].into(),
                ..Counts::default()
            },
            usage: UsageSummary {
                spent: 30,
                elapsed: Duration::from_millis(600_049),
                refused: 1,
                ..UsageSummary::default()
            },
            limit: Some(10_000),
            intercepts: false,
        };
        let text = anstream::adapter::strip_str(&summary.text()).to_string();
        insta::assert_snapshot!(text, @r#"
        crisp-mock: 30 requests: since 28, list 2
          fault fired  1× {"at":"since#2","status":503}
          quota        30 spent in 10m of the emulator's time: 4,320 a day at this rate, of 10,000 allowed; 1 request refused for want of it
        "#);
    }
}
