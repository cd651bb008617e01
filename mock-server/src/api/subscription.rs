//! `plugins/subscription*` besides settings (docs/wire.md#subscription).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::Call;
use crate::api::envelope::{Answer, Refused};
use crate::engine::{Bill, Filter, Installation, Website, numbers};
use crate::id::WebsiteId;
use crate::quirks::Reason;
use crate::signature::sign;

/// For how long an attestation holds: ten minutes, in milliseconds. Our choice.
const ATTESTED_MILLIS: i64 = 600_000;

/// How long the name of a usage bill may be. Our choice: bills are kept.
const LONGEST_BILL_NAME: usize = 1_000;

/// The website that the path names, which has to have this plugin.
pub(super) fn subscribed(call: &Call<'_>) -> Result<Arc<Website>, Refused> {
    let refused = |why: String| Refused::new(404, "not_subscribed").explain(why);
    let id = website_id(call).map_err(refused)?;
    let plugin = call.input.param("plugin").unwrap_or_default();
    if !plugin.eq_ignore_ascii_case(&call.plugin.id.to_string()) {
        let ours = call.plugin.id;
        return Err(refused(format!(
            "no website has plugin `{plugin}`: this world is about {ours}, as CRISP_PLUGIN_ID says"
        )));
    }
    if !(Filter { trusted: call.trusted, ..Filter::default() }).trusts(id) {
        return Err(refused(format!(
            "website {} is not trusted, and this is the development token (quirk development-token)",
            id.short()
        )));
    }
    let past = call.world.past(call.as_of);
    past.get(id).map(Arc::clone).ok_or_else(|| {
        let has = match past.record(id) {
            Some(_) => "has uninstalled",
            None => "does not have",
        };
        refused(format!(
            "website {} {has} the plugin: install it with `crisp-mock ctl install`",
            id.short()
        ))
    })
}

fn website_id(call: &Call<'_>) -> Result<WebsiteId, String> {
    let text = call.input.param("website").unwrap_or_default();
    let uuid = (text.len() == 36).then(|| uuid::Uuid::try_parse(text).ok()).flatten();
    uuid.map(WebsiteId::from).ok_or_else(|| {
        let text: String = text.chars().take(60).collect();
        match text.parse::<WebsiteId>() {
            Ok(id) => format!("`{text}` is a name for people: the API writes it {id}"),
            Err(_) => format!("`{text}` is no website id: a UUID has to stand there"),
        }
    })
}

fn known_website(call: &Call<'_>) -> Result<WebsiteId, Refused> {
    let refused = |why: String| Refused::new(404, "website_not_found").explain(why);
    let id = website_id(call).map_err(refused)?;
    let known = id.number().is_some() || call.world.directory().record(id).is_some();
    known.then_some(id).ok_or_else(|| refused(format!("no website {id} exists in this world")))
}

/// The subscriptions of all websites.
pub(super) fn list_all(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let past = call.world.past(call.as_of);
    let all: Vec<_> = past.installed().iter().map(|website| details(call, website)).collect();
    Ok(Answer::new(200, "listed", Value::Array(all).to_string()))
}

/// The subscriptions of one website.
pub(super) fn list_website(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let id = known_website(call)?;
    let past = call.world.past(call.as_of);
    let found: Vec<_> = past.get(id).into_iter().map(|website| details(call, website)).collect();
    Ok(Answer::new(200, "listed", Value::Array(found).to_string()))
}

/// One subscription.
pub(super) fn get(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let website = subscribed(call)?;
    Ok(Answer::new(200, "resolved", details(call, &website).to_string()))
}

/// A subscription as an object. What the Marketplace would know beyond our plugin is made up, but typed.
fn details(call: &Call<'_>, website: &Website) -> Value {
    let plugin = call.plugin;
    json!({
        "id": plugin.id,
        "urn": plugin.urn,
        "type": "plugin",
        "category": "development",
        "name": plugin.name,
        "summary": "A plugin under test",
        "price": website.price,
        "plans": [],
        "icon": "https://plugin.example/icon.png",
        "website_url": "https://plugin.example/",
        "contact_url": "https://plugin.example/contact/",
        "terms_url": "https://plugin.example/terms/",
        "privacy_url": "https://plugin.example/privacy/",
        "help_url": "https://plugin.example/help/",
        "video_url": "https://plugin.example/video/",
        "configurable": true,
        "since": website.installed.stamp.to_string(),
        "active": true,
        "bill_period": "monthly",
        "bill_valid_until": call.now.wall.plus(std::time::Duration::from_secs(30 * 86_400)).to_string(),
        "website_id": website.id,
        "card_id": crate::id::derive_uuid(&["card", &website.id.to_string()]),
    })
}

