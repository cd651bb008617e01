//! `crisp-mock validate`: is this file valid, and if not, what is wrong where.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use crisp_harness::world::Prepared;
use crisp_harness::zoo;
use crisp_mock_server::schema::Rules;
use serde_json::Value;

use crate::document::{Document, Problem, read_text};
use crate::failure::Failure;
use crate::options::{self, judge_config, judge_plan, judge_schema, judge_stubs};
use crate::terminal;

/// What is to be judged.
#[derive(Debug, Args)]
pub struct ValidateArguments {
    /// Files to judge; what kind each is, its content says
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Judge every file as this kind
    #[arg(long, env = "CRISP_MOCK_KIND")]
    pub kind: Option<Kind>,
}

/// A kind of file that can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A plugin's settings schema, as `serve --schema` takes it
    Schema,
    /// Server options, as `serve --config` takes them
    Config,
    /// A fault plan, as `serve --faults` takes it
    Faults,
    /// A scenario, as `replay` takes it
    Scenario,
    /// A file of stubs, as `serve --stub-file` takes it
    Stubs,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Schema => "settings schema",
            Self::Config => "server config",
            Self::Faults => "fault plan",
            Self::Scenario => "scenario",
            Self::Stubs => "file of stubs",
        }
    }
}

/// Judges every file, and fails when any of them is not valid.
pub fn run(arguments: &ValidateArguments) -> Result<ExitCode, Failure> {
    let mut worst = 0;
    for path in &arguments.files {
        match judge(path, arguments.kind) {
            Ok(Verdict { kind, remarks }) => {
                if !remarks.is_empty() {
                    terminal::complain(&remarks);
                }
                terminal::say(&format!("{}: valid ({})", path.display(), kind.name()));
            }
            Err(failure) => {
                terminal::complain(&failure.shown());
                worst = worst.max(failure.exit_code());
            }
        }
    }
    Ok(ExitCode::from(worst))
}

struct Verdict {
    kind: Kind,
    remarks: String,
}

fn judge(path: &Path, kind: Option<Kind>) -> Result<Verdict, Failure> {
    let text = read_text(path)?;
    let name = path.display().to_string();
    let kind = match kind {
        Some(kind) => kind,
        None => detect(&Document::parse(&name, text.clone())?)?,
    };
    let remarks = match kind {
        Kind::Schema => judge_schema(&name, &text, Rules::default())?.1,
        Kind::Config => {
            let folder = path.parent().unwrap_or(Path::new(""));
            judge_config(&Document::parse(&name, text)?, folder)?.remarks
        }
        Kind::Faults => {
            judge_plan(&Document::parse(&name, text)?)?;
            String::new()
        }
        Kind::Scenario => judge_scenario(&name, &text)?,
        Kind::Stubs => {
            judge_stubs(&Document::parse(&name, text)?)?;
            String::new()
        }
    };
    Ok(Verdict { kind, remarks })
}

fn judge_scenario(name: &str, text: &str) -> Result<String, Failure> {
    let invalid = |report: String| Failure::BadFile { report };
    let scenario = zoo::parse(name, text).map_err(|mistakes| invalid(mistakes.to_string()))?;
    // What the file says alone is right; whether a world can be made of it is asked here.
    Prepared::new(scenario.into()).map_err(|problem| invalid(format!("{name}:1:1: {problem}")))?;
    Ok(String::new())
}

/// Keys by which a settings schema is known.
const SCHEMA_KEYS: [&str; 12] = [
    "$schema",
    "$id",
    "id",
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "definitions",
];
/// Keys by which a fault is known.
const FAULT_KEYS: [&str; 6] = ["at", "window", "status", "throttle", "delay", "times"];
/// Keys by which a scenario is known. `name` counts twice: no other kind of file has one, while
/// `faults` stand in a config, too.
const SCENARIO_KEYS: [&str; 10] =
    ["name", "name", "about", "server", "client", "start", "when", "expect", "kills", "found"];

/// Keys by which a stub with its data is known. A config has no `data`.
const STUB_KEYS: [&str; 3] = ["stub", "data", "reason"];

/// Which kind of file this is, by its keys.
fn detect(document: &Document) -> Result<Kind, Failure> {
    let value = document.value();
    let members = match &value {
        Value::Object(members) => members,
        Value::Array(items) if items.iter().all(Value::is_object) => {
            let is_stub = |item: &Value| item.get("stub").is_some();
            return Ok(if items.iter().any(is_stub) { Kind::Stubs } else { Kind::Faults });
        }
        _ => return Err(unknown(document)),
    };
    // `schema` and `key` are options too, and `$schema` is allowed in a config.
    let config_keys = options::keys().iter().filter(|key| members.contains_key(*key)).count();
    let count = |keys: &[&str]| keys.iter().filter(|key| members.contains_key(**key)).count();
    let known = [
        (count(&SCHEMA_KEYS), Kind::Schema),
        (count(&FAULT_KEYS), Kind::Faults),
        (count(&SCENARIO_KEYS), Kind::Scenario),
        (count(&STUB_KEYS), Kind::Stubs),
        (config_keys, Kind::Config),
    ];
    let most = known.iter().map(|(count, _)| *count).max().unwrap_or(0);
    let mut best = known.iter().filter(|(count, _)| *count == most && most > 0);
    match (best.next(), best.next()) {
        (Some((_, kind)), None) => Ok(*kind),
        _ => Err(unknown(document)),
    }
}

fn unknown(document: &Document) -> Failure {
    let problem = Problem::value("", "nothing in it says what kind of file this is")
        .hint("say so with `--kind schema`, `config`, `faults`, `scenario` or `stubs`");
    document.invalid(vec![problem]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<Kind> {
        detect(&Document::parse("a", text.to_owned()).unwrap()).ok()
    }

    #[test]
    fn the_content_says_what_kind_of_file_it_is() {
        for (text, expected) in [
            (r#"{"type": "object"}"#, Some(Kind::Schema)),
            (r#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#, Some(Kind::Schema)),
            ("websites: 3\n", Some(Kind::Config)),
            ("schema: a.json\nfaults: b.yaml\n", Some(Kind::Config)),
            ("- { at: list, reset: true }\n", Some(Kind::Faults)),
            ("at: list\nreset: true\n", Some(Kind::Faults)),
            ("[]", Some(Kind::Faults)),
            ("- { stub: GET website/*=200, data: {} }\n", Some(Kind::Stubs)),
            ("stub: GET website/*=200\ndata: {}\n", Some(Kind::Stubs)),
            ("stub: GET website/*=200\n", None),
            ("name: a\nstart: {}\nfaults: []\nexpect: {}\n", Some(Kind::Scenario)),
            ("{}", None),
            ("5", None),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }
}
