//! One fault, and a list of them.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::contradiction::contradictions;
use super::effect::{Effect, Side};
use super::rate::Rate;
use super::target::Target;
use super::window::Window;
use crate::document::{Form, Language, Maybe, Node, OneOrMany, Problem, member, read};
use crate::form::{self, MethodName, Shift, Wait, WebsiteName};
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

/// A probability above 0 and up to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[schemars(extend(
    "exclusiveMinimum" = 0,
    "maximum" = 1,
    "x-name" = "a chance",
    "x-hint" = "a number above 0, which never comes, and up to 1: `0.2` is one in five"
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

impl Language for FaultPlan {
    fn forms() -> Vec<Form> {
        let own = [Form::of::<Target>(), Form::of::<Window>(), Form::of::<Rate>()];
        form::FORMS.into_iter().chain(own).collect()
    }

    fn problems(&self, node: &Node) -> Vec<Problem> {
        let each = self.faults.iter().enumerate().map(|(index, fault)| {
            let (node, place) = fault_node(node, index);
            let contradictions = contradictions(fault).into_iter();
            let problems = contradictions.map(|(key, message, hint)| {
                let key = key.filter(|key| node.is_some_and(|node| node.get(key).is_some()));
                let pointer = key.map_or_else(|| place.clone(), |key| member(&place, key));
                Problem::value(pointer, message).hint(hint)
            });
            problems.collect::<Vec<_>>()
        });
        each.flatten().collect()
    }
}

/// The object of a fault in the plan's tree, with the pointer to it: a single fault is not in a list.
fn fault_node(plan: &Node, index: usize) -> (Option<&Node>, String) {
    match plan.items().get(index) {
        Some(item) => (Some(item), format!("/{index}")),
        None => (Some(plan), String::new()),
    }
}

impl FaultPlan {
    /// Reads a plan: one fault, or a list of them.
    ///
    /// # Errors
    ///
    /// All mistakes at once, in the order of the plan, each with a JSON pointer into `value`.
    ///
    /// # Examples
    ///
    /// ```
    /// use crisp_mock_server::fault::FaultPlan;
    ///
    /// let errors = FaultPlan::parse(&serde_json::json!([
    ///     { "at": "since#2", "stauts": 503 },
    ///     { "at": "list/0", "reset": true },
    /// ]))
    /// .unwrap_err();
    /// assert_eq!(errors[0].pointer, "/0/stauts");
    /// assert_eq!(errors[0].hint.as_deref(), Some("did you mean `status`?"));
    /// assert_eq!(errors[1].pointer, "/1/at");
    /// ```
    pub fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        read(&Node::from_value(value))
    }

    /// Reads a plan that a server is to carry out: as [`FaultPlan::parse`], but what only virtual
    /// time can do is refused too.
    ///
    /// # Errors
    ///
    /// All mistakes at once, each with a JSON pointer into `value`.
    pub fn parse_for_server(value: &Value) -> Result<Self, Vec<Problem>> {
        let node = Node::from_value(value);
        let plan: Self = read(&node)?;
        let problems = plan.beyond_a_server(&node);
        if problems.is_empty() { Ok(plan) } else { Err(problems) }
    }

    /// What only virtual time can do: a server does not move the clock of its client.
    #[must_use]
    pub fn beyond_a_server(&self, node: &Node) -> Vec<Problem> {
        let clients = self.faults.iter().enumerate();
        let clients =
            clients.filter(|(_, fault)| matches!(fault.effect, Effect::Clock(Side::Client)));
        let problem = |(index, _)| {
            let (_, place) = fault_node(node, index);
            Problem::value(
                member(&place, "clock"),
                "a server cannot move the clock of its client",
            )
            .hint(
                "`clock: client` works in virtual time only (replay, check); `clock: server` with \
                 the opposite sign looks much the same to the client",
            )
        };
        clients.map(problem).collect()
    }
}
