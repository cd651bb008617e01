//! A schema as the graph of its subschemas and references.

use std::collections::HashMap;

use serde_json::Value;

use super::draft::Draft;
use super::keyword::{self, Via};
use super::problem::SchemaProblem;

/// A schema inside the schema.
pub(super) struct Subschema<'a> {
    /// Where it is
    pub pointer: String,
    /// Itself: an object or a boolean
    pub schema: &'a Value,
    /// The innermost schema around it that has an id of its own: `#/…` counts from there
    resource: usize,
    /// What it applies, and to which part of the value
    pub applies: Vec<(Via, usize)>,
}

/// All subschemas; the first is the whole.
pub(super) struct Outline<'a> {
    /// In the order of a walk from the outside in
    pub all: Vec<Subschema<'a>>,
    by_pointer: HashMap<String, usize>,
    by_name: HashMap<(usize, String), usize>,
    by_id: HashMap<String, usize>,
    own_id: Option<&'a str>,
}

/// More subschemas than any settings page has fields by orders of magnitude.
const MOST_SUBSCHEMAS: usize = 5_000;

impl<'a> Outline<'a> {
    /// Walks a schema; without recursion, so its depth does not matter here.
    pub fn of(root: &'a Value, draft: Draft) -> Result<Self, SchemaProblem> {
        let mut outline = Self {
            all: vec![Subschema {
                pointer: String::new(),
                schema: root,
                resource: 0,
                applies: Vec::new(),
            }],
            by_pointer: HashMap::from([(String::new(), 0)]),
            by_name: HashMap::new(),
            by_id: HashMap::new(),
            own_id: own_id(root, draft),
        };
        let mut next = 0;
        while next < outline.all.len() {
            outline.open(next, draft);
            if outline.all.len() > MOST_SUBSCHEMAS {
                let message = format!("the schema has more than {MOST_SUBSCHEMAS} subschemas");
                return Err(SchemaProblem::new("", message).hint("settings are not that large"));
            }
            next += 1;
        }
        Ok(outline)
    }

    /// Notes the names of a subschema and lists what lies directly in it.
    fn open(&mut self, index: usize, draft: Draft) {
        let Some(map) = self.all[index].schema.as_object() else {
            return;
        };
        if index > 0 {
            self.name(index, map, draft);
        }
        for anchor in ["$anchor", "$dynamicAnchor"] {
            if let Some(name) = map.get(anchor).and_then(Value::as_str) {
                let resource = self.all[index].resource;
                self.by_name.insert((resource, name.to_owned()), index);
            }
        }
        let (pointer, resource) = (self.all[index].pointer.clone(), self.all[index].resource);
        for (name, value) in map {
            for (pointer, via, schema) in keyword::subschemas(&pointer, name, value) {
                let child = self.all.len();
                self.by_pointer.insert(pointer.clone(), child);
                let applies = Vec::new();
                self.all.push(Subschema {
                    pointer,
                    schema,
                    resource,
                    applies,
                });
                self.all[index].applies.push((via, child));
            }
        }
    }

    /// An inner `$id` is an anchor (`#name`) or starts a resource of its own.
    fn name(&mut self, index: usize, map: &serde_json::Map<String, Value>, draft: Draft) {
        let Some(id) = map.get(id_keyword(draft)).and_then(Value::as_str) else {
            return;
        };
        // Beside a reference it counts for nothing.
        if draft.ref_stands_alone() && map.contains_key("$ref") {
            return;
        }
        if let Some(name) = id.strip_prefix('#') {
            let resource = self.all[index].resource;
            self.by_name.insert((resource, name.to_owned()), index);
        } else {
            self.all[index].resource = index;
            self.by_id
                .insert(id.trim_end_matches('#').to_owned(), index);
        }
    }

    /// The subschema that a reference in the subschema `from` leads to, if it is in this schema.
    pub fn target(&self, from: usize, reference: &str) -> Option<usize> {
        let (address, fragment) = match reference.split_once('#') {
            Some((address, fragment)) => (address, fragment),
            None => (reference, ""),
        };
        let resource = match address {
            "" => self.all[from].resource,
            own if self.own_id.is_some_and(|id| self_address(id) == own) => 0,
            other => *self.by_id.get(other)?,
        };
        let fragment = percent_decoded(fragment)?;
        if fragment.is_empty() {
            return Some(resource);
        }
        if fragment.starts_with('/') {
            let pointer = format!("{}{fragment}", self.all[resource].pointer);
            return self.by_pointer.get(&pointer).copied();
        }
        // The fragment of Crisp's `$id` is part of its name.
        let whole = resource == 0 && self.own_id == Some(reference);
        let named = self.by_name.get(&(resource, fragment)).copied();
        named.or(whole.then_some(0))
    }
}

/// The keyword that names a schema.
pub(super) fn id_keyword(draft: Draft) -> &'static str {
    if draft == Draft::Draft04 { "id" } else { "$id" }
}

/// The id of the whole. Whatever the draft, both spellings are meant as one: Crisp's schemas name
/// no draft and write `$id`.
fn own_id(root: &Value, draft: Draft) -> Option<&str> {
    let id = |keyword| root.get(keyword).and_then(Value::as_str);
    id(id_keyword(draft)).or_else(|| id("$id"))
}

/// An id without its fragment.
fn self_address(id: &str) -> &str {
    id.split_once('#').map_or(id, |(address, _)| address)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The compiled copy of a schema: without its own id and draft, which are known by now, and with
/// references to its own id written as local ones.
///
/// An id like `crisp:service:api/_schema/plugin#urn:…` (specification §3.4) is no address that a
/// resolver could make sense of.
pub(super) fn without_id(root: &Value, outline: &Outline<'_>) -> Value {
    let mut copy = root.clone();
    let id = outline.own_id.map(self_address);
    if let Some(map) = copy.as_object_mut() {
        map.retain(|name, value| {
            !(matches!(name.as_str(), "$schema" | "$id") && value.is_string())
        });
        if map.get("id").is_some_and(Value::is_string) {
            map.remove("id");
        }
    }
    let Some(address) = id.filter(|address| !address.is_empty()) else {
        return copy;
    };
    for one in &outline.all {
        let Some(reference) = one.schema.get("$ref").and_then(Value::as_str) else {
            continue;
        };
        let Some(local) = reference.strip_prefix(address) else {
            continue;
        };
        let whole = Some(reference) == outline.own_id;
        let local = if local.is_empty() || whole {
            "#"
        } else {
            local
        };
        if let Some(slot) = copy.pointer_mut(&format!("{}/$ref", one.pointer)) {
            *slot = Value::String(local.to_owned());
        }
    }
    copy
}
