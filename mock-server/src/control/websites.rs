//! Websites, as an operator changes them at the dashboard.

use std::sync::Arc;

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::control::error::ControlError;
use crate::control::extract::{Asked, Chosen, Order, Replacement, Website};
use crate::control::json::Json;
use crate::document::{Form, Language};
use crate::engine::{self, Installation, Plan, Refusal, Writer, numbers};
use crate::exact;
use crate::form::WebsiteName;
use crate::id::WebsiteId;
use crate::quirks::Numbers;
use crate::sample;
use crate::space::Space;
use crate::spaces::{SharedSpace, system_clock};

/// What `GET /_mock/websites` is asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    search: Option<String>,
    #[serde(default)]
    offset: usize,
    limit: Option<usize>,
}

/// `GET /_mock/websites`: the truth, whole or a page of it.
pub async fn list(Chosen(cell): Chosen, Asked(question): Asked<Question>) -> Json<Value> {
    let (all, seed) = {
        let space = cell.lock();
        (space.world.directory().installed().to_vec(), space.blueprint().seed)
    };
    // Names are made up for each website that is looked at: without the lock, and no further than the page.
    let wanted = question.search.as_deref().map(str::trim).unwrap_or_default().to_lowercase();
    let mut matching =
        all.iter().filter(|website| says(website, seed, &wanted)).skip(question.offset);
    let limit = question.limit.unwrap_or(usize::MAX);
    let page: Vec<_> = matching.by_ref().take(limit).collect();
    let has_more = matching.next().is_some();
    let space = cell.lock();
    let websites: Map<String, Value> =
        page.iter().map(|website| (website.id.to_string(), describe(&space, website))).collect();
    let body = json!({ "websites": websites, "installed": all.len(), "has_more": has_more });
    Json::of(&space, body)
}

/// Whether a website says a text in lower case: in its ids, its token, its plan or its made-up name.
fn says(website: &engine::Website, seed: u64, wanted: &str) -> bool {
    let says = |text: &str| text.to_lowercase().contains(wanted);
    wanted.is_empty()
        || website.id.short() == wanted
        || says(&website.id.to_string())
        || says(&website.token.to_string())
        || says(&website.plan.name)
        || website.id.number().is_some_and(|number| {
            let made_up = sample::website(seed, number);
            says(&made_up.name) || says(&made_up.domain)
        })
}

/// How many changes of a website are shown, the newest.
const MOST_SHOWN: usize = 100;

/// `GET /_mock/websites/{id}/history`: what changed and who changed it (`plugin`; `operator`, with a token
/// of their own; `control`, this API), as far back as the world remembers.
pub async fn history(Chosen(cell): Chosen, Website(id): Website) -> Json<Value> {
    let space = cell.lock();
    let quirk = space.world.quirks.numbers;
    let changes = space.world.changes_of(id).take(MOST_SHOWN);
    let changes: Vec<_> = changes.map(|change| changed_by(change, quirk)).collect();
    Json::of(&space, json!({ "website_id": id, "name": id.short(), "changes": changes }))
}

fn changed_by(change: &engine::Change, quirk: Numbers) -> Value {
    let website = change.after.website();
    let settings = numbers::parsed(website.settings_or_empty(), quirk);
    json!({
        "kind": match change.kind {
            engine::Kind::Installed => "installed",
            engine::Kind::Updated => "updated",
            engine::Kind::Removed => "removed",
        },
        "by": change.by,
        "time": change.after.version().stamp.to_string(),
        "elapsed_ms": system_clock::in_millis(change.elapsed),
        "settings": settings,
        "plan": website.plan.name,
        "price": website.price,
    })
}

/// `GET /_mock/websites/{id}`
pub async fn show(Chosen(cell): Chosen, Website(id): Website) -> Result<Json<Value>, ControlError> {
    let space = cell.lock();
    let website = space.world.website(id).ok_or_else(|| unknown(id))?;
    Ok(Json::of(&space, identified(&space, website)))
}

/// What `POST /_mock/websites` takes.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "an installation"))]
pub struct Install {
    /// A UUID or a short name like w7; left out: the next short name that is free.
    website_id: Option<WebsiteName>,
    /// Left out: not configured.
    settings: Option<Map<String, Value>>,
    plan: Option<PlanName>,
    price: Option<u16>,
}

impl Language for Install {
    fn forms() -> Vec<Form> {
        vec![Form::of::<WebsiteName>()]
    }
}

/// A plan, by its name (Free, Mini, Essentials, Plus, or any other) or in full.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("x-name" = "a plan's name (Free, Mini, Essentials, Plus) or {id, name, trialing}"))]
enum PlanName {
    Name(String),
    Plan(Plan),
}

impl PlanName {
    fn into_plan(self) -> Plan {
        match self {
            Self::Plan(plan) => plan,
            Self::Name(name) => {
                let id = crate::id::derive_uuid(&["plan", &name]).to_string();
                Plan { id, name, trialing: false }
            }
        }
    }
}

/// `POST /_mock/websites`: the plugin is installed on a website.
pub async fn install(
    Chosen(cell): Chosen,
    Order(install): Order<Install>,
) -> Result<(StatusCode, Json<Value>), ControlError> {
    let how = Installation {
        settings: install.settings.map(Value::Object),
        plan: install.plan.map(PlanName::into_plan),
        price: install.price.unwrap_or(0),
    };
    let body = write(&cell, |space| {
        let id = install.website_id.map(WebsiteId::from);
        let id = id.unwrap_or_else(|| space.world.next_website());
        let now = space.now(system_clock::elapsed());
        let website = space.world.install(now, id, how).map_err(refused)?;
        Ok(Json::of(space, identified(space, &website)))
    })?;
    Ok((StatusCode::CREATED, body))
}

