//! The zoo: the reference client with one mistake each, by which every oracle is tried.
//!
//! A [`Mutant`] is `crisp-sync` with one mistake of its feature `mistakes`, which this crate turns on
//! and the client that plugins use does not have. Each has a scenario of its own in
//! `scenarios/mutants/`, which the reference passes and the mutant fails by the oracles that the
//! file names, and which is the shortest lesson about its mistake.
//!
//! M01 to M46 are the mistakes of the project's research, where most were found in published
//! clients; the numbers after them are mistakes that were needed to try an oracle.
//!
//! # Examples
//!
//! ```
//! use crisp_harness::zoo;
//!
//! let mutant = zoo::named("no-drift-check").unwrap();
//! assert_eq!(mutant.label(), "M17");
//! assert_eq!(zoo::named("M17").unwrap().name, "no-drift-check");
//! let error = zoo::named("no-drift-chek").unwrap_err();
//! assert!(error.to_string().contains("did you mean `no-drift-check`?"));
//! ```

pub mod bounds;
pub mod matrix;
mod table;

use std::fmt;

use crisp_mock_server::nearest::nearest;
use crisp_sync::Mistake;

use crisp_mock_server::document::Invalid;

use crate::scenario::Scenario;
use crate::subject::{Client, Sync};

/// The reference client with one mistake.
#[derive(Clone, Copy)]
pub struct Mutant {
    /// Its name, which tells the mistake: `no-drift-check`.
    pub name: &'static str,
    /// Its number: 17 of M17.
    pub number: u8,
    /// The hazard that it falls into, a row of `docs/hazards.md`: `P1`.
    pub hazard: &'static str,
    /// What it does wrong, as one sentence without a subject.
    pub about: &'static str,
    /// Where published clients made this mistake, when that is known.
    pub seen: Option<&'static str>,
    mistake: Mistake,
}

impl Mutant {
    /// Its number as people write it: `M17`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("M{:02}", self.number)
    }

    /// The client itself.
    #[must_use]
    pub fn client(&self) -> Box<dyn Client> {
        Box::new(Sync::with(self.name, self.mistake))
    }

    /// Whether it listens to the RTM API, so that events are worth breaking.
    #[must_use]
    pub fn listens(&self) -> bool {
        Sync::with(self.name, self.mistake).listens()
    }

    /// Its scenario, under `scenarios/`.
    #[must_use]
    pub fn file(&self) -> String {
        format!("mutants/{}.yaml", self.name)
    }
}

impl fmt::Debug for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.label(), self.name)
    }
}

impl PartialEq for Mutant {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Mutant {}

/// All mutants, in the order of their numbers.
#[must_use]
pub fn all() -> &'static [Mutant] {
    table::MUTANTS
}

/// The names of all mutants, in the order of their numbers.
#[must_use]
pub fn names() -> Vec<&'static str> {
    all().iter().map(|mutant| mutant.name).collect()
}

/// Reads a scenario whose names under `kills` have to be mutants; `file` is only for the messages.
///
/// # Errors
///
/// Every mistake, as [`Scenario::parse`] reports them, unknown mutants among them.
pub fn parse(file: &str, text: &str) -> Result<Scenario, Invalid> {
    Scenario::parse_with(file, text, |name| named(name).map(drop).map_err(|unknown| unknown.hint))
}

/// A mutant that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no mutant `{given}`: {hint}")]
pub struct UnknownMutant {
    /// What was asked for.
    pub given: String,
    /// What to write instead.
    pub hint: String,
}

/// The mutant of this name, or with this number (`M17`).
///
/// # Errors
///
/// [`UnknownMutant`], with the nearest name, or all of them.
pub fn named(given: &str) -> Result<&'static Mutant, UnknownMutant> {
    let number = given.strip_prefix(['M', 'm']).and_then(|n| n.parse().ok());
    let found = all().iter().find(|mutant| mutant.name == given || Some(mutant.number) == number);
    found.ok_or_else(|| {
        let names = all().iter().map(|mutant| mutant.name);
        let hint = match nearest(given, names.clone()) {
            Some(near) => {
                format!("did you mean `{near}`? `crisp-mock check --zoo` lists them all")
            }
            None => format!("choose one of {}", names.collect::<Vec<_>>().join(", ")),
        };
        let given = given.chars().take(60).collect();
        UnknownMutant { given, hint }
    })
}
