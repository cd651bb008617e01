//! `crisp-mock schema`

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use crisp_harness::{scenario, zoo};
use crisp_mock_server::document::json_schema;
use crisp_mock_server::fault::FaultPlan;

use crate::failure::Failure;
use crate::{options, terminal};

/// Which file the schema is for.
#[derive(Debug, Args)]
pub struct SchemaArguments {
    /// What kind of file the schema describes
    pub of: Described,
}

/// A kind of file that has a JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Described {
    /// A scenario, as `replay` takes it
    Scenario,
    /// The file of `serve --config`
    Config,
    /// A fault plan, as `serve --faults` takes it
    Faults,
}

/// Prints the schema.
pub fn run(arguments: &SchemaArguments) -> Result<ExitCode, Failure> {
    let schema = match arguments.of {
        Described::Scenario => scenario::json_schema(&zoo::names()),
        Described::Config => options::config_schema(),
        Described::Faults => json_schema::<FaultPlan>(),
    };
    terminal::say(&format!("{schema:#}"));
    Ok(ExitCode::SUCCESS)
}
