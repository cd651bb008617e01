//! The kill matrix: which oracle convicts which mutant, and how soon chance finds it.
//!
//! [`Matrix::over`] holds every mutant against every file of a corpus; [`search`] against random
//! cases, made by the caller. The first half is committed as a snapshot, so that an oracle
//! which has become weaker shows as a difference.

use std::fmt;

use super::{Mutant, all};
use crate::judge::Demand;
use crate::oracle::{Rule, Verdict};
use crate::parallel::in_parallel;
use crate::runner::{Judged, Outcome, is_fair, judge};
use crate::scenario::Scenario;
use crate::world::Prepared;

/// A set of oracles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules(u16);

impl Rules {
    /// The oracles that convict in this run.
    #[must_use]
    pub fn convicting(judged: &Judged) -> Self {
        let failed =
            judged.findings.iter().filter_map(|finding| match (finding.demand, &finding.verdict) {
                (Demand::Oracle(rule), Verdict::Fail(_)) => Some(rule),
                _ => None,
            });
        failed.collect()
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn contains(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u16) != 0
    }

    /// All of them, O1 first.
    pub fn iter(self) -> impl Iterator<Item = Rule> {
        Rule::ALL.into_iter().filter(move |rule| self.contains(*rule))
    }

    /// The only one, if there is but one.
    #[must_use]
    pub fn alone(self) -> Option<Rule> {
        let mut rules = self.iter();
        rules.next().filter(|_| rules.next().is_none())
    }
}

impl FromIterator<Rule> for Rules {
    fn from_iter<I: IntoIterator<Item = Rule>>(rules: I) -> Self {
        rules.into_iter().fold(Self::default(), |set, rule| Self(set.0 | 1 << rule as u16))
    }
}

/// What is known of one mutant.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which.
    pub mutant: &'static Mutant,
    /// The oracles that convict it in the files which name it.
    pub own: Rules,
    /// The oracles that convict it anywhere in the corpus.
    pub anywhere: Rules,
    /// How soon random cases found it, when that was tried.
    pub random: Option<Random>,
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// One row a mutant, in the order of their numbers.
    pub rows: Vec<Row>,
    /// For each oracle a mutant and a file in which no other convicts.
    pub alone: Vec<(Rule, Option<(&'static Mutant, String)>)>,
}

impl Matrix {
    /// Every mutant against every file. The reference is not asked: it passes the corpus.
    #[must_use]
    pub fn over(files: &[(String, Prepared)], threads: usize) -> Self {
        let mutants = all();
        let verdicts = in_parallel(threads, mutants, &|mutant| {
            let client = mutant.client();
            let convicts =
                |(_, prepared): &(String, Prepared)| Rules::convicting(&judge(prepared, &*client));
            files.iter().map(convicts).collect::<Vec<_>>()
        });
        let names = |prepared: &Prepared, mutant: &Mutant| {
            prepared.scenario.kills.iter().any(|name| name == mutant.name)
        };
        let row = |(mutant, verdicts): (&'static Mutant, &Vec<Rules>)| {
            let own = files.iter().zip(verdicts).filter(|((_, file), _)| names(file, mutant));
            Row {
                mutant,
                own: own.flat_map(|(_, rules)| rules.iter()).collect(),
                anywhere: verdicts.iter().flat_map(|rules| rules.iter()).collect(),
                random: None,
            }
        };
        let alone = |rule: Rule| {
            let pairs = mutants.iter().zip(&verdicts).flat_map(|(mutant, verdicts)| {
                let of_mutant = files.iter().zip(verdicts);
                of_mutant.map(move |((file, prepared), rules)| (mutant, file, prepared, rules))
            });
            let alone = pairs.filter(|(.., rules)| rules.alone() == Some(rule));
            // A file that is about this mutant tells the most.
            let best = alone.max_by_key(|(mutant, file, prepared, _)| {
                (names(prepared, mutant), std::cmp::Reverse((mutant.number, *file)))
            });
            (rule, best.map(|(mutant, file, ..)| (mutant, file.clone())))
        };
        Self {
            rows: mutants.iter().zip(&verdicts).map(row).collect(),
            alone: Rule::ALL.into_iter().map(alone).collect(),
        }
    }

    /// The same with what random cases brought, one result a mutant.
    #[must_use]
    pub fn with_random(mut self, results: Vec<Random>) -> Self {
        for (row, random) in self.rows.iter_mut().zip(results) {
            row.random = Some(random);
        }
        self
    }
}

/// How soon random cases found one mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random {
    /// How many cases each seed had.
    pub cases: u64,
    /// For each seed the number of the first case, from 1, that convicted the mutant and not the
    /// reference.
    pub first: Vec<Option<u64>>,
}

