//! Quota, quirks and schema from a shell.

use std::path::PathBuf;

use clap::Args;
use crisp_mock_server::quirks::{Quirks, TABLE};
use crisp_mock_server::schema::Rules;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::assignment::members;
use super::call::Call;
use super::show::text;
use crate::document::read_text;
use crate::failure::Failure;
use crate::options::{Quota, judge_schema, quirk, whole};
use crate::terminal::{FAINT, ODD, STRONG, complain};

/// `ctl quota`
#[derive(Debug, Args)]
pub struct SetQuota {
    /// Requests a day from now on, or `off`
    #[arg(value_name = "N")]
    limit: Option<Quota>,

    /// How many count as made today
    #[arg(long, value_name = "N", value_parser = whole::<u64>)]
    used: Option<u64>,
}

impl SetQuota {
    pub(super) fn call(self) -> Call {
        let limit = self.limit.map(|Quota(limit)| json!(limit));
        let body = members([("limit", limit), ("used", self.used.map(Value::from))]);
        if body.is_empty() {
            Call::get("/quota", usage)
        } else {
            Call::send(Method::PUT, "/quota", body.into(), usage)
        }
    }
}

fn usage(answer: &Value) -> String {
    let (used, anew) = (&answer["used"], text(answer, "resets_at"));
    match answer["limit"].as_u64() {
        None => format!("no limit; {used} requests today"),
        Some(limit) => format!("{used} of {limit} requests used; anew at {anew}"),
    }
}

/// `ctl quirks`
#[derive(Debug, Args)]
pub struct SetQuirks {
    /// What to change
    #[arg(value_name = "NAME=VALUE", value_parser = quirk)]
    settings: Vec<(String, String)>,
}

impl SetQuirks {
    pub(super) fn call(self) -> Call {
        if self.settings.is_empty() {
            return Call::get("/quirks", table);
        }
        let body: Map<String, Value> = self
            .settings
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into()))
            .collect();
        Call::send(Method::PUT, "/quirks", body.into(), move |answer| {
            let lines = self.settings.iter().map(|(name, _)| {
                let name = name.replace('_', "-");
                format!("{name} = {STRONG}{}{STRONG:#}", text(answer, &name))
            });
            lines.collect::<Vec<_>>().join("\n")
        })
    }
}

/// Every quirk with its value; what is not the default stands out.
fn table(answer: &Value) -> String {
    let defaults = Quirks::default().values();
    let widest = TABLE.iter().map(|about| about.name.len()).max().unwrap_or(0);
    let lines = TABLE.iter().zip(&defaults).map(|(about, (_, default))| {
        let value = text(answer, about.name);
        let style = if value == default { STRONG } else { ODD };
        let mut others = vec![default.as_str()];
        others.extend(about.alternatives);
        others.retain(|other| *other != value);
        let name = about.name;
        let others = others.join(", ");
        format!("{name:<widest$}  {style}{value}{style:#}  {FAINT}or {others}{FAINT:#}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// `ctl schema`
#[derive(Debug, Args)]
pub struct SetSchema {
    /// The schema from now on
    file: Option<PathBuf>,
}

impl SetSchema {
    pub(super) fn call(self) -> Result<Call, Failure> {
        let Some(file) = self.file else {
            return Ok(Call::get("/schema", |schema| format!("{schema:#}")));
        };
        // The server judges it as well, but only here are the lines of the file known.
        let name = file.display().to_string();
        let (schema, remarks) = judge_schema(&name, &read_text(&file)?, Rules::default())?;
        if !remarks.is_empty() {
            complain(&remarks);
        }
        Ok(Call::send(Method::PUT, "/schema", schema.raw().clone(), move |_| {
            format!("{name} is the schema from now on")
        }))
    }
}
