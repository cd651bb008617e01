//! The work of one check, counted before it is done.

use std::collections::HashSet;

use serde_json::Value;

use super::keyword::Via;
use super::outline::Outline;
use super::pattern;
use super::work::weight;

/// Steps that one check may take, a fraction of a microsecond each.
const MOST_STEPS: u64 = 200_000;
/// Characters times states of the patterns that they are matched with. Each takes 20 ns at worst,
/// and nearly nothing with the patterns that people write.
const MOST_MATCHING: u64 = 60_000_000;
/// Bytes that the failures of one check may take.
const MOST_MEMORY: u64 = 32 * 1024 * 1024;
/// Bytes of a failure, without the value that failed.
const OF_A_FAILURE: u64 = 400;
/// Bytes of a value, without what is in it.
const OF_A_VALUE: u64 = 80;
/// A schema that unrolls to fewer schemas than this cannot take many steps.
pub(super) const HARMLESS: u64 = 1_000;
/// So many values of an `enum` are compared in the time of a step.
const OPTIONS_A_STEP: u64 = 8;

/// Counts the steps of a check without taking them.
pub(super) struct Meter {
    all: Vec<Cost>,
    /// Whether no settings can take too many steps
    harmless: bool,
}

/// What one subschema costs.
struct Cost {
    applies: Vec<(Via, usize)>,
    /// The states of its `pattern`
    text: u64,
    /// The states of all its `patternProperties`
    names: u64,
    /// The values of its `enum`
    options: u64,
    /// The branches of its `anyOf` and `oneOf`
    branches: HashSet<usize>,
    /// How many keywords it has, each of which can fail
    keywords: u64,
}

/// What one check has cost so far.
#[derive(Default)]
struct Bill {
    steps: u64,
    matching: u64,
}

impl Cost {
    fn of(schema: &Value, applies: &[(Via, usize)]) -> Self {
        let taken = applies.iter().filter(|(via, _)| *via != Via::Definition);
        let times = usize::try_from(weight(schema)).unwrap_or(2);
        let named = schema.get("patternProperties").and_then(Value::as_object);
        let names = named.into_iter().flatten().map(|(name, _)| pattern::cost(name));
        let text = schema.get("pattern").and_then(Value::as_str);
        let options = schema.get("enum").and_then(Value::as_array);
        Self {
            applies: taken.flat_map(|step| std::iter::repeat_n(step.clone(), times)).collect(),
            text: text.map_or(0, pattern::cost),
            names: names.fold(0, u64::saturating_add),
            options: options.map_or(0, |options| options.len() as u64),
            branches: HashSet::new(),
            keywords: schema.as_object().map_or(1, |map| map.len() as u64),
        }
    }

    /// What it costs besides the schemas that it applies.
    fn charge(&self, value: &Value, bill: &mut Bill) {
        bill.steps += 1 + self.options / OPTIONS_A_STEP;
        let matching = match value {
            Value::String(text) => self.text.saturating_mul(text.len() as u64),
            Value::Object(map) if self.names > 0 => {
                let letters: usize = map.keys().map(|name| name.len() + 1).sum();
                self.names.saturating_mul(letters as u64)
            }
            _ => 0,
        };
        bill.matching = bill.matching.saturating_add(matching);
    }
}

impl Meter {
    /// A meter for a schema; `few`, if it unrolls to few schemas.
    pub fn of(outline: &Outline<'_>, few: bool) -> Self {
        let costs = outline.all.iter().map(|one| {
            let branches = ["anyOf", "oneOf"].into_iter().flat_map(|keyword| {
                let all = one.schema.get(keyword).and_then(Value::as_array);
                let pointer = format!("{}/{keyword}", one.pointer);
                (0..all.map_or(0, Vec::len)).map(move |n| format!("{pointer}/{n}"))
            });
            let branches = branches.filter_map(|pointer| outline.at(&pointer)).collect();
            Cost { branches, ..Cost::of(one.schema, &one.applies) }
        });
        let mut meter = Self { all: costs.collect(), harmless: false };
        meter.harmless = few && meter.toil() <= HARMLESS;
        meter
    }

    /// How much there is to count besides schemas.
    fn toil(&self) -> u64 {
        let toil = |cost: &Cost| cost.text.saturating_add(cost.names).saturating_add(cost.options);
        self.all.iter().map(toil).fold(0, u64::saturating_add)
    }

    /// Whether checking these settings would take too long.
    pub fn is_too_much(&self, settings: &Value) -> bool {
        if self.harmless {
            return false;
        }
        let mut bill = Bill::default();
        let mut waiting = vec![(0_usize, settings)];
        while let Some((index, value)) = waiting.pop() {
            let cost = &self.all[index];
            cost.charge(value, &mut bill);
            for (via, to) in &cost.applies {
                let before = waiting.len();
                waiting.extend(via.parts(value).map(|part| (*to, part)));
                bill.steps += (waiting.len() - before) as u64;
                if bill.steps > MOST_STEPS || bill.matching > MOST_MATCHING {
                    return true;
                }
            }
        }
        bill.steps > MOST_STEPS || bill.matching > MOST_MATCHING
    }

    /// Whether telling how settings fail could take too much memory: each failure of a branch holds
    /// a copy of the value that failed. Asked only of settings that do not take too many steps.
    pub fn fills_memory(&self, settings: &Value) -> bool {
        let mut bytes = 0_u64;
        let mut steps = 0_u64;
        // With how many branches are around it: failures are copied from branch to branch.
        let mut waiting = vec![(0_usize, settings, 0_u64)];
        while let Some((index, value, depth)) = waiting.pop() {
            let cost = &self.all[index];
            steps += 1;
            let keywords = cost.keywords.max(1);
            if let Some(room) = ((MOST_MEMORY - bytes) / keywords).checked_div(depth) {
                let size = OF_A_FAILURE + size(value, room + 1);
                bytes += size.saturating_mul(keywords).saturating_mul(depth);
            }
            if bytes >= MOST_MEMORY || steps > MOST_STEPS {
                return true;
            }
            for (via, to) in &cost.applies {
                let depth = depth + u64::from(cost.branches.contains(to));
                waiting.extend(via.parts(value).map(|part| (*to, part, depth)));
            }
        }
        false
    }
}

/// About how many bytes a value takes, as far as `most`.
fn size(value: &Value, most: u64) -> u64 {
    let mut waiting = vec![value];
    let mut bytes = 0;
    while let Some(value) = waiting.pop() {
        bytes += OF_A_VALUE;
        match value {
            Value::String(text) => bytes += text.len() as u64,
            Value::Array(items) => {
                if bytes + items.len() as u64 * OF_A_VALUE > most {
                    return most;
                }
                waiting.extend(items);
            }
            Value::Object(map) => {
                let names: usize = map.keys().map(String::len).sum();
                bytes += names as u64 + map.len() as u64 * OF_A_VALUE;
                if bytes > most {
                    return most;
                }
                waiting.extend(map.values());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        if bytes > most {
            return most;
        }
    }
    bytes
}
