//! At which number of deeds and faults the guide's loop and every mutant falls: what a search through
//! all small cases is worth.

use std::fmt;

use super::all;
use crate::generate::exhaustive::{Bound, Exhaustive};
use crate::parallel::in_parallel;
use crate::runner::{Outcome, is_fair, judge};
use crate::subject::{Client, Guide};
use crate::world::Prepared;

/// Levels with so many deeds and faults together are tried whole.
const WHOLE: usize = 1;
/// Of deeper levels, the cases whose number is a multiple of this, a prime: together they have all sorts of parts.
const EVERY: u64 = 1_009;

/// The first case that convicts a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct First {
    /// How many deeds and faults it has.
    pub level: Bound,
    /// Its number among all cases within the bound.
    pub number: u64,
}

/// Where one client falls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fall {
    /// The label of the mutant; none of the guide's loop.
    pub label: Option<String>,
    /// The client's name.
    pub name: &'static str,
    /// The first case that convicts it; none within the bound.
    pub first: Option<First>,
}

/// Where each client falls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Falls {
    /// How far it was looked.
    pub bound: Bound,
    /// The guide's loop, then the mutants in the order of their numbers.
    pub falls: Vec<Fall>,
}

/// Whether a case convicts a client: it fails, and the reference passes. One that cannot be set up
/// convicts none.
#[must_use]
pub fn convicts(all: &Exhaustive, number: u64, client: &dyn Client) -> bool {
    let prepared = all.scenario(number).and_then(|case| Prepared::new(case.into()).ok());
    prepared.is_some_and(|prepared| {
        judge(&prepared, client).outcome() == Outcome::Failed && is_fair(&prepared)
    })
}

/// Every case within a bound that a client can tell apart.
#[must_use]
pub fn cases(bound: Bound, client: &dyn Client) -> Exhaustive {
    let calm = Exhaustive::new(Bound { deeds: 0, faults: 0 }, false).scenario(0);
    let prepared = calm.and_then(|case| Prepared::new(case.into()).ok());
    let requests = prepared.map(|prepared| judge(&prepared, client).run.history.requests);
    let filters = requests.is_some_and(|all| all.iter().any(|request| request.configured_only));
    Exhaustive::new(bound, filters)
}

/// The first case that convicts a client, of those that are tried of each level.
#[must_use]
pub fn first(bound: Bound, client: &dyn Client) -> Option<First> {
    let all = cases(bound, client);
    let levels = bound.levels().into_iter();
    let tried = levels.flat_map(|level| {
        let whole = level.deeds + level.faults <= WHOLE;
        let numbers = all.of_level(level);
        let some = numbers.filter(move |number| whole || number.is_multiple_of(EVERY));
        some.map(move |number| (level, number))
    });
    let mut convicting = tried.filter(|(_, number)| convicts(&all, *number, client));
    convicting.next().map(|(level, number)| First { level, number })
}

impl Falls {
    /// Looks where each client falls, on so many threads.
    #[must_use]
    pub fn within(bound: Bound, threads: usize) -> Self {
        let mutants = all().iter().map(Some);
        let clients: Vec<_> = std::iter::once(None).chain(mutants).collect();
        let falls = in_parallel(threads, &clients, &|mutant| match mutant {
            None => Fall { label: None, name: "guide", first: first(bound, &Guide) },
            Some(mutant) => Fall {
                label: Some(mutant.label()),
                name: mutant.name,
                first: first(bound, &*mutant.client()),
            },
        });
        Self { bound, falls }
    }
}

impl fmt::Display for Fall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = self.label.as_deref().unwrap_or("–");
        match self.first {
            Some(First { level, number }) => {
                writeln!(f, "| {label} | `{}` | {level} | {number} |", self.name)
            }
            None => writeln!(f, "| {label} | `{}` | deeper | |", self.name),
        }
    }
}

impl fmt::Display for Falls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| # | Client | Falls at | Case of `--all {}` |", self.bound)?;
        writeln!(f, "|---|---|--:|--:|")?;
        self.falls.iter().try_for_each(|fall| fall.fmt(f))?;
        let count = |at: Option<Bound>| {
            self.falls.iter().filter(|fall| fall.first.map(|first| first.level) == at).count()
        };
        let levels = self.bound.levels().into_iter().map(Some).chain([None]);
        let counts = levels.map(|at| {
            let name = at.map_or_else(|| "deeper".to_owned(), |level| format!("at {level}"));
            format!("{} {name}", count(at))
        });
        writeln!(f, "\nTogether: {}.", counts.collect::<Vec<_>>().join(", "))
    }
}
