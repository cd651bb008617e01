//! Numbers within bounds.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use serde_json::{Number, Value};

use super::flatten::Plain;

/// What a number has to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct NumberShape {
    /// Multiples of this, if there is one between the bounds
    step: f64,
    /// The first and last multiple allowed, counted in steps
    first: f64,
    last: f64,
    /// Taken when no multiple lies between the bounds and none has to
    between: Option<f64>,
    whole: bool,
}

/// How many steps are spread over where a bound is missing, and at most.
const SPREAD: f64 = 100.0;
/// Whole numbers beyond this are not exact as floats.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl NumberShape {
    /// Reads the bounds; `None` if nothing fits.
    pub fn of(schema: &Plain, whole: bool) -> Option<Self> {
        let number = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        let multiple = number("multipleOf").filter(|step| *step > 0.0);
        let step = match multiple {
            Some(step) if whole => whole_multiple(step)?,
            Some(step) => step,
            None if whole => 1.0,
            None => 0.25,
        };
        let (low, low_excluded) = bound(schema, "minimum", "exclusiveMinimum", f64::max);
        let (high, high_excluded) = bound(schema, "maximum", "exclusiveMaximum", f64::min);
        let first = low.map(|low| first_step(low / step, low_excluded));
        let last = high.map(|high| -first_step(-high / step, high_excluded));
        let (first, last) = match (first, last) {
            (Some(first), Some(last)) => (first, last),
            (Some(first), None) => (first, first + SPREAD),
            (None, Some(last)) => ((last - SPREAD).max(0.0_f64.min(last)), last),
            (None, None) => (0.0, SPREAD),
        };
        let between = low.zip(high).map(|(low, high)| low + (high - low) / 2.0);
        let between = between.filter(|_| multiple.is_none() && !whole);
        let possible = first <= last && (first * step).abs() <= EXACT;
        (possible || between.is_some()).then_some(Self { step, first, last, between, whole })
    }

    pub fn value(self, chance: &mut ChaCha8Rng) -> Option<Value> {
        if self.first > self.last {
            return Number::from_f64(self.between?).map(Value::Number);
        }
        let steps = (self.last - self.first).min(SPREAD);
        let at = self.first + f64::from(chance.random_range(0..=steps as u32));
        let value = tidy(at * self.step);
        if self.whole || (value.fract() == 0.0 && value.abs() < EXACT) {
            return Some(Value::from(value as i64));
        }
        Number::from_f64(value).map(Value::Number)
    }
}

/// The first whole number from here on.
fn first_step(at: f64, excluded: bool) -> f64 {
    let first = at.ceil();
    if excluded && first <= at { first + 1.0 } else { first }
}

/// A bound and whether it is excluded itself; in draft-04 the exclusive one is a flag.
fn bound(
    schema: &Plain,
    plain: &str,
    exclusive: &str,
    stricter: fn(f64, f64) -> f64,
) -> (Option<f64>, bool) {
    let inclusive = schema.get(plain).and_then(Value::as_f64);
    match schema.get(exclusive) {
        Some(Value::Bool(flag)) => (inclusive, *flag),
        Some(other) => match (inclusive, other.as_f64()) {
            (Some(one), Some(other)) => {
                let strict = stricter(one, other);
                (Some(strict), strict.total_cmp(&other).is_eq())
            }
            (one, other) => (other.or(one), other.is_some()),
        },
        None => (inclusive, false),
    }
}

/// The smallest multiple of a step that is whole.
fn whole_multiple(step: f64) -> Option<f64> {
    let multiples = (1..=1_000_u32).map(|times| tidy(step * f64::from(times)));
    multiples.into_iter().find(|multiple| multiple.fract() == 0.0)
}

/// Drops what adding binary fractions leaves behind: 0.30000000000000004.
fn tidy(value: f64) -> f64 {
    format!("{value:.12}").parse().unwrap_or(value)
}
