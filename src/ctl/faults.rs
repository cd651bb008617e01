//! Faults from a shell.

use std::path::{Path, PathBuf};

use clap::Args;
use crisp_mock_server::fault::FaultPlan;
use reqwest::Method;
use serde_json::{Map, Value};

use super::assignment;
use super::call::Call;
use crate::document;
use crate::failure::Failure;
use crate::options::whole;
use crate::terminal::{FAINT, GOOD, ODD, STRONG};

/// `ctl fault`
///
/// `crisp-mock ctl fault "since#2" status=503`; `crisp-mock ctl fault window=0s..20s reset`.
#[derive(Debug, Args)]
pub struct Faults {
    /// Which requests (`since#2`, `list/2#1`, `save_settings#every:3`), then one effect and its
    /// limits as NAME=VALUE; a name alone means true
    #[arg(value_name = "TARGET NAME[=VALUE]", conflicts_with_all = ["plan", "list", "remove", "clear"])]
    words: Vec<String>,

    /// Arm a whole plan, as `serve --faults` takes it; none of it when something in it is wrong
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "remove", "clear"])]
    plan: Option<PathBuf>,

    /// Show what is armed, and how often each fired
    #[arg(long)]
    list: bool,

    /// Remove one, by the id that --list shows
    #[arg(long, value_name = "ID", conflicts_with = "list", value_parser = whole::<u64>)]
    remove: Option<u64>,

    /// Remove all
    #[arg(long, conflicts_with_all = ["list", "remove"])]
    clear: bool,
}

impl Faults {
    pub(super) fn call(self) -> Result<Call, Failure> {
        if let Some(id) = self.remove {
            let removed = move |_: &Value| format!("removed fault {id}");
            return Ok(Call::delete(format!("/faults/{id}"), removed));
        }
        if self.clear {
            let removed = |answer: &Value| format!("removed {} faults", answer["removed"]);
            return Ok(Call::delete("/faults", removed));
        }
        if let Some(file) = &self.plan {
            return arm(file);
        }
        if self.words.is_empty() {
            return Ok(Call::get("/faults", listed));
        }
        let fault = fault(&self.words)?;
        Ok(Call::send(Method::POST, "/faults", fault.clone(), move |answer| {
            format!("armed fault {STRONG}{}{STRONG:#}  {fault}", answer["ids"][0])
        }))
    }
}

/// Arms the plan of a file. It is judged here, where its name and its lines are known, before it is sent.
fn arm(file: &Path) -> Result<Call, Failure> {
    let document = document::read(file)?;
    let plan = document.value();
    FaultPlan::parse_for_server(&plan).map_err(|problems| document.invalid(problems))?;
    Ok(Call::send(Method::POST, "/faults", plan, |answer| {
        let ids = answer["ids"].as_array().into_iter().flatten().map(Value::to_string);
        format!("armed fault {STRONG}{}{STRONG:#}", ids.collect::<Vec<_>>().join(", "))
    }))
}

/// The fault that the words describe: a first word without `=` that is followed by others is the
/// target.
fn fault(words: &[String]) -> Result<Value, Failure> {
    let (at, rest) = match words {
        [first, rest @ ..] if !first.contains('=') => (Some(first), rest),
        all => (None, all),
    };
    let mut fault = Map::new();
    if let Some(at) = at {
        fault.insert("at".to_owned(), at.clone().into());
    }
    for (name, value) in assignment::object(rest)? {
        if fault.insert(name, value).is_some() {
            let message = "the target is given twice: as the first word and as `at`";
            return Err(Failure::usage(message, "leave one of them out"));
        }
    }
    Ok(fault.into())
}

fn listed(answer: &Value) -> String {
    let faults = answer["faults"].as_array().map(Vec::as_slice).unwrap_or_default();
    if faults.is_empty() {
        return "no fault is armed".to_owned();
    }
    let lines = faults.iter().map(|report| {
        let fired = match report["fired"].as_u64() {
            Some(0) | None => format!("{ODD}never fired{ODD:#}"),
            Some(times) => format!("{GOOD}fired {times}×{GOOD:#}"),
        };
        let shadowed = match report["shadowed"].as_u64() {
            Some(0) | None => String::new(),
            Some(times) => format!("  {FAINT}({times}× another came first){FAINT:#}"),
        };
        format!("{STRONG}{:<3}{STRONG:#} {fired}  {}{shadowed}", report["id"], report["fault"])
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Result<Value, Failure> {
        fault(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn words_become_one_fault() {
        assert_eq!(
            words(&["since#2", "status=503", "retry_after=20s"]).unwrap(),
            serde_json::json!({ "at": "since#2", "status": 503, "retry_after": "20s" })
        );
        assert_eq!(
            words(&["window=0s..20s", "reset"]).unwrap(),
            serde_json::json!({ "window": "0s..20s", "reset": true })
        );
        assert!(words(&["list", "at=since", "reset"]).is_err());
    }
}
