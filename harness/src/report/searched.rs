//! What a search reports beside the failures themselves.

use std::fmt::Write;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::Text;
use crate::coverage::{Cell, Coverage, Phase};
use crate::generate::exhaustive::Bound;
use crate::words::is_default;

/// Where a failure comes from.
#[derive(Debug, Clone, Serialize)]
pub struct Origin {
    /// Which case of the search; none for a scenario of the corpus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<u64>,
    /// How many steps and faults that case had.
    pub before: usize,
    /// How many are left.
    pub after: usize,
    /// The file in which it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved: Option<String>,
    /// The file in which what the client wrote is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// What is in that file.
    pub yaml: String,
}

/// What came of the scenarios that were held against the client before the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Corpus {
    /// How many there are.
    pub scenarios: usize,
    /// How many passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
    /// How many could not be judged.
    pub not_judged: usize,
    /// How many were left when the time was over, or a grave failure was found.
    pub not_reached: usize,
}

/// A search in figures.
#[derive(Debug, Clone, Serialize)]
pub struct Searched {
    /// How many cases were run.
    pub cases: u64,
    /// That they are all within a bound, and none is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<Bound>,
    /// How many cases there are within the bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// Where another search through all of them goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// How many passed.
    pub passed: u64,
    /// How many failed, and the reference passes them.
    pub failed: u64,
    /// How many could not be judged.
    pub not_judged: u64,
    /// How many runs, of the corpus and of random cases, a slow machine kept from being judged.
    #[serde(skip_serializing_if = "is_default")]
    pub slow: u64,
    /// How many failed that the reference fails too; they convict no client.
    pub unfair: u64,
    /// How many requests were sent.
    pub requests: u64,
    /// How much virtual time passed, in milliseconds.
    pub virtual_ms: u64,
    /// What came of the corpus, where that came first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpus: Option<Corpus>,
    /// So many cases were left when the time was over.
    #[serde(skip_serializing_if = "is_default")]
    pub not_reached: u64,
    /// Demands that were judged in no run at all, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub never_judged: Vec<(String, String)>,
    /// Why random cases were not judged, and how many for each reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_judged_why: Vec<(String, u64)>,
    /// What the client was convicted of, in short.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// What a long search left unmet although it can be reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Cell>,
    /// Which faults met which operations, and when; and as `dimensions` how varied the cases were.
    #[serde(flatten, serialize_with = "coverage")]
    pub coverage: Coverage,
    /// The exit code that follows.
    pub exit_code: u8,
}

fn coverage<S: Serializer>(coverage: &Coverage, serializer: S) -> Result<S::Ok, S::Error> {
    let mut members = serializer.serialize_map(None)?;
    members.serialize_entry("coverage", &coverage.cells().collect::<Vec<_>>())?;
    members.serialize_entry("dimensions", &coverage.dimensions)?;
    members.end()
}

/// Of a search through all cases, within which bound they lie, and whether this one judged them all.
fn within(searched: &Searched) -> String {
    let Some(bound) = searched.all else { return String::new() };
    let every = if searched.of == Some(searched.cases) { ": every one" } else { "" };
    format!("{every} with {}", bound.in_words())
}

impl Text {
    /// The end of a search.
    pub(super) fn searched(self, searched: &Searched) -> String {
        let mut out = String::new();
        let failed = searched.exit_code == 1;
        if !self.quiet && searched.cases > 0 && searched.all.is_none() {
            out.push_str("\n  Faults that were met, by what the client was doing:\n");
            out.push_str(&searched.coverage.table());
            out.push_str("\n  In how many cases:\n");
            out.push_str(&searched.coverage.dimensions.table());
            if self.verbose {
                for phase in Phase::ALL {
                    let _ = write!(out, "\n{}", searched.coverage.table_of(phase));
                }
            }
            out.push('\n');
        }
        for cell in &searched.unmet {
            let _ = writeln!(
                out,
                "  Never met: {} at {} while {}",
                cell.fault,
                cell.operation,
                cell.phase.name()
            );
        }
        if !searched.never_judged.is_empty() && !failed && !self.quiet {
            super::layout::field(
                &mut out,
                "Not judged",
                &super::text::grouped(&searched.never_judged),
                self.width,
            );
        }
        if !searched.not_judged_why.is_empty() && !failed && !self.quiet {
            out.push_str("  Not judged\n");
            for (why, count) in &searched.not_judged_why {
                let s = if *count == 1 { "" } else { "s" };
                let told = format!("{count} case{s}: {why}.");
                super::layout::wrapped(&mut out, &told, 4, self.width);
            }
        }
        let left = [
            searched.corpus.map(|c| (c.not_reached as u64, "known scenarios")),
            Some((
                searched.not_reached,
                if searched.all.is_some() { "cases" } else { "random cases" },
            )),
        ];
        let left: Vec<_> = left
            .into_iter()
            .flatten()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if !left.is_empty() && !failed {
            super::layout::field(
                &mut out,
                "Not reached",
                &match searched.next {
                    Some(next) => format!("{}: go on with `--from {next}`", left.join(", ")),
                    None => format!("{}: the time was over", left.join(", ")),
                },
                self.width,
            );
        }
        if searched.unfair > 0 {
            let _ = writeln!(
                out,
                "  {} case{} also failed by crisp-sync and not counted: please report {}.",
                searched.unfair,
                if searched.unfair == 1 { "" } else { "s" },
                if searched.all.is_some() { "them" } else { "this seed" }
            );
        }
        let others = searched.kinds.iter().skip(1).cloned();
        let others: Vec<_> = others.collect();
        if !others.is_empty() && !self.quiet {
            let _ = writeln!(out, "  Found besides: {}", others.join(", "));
        }
        let word = match searched.exit_code {
            0 => "PASS",
            3 => "NONE",
            _ => "FAIL",
        };
        let mut parts = Vec::new();
        if let Some(corpus) = &searched.corpus {
            parts.push(format!("{} of {} known scenarios passed", corpus.passed, corpus.scenarios));
            if corpus.not_judged > 0 {
                parts.push(format!("{} not judged", corpus.not_judged));
            }
        }
        parts.push(match searched.corpus {
            Some(_) => format!("{} random cases", searched.cases),
            None => format!("{} cases{}", searched.cases, within(searched)),
        });
        if searched.failed > 0 {
            parts.push(format!("{} failed", searched.failed));
        }
        if searched.not_judged > 0 {
            parts.push(format!("{} not judged", searched.not_judged));
        }
        if !searched.unmet.is_empty() {
            parts.push(format!("{} reachable cells never met", searched.unmet.len()));
        }
        if searched.cases == 0 && failed && searched.corpus.is_none() {
            parts = vec![
                "a failure that was found before is still there; the search was not begun".into(),
            ];
        }
        let slow = super::text::too_slow(searched.slow, searched.exit_code);
        let _ = writeln!(out, "{word}    {}{slow}", parts.join(", "));
        out
    }
}
