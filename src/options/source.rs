//! A schema, a fault plan or a dump, which may stand in a file of its own or inside the config.

use std::path::PathBuf;

use crisp_mock_server::fault::FaultPlan;
use crisp_mock_server::schema::{Review, Rules, SettingsSchema, review};
use crisp_mock_server::state::State;
use crisp_mock_server::stub::StubFile;
use serde_json::Value;

use crate::document::{self, Document, Problem, read_text};
use crate::failure::Failure;

/// Where a part of the options comes from.
pub enum Source {
    /// A file of its own.
    File(PathBuf),
    /// It stands in the config file.
    Inline(Value),
}

/// Why a source cannot be used.
pub enum Unusable {
    /// What is wrong where it stands in the config file.
    Inline(Vec<Problem>),
    /// The file of its own cannot be read, or does not fit.
    File(Failure),
}

impl From<Failure> for Unusable {
    fn from(failure: Failure) -> Self {
        Self::File(failure)
    }
}

impl Source {
    /// Reads a settings schema, and what to say about one that is accepted: `remarks` for a file of
    /// its own, problems for one in the config file.
    pub fn schema(self, rules: Rules) -> Result<(Value, String, Vec<Problem>), Unusable> {
        match self {
            Self::File(path) => {
                let name = path.display().to_string();
                let (schema, remarks) = judge_schema(&name, &read_text(&path)?, rules)?;
                Ok((schema.raw().clone(), remarks, Vec::new()))
            }
            Self::Inline(value) => {
                let schema = SettingsSchema::from_value(value.clone(), rules)
                    .map_err(|problems| Unusable::Inline(under("/schema", problems)))?;
                let warnings = under("/schema", schema.warnings().to_vec());
                Ok((value, String::new(), warnings))
            }
        }
    }

    /// Reads a dump of a world.
    pub fn state(self) -> Result<Value, Unusable> {
        self.value("/state", judge_state, |state| State::parse(state).err())
    }

    /// Reads a file of stubs.
    pub fn stubs(self) -> Result<Value, Unusable> {
        self.value("/stub_file", judge_stubs, |stubs| StubFile::parse(stubs).err())
    }

    /// Reads a fault plan.
    pub fn faults(self) -> Result<Value, Unusable> {
        self.value("/faults", judge_plan, |plan| FaultPlan::parse_for_server(plan).err())
    }

    fn value(
        self,
        base: &str,
        judge: fn(&Document) -> Result<(), Failure>,
        problems: fn(&Value) -> Option<Vec<Problem>>,
    ) -> Result<Value, Unusable> {
        match self {
            Self::File(path) => {
                let document = document::read(&path)?;
                judge(&document)?;
                Ok(document.exact_value())
            }
            Self::Inline(value) => match problems(&value) {
                None => Ok(value),
                Some(problems) => Err(Unusable::Inline(under(base, problems))),
            },
        }
    }
}

fn under(base: &str, problems: Vec<Problem>) -> Vec<Problem> {
    problems.into_iter().map(|problem| problem.under(base)).collect()
}

/// Judges a settings schema: itself, and what to say about one that is accepted.
///
/// # Errors
///
/// [`Failure::BadFile`] with everything that is wrong.
pub fn judge_schema(
    name: &str,
    text: &str,
    rules: Rules,
) -> Result<(SettingsSchema, String), Failure> {
    let Review { schema, report } = review(name, text, rules);
    match schema {
        Ok(schema) => Ok((schema, report)),
        Err(_) => Err(Failure::BadFile { report }),
    }
}

/// Judges a dump.
///
/// # Errors
///
/// [`Failure::BadFile`] with everything that is wrong.
pub fn judge_state(document: &Document) -> Result<(), Failure> {
    let problems = State::parse(&document.value()).err().unwrap_or_default();
    Ok(document.refuse(problems)?)
}

/// Judges a file of stubs.
///
/// # Errors
///
/// [`Failure::BadFile`] with everything that is wrong.
pub fn judge_stubs(document: &Document) -> Result<(), Failure> {
    let problems = StubFile::parse(&document.value()).err().unwrap_or_default();
    Ok(document.refuse(problems)?)
}

/// Judges a fault plan.
///
/// # Errors
///
/// [`Failure::BadFile`] with everything that is wrong.
pub fn judge_plan(document: &Document) -> Result<(), Failure> {
    let problems = FaultPlan::parse_for_server(&document.value()).err().unwrap_or_default();
    Ok(document.refuse(problems)?)
}
