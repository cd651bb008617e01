//! Reading the single values of a fault.

use std::num::NonZeroU64;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::effect::{Answer, ClockFault, Delay, Effect, Ending, Throttle};
use super::error::{FaultError, pointer_to};
use super::rate::Rate;
use super::span::{read_shift, read_span, read_wait};
use super::target::Complaint;
use crate::id::WebsiteId;
use crate::nearest::nearest;

/// The methods that a fault can be limited to.
pub(super) const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// One fault object, its place in the plan, and the mistakes found so far.
pub(super) struct Reader<'a> {
    object: &'a Map<String, Value>,
    place: &'a str,
    errors: &'a mut Vec<FaultError>,
}

/// What kind of value this is, with the value where it is short.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(number) => format!("`{number}`"),
        Value::String(text) => format!("`{}`", text.chars().take(80).collect::<String>()),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        object: &'a Map<String, Value>,
        place: &'a str,
        errors: &'a mut Vec<FaultError>,
    ) -> Self {
        Self { object, place, errors }
    }

    /// Notes a mistake at a key, or at the whole fault when the key is empty.
    pub(super) fn complain(&mut self, key: &str, message: String, hint: Option<String>) {
        let pointer = match key {
            "" => self.place.to_owned(),
            key => pointer_to(self.place, key),
        };
        self.errors.push(FaultError { pointer, message, hint });
    }

    fn read<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Value) -> Result<T, Complaint>,
    ) -> Option<T> {
        let value = self.object.get(key)?;
        read(value).map_err(|(message, hint)| self.complain(key, message, hint)).ok()
    }

    /// A text that `read` understands.
    pub(super) fn text<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Option<T> {
        self.read(key, |value| match value {
            Value::String(text) => read(text),
            other => wrong(format!("`{key}` is a text, not {}", describe(other)), "quote it"),
        })
    }

    fn number(&mut self, key: &str, hint: &str, fits: impl Fn(u64) -> bool) -> Option<u64> {
        self.read(key, |value| match value.as_u64() {
            Some(number) if fits(number) => Ok(number),
            _ => wrong(format!("`{key}` cannot be {}", describe(value)), hint),
        })
    }

    pub(super) fn website(&mut self) -> Option<WebsiteId> {
        self.text("website", |text| {
            text.parse().or_else(|_| {
                let text: String = text.chars().take(80).collect();
                wrong(format!("`{text}` is not a website"), "write `w1` or a UUID")
            })
        })
    }

    pub(super) fn method(&mut self) -> Option<Method> {
        self.text("method", |text| {
            let known = METHODS.into_iter().find(|method| *method == text);
            let method = known.and_then(|method| method.parse().ok());
            method.ok_or_else(|| {
                let near = METHODS.into_iter().find(|method| method.eq_ignore_ascii_case(text));
                let hint = near.or_else(|| nearest(text, METHODS)).map_or_else(
                    || format!("one of {}", METHODS.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                let text: String = text.chars().take(80).collect();
                (format!("`{text}` is not a method"), Some(hint))
            })
        })
    }

    pub(super) fn times(&mut self) -> Option<NonZeroU64> {
        self.number("times", "a whole number from 1", |times| times > 0).and_then(NonZeroU64::new)
    }

    pub(super) fn chance(&mut self) -> Option<f64> {
        self.read("chance", |value| match value.as_f64() {
            Some(0.0) => wrong("a chance of 0 never comes".into(), "remove the fault"),
            Some(chance) if chance > 0.0 && chance <= 1.0 => Ok(chance),
            _ => wrong(
                format!("{} is not a chance", describe(value)),
                "a number above 0 and up to 1: `0.2` is one in five",
            ),
        })
    }

    pub(super) fn seed(&mut self) -> Option<u64> {
        self.number("seed", "a whole number from 0", |_| true)
    }

    fn duration(&mut self, key: &str) -> Option<Duration> {
        self.read(key, |value| wait(key, value))
    }

    fn shift(&mut self, key: &str) -> Option<i64> {
        self.read(key, |value| {
            let Value::String(text) = value else {
                return wrong(format!("{} is not a shift", describe(value)), "write `-60s`");
            };
            read_shift(key, text)
        })
    }

    /// The effect written under `key`, one of `EFFECTS`.
    pub(super) fn effect(&mut self, key: &str) -> Option<Effect> {
        let effect = match key {
            "status" => Effect::Answer(self.status()?),
            "throttle" => Effect::Answer(self.throttle()?),
            "delay" => Effect::Delay(self.read(key, read_delay)?),
            "drip" => Effect::Drip(self.read(key, read_rate)?),
            "stale" => Effect::Answer(Answer::Stale(self.duration(key)?)),
            "cut_body" => {
                let hint = "the number of bytes that get through: `cut_body: 40`";
                Effect::Ending(Ending::CutBody(self.number(key, hint, |_| true)?))
            }
            "clock" => Effect::Clock(self.clock()?),
            flag => self.flag(flag)?,
        };
        Some(effect)
    }

    fn flag(&mut self, key: &str) -> Option<Effect> {
        let effect = match key {
            "hang" => Effect::Ending(Ending::Hang),
            "reset" => Effect::Ending(Ending::Reset),
            "close" => Effect::Ending(Ending::Close),
            "lose_answer" => Effect::Ending(Ending::LoseAnswer),
            "lose_request" => Effect::Ending(Ending::LoseRequest),
            "garbage" => Effect::Answer(Answer::Garbage),
            "html" => Effect::Answer(Answer::Html),
            "empty_body" => Effect::Answer(Answer::EmptyBody),
            "wrong_type" => Effect::Answer(Answer::WrongType),
            "error_envelope" => Effect::Answer(Answer::ErrorEnvelope),
            "missing_data" => Effect::Answer(Answer::MissingData),
            "null_data" => Effect::Answer(Answer::NullData),
            "empty_page" => Effect::Answer(Answer::EmptyPage),
            "short_page" => Effect::Answer(Answer::ShortPage),
            "repeat_page" => Effect::Answer(Answer::RepeatPage),
            "hold_order" => Effect::HoldOrder,
            _ => return None,
        };
        self.read(key, |value| match value {
            Value::Bool(true) => Ok(()),
            Value::Bool(false) => {
                wrong(format!("`{key}: false` does nothing"), "remove the fault to disarm it")
            }
            other => wrong(
                format!("`{key}` has no value, so {} means nothing", describe(other)),
                &format!("write `{key}: true`"),
            ),
        })?;
        Some(effect)
    }

    fn status(&mut self) -> Option<Answer> {
        let hint = "a status from 200 to 599";
        let status = self.number("status", hint, |status| (200..=599).contains(&status));
        let reason = self.text("reason", |text| {
            let plain = !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if plain {
                return Ok(text.to_owned());
            }
            let text: String = text.chars().take(80).collect();
            wrong(
                format!("`{text}` does not look like a reason of the API"),
                "lower case with underscores: `internal_error`",
            )
        });
        let retry_after = self.duration("retry_after");
        Some(Answer::Status {
            status: StatusCode::from_u16(u16::try_from(status?).ok()?).ok()?,
            reason,
            retry_after,
        })
    }

    fn throttle(&mut self) -> Option<Answer> {
        let retry_after = self.duration("retry_after");
        let status = self.read("throttle", |value| match value.as_u64() {
            Some(429) => Ok(Throttle::TooManyRequests),
            Some(420) => Ok(Throttle::EnhanceYourCalm),
            _ => wrong(
                format!("the API does not throttle with {}", describe(value)),
                "429 or 420; `status` gives any other answer",
            ),
        });
        Some(Answer::Throttle { status: status?, retry_after })
    }

    fn clock(&mut self) -> Option<ClockFault> {
        let (skew, step) = (self.shift("skew"), self.shift("step"));
        let has = |key: &str| self.object.contains_key(key);
        let (has_skew, has_step) = (has("skew"), has("step"));
        let which = self.text("clock", |text| match text {
            "server" | "client" => Ok(text == "server"),
            _ => wrong("there is no such clock".into(), "`server` or `client`"),
        })?;
        let (wanted, has_wanted, stray) = match which {
            true => ("skew", has_skew, has_step.then_some("step")),
            false => ("step", has_step, has_skew.then_some("skew")),
        };
        if let Some(stray) = stray {
            let message = format!("`{stray}` is for the other clock");
            self.complain(stray, message, Some(format!("here it is `{wanted}: -60s`")));
        } else if !has_wanted {
            let message = format!("this clock fault says nothing: `{wanted}` is missing");
            self.complain("clock", message, Some(format!("add `{wanted}: -60s`")));
        }
        match which {
            true => skew.map(|skew_millis| ClockFault::Server { skew_millis }),
            false => step.map(|step_millis| ClockFault::Client { step_millis }),
        }
    }
}

fn wrong<T>(message: String, hint: &str) -> Result<T, Complaint> {
    Err((message, Some(hint.to_owned())))
}

fn wait(key: &str, value: &Value) -> Result<Duration, Complaint> {
    match value {
        Value::String(text) => read_wait(key, text),
        other => wrong(
            format!("{} is not a duration", describe(other)),
            "write a number and a unit: `5s`, `250ms`, `1m30s`",
        ),
    }
}

fn read_rate(value: &Value) -> Result<Rate, Complaint> {
    let rate = value.as_str().and_then(Rate::parse);
    rate.ok_or_else(|| {
        let hint = "write bytes a second: `100B/s`, `1kB/s`";
        (format!("{} is not a rate", describe(value)), Some(hint.into()))
    })
}

fn read_delay(value: &Value) -> Result<Delay, Complaint> {
    const UNIFORM: &str = "write `delay: 5s` or `delay: {uniform: [1s, 3s]}`";
    let Value::Object(object) = value else {
        return wait("delay", value).map(Delay::Fixed);
    };
    let bounds = match object.get("uniform") {
        Some(Value::Array(bounds)) if object.len() == 1 => bounds.as_slice(),
        _ => return wrong("this is not a delay".into(), UNIFORM),
    };
    let [Value::String(least), Value::String(most)] = bounds else {
        return wrong("a uniform delay has two bounds".into(), UNIFORM);
    };
    let (least, most) = (read_span(least)?, read_span(most)?);
    if most <= least {
        return wrong(
            "the bounds of this delay leave no room between them".into(),
            "the smaller one comes first; `delay: 5s` is always the same",
        );
    }
    Ok(Delay::Uniform(least, most))
}
