//! Reading a plan from a JSON value (YAML arrives as one too), with every mistake reported.

use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

use super::contradiction::contradictions;
use super::effect::{ClockFault, Effect};
use super::error::{FaultError, pointer_to};
use super::plan::{Chance, Fault, FaultPlan};
use super::read::{Reader, describe};
use super::target::Target;
use super::window::Window;
use crate::nearest::nearest;

/// The keys that say which requests are met, and how often.
pub(super) const LIMITS: [&str; 7] =
    ["at", "window", "website", "method", "times", "chance", "seed"];
/// The keys that each are an effect; a fault has exactly one of them.
pub(super) const EFFECTS: [&str; 23] = [
    "status",
    "throttle",
    "delay",
    "hang",
    "reset",
    "close",
    "cut_body",
    "drip",
    "garbage",
    "html",
    "empty_body",
    "wrong_type",
    "error_envelope",
    "missing_data",
    "null_data",
    "lose_answer",
    "lose_request",
    "stale",
    "empty_page",
    "short_page",
    "repeat_page",
    "hold_order",
    "clock",
];
/// The keys that say more about an effect.
pub(super) const DETAILS: [&str; 4] = ["reason", "retry_after", "skew", "step"];

/// Who is going to carry the plan out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Venue {
    /// Virtual time: anything goes.
    Simulation,
    /// A server, which has no hand on the clock of its client.
    Server,
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
    pub fn parse(value: &Value) -> Result<Self, Vec<FaultError>> {
        parse(value, Venue::Simulation)
    }

    /// Reads a plan that a server is to carry out: as [`FaultPlan::parse`], but what only virtual
    /// time can do is refused too.
    ///
    /// # Errors
    ///
    /// All mistakes at once, each with a JSON pointer into `value`.
    pub fn parse_for_server(value: &Value) -> Result<Self, Vec<FaultError>> {
        parse(value, Venue::Server)
    }
}

fn parse(value: &Value, venue: Venue) -> Result<FaultPlan, Vec<FaultError>> {
    let mut errors = Vec::new();
    let faults = match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| one(item, &format!("/{index}"), venue, &mut errors))
            .collect(),
        _ => Vec::from_iter(one(value, "", venue, &mut errors)),
    };
    if errors.is_empty() { Ok(FaultPlan { faults }) } else { Err(errors) }
}

fn one(value: &Value, place: &str, venue: Venue, errors: &mut Vec<FaultError>) -> Option<Fault> {
    let before = errors.len();
    let Value::Object(object) = value else {
        errors.push(FaultError {
            pointer: place.to_owned(),
            message: format!("{} is not a fault", describe(value)),
            hint: Some("a fault is an object: `{ at: \"since#2\", status: 503 }`".into()),
        });
        return None;
    };
    let mut reader = Reader::new(object, place, errors);
    let typo_of_an_effect = unknown_keys(&mut reader, object);
    let effect = effect(&mut reader, object, typo_of_an_effect);
    stray_details(&mut reader, object);
    let fault = limits(&mut reader, effect);
    if errors.len() > before {
        return None;
    }
    let fault = fault?;
    for (key, message, hint) in contradictions(&fault) {
        let known = key.filter(|key| object.contains_key(*key));
        errors.push(FaultError {
            pointer: known.map_or_else(|| place.to_owned(), |key| pointer_to(place, key)),
            message,
            hint: Some(hint),
        });
    }
    let moves_client = matches!(fault.effect, Effect::Clock(ClockFault::Client { .. }));
    if venue == Venue::Server && moves_client {
        errors.push(FaultError {
            pointer: pointer_to(place, "clock"),
            message: "a server cannot move the clock of its client".into(),
            hint: Some(
                "`clock: client` works in virtual time only (replay, check); `clock: server` with \
                 the opposite sign looks much the same to the client"
                    .into(),
            ),
        });
    }
    (errors.len() == before).then_some(fault)
}

/// Reports keys that no fault has; tells whether one of them looks like a misspelt effect.
fn unknown_keys(reader: &mut Reader<'_>, object: &Map<String, Value>) -> bool {
    let known = || LIMITS.into_iter().chain(EFFECTS).chain(DETAILS);
    let mut effect = false;
    for key in object.keys().filter(|key| !known().any(|known| known == key.as_str())) {
        let near = nearest(key, known());
        effect |= near.is_some_and(|near| EFFECTS.contains(&near));
        let hint = match (near, key.as_str()) {
            (_, "faults") => "write the list of faults itself".to_owned(),
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, _) => format!(
                "a fault has a target (`at`, `window`), one effect ({}), and limits",
                EFFECTS.join(", ")
            ),
        };
        effect |= key == "faults";
        let name: String = key.chars().take(80).collect();
        reader.complain(key, format!("`{name}` is not a key of a fault"), Some(hint));
    }
    effect
}

fn effect(reader: &mut Reader<'_>, object: &Map<String, Value>, typo: bool) -> Option<Effect> {
    let present: Vec<_> =
        object.keys().filter_map(|key| EFFECTS.into_iter().find(|effect| effect == key)).collect();
    if present.is_empty() && !typo {
        let hint = format!("add one of: {}", EFFECTS.join(", "));
        reader.complain("", "this fault does nothing".into(), Some(hint));
    }
    for second in present.iter().skip(1) {
        let message = format!("`{}` and `{second}` contradict each other", present[0]);
        let hint = "a fault has one effect; write two faults, they combine where they can";
        reader.complain(second, message, Some(hint.into()));
    }
    // Each is read, so that all mistakes are found.
    let mut read = present.into_iter().map(|key| reader.effect(key)).collect::<Vec<_>>();
    (!read.is_empty()).then(|| read.swap_remove(0)).flatten()
}

/// Details that stand beside no effect they could belong to.
fn stray_details(reader: &mut Reader<'_>, object: &Map<String, Value>) {
    let owners: [(&str, &[&str]); 4] = [
        ("reason", &["status"]),
        ("retry_after", &["status", "throttle"]),
        ("skew", &["clock"]),
        ("step", &["clock"]),
    ];
    for (detail, owners) in owners {
        let owned = owners.iter().any(|owner| object.contains_key(*owner));
        if object.contains_key(detail) && !owned {
            let owners = owners.join("` or `");
            let message = format!("`{detail}` says more about `{owners}`, which is missing");
            let hint = format!("add `{owners}`, or remove `{detail}`");
            reader.complain(detail, message, Some(hint));
        }
    }
}

/// Reads all limits before it gives up for want of an effect, so that all mistakes are found.
fn limits(reader: &mut Reader<'_>, effect: Option<Effect>) -> Option<Fault> {
    let at = reader.text("at", Target::parse);
    let window = reader.text("window", Window::parse);
    let website = reader.website();
    let method = reader.method();
    let times = reader.times();
    let chance = reader.chance().and_then(Chance::new);
    let seed = reader.seed();
    Some(Fault { at, window, website, method, times, chance, seed, effect: effect? })
}

impl<'de> Deserialize<'de> for FaultPlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::parse(&value).map_err(|errors| de::Error::custom(join(&errors)))
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let mut errors = Vec::new();
        let fault = one(&value, "", Venue::Simulation, &mut errors);
        fault.ok_or_else(|| de::Error::custom(join(&errors)))
    }
}

fn join(errors: &[FaultError]) -> String {
    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
    lines.join("; ")
}
