//! The body of a delivery, byte for byte as JavaScript writes it, and what is signed.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::engine::{PluginEvent, numbers};
use crate::fault::Forgery;
use crate::id::{WebsiteId, derive_uuid};
use crate::quirks::Numbers;
use crate::signature::sign;

/// What all attempts of a delivery have in common, fixed at the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The body.
    pub body: Bytes,
    /// The time stamp of the header, milliseconds since 1970.
    pub timestamp: i64,
    /// The signature of the header.
    pub signature: String,
}

/// The body of an event: its four members in Crisp's order, as `JSON.stringify` writes them. Official
/// clients hash what `JSON.stringify` makes of the parsed body, so every byte counts: members that are
/// numbered come first, numbers are doubles.
#[must_use]
pub fn body(event: &PluginEvent) -> Bytes {
    let mut members = Map::new();
    members.insert("website_id".to_owned(), json!(event.website_id));
    members.insert("event".to_owned(), json!(event.event));
    members.insert("data".to_owned(), event.data.clone());
    members.insert("timestamp".to_owned(), json!(event.timestamp));
    let members = numbers::kept(members, Numbers::JavaScript);
    // A value that was read from JSON has JSON.
    numbers::json(&members, Numbers::JavaScript).unwrap_or_default().into()
}

impl Signed {
    /// The delivery of an event, genuine or as a forger would send it.
    #[must_use]
    pub fn of(event: &PluginEvent, secret: &str, forgery: Option<Forgery>) -> Self {
        let mut event = event.clone();
        match forgery {
            Some(Forgery::OldTimestamp(age)) => {
                let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
                event.timestamp = event.timestamp.saturating_sub(age).max(1);
            }
            Some(Forgery::OtherWebsite) => {
                let other = stranger(event.website_id);
                speak_of(&mut event, other);
            }
            Some(Forgery::BadSignature) | None => {}
        }
        let body = body(&event);
        let mut signature = sign(secret, event.timestamp, &body);
        if forgery == Some(Forgery::BadSignature) {
            signature = altered(&signature);
        }
        Self { body, timestamp: event.timestamp, signature }
    }
}

/// A website that no world has, one for each that it has.
fn stranger(website: WebsiteId) -> WebsiteId {
    derive_uuid(&["stranger", &website.to_string()]).into()
}

fn speak_of(event: &mut PluginEvent, website: WebsiteId) {
    event.website_id = website;
    if let Value::Object(data) = &mut event.data
        && let Some(id) = data.get_mut("website_id")
    {
        *id = json!(website);
    }
}

/// The same signature with another last digit.
fn altered(signature: &str) -> String {
    let mut altered = signature.to_owned();
    let last = altered.pop();
    altered.push(if last == Some('0') { '1' } else { '0' });
    altered
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn event(data: Value) -> PluginEvent {
        PluginEvent {
            seq: 1,
            website_id: WebsiteId::numbered(1),
            event: "plugin:settings:saved".to_owned(),
            data,
            timestamp: 1_700_000_000_000,
        }
    }

    #[test]
    fn the_body_is_what_json_stringify_writes() {
        let data = r#"{"b":1.0,"10":1e21,"2":-0.0,"big":9007199254740993,"t":"é\u2028\"\\/\u0001","a":[0.1]}"#;
        let event = event(serde_json::from_str(data).unwrap());
        let id = WebsiteId::numbered(1);
        let data = "{\"2\":0,\"10\":1e+21,\"b\":1,\"big\":9007199254740992,\
                    \"t\":\"é\u{2028}\\\"\\\\/\\u0001\",\"a\":[0.1]}";
        let expected = format!(
            "{{\"website_id\":\"{id}\",\"event\":\"plugin:settings:saved\",\"data\":{data},\
             \"timestamp\":1700000000000}}"
        );
        assert_eq!(String::from_utf8(body(&event).to_vec()).unwrap(), expected);
    }

    #[test]
    fn a_forgery_differs_in_what_it_is_named_after_and_is_signed_otherwise() {
        let id = WebsiteId::numbered(1);
        let event = event(json!({ "website_id": id, "settings": {} }));
        let signed = |forgery| Signed::of(&event, "secret", forgery);
        let right = |one: &Signed| sign("secret", one.timestamp, &one.body) == one.signature;
        let genuine = signed(None);
        assert!(right(&genuine));

        let bad = signed(Some(Forgery::BadSignature));
        assert_eq!((&bad.body, bad.timestamp), (&genuine.body, genuine.timestamp));
        assert!(!right(&bad) && bad.signature.len() == 64);

        let old = signed(Some(Forgery::OldTimestamp(Duration::from_secs(600))));
        assert_eq!(old.timestamp, 1_699_999_400_000);
        assert!(right(&old) && old.body.ends_with(b"\"timestamp\":1699999400000}"));

        let other = signed(Some(Forgery::OtherWebsite));
        assert!(right(&other));
        assert!(!String::from_utf8_lossy(&other.body).contains(&id.to_string()));
    }
}
