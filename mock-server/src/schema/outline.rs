//! A schema as the graph of its subschemas and references.

use std::collections::HashMap;

use serde_json::Value;

use super::draft::Draft;
use super::keyword::{self, Via};
use crate::document::Problem;

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
/// How the ids of Crisp's schemas start.
const CRISP: &str = "crisp:";

impl<'a> Outline<'a> {
    /// Walks a schema; without recursion, so its depth does not matter here.
    pub fn of(root: &'a Value, draft: Draft) -> Result<Self, Problem> {
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
        outline.walk(0, draft)?;
        Ok(outline)
    }

    /// Opens all subschemas from `next` on, those that it finds included.
    fn walk(&mut self, mut next: usize, draft: Draft) -> Result<(), Problem> {
        while next < self.all.len() {
            self.open(next, draft);
            if self.all.len() > MOST_SUBSCHEMAS {
                let message = format!("the schema has more than {MOST_SUBSCHEMAS} subschemas");
                return Err(Problem::value("", message).hint("settings are not that large"));
            }
            next += 1;
        }
        Ok(())
    }

    /// Takes up what a reference points to where no keyword holds it: `#/components/schemas/a`.
    pub fn discover(
        &mut self,
        from: usize,
        reference: &str,
        draft: Draft,
    ) -> Result<Option<usize>, Problem> {
        let place = self.place(from, reference);
        let Some((resource, pointer)) = place.filter(|(_, pointer)| pointer.contains('/')) else {
            return Ok(None);
        };
        let root: &'a Value = self.all[0].schema;
        let schema = root.pointer(&pointer).filter(|one| one.is_object() || one.is_boolean());
        let Some(schema) = schema else {
            return Ok(None);
        };
        let index = self.all.len();
        self.by_pointer.insert(pointer.clone(), index);
        self.all.push(Subschema { pointer, schema, resource, applies: Vec::new() });
        self.walk(index, draft)?;
        Ok(Some(index))
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
                self.all.push(Subschema { pointer, schema, resource, applies });
                self.all[index].applies.push((via, child));
            }
        }
    }

    /// An inner `$id` is an anchor (`#name`) or starts a resource of its own.
    fn name(&mut self, index: usize, map: &serde_json::Map<String, Value>, draft: Draft) {
        let Some(id) = map.get(id_keyword(draft)).and_then(Value::as_str) else {
            return;
        };
        // Crisp's ids name the plugin and no place to look things up from.
        if id.starts_with(CRISP) {
            return;
        }
        // Beside a reference it counts for nothing.
        if draft.ref_stands_alone() && map.contains_key("$ref") {
            return;
        }
        if let Some(name) = id.strip_prefix('#') {
            let resource = self.all[index].resource;
            self.by_name.insert((resource, name.to_owned()), index);
        } else {
            self.all[index].resource = index;
            self.by_id.insert(id.trim_end_matches('#').to_owned(), index);
        }
    }

    /// The subschema at a pointer.
    pub fn at(&self, pointer: &str) -> Option<usize> {
        self.by_pointer.get(pointer).copied()
    }

    /// The subschemas that a check of settings can get to, the whole first.
    pub fn applied(&self, draft: Draft) -> Vec<usize> {
        let mut found = vec![false; self.all.len()];
        let mut applied = Vec::new();
        let mut waiting = vec![0];
        while let Some(index) = waiting.pop() {
            if std::mem::replace(&mut found[index], true) {
                continue;
            }
            applied.push(index);
            let one = &self.all[index];
            let reference = one.schema.get("$ref").and_then(Value::as_str);
            match reference.filter(|_| draft.ref_stands_alone()) {
                Some(reference) => waiting.extend(self.target(index, reference)),
                None => {
                    let taken = one.applies.iter().filter(|(via, _)| *via != Via::Definition);
                    waiting.extend(taken.map(|(_, to)| *to));
                }
            }
        }
        applied.sort_unstable();
        applied
    }

    /// The subschema that a reference in the subschema `from` leads to, if it is in this schema.
    pub fn target(&self, from: usize, reference: &str) -> Option<usize> {
        if let Some((_, pointer)) = self.place(from, reference) {
            return self.by_pointer.get(&pointer).copied();
        }
        let (resource, fragment) = self.resource(from, reference)?;
        let named = self.by_name.get(&(resource, fragment)).copied();
        // The fragment of Crisp's `$id` is part of its name.
        named.or((self.own_id == Some(reference)).then_some(0))
    }

    /// The resource that a reference names and the pointer into the whole, if it has one.
    fn place(&self, from: usize, reference: &str) -> Option<(usize, String)> {
        let (resource, fragment) = self.resource(from, reference)?;
        let pointer = fragment.is_empty() || fragment.starts_with('/');
        pointer.then(|| (resource, format!("{}{fragment}", self.all[resource].pointer)))
    }

    /// The resource that a reference names and the fragment, decoded.
    fn resource(&self, from: usize, reference: &str) -> Option<(usize, String)> {
        let (address, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let resource = match address {
            "" => self.all[from].resource,
            own if self.own_id.is_some_and(|id| self_address(id) == own) => 0,
            other => *self.by_id.get(other)?,
        };
        let fragment = percent_encoding::percent_decode_str(fragment).decode_utf8().ok()?;
        Some((resource, fragment.into_owned()))
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

/// The compiled copy of a schema: without its own id and draft, which are known by now, and with
/// references to its own id written as local ones.
///
/// An id like `crisp:service:api/_schema/plugin#urn:…` (docs/wire.md#settings) is no address that a
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
    let names_plugin = |id: &Value| id.as_str().is_some_and(|id| id.starts_with(CRISP));
    for one in &outline.all {
        if one.schema.get("$id").is_some_and(names_plugin)
            && let Some(map) = copy.pointer_mut(&one.pointer).and_then(Value::as_object_mut)
        {
            map.remove("$id");
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
        let local = if local.is_empty() || whole { "#" } else { local };
        if let Some(slot) = copy.pointer_mut(&format!("{}/$ref", one.pointer)) {
            *slot = Value::String(local.to_owned());
        }
    }
    copy
}
