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
        let words = match (rule, value) {
            (Rule::Limit(limit), Value::Number(given)) => {
                let given = given.as_f64().unwrap_or_default();
                beyond(limit, given).then(|| told(limit))
            }
            (Rule::MultipleOf(unit), Value::Number(given)) => {
                let times = given.as_f64().unwrap_or_default() / unit;
                let whole = times == 0.0 || (times.fract() == 0.0 && times.abs() < 1e21);
                (!whole).then(|| format!("should be multiple of {}", number(*unit)))
            }
            (Rule::Most(counted, most), _) => {
                let more = counted.count(value).is_some_and(|count| count > *most);
                more.then(|| counted.told("longer", "more", *most))
            }
            (Rule::Least(counted, least), _) => {
                let fewer = counted.count(value).is_some_and(|count| count < *least);
                fewer.then(|| counted.told("shorter", "fewer", *least))
            }
            (Rule::Pattern { matcher, source }, Value::String(text)) => {
                let fits = finished(matcher.is_match(text), path)?;
                (!fits).then(|| format!("should match pattern \"{source}\""))
            }
            (Rule::Format { check, name }, Value::String(text)) => {
                (!check(text)).then(|| format!("should match format \"{name}\""))
            }
            (Rule::UniqueItems { plain }, Value::Array(items)) => twins(items, plain.as_deref())
                .map(|(j, i)| {
                    format!("should NOT have duplicate items (items ## {j} and {i} are identical)")
                }),
            (Rule::Required(names), Value::Object(map)) => {
                let missing = names.iter().find(|name| !has(map, name));
                missing.map(|name| format!("should have required property '{}'", property(name)))
            }
            (Rule::Const(wanted), _) => {
                (!equal(value, wanted)).then(|| "should be equal to constant".to_owned())
            }
            (Rule::Enum(wanted), _) => {
                let fits = wanted.iter().any(|one| equal(value, one));
                (!fits).then(|| "should be equal to one of the allowed values".to_owned())
            }
            _ => None,
        };
        match words {
            Some(words) => self.fail(path, frame, &|| words.clone()),
            None => Ok(true),
        }
    }
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

    fn told(self, of_text: &str, of_others: &str, bound: f64) -> String {
        let (relation, noun) = match self {
            Self::Characters => (format!("be {of_text}"), "characters"),
            Self::Items => (format!("have {of_others}"), "items"),
            Self::Properties => (format!("have {of_others}"), "properties"),
        };
        format!("should NOT {relation} than {} {noun}", number(bound))
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
