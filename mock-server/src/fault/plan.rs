//! One fault, and a list of them.

use std::fmt;
use std::num::NonZeroU64;

use http::Method;

use super::effect::Effect;
use super::target::Target;
use super::window::Window;
use crate::id::WebsiteId;

/// Something that goes wrong: what it is aimed at, what it does, and how often.
///
/// Its form in YAML and JSON is one flat object; [`fmt::Display`] writes it on one line.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Which requests: without a target every request, which needs a window.
    pub at: Option<Target>,
    /// When: in which span of elapsed time.
    pub window: Option<Window>,
    /// Only requests about this website.
    pub website: Option<WebsiteId>,
    /// Only requests with this method.
    pub method: Option<Method>,
    /// At most so many times.
    pub times: Option<NonZeroU64>,
    /// Only with this probability, above 0 and up to 1.
    pub chance: Option<Chance>,
    /// What chance and uniform delays are drawn from, together with the place in the plan.
    pub seed: Option<u64>,
    /// What happens.
    pub effect: Effect,
}

/// A probability above 0 and up to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
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
        Self {
            at: Some(at),
            window: None,
            website: None,
            method: None,
            times: None,
            chance: None,
            seed: None,
            effect,
        }
    }

    /// A fault that meets every request in a window.
    #[must_use]
    pub fn during(window: Window, effect: Effect) -> Self {
        Self {
            at: None,
            window: Some(window),
            website: None,
            method: None,
            times: None,
            chance: None,
            seed: None,
            effect,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.to_value())
    }
}

/// Faults in the order in which they are asked; the first of a kind wins.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FaultPlan {
    /// The faults; the place in this list is part of what chance is drawn from.
    pub faults: Vec<Fault>,
}

impl From<Vec<Fault>> for FaultPlan {
    fn from(faults: Vec<Fault>) -> Self {
        Self { faults }
    }
}
