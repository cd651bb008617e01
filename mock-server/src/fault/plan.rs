//! One fault, and a list of them.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::effect::{Effect, Side};
use super::target::Target;
use super::window::Window;
use crate::document::{Maybe, OneOrMany};
use crate::form::{MethodName, Shift, Wait, WebsiteName};
use crate::id::WebsiteId;

/// Something that goes wrong: what it is aimed at, what it does, and how often.
///
/// Its form in YAML and JSON is one flat object; [`fmt::Display`] writes it on one line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend(
    "x-name" = "a fault",
    "x-hint" = "a fault is an object: `{ at: \"since#2\", status: 503 }`",
    "x-choice" = [{
        "says": "what it does",
        "twice": "a fault has one effect; write two faults, they combine where they can"
    }],
    "x-instead" = { "faults": "write the list of faults itself" }
))]
#[schemars(transform = super::rules::add)]
pub struct Fault {
    /// A span of elapsed time: 65s..800s, 20s.., ..30s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// The requests that are met: since, since#2, since#1..3, since#3.., since#every:3, list/2,
    /// list/2#1; without it all of them, which needs a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Target>,
    /// Only requests about this website: w1, or a UUID.
    #[serde(with = "Maybe::<WebsiteName>", default, skip_serializing_if = "Option::is_none")]
    pub website: Option<WebsiteId>,
    /// Only requests with this method.
    #[serde(with = "Maybe::<MethodName>", default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// What happens.
    #[serde(flatten)]
    pub effect: Effect,
    /// The reason in the envelope of `status`; without it, one that fits the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9_]+$"))]
    pub reason: Option<String>,
    /// A Retry-After header of `status` or `throttle`, whole seconds rounded up.
    #[serde(with = "Maybe::<Wait>", default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
    /// The form of that header, when it is not whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_as: Option<RetryAfterForm>,
    /// How many milliseconds the server's clock is off: -60s is behind.
    #[serde(with = "Maybe::<Shift>", default, skip_serializing_if = "Option::is_none")]
    pub skew: Option<i64>,
    /// How many milliseconds the client's clock is moved: +90s is forward.
    #[serde(with = "Maybe::<Shift>", default, skip_serializing_if = "Option::is_none")]
    pub step: Option<i64>,
    /// At most so many times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<NonZeroU64>,
    /// Only with this probability; needs a seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance: Option<Chance>,
    /// What chance and uniform delays are drawn from, together with the place in the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// The forms in which servers and proxies write `Retry-After`, beside whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(extend("x-name" = "`date`, `fraction` or `nonsense`"))]
pub enum RetryAfterForm {
    /// The date at which the wait ends, as HTTP writes dates.
    Date,
    /// Seconds with a fraction, a quarter more than was asked for: no form that HTTP knows.
    Fraction,
    /// A word, `soon`.
    Nonsense,
}

/// A probability above 0 and up to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[schemars(extend(
    "exclusiveMinimum" = 0,
    "maximum" = 1,
    "x-name" = "a chance",
    "x-hint" = "write a number above 0 and up to 1: `0.2` is one in five; 0 never happens"
))]
pub struct Chance(f64);

impl Chance {
    /// The chance, if it is one: above 0 and up to 1.
    #[must_use]
    pub fn new(probability: f64) -> Option<Self> {
        (probability > 0.0 && probability <= 1.0).then_some(Self(probability))
    }

    /// The probability.
    #[must_use]
    pub fn probability(self) -> f64 {
        self.0
    }
}

impl Fault {
    /// A fault without limits, aimed at `at`.
    #[must_use]
    pub fn new(at: Target, effect: Effect) -> Self {
        Self { at: Some(at), ..Self::unaimed(effect) }
    }

    /// A fault that meets every request in a window.
    #[must_use]
    pub fn during(window: Window, effect: Effect) -> Self {
        Self { window: Some(window), ..Self::unaimed(effect) }
    }

    /// A fault that says nothing yet of what it is aimed at.
    #[must_use]
    pub fn unaimed(effect: Effect) -> Self {
        Self {
            window: None,
            at: None,
            website: None,
            method: None,
            effect,
            reason: None,
            retry_after: None,
            retry_after_as: None,
            skew: None,
            step: None,
            times: None,
            chance: None,
            seed: None,
        }
    }

    /// Whose clock it moves by how many milliseconds, if it moves one.
    #[must_use]
    pub fn clock(&self) -> Option<(Side, i64)> {
        let Effect::Clock(side) = self.effect else { return None };
        let millis = if side == Side::Server { self.skew } else { self.step };
        Some((side, millis.unwrap_or(0)))
    }

    /// The fault as a JSON object that [`FaultPlan::parse`] reads back.
    #[must_use]
    pub fn to_value(&self) -> Value {
        // Nothing in a fault fails to be written as JSON.
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.to_value())
    }
}

/// One fault, or a list of them; the first of a kind wins.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend(
    "x-name" = "a fault plan",
    "x-hint" = "a fault is an object: `{ at: \"since#2\", status: 503 }`"
))]
pub struct FaultPlan {
    /// The faults; the place in this list is part of what chance is drawn from.
    #[serde(deserialize_with = "OneOrMany::<Fault>::deserialize")]
    #[schemars(with = "OneOrMany::<Fault>")]
    pub faults: Vec<Fault>,
}

impl From<Vec<Fault>> for FaultPlan {
    fn from(faults: Vec<Fault>) -> Self {
        Self { faults }
    }
}
