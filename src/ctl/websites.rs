//! Websites, as an operator changes them in the dashboard.

use clap::Args;
use crisp_mock_server::id::WebsiteId;
use reqwest::Method;
use serde_json::{Value, json};

use super::assignment::{self, members};
use super::call::Call;
use super::show::{names, text, website};
use crate::failure::Failure;

/// Settings, as they are given in a shell.
#[derive(Debug, Args)]
pub struct Settings {
    /// Settings: a value that is JSON is taken as that, any other as a text (`n=5`, `n='"5"'`)
    #[arg(value_name = "NAME=VALUE")]
    pairs: Vec<String>,

    /// The settings as one JSON object
    #[arg(long, value_name = "OBJECT", conflicts_with = "pairs")]
    json: Option<String>,
}

impl Settings {
    fn read(&self) -> Result<Option<Value>, Failure> {
        assignment::settings(&self.pairs, self.json.as_deref())
    }
}

/// `ctl save`
#[derive(Debug, Args)]
pub struct Save {
    /// The website, as w1 or by its UUID
    website: WebsiteId,

    #[command(flatten)]
    settings: Settings,
}

impl Save {
    pub(super) fn call(self) -> Result<Call, Failure> {
        let settings = self.settings.read()?.ok_or_else(|| {
            Failure::usage(
                "there is nothing to save",
                "write `crisp-mock ctl save w1 message=Hi`; `--json '{}'` saves empty settings",
            )
        })?;
        let path = format!("/websites/{}/settings", self.website);
        Ok(Call::send(Method::PUT, path, settings, |answer| line("saved", answer)))
    }
}

/// `ctl install`
#[derive(Debug, Args)]
pub struct Install {
    /// The website, as w26 or by its UUID [default: the next that never was]
    website: Option<WebsiteId>,

    #[command(flatten)]
    settings: Settings,

    /// The website's plan: Free, Mini, Essentials, Plus or another name
    #[arg(long, value_name = "NAME")]
    plan: Option<String>,

    /// What the plugin costs it, in the API's `price`
    #[arg(long, value_name = "N")]
    price: Option<u16>,
}

impl Install {
    pub(super) fn call(self) -> Result<Call, Failure> {
        let body = members([
            ("website_id", self.website.map(|website| json!(website))),
            ("settings", self.settings.read()?),
            ("plan", self.plan.map(Value::from)),
            ("price", self.price.map(Value::from)),
        ]);
        Ok(Call::send(Method::POST, "/websites", body.into(), |answer| line("installed", answer)))
    }
}

/// `ctl uninstall`
#[derive(Debug, Args)]
pub struct Uninstall {
    /// The website, as w1 or by its UUID
    website: WebsiteId,
}

impl Uninstall {
    pub(super) fn call(self) -> Call {
        Call::delete(format!("/websites/{}", self.website), |answer| {
            format!("uninstalled  {}", names(text(answer, "name"), text(answer, "website_id")))
        })
    }
}

/// `ctl plan`
#[derive(Debug, Args)]
pub struct Change {
    /// The website, as w1 or by its UUID
    website: WebsiteId,

    /// Its new plan: Free, Mini, Essentials, Plus or another name
    #[arg(required_unless_present = "price")]
    plan: Option<String>,

    /// What the plugin costs it from now on
    #[arg(long, value_name = "N")]
    price: Option<u16>,
}

impl Change {
    pub(super) fn call(self) -> Call {
        let plan = ("plan", self.plan.map(Value::from));
        let body = members([plan, ("price", self.price.map(Value::from))]);
        let path = format!("/websites/{}", self.website);
        Call::send(Method::PATCH, path, body.into(), |answer| line("changed", answer))
    }
}

/// `ctl websites`
#[derive(Debug, Args)]
pub struct Show {
    /// One website alone, as w1 or by its UUID
    website: Option<WebsiteId>,
}

impl Show {
    pub(super) fn call(self) -> Call {
        match self.website {
            Some(id) => {
                Call::get(format!("/websites/{id}"), move |answer| in_full(&id.to_string(), answer))
            }
            None => Call::get("/websites", listed),
        }
    }
}

fn listed(answer: &Value) -> String {
    let mut websites: Vec<_> = answer["websites"].as_object().into_iter().flatten().collect();
    // By number: w2 before w10; those without a short name last.
    websites.sort_by_key(|(id, website)| {
        let number = text(website, "name").strip_prefix('w').map(str::parse::<u64>);
        (number.and_then(Result::ok).unwrap_or(u64::MAX), (*id).clone())
    });
    let lines: Vec<_> = websites.iter().map(|(id, one)| website(id, one)).collect();
    if lines.is_empty() { "no website has the plugin".to_owned() } else { lines.join("\n") }
}

fn in_full(id: &str, answer: &Value) -> String {
    let mut lines = vec![website(id, answer)];
    for key in ["company", "domain", "token", "installed_at", "changed_at", "settings_url"] {
        if let Some(value) = answer[key].as_str() {
            lines.push(format!("  {key:<13} {value}"));
        }
    }
    lines.join("\n")
}

fn line(done: &str, answer: &Value) -> String {
    format!("{done}  {}", website(text(answer, "website_id"), answer))
}
