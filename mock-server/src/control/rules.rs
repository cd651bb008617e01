//! What a world goes by: its schema, its quirks, its quota.

use axum::Json;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::control::error::ControlError;
use crate::control::extract::{Chosen, Order, Replacement};
use crate::document::{Form, Language, Problem, list};
use crate::quirks::{Quirks, Settings, TABLE};
use crate::sample::SettingsGenerator;
use crate::schema::SettingsSchema;
use crate::space::Space;
use crate::spaces::system_clock;

/// `GET /_mock/schema`
pub async fn schema(Chosen(cell): Chosen) -> Json<Value> {
    Json(cell.lock().world.schema().raw().clone())
}

/// `PUT /_mock/schema`: refused with an explanation when it is not valid.
pub async fn set_schema(
    Chosen(cell): Chosen,
    schema: Replacement,
) -> Result<Json<Value>, ControlError> {
    let schema = schema.read(|json| serde_json::from_slice(json))?;
    let rules = cell.lock().world.quirks.schema_rules();
    let schema =
        SettingsSchema::from_value(schema, rules).map_err(|problems| invalid_schema(&problems))?;
    let warnings: Vec<_> = schema.warnings().iter().map(ToString::to_string).collect();
    cell.lock().world.set_schema(schema);
    Ok(Json(json!({"valid": true, "warnings": warnings})))
}

/// A text as a person wrote it.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "a text"))]
pub struct Written {
    /// The text.
    pub text: String,
}

impl Language for Written {
    fn forms() -> Vec<Form> {
        Vec::new()
    }
}

/// How many websites' settings are made up to show what a schema means.
const SAMPLES: u32 = 3;

/// `POST /_mock/schema/check`: whether a text is a valid schema, what is wrong with it and where, and
/// settings that fit it. Nothing is replaced.
pub async fn check_schema(
    Chosen(cell): Chosen,
    Order(Written { text }): Order<Written>,
) -> Json<Value> {
    let (rules, seed) = {
        let space = cell.lock();
        (space.world.quirks.schema_rules(), space.blueprint().seed)
    };
    let review = crate::schema::review("schema", &text, rules);
    let schema = review.schema.ok();
    let samples: Vec<_> = schema.as_ref().map_or_else(Vec::new, |schema| {
        let generator = SettingsGenerator::new(schema);
        (1..=SAMPLES).filter_map(|number| generator.settings(seed, number)).collect()
    });
    Json(json!({
        "valid": schema.is_some(),
        "report": review.report,
        "schema": schema.as_ref().map(SettingsSchema::raw),
        "samples": samples,
    }))
}

fn invalid_schema(problems: &[Problem]) -> ControlError {
    ControlError::bad_request(
        format!("the schema is not valid: {}", list(problems)),
        "`crisp-mock validate schema.json` shows the place; the schema from before stays in force",
    )
}

/// `GET /_mock/quirks`: every quirk with its value.
pub async fn quirks(Chosen(cell): Chosen) -> Json<Quirks> {
    Json(cell.lock().world.quirks.clone())
}

/// `GET /_mock/quirks/table`: of every quirk the question, the values and the reason for the default.
pub async fn quirk_table(Chosen(cell): Chosen) -> Json<Value> {
    let values = cell.lock().world.quirks.values();
    let rows = TABLE.iter().zip(values).zip(Quirks::default().values()).map(
        |((quirk, (name, value)), (_, default))| {
            json!({
                "name": name,
                "value": value,
                "default": default,
                "alternatives": quirk.alternatives,
                "question": quirk.question,
                "why": quirk.why,
                "evidence": quirk.evidence,
            })
        },
    );
    Json(json!({ "quirks": rows.collect::<Vec<_>>() }))
}

/// `PUT /_mock/quirks`: sets the quirks that the body names and leaves the others.
pub async fn set_quirks(
    Chosen(cell): Chosen,
    Order(settings): Order<Settings>,
) -> Result<Json<Quirks>, ControlError> {
    let mut space = cell.lock();
    let mut quirks = space.world.quirks.clone();
    quirks.apply(&settings).map_err(|error| {
        ControlError::bad_request(
            error.to_string(),
            "docs/quirks.md lists every quirk; none was changed",
        )
    })?;
    if quirks.schema_rules() != space.world.quirks.schema_rules() {
        let raw = space.world.schema().raw().clone();
        let schema =
            SettingsSchema::from_value(raw, quirks.schema_rules()).map_err(|problems| {
                let problems = list(&problems);
                ControlError::conflict(
                    format!("the schema in force is not valid under that draft: {problems}"),
                    "PUT /_mock/schema another first; no quirk was changed",
                )
            })?;
        space.world.set_schema(schema);
    }
    space.world.set_quirks(quirks.clone());
    Ok(Json(quirks))
}

/// `GET /_mock/quota`
pub async fn quota(Chosen(cell): Chosen) -> Json<Value> {
    Json(describe_quota(&mut cell.lock()))
}

/// What `PUT /_mock/quota` takes.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "a quota"))]
#[schemars(extend("minProperties" = 1))]
pub struct SetQuota {
    /// Requests a day; null: as many as there are.
    #[serde(default, deserialize_with = "present")]
    #[schemars(schema_with = "count_or_null")]
    limit: Option<Option<u64>>,
    /// Requests that count as made today.
    used: Option<u64>,
}

impl Language for SetQuota {
    fn forms() -> Vec<Form> {
        Vec::new()
    }
}

fn count_or_null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "type": "null" }, { "type": "integer", "minimum": 0 }] })
}

/// Tells `"limit": null` (without limit) from no `limit` (as it is).
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<u64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// `PUT /_mock/quota`: sets the limit, the requests that count as made, or both.
pub async fn set_quota(
    Chosen(cell): Chosen,
    Order(set): Order<SetQuota>,
) -> Result<Json<Value>, ControlError> {
    if set.limit.is_none() && set.used.is_none() {
        return Err(ControlError::bad_request(
            "nothing to change",
            "send `limit` (null: none), `used` or both",
        ));
    }
    let mut space = cell.lock();
    if let Some(limit) = set.limit {
        space.world.quota.limit = limit;
    }
    if let Some(used) = set.used {
        let (now, reset) =
            (space.now(system_clock::elapsed()).wall, space.world.quirks.quota_reset);
        space.world.quota.set_used(used, now, reset);
    }
    Ok(Json(describe_quota(&mut space)))
}

fn describe_quota(space: &mut Space) -> Value {
    let (now, reset) = (space.now(system_clock::elapsed()).wall, space.world.quirks.quota_reset);
    let used = space.world.quota.used(now, reset);
    json!({
        "limit": space.world.quota.limit,
        "used": used,
        "resets_at": space.world.quota.resets_at(now, reset).to_string(),
    })
}
