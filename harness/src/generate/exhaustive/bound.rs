//! How far an exhaustive search goes, and in which order.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A case has so many deeds and faults at most, whatever is asked for: with more, all cases are more
/// than can be tried.
const MOST: usize = 3;

/// How many deeds and faults a case has, or has at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Bound {
    /// So many deeds.
    pub deeds: usize,
    /// So many faults.
    pub faults: usize,
}

impl Bound {
    /// The numbers of deeds and faults within the bound, the fewest together first.
    #[must_use]
    pub fn levels(self) -> Vec<Self> {
        let all = (0..=self.deeds)
            .flat_map(|deeds| (0..=self.faults).map(move |faults| Self { deeds, faults }));
        let mut levels: Vec<_> = all.collect();
        levels.sort_by_key(|level| (level.deeds + level.faults, level.deeds));
        levels
    }

    /// As a sentence has it: `at most 2 deeds and 1 fault`.
    #[must_use]
    pub fn in_words(self) -> String {
        let count = |count: usize, what| {
            let s = if count == 1 { "" } else { "s" };
            format!("{count} {what}{s}")
        };
        format!("at most {} and {}", count(self.deeds, "deed"), count(self.faults, "fault"))
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.deeds, self.faults)
    }
}

impl FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(',');
        let numbers = parts.and_then(|(deeds, faults)| {
            Some(Self { deeds: deeds.trim().parse().ok()?, faults: faults.trim().parse().ok()? })
        });
        numbers
            .filter(|bound| bound.deeds.max(bound.faults) <= MOST)
            .ok_or_else(|| format!("write DEEDS,FAULTS, each from 0 to {MOST}, such as 2,1"))
    }
}
