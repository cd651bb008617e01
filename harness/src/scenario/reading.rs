//! Reading a scenario, and the JSON Schema of the language for editors.

use crisp_mock_server::document::{self, Document, Form, Invalid, Language, Node, Problem};
use crisp_mock_server::fault::FaultPlan;
use serde_json::Value;

use super::{MutantLookup, Scenario, Spot, check, whole};

impl Language for Scenario {
    fn forms() -> Vec<Form> {
        FaultPlan::forms().into_iter().chain([Form::of::<Spot>()]).collect()
    }

    fn problems(&self, node: &Node) -> Vec<Problem> {
        check::problems(self, node)
    }
}

/// The JSON Schema of a scenario file, for editors; `mutants` are the names that `kills` may have.
/// What a schema cannot say (a page that the list never has, a fault that never fires) only
/// [`Scenario::parse`] refuses.
#[must_use]
pub fn json_schema(mutants: &[&str]) -> Value {
    let mut schema = document::json_schema::<Scenario>();
    let name = serde_json::json!({ "type": "string", "enum": mutants });
    schema["properties"]["kills"]["anyOf"] =
        serde_json::json!([name, { "type": "array", "items": name }]);
    schema
}

impl Scenario {
    /// Reads a scenario; `file` is only for the messages. Names under `kills` are taken as they are:
    /// [`zoo::parse`](crate::zoo::parse) looks them up as well.
    ///
    /// # Errors
    ///
    /// Every mistake, with line, column, and the nearest thing that would be right.
    pub fn parse(file: &str, text: &str) -> Result<Self, Invalid> {
        Self::parse_with(file, text, |_| Ok(()))
    }

    /// Reads a scenario and looks the names under `kills` up.
    ///
    /// # Errors
    ///
    /// As [`Scenario::parse`], and a name that `mutants` does not know.
    pub fn parse_with(file: &str, text: &str, mutants: MutantLookup) -> Result<Self, Invalid> {
        whole::refuse_half(file, text)?;
        let document = Document::parse(file, text)?;
        let mut problems = check::kills(document.root(), mutants);
        problems.extend(check::quirks(document.root()));
        match document::read::<Self>(document.root()) {
            Ok(mut scenario) if problems.is_empty() => {
                scenario.name = scenario.name.trim().to_owned();
                scenario.about = scenario.about.map(|about| about.trim().to_owned());
                for (name, _) in &mut scenario.server.quirks.0 {
                    *name = name.replace('_', "-");
                }
                return Ok(scenario);
            }
            Ok(_) => {}
            Err(more) => problems.extend(more),
        }
        Err(document.invalid(problems))
    }
}
