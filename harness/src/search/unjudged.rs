//! What was judged in no run at all: never to be taken for passed.

use std::collections::BTreeMap;

use crate::runner::{Judged, Outcome};

/// Counts how often each demand was not judged, and why.
#[derive(Debug, Clone, Default)]
pub(super) struct Unjudged {
    runs: u64,
    /// How many runs there were at all.
    pub(super) all: u64,
    /// How many of them a slow machine kept from being judged.
    pub(super) slow: u64,
    demands: BTreeMap<(String, String), u64>,
    /// How many random cases were not judged, by the reason.
    cases: BTreeMap<String, u64>,
}

impl Unjudged {
    /// Takes a run in; one of which nothing was judged says nothing of single demands.
    pub(super) fn see(&mut self, judged: &Judged) {
        self.all += 1;
        self.slow += u64::from(judged.was_too_slow());
        if judged.outcome() == Outcome::NotJudged {
            return;
        }
        self.runs += 1;
        for (name, why) in judged.not_judged() {
            *self.demands.entry((name.to_owned(), why.to_owned())).or_default() += 1;
        }
    }

    /// A random case was not judged.
    pub(super) fn case(&mut self, why: String) {
        *self.cases.entry(why).or_default() += 1;
    }

    /// Takes the counts of others in.
    pub(super) fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        self.all += other.all;
        self.slow += other.slow;
        for (demand, times) in other.demands {
            *self.demands.entry(demand).or_default() += times;
        }
        for (why, times) in other.cases {
            *self.cases.entry(why).or_default() += times;
        }
    }

    /// Why random cases were not judged, the most frequent reason first.
    pub(super) fn reasons(&self) -> Vec<(String, u64)> {
        let mut reasons: Vec<_> = self.cases.iter().map(|(why, n)| (why.clone(), *n)).collect();
        reasons.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
        reasons
    }

    /// What was never judged, and why.
    pub(super) fn never(&self) -> Vec<(String, String)> {
        let never = self.demands.iter().filter(|(_, times)| **times == self.runs);
        never.map(|(demand, _)| demand.clone()).collect()
    }
}
