//! The envelope around every answer: `{"error": …, "reason": …, "data": …}`.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::short;

/// A body that is not what the API sends: garbage, a proxy's page, an empty or cut body, an
/// envelope that says `error` under a 200, or data of the wrong type (docs/wire.md#envelope).
///
/// Nothing of such an answer is used. Ask again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The body is not JSON, or its JSON is not the API's envelope.
    #[error("the body is not the API's envelope ({problem})")]
    NotAnEnvelope {
        /// What the JSON reader says, with the place.
        problem: String,
    },
    /// The envelope says that the call failed although the status said success.
    #[error("a success status with `error: true`, reason `{reason}`")]
    ErrorEnvelope {
        /// The envelope's reason, empty when there is none.
        reason: String,
    },
    /// `data` is absent or null.
    #[error("the envelope has no data")]
    NoData,
    /// `data` is there but of another type than the route's.
    #[error("the envelope's data is not what this route answers ({problem})")]
    WrongData {
        /// What the JSON reader says, with the place.
        problem: String,
    },
}

/// Why the API refused a call: the status, and the envelope's words if there were any.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the API refused: {status} `{reason}`{}", message.as_deref().map(|m| format!(" ({m})")).unwrap_or_default())]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The envelope's `reason`, such as `not_subscribed` or `invalid_data`; empty when the body
    /// was no envelope.
    pub reason: String,
    /// The explanation in `data.message`, if any.
    pub message: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
    #[serde(default, borrow)]
    reason: Option<&'a RawValue>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

impl Envelope<'_> {
    fn reason(&self) -> String {
        let read = |reason: &RawValue| serde_json::from_str::<String>(reason.get()).ok();
        self.reason.and_then(read).map(short).unwrap_or_default()
    }
}

/// The envelope of a successful answer, read together with its data.
#[derive(Deserialize)]
struct Good<T> {
    error: bool,
    #[serde(default, rename = "reason")]
    _reason: Option<IgnoredAny>,
    data: T,
}

/// The `data` of a successful answer that is all as it should be, read in one pass; `None`: [`data`]
/// says what is wrong, if anything is.
pub(crate) fn good<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    let text = std::str::from_utf8(body).ok()?;
    let good: Good<T> = serde_json::from_str(text).ok()?;
    (!good.error).then_some(good.data)
}

/// The `data` of a successful answer, as text. Demands `error` to be false in so many words.
pub(crate) fn data(body: &[u8]) -> Result<&RawValue, Unreadable> {
    let envelope: Envelope<'_> = serde_json::from_slice(body)
        .map_err(|problem| Unreadable::NotAnEnvelope { problem: short(problem) })?;
    match envelope.error.map(RawValue::get) {
        Some("false") => {}
        Some("true") => {
            return Err(Unreadable::ErrorEnvelope { reason: envelope.reason() });
        }
        _ => {
            let problem = "`error` is neither true nor false".to_owned();
            return Err(Unreadable::NotAnEnvelope { problem });
        }
    }
    match envelope.data {
        Some(data) if data.get() != "null" => Ok(data),
        _ => Err(Unreadable::NoData),
    }
}

/// Whether a body confirms a write: a good envelope around an object (docs/wire.md#saves).
/// Anything else leaves it open whether the write was carried out.
pub(crate) fn confirmed(body: &[u8]) -> Result<(), Unreadable> {
    let data = data(body)?.get();
    if data.starts_with('{') {
        return Ok(());
    }
    let problem = format!("an object confirms a write, this is {:.20}", data);
    Err(Unreadable::WrongData { problem })
}

/// What a refusal says; never fails, since a proxy may have answered in the API's place.
pub(crate) fn refusal(status: u16, body: &[u8]) -> Refused {
    #[derive(Deserialize)]
    struct Message {
        message: String,
    }
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(body) else {
        return Refused { status, reason: String::new(), message: None };
    };
    let message = envelope
        .data
        .and_then(|data| serde_json::from_str::<Message>(data.get()).ok())
        .map(|data| short(data.message));
    Refused { status, reason: envelope.reason(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_comes_only_out_of_an_envelope_that_says_error_false() {
        let good = br#"{"error":false,"reason":"listed","data":[1]}"#;
        assert_eq!(data(good).unwrap().get(), "[1]");
        let error = br#"{"error":true,"reason":"oops","data":[]}"#;
        let reason = "oops".to_owned();
        assert_eq!(data(error).unwrap_err(), Unreadable::ErrorEnvelope { reason });
        for strange in [&b"<html>"[..], b"", b"[]", b"{}", br#"{"data":[]}"#, br#"{"error":0}"#] {
            let refusal = data(strange).unwrap_err();
            assert!(matches!(refusal, Unreadable::NotAnEnvelope { .. }), "{refusal}");
        }
    }

    #[test]
    fn missing_and_null_data_are_failures_and_not_empty_lists() {
        assert_eq!(data(br#"{"error":false}"#).unwrap_err(), Unreadable::NoData);
        assert_eq!(data(br#"{"error":false,"data":null}"#).unwrap_err(), Unreadable::NoData);
    }

    #[test]
    fn an_answer_cannot_fill_the_log_with_its_words() {
        let long = "x".repeat(100_000);
        let refused = refusal(
            400,
            format!(r#"{{"error":true,"reason":"{long}","data":{{"message":"{long}"}}}}"#)
                .as_bytes(),
        );
        assert!(refused.to_string().len() < 1200, "{}", refused.to_string().len());
        let bare = format!("\"{long}\"");
        for body in [bare.as_bytes(), format!(r#"{{"error":true,"reason":{bare}}}"#).as_bytes()] {
            assert!(data(body).unwrap_err().to_string().len() < 700);
        }
    }

    #[test]
    fn a_refusal_carries_the_api_s_reason_and_message() {
        let body = br#"{"error":true,"reason":"invalid_data","data":{"message":"no number"}}"#;
        let refused = refusal(400, body);
        assert_eq!(refused.reason, "invalid_data");
        assert_eq!(refused.message.as_deref(), Some("no number"));
        assert_eq!(refused.to_string(), "the API refused: 400 `invalid_data` (no number)");
        assert_eq!(refusal(502, b"<html>").reason, "");
    }
}