/// `DELETE /_mock/websites/{id}`: it is uninstalled.
pub async fn uninstall(
    Chosen(cell): Chosen,
    Website(id): Website,
) -> Result<Json<Value>, ControlError> {
    write(&cell, |space| {
        let now = space.now(system_clock::elapsed());
        space.world.uninstall(now, id).map_err(refused)?;
        Ok(Json::of(space, json!({"website_id": id, "name": id.short(), "removed": true})))
    })
}

/// What `PATCH /_mock/websites/{id}` takes.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "a change"))]
#[schemars(extend("minProperties" = 1))]
pub struct Change {
    plan: Option<PlanName>,
    price: Option<u16>,
}

impl Language for Change {
    fn forms() -> Vec<Form> {
        Vec::new()
    }
}

/// `PATCH /_mock/websites/{id}`: its plan or its price changes.
pub async fn change(
    Chosen(cell): Chosen,
    Website(id): Website,
    Order(change): Order<Change>,
) -> Result<Json<Value>, ControlError> {
    if change.plan.is_none() && change.price.is_none() {
        return Err(ControlError::bad_request("nothing to change", "send `plan`, `price` or both"));
    }
    write(&cell, |space| {
        let now = space.now(system_clock::elapsed());
        let plan = change.plan.map(PlanName::into_plan);
        space.world.set_plan(now, id, plan, change.price).map_err(refused)?;
        changed(space, id)
    })
}

/// `PUT /_mock/websites/{id}/settings`: an operator saves from the dashboard.
pub async fn save(
    Chosen(cell): Chosen,
    Website(id): Website,
    settings: Replacement,
) -> Result<Json<Value>, ControlError> {
    let settings = settings.read(exact::read)?;
    write(&cell, |space| {
        let now = space.now(system_clock::elapsed());
        space.world.save(now, id, settings, Writer::Operator).map_err(refused)?;
        changed(space, id)
    })
}

/// Changes a world and wakes the calls that wait for it.
pub(super) fn write<T>(
    cell: &Arc<SharedSpace>,
    change: impl FnOnce(&mut Space) -> Result<T, ControlError>,
) -> Result<T, ControlError> {
    let result = {
        let mut space = cell.lock();
        let recorded = space.world.recorded();
        let result = change(&mut space);
        if result.is_ok() {
            space.world.ascribe(recorded, Writer::Control);
            space.written_from_outside();
            let now = space.now(system_clock::elapsed());
            space.take_in_events(now);
        }
        result
    };
    cell.notify();
    result
}

fn changed(space: &mut Space, id: WebsiteId) -> Result<Json<Value>, ControlError> {
    let website = space.world.website(id).ok_or_else(|| unknown(id))?;
    Ok(Json::of(space, identified(space, website)))
}

fn identified(space: &Space, website: &engine::Website) -> Value {
    let mut described = describe(space, website);
    described["website_id"] = json!(website.id);
    described
}

fn describe(space: &Space, website: &engine::Website) -> Value {
    let quirk = space.world.quirks.numbers;
    let settings = numbers::parsed(website.settings_or_empty(), quirk);
    let mut described = json!({
        "name": website.id.short(),
        "token": website.token,
        "settings": settings,
        "configured": space.world.is_configured(website),
        "plan": *website.plan,
        "price": website.price,
        "installed_at": website.installed.stamp.to_string(),
        "changed_at": website.changed.stamp.to_string(),
    });
    if let Some(number) = website.id.number() {
        let made_up = sample::website(space.blueprint().seed, number);
        described["company"] = json!(made_up.name);
        described["domain"] = json!(made_up.domain);
    }
    if let Some(page) = &space.plugin().settings_url {
        described["settings_url"] = json!(settings_url(page, website));
    }
    described
}

/// The settings page as Crisp opens it (docs/wire.md#settings-page).
#[must_use]
pub fn settings_url(page: &str, website: &engine::Website) -> String {
    let (page, fragment) =
        page.split_once('#').map_or((page, None), |(page, rest)| (page, Some(rest)));
    let joint = if page.contains('?') { '&' } else { '?' };
    let query = format!("website_id={}&token={}&locale=en", website.id, website.token);
    let fragment = fragment.map(|rest| format!("#{rest}")).unwrap_or_default();
    format!("{page}{joint}{query}{fragment}")
}

fn unknown(id: WebsiteId) -> ControlError {
    ControlError::not_found(
        format!("website {} ({id}) does not have the plugin", id.short()),
        "install it with POST /_mock/websites, or see GET /_mock/websites",
    )
}

/// Why the world did not change, and what to do next.
pub(super) fn refused(refusal: Refusal) -> ControlError {
    match refusal {
        Refusal::NotSubscribed(id) => unknown(id),
        Refusal::AlreadySubscribed(_) => {
            ControlError::conflict(refusal.to_string(), "DELETE /_mock/websites/{id} uninstalls it")
        }
        Refusal::TooMuch(_) => ControlError::too_much(refusal.to_string()),
        Refusal::NotAnObject(_) | Refusal::Invalid(_) => {
            let hint = "GET /_mock/schema shows the schema; nothing was changed";
            let violations = match &refusal {
                Refusal::Invalid(misfit) => misfit.violations(),
                _ => &[],
            };
            let problems = violations.iter().map(|one| (one.pointer.clone(), one.message.clone()));
            ControlError::bad_request(refusal.to_string(), hint).with_problems(problems)
        }
    }
}
