//! Rules that look at a value as it is.

use std::collections::HashMap;

use serde_json::Value;

use super::{Frame, Outcome, Run, finished};
use crate::javascript::number;
use crate::schema::ajv::inherited::has;
use crate::schema::ajv::path::{Path, property};
use crate::schema::ajv::rule::{Counted, Limit, Rule, Type};
use crate::schema::ajv::value::{equal, key};

impl<'n> Run<'n> {
    pub(super) fn plain(
        &mut self,
        rule: &'n Rule,
        value: &Value,
        path: &Path<'_>,
        frame: Frame,
    ) -> Outcome {
        let words: Option<Box<dyn Fn() -> String + '_>> = match (rule, value) {
            (Rule::Limit(limit), Value::Number(given)) => {
                let given = given.as_f64().unwrap_or_default();
                beyond(limit, given)
                    .then(|| -> Box<dyn Fn() -> String> { Box::new(|| told(limit)) })
            }
            (Rule::MultipleOf(unit), Value::Number(given)) => {
                let times = given.as_f64().unwrap_or_default() / unit;
                let whole = times == 0.0 || (times.fract() == 0.0 && times.abs() < 1e21);
                said(!whole, move || format!("should be multiple of {}", number(*unit)))
            }
            (Rule::Most(counted, most), _) => {
                let noun = counted.told("longer", "more");
                let tail = counted.noun();
                let most = *most;
                let more = counted.count(value).is_some_and(|count| count > most);
                said(more, move || format!("should NOT {noun} than {} {tail}", number(most)))
            }
            (Rule::Least(counted, least), _) => {
                let noun = counted.told("shorter", "fewer");
                let tail = counted.noun();
                let least = *least;
                let fewer = counted.count(value).is_some_and(|count| count < least);
                said(fewer, move || format!("should NOT {noun} than {} {tail}", number(least)))
            }
            (Rule::Pattern { matcher, source }, Value::String(text)) => {
                let fits = finished(matcher.is_match(text), path)?;
                said(!fits, move || format!("should match pattern \"{source}\""))
            }
            (Rule::Format { check, name }, Value::String(text)) => {
                said(!check(text), move || format!("should match format \"{name}\""))
            }
            (Rule::UniqueItems { plain }, Value::Array(items)) => {
                let twins = twins(items, plain.as_deref());
                twins.map(|(j, i)| -> Box<dyn Fn() -> String> {
                    Box::new(move || {
                        format!(
                            "should NOT have duplicate items (items ## {j} and {i} are identical)"
                        )
                    })
                })
            }
            (Rule::Required(names), Value::Object(map)) => {
                let missing = names.iter().find(|name| !has(map, name));
                missing.map(|name| -> Box<dyn Fn() -> String> {
                    Box::new(move || format!("should have required property '{}'", property(name)))
                })
            }
            (Rule::Const(wanted), _) => {
                said(!equal(value, wanted), || "should be equal to constant".to_owned())
            }
            (Rule::Enum(wanted), _) => {
                let fits = wanted.iter().any(|one| equal(value, one));
                said(!fits, || "should be equal to one of the allowed values".to_owned())
            }
            _ => None,
        };
        match words {
            Some(words) => self.fail(path, frame, &*words),
            None => Ok(true),
        }
    }
}

/// The words for a failure, if it is one.
fn said<'w>(failed: bool, words: impl Fn() -> String + 'w) -> Option<Box<dyn Fn() -> String + 'w>> {
    failed.then(|| -> Box<dyn Fn() -> String + 'w> { Box::new(words) })
}

fn beyond(limit: &Limit, given: f64) -> bool {
    match (limit.is_maximum, limit.exclusive) {
        (true, true) => given >= limit.value,
        (true, false) => given > limit.value,
        (false, true) => given <= limit.value,
        (false, false) => given < limit.value,
    }
}

fn told(limit: &Limit) -> String {
    let sign = if limit.is_maximum { '<' } else { '>' };
    let or_equal = if limit.exclusive { "" } else { "=" };
    format!("should be {sign}{or_equal} {}", number(limit.value))
}

impl Counted {
    fn count(self, value: &Value) -> Option<f64> {
        let count = match (self, value) {
            (Self::Characters, Value::String(text)) => text.chars().count(),
            (Self::Items, Value::Array(items)) => items.len(),
            (Self::Properties, Value::Object(map)) => map.len(),
            _ => return None,
        };
        Some(count as f64)
    }

    fn told(self, of_text: &str, of_others: &str) -> String {
        match self {
            Self::Characters => format!("be {of_text}"),
            Self::Items | Self::Properties => format!("have {of_others}"),
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Items => "items",
            Self::Properties => "properties",
        }
    }
}

/// Two equal items, in the order in which Ajv names them.
fn twins(items: &[Value], plain: Option<&[Type]>) -> Option<(usize, usize)> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let keyed = |item: &Value| {
        let mut text = String::new();
        key(item, &mut text);
        text
    };
    if let Some(types) = plain {
        // From the end, each with the one that was met before.
        for (index, item) in items.iter().enumerate().rev() {
            if types.iter().any(|kind| kind.fits(item))
                && let Some(later) = seen.insert(keyed(item), index)
            {
                return Some((later, index));
            }
        }
        return None;
    }
    // The last that has an equal one before it, with the nearest of those.
    let mut found = None;
    for (index, item) in items.iter().enumerate() {
        if let Some(earlier) = seen.insert(keyed(item), index) {
            found = Some((earlier, index));
        }
    }
    found
}
