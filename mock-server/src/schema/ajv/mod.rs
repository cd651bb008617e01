//! Settings held against a schema as Ajv 6 does it: the same verdict, and its words for a refusal.
//!
//! Ajv compiles a schema into rules in a fixed order (by the types that they are for, then those for
//! any value) and stops at the first that fails. Inside `anyOf`, `oneOf`, `contains` and the like it
//! goes on, and tells the failures of all branches when none fits. That order, and what it goes on
//! with, decide which text a client sees; they are kept here rule by rule.
//!
//! | Module | What it holds |
//! |---|---|
//! | [`rule`] | a schema as rules, in Ajv's order |
//! | [`compile`] | rules from the graph of a schema |
//! | [`run`] | a run of the rules over settings |
//! | [`report`] | the text of the failures, bounded |
//! | [`path`] | where a value is, in JavaScript's notation |
//! | [`value`] | numbers, equality and the order of members as JavaScript has them |

mod compile;
mod inherited;
mod path;
mod report;
mod rule;
mod run;
mod value;

use serde_json::Value;

use super::draft::Draft;
use super::outline::Outline;
use crate::document::Problem;

/// A schema in Ajv's order.
pub(super) struct Rules(Vec<rule::Node>);

/// Why settings are not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// They do not fit.
    Unfit(Unfit),
    /// They do not fit, in a way that Ajv 6 has no words for.
    Untold,
    /// A match with a pattern was given up.
    Unfinished {
        /// The text that was matched, as a JSON pointer
        pointer: String,
    },
    /// There was no stack for the run.
    NoRoom,
}

/// That settings do not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unfit {
    /// Ajv's text
    pub text: String,
    /// Where the first failure is, as a JSON pointer
    pub pointer: String,
}

impl Rules {
    /// Brings a schema into order.
    pub fn of(outline: &Outline<'_>, draft: Draft, formats: bool) -> Result<Self, Problem> {
        compile::nodes(outline, draft, formats).map(Self)
    }

    /// Holds settings against the rules.
    pub fn check(&self, settings: &Value) -> Result<(), Failure> {
        run::run(&self.0, settings)
    }
}
