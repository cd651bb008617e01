//! Websites, as somebody at the dashboard changes them.

use clap::Args;
use crisp_mock_server::id::WebsiteId;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::show::{names, text, website};
use super::{Desk, assignment};
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
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let settings = self.settings.read()?.ok_or_else(|| {
            Failure::usage(
                "there is nothing to save",
                "write `crisp-mock ctl save w1 message=Hi`; `--json '{}'` saves empty settings",
            )
        })?;
        let path = format!("/websites/{}/settings", self.website);
        let answer = desk.emulator.send(Method::PUT, &path, Some(&settings)).await?;
        desk.show(&answer, |answer| line("saved", answer))
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
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let mut body = Map::new();
        if let Some(website) = self.website {
            body.insert("website_id".to_owned(), json!(website));
        }
        if let Some(settings) = self.settings.read()? {
            body.insert("settings".to_owned(), settings);
        }
        add_plan(&mut body, self.plan, self.price);
        let answer = desk.emulator.send(Method::POST, "/websites", Some(&body.into())).await?;
        desk.show(&answer, |answer| line("installed", answer))
    }
}

/// `ctl uninstall`
#[derive(Debug, Args)]
pub struct Uninstall {
    /// The website, as w1 or by its UUID
    website: WebsiteId,
}

impl Uninstall {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let path = format!("/websites/{}", self.website);
        let answer = desk.emulator.send(Method::DELETE, &path, None).await?;
        desk.show(&answer, |answer| {
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
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let mut body = Map::new();
        add_plan(&mut body, self.plan, self.price);
        let path = format!("/websites/{}", self.website);
        let answer = desk.emulator.send(Method::PATCH, &path, Some(&body.into())).await?;
        desk.show(&answer, |answer| line("changed", answer))
    }
}

/// `ctl websites`
#[derive(Debug, Args)]
pub struct Show {
    /// One website alone, as w1 or by its UUID
    website: Option<WebsiteId>,
}

impl Show {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        if let Some(id) = self.website {
            let answer = desk.emulator.get(&format!("/websites/{id}")).await?;
            return desk.show(&answer, |answer| in_full(&id.to_string(), answer));
        }
        let answer = desk.emulator.get("/websites").await?;
        desk.show(&answer, |answer| {
            let members = answer["websites"].as_object().into_iter().flatten();
            let mut websites: Vec<_> = members.collect();
            // By number: w2 before w10, and strangers last.
            websites.sort_by_key(|(id, website)| {
                let number = text(website, "name").strip_prefix('w').map(str::parse::<u64>);
                (number.and_then(Result::ok).unwrap_or(u64::MAX), (*id).clone())
            });
            let lines = websites.iter().map(|(id, one)| website(id, one));
            let lines: Vec<_> = lines.collect();
            if lines.is_empty() { "no website has the plugin".to_owned() } else { lines.join("\n") }
        })
    }
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

fn add_plan(body: &mut Map<String, Value>, plan: Option<String>, price: Option<u16>) {
    if let Some(plan) = plan {
        body.insert("plan".to_owned(), plan.into());
    }
    if let Some(price) = price {
        body.insert("price".to_owned(), price.into());
    }
}

fn line(done: &str, answer: &Value) -> String {
    format!("{done}  {}", website(text(answer, "website_id"), answer))
}
