//! A schema or a fault plan, which may stand in a file of its own or inside another.

use std::path::PathBuf;

use crisp_mock_server::fault::FaultPlan;
use crisp_mock_server::schema::{
    InvalidSchema, Review, Rules, SchemaProblem, SettingsSchema, review,
};
use crisp_mock_server::state::State;
use serde_json::Value;

use crate::document::{self, Document, Problem, read_text};
use crate::failure::Failure;

/// Where a part of the options comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A file of its own.
    File(PathBuf),
    /// It stands in the config file.
    Inline(Value),
}

/// A part that was read, with what to say about it.
#[derive(Debug)]
pub struct Part {
    /// Its value, judged.
    pub value: Value,
    /// Lines about what is accepted and probably not meant.
    pub remarks: String,
}

impl Source {
    /// Reads a settings schema; `config` is the file that an inline one stands in.
    ///
    /// # Errors
    ///
    /// [`Failure::Unreadable`], or [`Failure::BadFile`] with everything that is wrong.
    pub fn schema(self, rules: Rules, config: Option<&Document>) -> Result<Part, Failure> {
        match (self, config) {
            (Self::File(path), _) => {
                let Review { schema, report } =
                    review(&path.display().to_string(), &read_text(&path)?, rules);
                let schema = schema.map_err(|_| Failure::BadFile { report: report.clone() })?;
                Ok(Part { value: schema.raw().clone(), remarks: report })
            }
            (Self::Inline(value), config) => {
                let schema = SettingsSchema::from_value(value.clone(), rules)
                    .map_err(|invalid| refused_schema(&invalid, config))?;
                let remarks = config.map_or_else(String::new, |config| {
                    let warnings = located(schema.warnings()).map(Problem::warning);
                    config.invalid(warnings.collect()).report
                });
                Ok(Part { value, remarks })
            }
        }
    }

    /// Reads a dump of a world; `config` is the file that an inline one stands in.
    ///
    /// # Errors
    ///
    /// [`Failure::Unreadable`], or [`Failure::BadFile`] with everything that is wrong.
    pub fn state(self, config: Option<&Document>) -> Result<Value, Failure> {
        match self {
            Self::File(path) => {
                let document = document::read(&path)?;
                judge_state(&document, &document.value(), "")?;
                Ok(document.value())
            }
            Self::Inline(value) => {
                if let Some(config) = config {
                    judge_state(config, &value, "/state")?;
                }
                Ok(value)
            }
        }
    }

    /// Reads a fault plan; `config` is the file that an inline one stands in.
    ///
    /// # Errors
    ///
    /// [`Failure::Unreadable`], or [`Failure::BadFile`] with everything that is wrong.
    pub fn faults(self, config: Option<&Document>) -> Result<Value, Failure> {
        match self {
            Self::File(path) => {
                let document = document::read(&path)?;
                judge_plan(&document, &document.value(), "")?;
                Ok(document.value())
            }
            Self::Inline(value) => {
                if let Some(config) = config {
                    judge_plan(config, &value, "/faults")?;
                }
                Ok(value)
            }
        }
    }
}

/// Judges a dump that stands at `base` in a document.
///
/// # Errors
///
/// [`Failure::BadFile`] with everything that is wrong.
pub fn judge_state(document: &Document, state: &Value, base: &str) -> Result<(), Failure> {
    let problems = State::parse(state).err().unwrap_or_default();
    Ok(document.refuse(problems.into_iter().map(|one| one.under(base)).collect())?)
}

fn refused_schema(invalid: &InvalidSchema, config: Option<&Document>) -> Failure {
    let report = config.map_or_else(
        || invalid.to_string(),
        |config| config.invalid(located(invalid.problems()).collect()).report,
    );
    Failure::BadFile { report }
}

fn located(problems: &[SchemaProblem]) -> impl Iterator<Item = Problem> {
    problems.iter().map(|problem| Problem {
        hint: problem.hint.clone(),
        ..Problem::value(format!("/schema{}", problem.pointer), &problem.message)
    })
}

/// Judges a fault plan that stands at `base` in a document.
///
/// # Errors
///
/// [`Failure::BadFile`] with everything that is wrong.
pub fn judge_plan(document: &Document, plan: &Value, base: &str) -> Result<FaultPlan, Failure> {
    FaultPlan::parse_for_server(plan).map_err(|problems| {
        let problems = problems.into_iter().map(|problem| problem.under(base));
        document.invalid(problems.collect()).into()
    })
}
