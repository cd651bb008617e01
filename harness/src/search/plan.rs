//! What is to be searched: how many cases, of which seed, on how many cores.

use std::path::PathBuf;

use crate::generate::Bounds;
use crate::generate::exhaustive::Bound;
use crate::shrink::Effort;

/// What is to be searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// So many random cases, over all shards.
    pub cases: u64,
    /// Every case within this bound, instead of random ones.
    pub all: Option<Bound>,
    /// The first case that is judged: those before it were judged by an earlier search.
    pub from: u64,
    /// From which the cases are drawn.
    pub seed: u64,
    /// So many steps a case at most.
    pub max_steps: usize,
    /// Which part of the cases.
    pub shard: Shard,
    /// On so many cores.
    pub jobs: usize,
    /// Go on after a failure, and without an end: every distinct failure is reported and kept.
    pub forever: bool,
    /// So many kinds of failure are shrunk before the gravest and simplest is reported.
    pub kinds: usize,
    /// How much is tried to shrink each.
    pub effort: Effort,
    /// Where failures are kept as files; what is there is replayed first.
    pub save_to: Option<PathBuf>,
    /// Scenarios that are run before random cases: the name of each file and its text.
    pub corpus: &'static [(&'static str, &'static str)],
    /// How long the search takes, in words, for the first line.
    pub takes: Option<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            cases: 3_000,
            all: None,
            from: 0,
            seed: 1,
            max_steps: Bounds::default().max_steps,
            shard: Shard::default(),
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            forever: false,
            kinds: 6,
            effort: Effort::default(),
            save_to: None,
            corpus: &[],
            takes: None,
        }
    }
}

/// One of several equal parts of a search: `2/4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

impl Default for Shard {
    fn default() -> Self {
        Self { number: 1, of: 1 }
    }
}

impl Shard {
    /// Whether a case belongs to it. Each case belongs to exactly one shard.
    #[must_use]
    pub fn has(self, index: u64) -> bool {
        index % self.of == self.number - 1
    }

    /// The first case of it that is none of the first `from`; none beyond the last that there is.
    #[must_use]
    pub fn first(self, from: u64) -> Option<u64> {
        let (number, of) = (self.number - 1, self.of);
        let behind = (number + of - from % of) % of;
        from.checked_add(behind)
    }

    /// How many of so many cases belong to it.
    #[must_use]
    pub fn share(self, cases: u64) -> u64 {
        cases.saturating_sub(self.number - 1).div_ceil(self.of)
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err("write I/N, such as 1/4, 2/4, 3/4 and 4/4 on four machines".to_owned()),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.number, self.of)
    }
}