/// Installs the plugin.
pub(super) fn subscribe(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let id = known_website(call)?;
    let body = call.input.object(&["plugin_id"], &call.world.quirks)?;
    let wanted = body.get("plugin_id").and_then(Value::as_str).unwrap_or_default();
    if wanted != call.plugin.id.to_string() {
        let message =
            format!("/plugin_id has to be {}: send {{\"plugin_id\": \"…\"}}", call.plugin.id);
        return Err(Refused::invalid(400, &Reason::default(), "body", &message));
    }
    call.world
        .install(call.now, id, Installation::default())
        .map_err(|why| Refused::new(409, "already_subscribed").explain(why.to_string()))?;
    Ok(Answer::written(201, "subscribed", &call.world.quirks.write_reason))
}

/// Uninstalls the plugin.
pub(super) fn unsubscribe(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let id = subscribed(call)?.id;
    call.world
        .uninstall(call.now, id)
        .map_err(|why| Refused::new(404, "not_subscribed").explain(why.to_string()))?;
    Ok(Answer::written(200, "unsubscribed", &call.world.quirks.write_reason))
}

/// The open usage bills (docs/wire.md#usage).
pub(super) fn list_usage(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let id = subscribed(call)?.id;
    let bills = serde_json::to_string(call.world.usage.of(id)).unwrap_or_else(|_| "[]".to_owned());
    Ok(Answer::new(200, "listed", bills))
}

/// Adds a usage bill.
pub(super) fn report_usage(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let id = subscribed(call)?.id;
    let body = call.input.object(&["name", "units", "price"], &call.world.quirks)?;
    let bill: Bill = serde_json::from_value(Value::Object(body)).map_err(|error| {
        let message =
            format!("{error}: send name (text), units (0 to 4294967295) and price (number)");
        Refused::invalid(400, &Reason::default(), "body", &message)
    })?;
    if bill.name.len() > LONGEST_BILL_NAME {
        let message = format!("/name is longer than {LONGEST_BILL_NAME} bytes");
        return Err(Refused::invalid(400, &Reason::default(), "body", &message));
    }
    call.world.usage.add(id, bill);
    Ok(Answer::written(201, "added", &call.world.quirks.write_reason))
}

/// The attestation (docs/wire.md#provenance): signed as web hooks are (docs/wire.md#web-hooks),
/// with `expire_at` in place of the timestamp.
pub(super) fn attest(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let website = subscribed(call)?;
    let payload = json!({
        "website": {"website_id": website.id},
        "user": {"user_id": call.plugin.operator, "role": "owner"},
        "plugin": {"plugin_id": call.plugin.id},
    });
    let expire_at = call.now.wall.0.saturating_add(ATTESTED_MILLIS).max(0);
    let signed = sign(&call.plugin.secret, expire_at, payload.to_string().as_bytes());
    let data = json!({"payload": payload, "signed": signed, "expire_at": expire_at});
    Ok(Answer::new(200, "resolved", data.to_string()))
}

/// A message to the channel (docs/wire.md#events-and-channels).
pub(super) fn channel(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let id = subscribed(call)?.id;
    let mut body =
        call.input.object(&["namespace", "identifier", "payload"], &call.world.quirks)?;
    require(&body, "namespace", Value::is_string, "a text")?;
    require(&body, "payload", Value::is_object, "an object")?;
    if body.contains_key("identifier") {
        require(&body, "identifier", Value::is_string, "a text")?;
    }
    body.retain(|name, _| ["namespace", "identifier", "payload"].contains(&name.as_str()));
    body.insert("website_id".to_owned(), json!(id));
    body.insert("plugin_id".to_owned(), json!(call.plugin.id));
    let body = numbers::kept(body, call.world.quirks.numbers);
    call.world.outbox.emit(call.now.wall, id, "plugin:channel", Value::Object(body));
    Ok(Answer::written(202, "forwarded", &call.world.quirks.write_reason))
}

/// Dispatches an event (docs/wire.md#events-and-channels).
pub(super) fn event(call: &mut Call<'_>) -> Result<Answer, Refused> {
    let id = subscribed(call)?.id;
    let body = call.input.object(&["name", "data"], &call.world.quirks)?;
    let body = numbers::kept(body, call.world.quirks.numbers);
    require(&body, "name", Value::is_string, "a text")?;
    require(&body, "data", Value::is_object, "an object")?;
    let data = json!({
        "website_id": id,
        "plugin_id": call.plugin.id,
        "urn": call.plugin.urn,
        "name": body["name"],
        "data": body["data"],
    });
    call.world.outbox.emit(call.now.wall, id, "plugin:event", data);
    Ok(Answer::written(202, "dispatched", &call.world.quirks.write_reason))
}

fn require(
    body: &serde_json::Map<String, Value>,
    name: &str,
    fits: fn(&Value) -> bool,
    what: &str,
) -> Result<(), Refused> {
    if body.get(name).is_some_and(fits) {
        return Ok(());
    }
    let problem = if body.contains_key(name) { "is not" } else { "is missing: send" };
    Err(Refused::invalid(400, &Reason::default(), "body", &format!("/{name} {problem} {what}")))
}
