//! `…/settings`: a website's settings, read, replaced and merged (docs/wire.md#settings,
//! docs/wire.md#saves).

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::api::access::Tier;
use crate::api::envelope::{Answer, Refused};
use crate::api::{Call, subscription};
use crate::engine::{Refusal, Writer, numbers};
use crate::id::WebsiteId;
use crate::quirks::{UnconfiguredSettings, ValidationWording};

/// What a GET shows.
#[derive(Serialize)]
struct Shown<'a> {
    plugin_id: Uuid,
    website_id: WebsiteId,
    token: Uuid,
    schema: &'a Value,
    /// As it is stored, to the letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<&'a RawValue>,
    settings_form_url: Option<&'a str>,
    callback_url: Option<&'a str>,
}

/// GET: settings, schema, token and addresses.
pub(super) fn get(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let website = subscription::subscribed(call)?;
    let settings = match (&website.settings, call.world.quirks.unconfigured_settings) {
        (Some(stored), _) => Some(&**stored),
        (None, UnconfiguredSettings::Empty) => Some("{}"),
        (None, UnconfiguredSettings::Null) => Some("null"),
        (None, UnconfiguredSettings::Absent) => None,
    };
    let shown = Shown {
        plugin_id: call.plugin.id,
        website_id: website.id,
        token: website.token,
        schema: call.world.schema().raw(),
        settings: settings.and_then(|text| serde_json::from_str(text).ok()),
        settings_form_url: call.plugin.settings_url.as_deref(),
        callback_url: None,
    };
    Ok(Answer::new(
        200,
        "resolved",
        numbers::json(&shown, call.world.quirks.numbers).unwrap_or_default(),
    ))
}

/// PUT: the body is the bare settings object and replaces all.
pub(super) fn save(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let website = subscription::subscribed(call)?.id;
    let settings = call.input.json(&call.world.quirks)?;
    let by = writer(call.tier);
    call.world.save(call.now, website, settings, by).map_err(|why| refused(why, call))?;
    Ok(Answer::written(200, "saved", &call.world.quirks.write_reason))
}

/// PATCH: the body is merged into what is stored.
pub(super) fn update(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let website = subscription::subscribed(call)?.id;
    let patch = call.input.json(&call.world.quirks)?;
    let by = writer(call.tier);
    call.world.update(call.now, website, patch, by).map_err(|why| refused(why, call))?;
    Ok(Answer::written(200, "updated", &call.world.quirks.write_reason))
}

fn writer(tier: Tier) -> Writer {
    match tier {
        Tier::Plugin => Writer::Plugin,
        Tier::User | Tier::Website => Writer::Operator,
    }
}

fn refused(refusal: Refusal, call: &Call<'_>) -> Refused {
    let quirks = &call.world.quirks;
    match refusal {
        Refusal::NotSubscribed(_) | Refusal::AlreadySubscribed(_) => {
            Refused::new(404, "not_subscribed").explain(refusal.to_string())
        }
        Refusal::TooMuch(_) => Refused::new(413, "payload_too_large").explain(refusal.to_string()),
        Refusal::NotAnObject(_) | Refusal::Invalid(_) => {
            let message = match &refusal {
                Refusal::Invalid(misfit)
                    if quirks.validation_wording == ValidationWording::Ajv6 =>
                {
                    misfit.ajv()
                }
                other => other.to_string(),
            };
            let (status, reason) = (quirks.invalid_save_status.code(), &quirks.invalid_save_reason);
            Refused::invalid(status, reason, "body", &message)
        }
    }
}