impl Random {
    /// In how many of the seeds it was found.
    #[must_use]
    pub fn found(&self) -> usize {
        self.first.iter().flatten().count()
    }

    /// The median over all seeds; none when most of them did not find it.
    #[must_use]
    pub fn median(&self) -> Option<u64> {
        let mut sorted: Vec<u64> = self.first.iter().map(|n| n.unwrap_or(u64::MAX)).collect();
        sorted.sort_unstable();
        let middle = sorted.get(sorted.len().saturating_sub(1) / 2).copied()?;
        (middle != u64::MAX).then_some(middle)
    }

    /// The latest of the seeds that found it.
    #[must_use]
    pub fn worst(&self) -> Option<u64> {
        self.first.iter().flatten().max().copied()
    }
}

/// Holds every mutant against `cases` random cases of each seed, until it is found. `generate`
/// makes case `index` of a seed, with broken events for mutants that listen; a case that the reference fails, or that cannot be set up,
/// convicts no mutant.
#[must_use]
pub fn search(
    generate: &(dyn Fn(u64, u64, bool) -> Scenario + Sync),
    seeds: &[u64],
    cases: u64,
    threads: usize,
) -> Vec<Random> {
    let by_seed = in_parallel(threads, seeds, &|seed| {
        let mut first = vec![None; all().len()];
        for events in [false, true] {
            first_kills(&|case| generate(*seed, case, events), cases, events, &mut first);
        }
        first
    });
    let result = |mutant: usize| Random {
        cases,
        first: by_seed.iter().map(|first| first[mutant]).collect(),
    };
    (0..all().len()).map(result).collect()
}

fn first_kills(
    generate: &dyn Fn(u64) -> Scenario,
    cases: u64,
    events: bool,
    first: &mut [Option<u64>],
) {
    let mutants = all().iter().enumerate().filter(|(_, mutant)| mutant.listens() == events);
    let mut alive: Vec<_> = mutants.map(|(place, mutant)| (place, mutant.client())).collect();
    for case in 0..cases {
        let Ok(prepared) = Prepared::new(generate(case).into()) else {
            continue;
        };
        let mut fair = None;
        alive.retain(|(mutant, client)| {
            let convicted = judge(&prepared, &**client).outcome() == Outcome::Failed
                && *fair.get_or_insert_with(|| is_fair(&prepared));
            if convicted {
                first[*mutant] = Some(case + 1);
            }
            !convicted
        });
        if alive.is_empty() {
            break;
        }
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let random = self.rows.iter().any(|row| row.random.is_some());
        write!(f, "{:33}", "")?;
        for rule in Rule::ALL {
            write!(f, "{:>4}", format!("O{}", rule.number()))?;
        }
        writeln!(f, "{}", if random { "   median   worst  seeds" } else { "" })?;
        for row in &self.rows {
            write!(f, "{} {:29}", row.mutant.label(), row.mutant.name)?;
            for rule in Rule::ALL {
                let mark = match (row.own.contains(rule), row.anywhere.contains(rule)) {
                    (true, _) => '●',
                    (false, true) => '○',
                    (false, false) => '·',
                };
                write!(f, "   {mark}")?;
            }
            if let Some(random) = &row.random {
                let number = |n: Option<u64>| n.map_or_else(|| "–".to_owned(), |n| n.to_string());
                let (median, worst) = (number(random.median()), number(random.worst()));
                let seeds = format!("{}/{}", random.found(), random.first.len());
                write!(f, "{median:>9}{worst:>8}{seeds:>7}")?;
            }
            writeln!(f)?;
        }
        writeln!(f, "\n● convicts it in its own file  ○ elsewhere in the corpus  · nowhere")?;
        if random {
            writeln!(f, "median, worst: random cases until the first that convicts it")?;
        }
        writeln!(f, "\nWhere an oracle is the only one that convicts:")?;
        for (rule, alone) in &self.alone {
            let rule = format!("O{} {}", rule.number(), rule.name());
            match alone {
                Some((mutant, file)) => writeln!(f, "  {rule:20} {} in {file}", mutant.name)?,
                None => writeln!(f, "  {rule:20} nowhere")?,
            }
        }
        Ok(())
    }
}
