//! Writing a fault back in the form in which it is read.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::effect::{Answer, ClockFault, Delay, Effect, Ending};
use super::plan::{Fault, FaultPlan};
use super::span::write_shift;
use crate::duration;

impl Fault {
    /// The fault as a JSON object that [`FaultPlan::parse`] reads back.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut object = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                object.insert(key.to_owned(), value);
            }
        };
        put("window", self.window.map(|window| json!(window.to_string())));
        put("at", self.at.map(|target| json!(target.to_string())));
        put("website", self.website.map(|website| json!(website.short())));
        put("method", self.method.as_ref().map(|method| json!(method.as_str())));
        put_effect(&self.effect, &mut put);
        put("times", self.times.map(|times| json!(times)));
        put("chance", self.chance.map(|chance| json!(chance.probability())));
        put("seed", self.seed.map(|seed| json!(seed)));
        Value::Object(object)
    }
}

fn put_effect(effect: &Effect, put: &mut impl FnMut(&str, Option<Value>)) {
    let key = effect.key();
    let wait = |wait| Some(json!(duration::format(wait)));
    match effect {
        Effect::Answer(Answer::Status { status, reason, retry_after }) => {
            put(key, Some(json!(status.as_u16())));
            put("reason", reason.as_ref().map(|reason| json!(reason)));
            put("retry_after", retry_after.and_then(wait));
        }
        Effect::Answer(Answer::Throttle { status, retry_after }) => {
            put(key, Some(json!(status.code())));
            put("retry_after", retry_after.and_then(wait));
        }
        Effect::Answer(Answer::Stale(age)) => put(key, wait(*age)),
        Effect::Ending(Ending::CutBody(bytes)) => put(key, Some(json!(bytes))),
        Effect::Delay(Delay::Fixed(delay)) => put(key, wait(*delay)),
        Effect::Delay(Delay::Uniform(least, most)) => {
            put(
                key,
                Some(json!({ "uniform": [duration::format(*least), duration::format(*most)] })),
            );
        }
        Effect::Drip(rate) => put(key, Some(json!(rate.to_string()))),
        Effect::Clock(ClockFault::Server { skew_millis }) => {
            put(key, Some(json!("server")));
            put("skew", Some(json!(write_shift(*skew_millis))));
        }
        Effect::Clock(ClockFault::Client { step_millis }) => {
            put(key, Some(json!("client")));
            put("step", Some(json!(write_shift(*step_millis))));
        }
        Effect::Answer(_) | Effect::Ending(_) | Effect::HoldOrder => put(key, Some(json!(true))),
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl Serialize for FaultPlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.faults.serialize(serializer)
    }
}
