//! Quota, quirks and schema from a shell.

use std::path::PathBuf;

use clap::Args;
use crisp_mock_server::quirks::{Quirks, TABLE};
use crisp_mock_server::schema::{Rules, review};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::Desk;
use super::show::text;
use crate::document::read_text;
use crate::failure::Failure;
use crate::options::{Quota, quirk, quota, whole};
use crate::terminal::{FAINT, ODD, STRONG, complain};

/// `ctl quota`
#[derive(Debug, Args)]
pub struct SetQuota {
    /// Requests a day from now on, or `off`
    #[arg(value_name = "N", value_parser = quota)]
    limit: Option<Quota>,

    /// How many count as made today
    #[arg(long, value_name = "N", value_parser = whole::<u64>)]
    used: Option<u64>,
}

impl SetQuota {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let mut body = Map::new();
        if let Some(Quota(limit)) = self.limit {
            body.insert("limit".to_owned(), json!(limit));
        }
        if let Some(used) = self.used {
            body.insert("used".to_owned(), used.into());
        }
        let answer = if body.is_empty() {
            desk.emulator.get("/quota").await?
        } else {
            desk.emulator.send(Method::PUT, "/quota", Some(&body.into())).await?
        };
        desk.show(&answer, |answer| match answer["limit"].as_u64() {
            None => format!("no limit; {} requests today", answer["used"]),
            Some(limit) => format!(
                "{} of {limit} requests used; anew at {}",
                answer["used"],
                text(answer, "resets_at")
            ),
        })
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
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        if self.settings.is_empty() {
            return desk.show(&desk.emulator.get("/quirks").await?, table);
        }
        let body: Map<String, Value> = self
            .settings
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into()))
            .collect();
        let answer = desk.emulator.send(Method::PUT, "/quirks", Some(&body.into())).await?;
        desk.show(&answer, |answer| {
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
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let Some(file) = self.file else {
            let schema = desk.emulator.get("/schema").await?;
            return desk.show(&schema, |schema| format!("{schema:#}"));
        };
        // Judged here too, where the places in the file are known.
        let name = file.display().to_string();
        let judged = review(&name, &read_text(&file)?, Rules::default());
        let schema =
            judged.schema.map_err(|_| Failure::BadFile { report: judged.report.clone() })?;
        if !judged.report.is_empty() {
            complain(&judged.report);
        }
        let answer = desk.emulator.send(Method::PUT, "/schema", Some(schema.raw())).await?;
        desk.show(&answer, |_| format!("{name} is the schema from now on"))
    }
}
