//! Rules from the graph of a schema.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::inherited::PROTOTYPE;
use super::rule::{
    Additional, At, Counted, Dependency, Group, Items, Limit, Node, Ordered, Properties, Rule, Type,
};
use super::value::members;
use crate::document::{Problem, member};
use crate::schema::draft::Draft;
use crate::schema::ecma::{Matcher, Pattern};
use crate::schema::format;
use crate::schema::outline::Outline;

/// Keywords of rules for a type, or for any, in Ajv's order.
const GROUPS: [(Option<Type>, &[&str]); 5] = [
    (
        Some(Type::Number),
        &["maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "multipleOf", "format"],
    ),
    (Some(Type::String), &["maxLength", "minLength", "pattern", "format"]),
    (Some(Type::Array), &["maxItems", "minItems", "items", "contains", "uniqueItems"]),
    (
        Some(Type::Object),
        &[
            "maxProperties",
            "minProperties",
            "required",
            "dependencies",
            "propertyNames",
            "properties",
            "additionalProperties",
            "patternProperties",
        ],
    ),
    (None, &["$ref", "const", "enum", "not", "anyOf", "oneOf", "allOf", "if"]),
];

pub(super) fn nodes(
    outline: &Outline<'_>,
    draft: Draft,
    formats: bool,
) -> Result<Vec<Node>, Problem> {
    let all = 0..outline.all.len();
    all.map(|index| Compiler { outline, draft, formats, index }.node()).collect()
}

struct Compiler<'o, 's> {
    outline: &'o Outline<'s>,
    draft: Draft,
    formats: bool,
    index: At,
}

impl<'s> Compiler<'_, 's> {
    fn pointer(&self) -> &str {
        &self.outline.all[self.index].pointer
    }

    /// Whether the draft has a keyword that refuses values.
    fn is_rule(&self, keyword: &str) -> bool {
        let since = match keyword {
            "const" | "contains" | "propertyNames" => Draft::Draft06,
            "if" => Draft::Draft07,
            _ => Draft::Draft04,
        };
        let known = matches!(keyword, "type" | "$comment")
            || GROUPS.iter().any(|(_, keywords)| keywords.contains(&keyword));
        known && self.draft >= since
    }

    /// Whether a schema could refuse a value, as Ajv sees it.
    fn counts(&self, schema: &Value) -> bool {
        match schema {
            Value::Bool(accepts) => !accepts,
            Value::Object(map) => map.keys().any(|keyword| self.is_rule(keyword)),
            _ => false,
        }
    }

    fn at(&self, place: &str) -> Option<At> {
        self.outline.at(&format!("{}/{place}", self.pointer()))
    }

    /// The schema at a place below this one, if it could refuse a value.
    fn inside(&self, place: &str, schema: &Value) -> Option<At> {
        self.at(place).filter(|_| self.counts(schema))
    }

    fn node(&self) -> Result<Node, Problem> {
        let map = match self.outline.all[self.index].schema {
            Value::Bool(false) => return Ok(Node::Never),
            Value::Object(map) => map,
            _ => return Ok(Node::Always),
        };
        let has = |keyword: &&str| self.is_rule(keyword) && map.contains_key(*keyword);
        let is_used = |of: Type| {
            let group = GROUPS.iter().find(|(group, _)| *group == Some(of));
            group.is_some_and(|(_, keywords)| keywords.iter().any(&has))
        };
        let types = types(map.get("type"));
        let mut ordered = Ordered::default();
        if !types.is_empty() && (types.len() > 1 || !is_used(types[0])) {
            ordered.types_first = Some(types.clone());
        }
        let reference = map.get("$ref").and_then(Value::as_str);
        if let Some(reference) = reference.filter(|_| self.draft.ref_stands_alone()) {
            let rules = Vec::from_iter(self.reference(reference));
            ordered.groups.push(Group { of: None, demands_type: false, rules });
        } else {
            for (of, keywords) in GROUPS {
                if !keywords.iter().any(&has) {
                    continue;
                }
                let mut rules = Vec::new();
                for keyword in keywords.iter().filter(|keyword| self.is_rule(keyword)) {
                    rules.extend(self.rule(of, keyword, map)?);
                }
                let demands_type = of.is_some_and(|of| types == [of]);
                ordered.groups.push(Group { of, demands_type, rules });
            }
        }
        let nothing = ordered.types_first.is_none() && ordered.groups.is_empty();
        Ok(if nothing { Node::Always } else { Node::Rules(Box::new(ordered)) })
    }

    fn rule(
        &self,
        of: Option<Type>,
        keyword: &str,
        map: &'s Map<String, Value>,
    ) -> Result<Option<Rule>, Problem> {
        let value = map.get(keyword);
        let number = || value.and_then(Value::as_f64);
        let count = |counted, most: bool| {
            number().map(|n| if most { Rule::Most(counted, n) } else { Rule::Least(counted, n) })
        };
        Ok(match keyword {
            "maximum" | "minimum" => limit(keyword == "maximum", map).map(Rule::Limit),
            "multipleOf" => number().map(Rule::MultipleOf),
            "maxLength" => count(Counted::Characters, true),
            "minLength" => count(Counted::Characters, false),
            "maxItems" => count(Counted::Items, true),
            "minItems" => count(Counted::Items, false),
            "maxProperties" => count(Counted::Properties, true),
            "minProperties" => count(Counted::Properties, false),
            "pattern" => match value.and_then(Value::as_str) {
                Some(source) => Some(Rule::Pattern {
                    matcher: self.matcher("pattern", source)?,
                    source: source.to_owned(),
                }),
                None => None,
            },
            "format" => {
                let name = value.and_then(Value::as_str).filter(|_| self.formats);
                let name = name.filter(|_| of == Some(Type::String));
                name.and_then(|name| {
                    Some(Rule::Format { check: format::check_of(name)?, name: name.to_owned() })
                })
            }
            "items" => value.and_then(|items| self.items(items, map)),
            "contains" => value.map(|schema| Rule::Contains(self.inside("contains", schema))),
            "uniqueItems" => {
                let wanted = value == Some(&Value::Bool(true));
                let kinds = map.get("items").map(|items| types(items.get("type")));
                let is_plain = |kinds: &Vec<Type>| {
                    let nests = |kind: &Type| matches!(kind, Type::Array | Type::Object);
                    !kinds.is_empty() && !kinds.iter().any(nests)
                };
                wanted.then(|| Rule::UniqueItems { plain: kinds.filter(is_plain) })
            }
            "required" => {
                let names = texts(value);
                let properties = map.get("properties").and_then(Value::as_object);
                let elsewhere = |name: &String| {
                    properties.and_then(|all| all.get(name)).is_some_and(|one| self.counts(one))
                };
                let here: Vec<_> = names.into_iter().filter(|name| !elsewhere(name)).collect();
                (!here.is_empty()).then_some(Rule::Required(here))
            }
            "dependencies" => value.and_then(Value::as_object).map(|map| self.dependencies(map)),
            "propertyNames" => value
                .and_then(|schema| self.inside("propertyNames", schema))
                .map(Rule::PropertyNames),
            "properties" => {
                let any = ["properties", "additionalProperties", "patternProperties"];
                let any = any.iter().any(|keyword| map.contains_key(*keyword));
                if any { Some(Rule::Properties(self.properties(map)?)) } else { None }
            }
            "$ref" => value.and_then(Value::as_str).and_then(|to| self.reference(to)),
            "const" => value.cloned().map(Rule::Const),
            "enum" => value.and_then(Value::as_array).cloned().map(Rule::Enum),
            "not" => value.map(|schema| Rule::Not(self.inside("not", schema))),
            "anyOf" | "oneOf" | "allOf" => value.and_then(|all| self.several(keyword, all)),
            "if" => {
                let part = |name| map.get(name).and_then(|schema| self.inside(name, schema));
                let (then, otherwise) = (part("then"), part("else"));
                let condition = value.and_then(|_| self.at("if"));
                let condition = condition.filter(|_| then.is_some() || otherwise.is_some());
                condition.map(|condition| Rule::If { condition, then, otherwise })
            }
            _ => None,
        })
    }

    fn matcher(&self, place: &str, source: &str) -> Result<Matcher, Problem> {
        let matcher = Pattern::read(source).ok().and_then(|pattern| Matcher::new(&pattern));
        matcher.ok_or_else(|| {
            let pointer = format!("{}/{place}", self.pointer());
            Problem::value(pointer, "the pattern is too large")
        })
    }

    fn reference(&self, reference: &str) -> Option<Rule> {
        let mut to = self.outline.target(self.index, reference)?;
        // Ajv goes along a chain of bare references at once; its length is bounded by the schema.
        for _ in 0..self.outline.all.len() {
            let next = self.outline.all[to].schema.get("$ref").and_then(Value::as_str);
            let next = next.filter(|_| self.draft.ref_stands_alone() && to != 0);
            match next.and_then(|next| self.outline.target(to, next)) {
                Some(next) if next != 0 => to = next,
                _ => break,
            }
        }
        let inline = to != 0 && !refers(self.outline.all[to].schema);
        Some(Rule::Reference { to, inline })
    }

    fn items(&self, items: &Value, map: &Map<String, Value>) -> Option<Rule> {
        let Value::Array(all) = items else {
            return self.inside("items", items).map(|at| Rule::Items(Items::All(at)));
        };
        let each = all.iter().enumerate();
        let schemas = each.map(|(n, one)| self.inside(&format!("items/{n}"), one)).collect();
        let more = map.get("additionalItems");
        let most = (more == Some(&Value::Bool(false))).then_some(all.len());
        let more = more.filter(|more| more.is_object());
        let more = more.and_then(|more| self.inside("additionalItems", more));
        Some(Rule::Items(Items::Each { schemas, most, more }))
    }

    fn dependencies(&self, all: &Map<String, Value>) -> Rule {
        let (mut named, mut schemas) = (Vec::new(), Vec::new());
        for (name, value) in members(all).into_iter().filter(|(name, _)| *name != PROTOTYPE) {
            if value.is_array() {
                named.push((name.clone(), Dependency::Properties(texts(Some(value)))));
            } else if let Some(at) = self.inside(&below("dependencies", name), value) {
                schemas.push((name.clone(), Dependency::Schema(at)));
            }
        }
        named.append(&mut schemas);
        Rule::Dependencies(named)
    }

    fn properties(&self, map: &Map<String, Value>) -> Result<Properties, Problem> {
        let part = |name: &str| map.get(name).and_then(Value::as_object);
        let required: HashSet<String> = texts(map.get("required")).into_iter().collect();
        let named: Vec<_> = part("properties").map(members).unwrap_or_default();
        let named = named.into_iter().filter(|(name, _)| *name != PROTOTYPE);
        let named = named.map(|(name, schema)| {
            let at = self.inside(&below("properties", name), schema);
            (name.clone(), required.contains(name), at)
        });
        let mut matching = Vec::new();
        for (source, schema) in part("patternProperties").map(members).unwrap_or_default() {
            let place = below("patternProperties", source);
            matching.push((self.matcher(&place, source)?, self.inside(&place, schema)));
        }
        let additional = match map.get("additionalProperties") {
            Some(Value::Bool(false)) => Additional::Refused,
            Some(Value::Object(schema)) if !schema.is_empty() => {
                self.at("additionalProperties").map_or(Additional::Allowed, Additional::Schema)
            }
            _ => Additional::Allowed,
        };
        let named: Vec<_> = named.collect();
        let names = named.iter().map(|(name, ..)| name.clone()).collect();
        Ok(Properties { named, names, matching, additional })
    }

    fn several(&self, keyword: &str, all: &Value) -> Option<Rule> {
        let all = all.as_array()?.iter().enumerate();
        let all: Vec<_> =
            all.map(|(n, schema)| self.inside(&format!("{keyword}/{n}"), schema)).collect();
        match keyword {
            "oneOf" => Some(Rule::OneOf(all)),
            "allOf" => Some(Rule::AllOf(all.into_iter().flatten().collect())),
            // One branch that takes anything is enough.
            _ => all.into_iter().collect::<Option<_>>().map(Rule::AnyOf),
        }
    }
}

/// A place below a keyword, by name.
fn below(keyword: &str, name: &str) -> String {
    member(keyword, name)
}

fn types(value: Option<&Value>) -> Vec<Type> {
    match value {
        Some(Value::String(name)) => Vec::from_iter(Type::of_name(name)),
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).filter_map(Type::of_name).collect()
        }
        _ => Vec::new(),
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let all = value.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A limit from `maximum` or `minimum` and the exclusive one beside it, in its old form (draft-04)
/// or as a number.
fn limit(is_maximum: bool, map: &Map<String, Value>) -> Option<Limit> {
    let (keyword, exclusive) =
        if is_maximum { ("maximum", "exclusiveMaximum") } else { ("minimum", "exclusiveMinimum") };
    let plain = map.get(keyword).and_then(Value::as_f64);
    let exclusive = map.get(exclusive);
    let (exclusive, value) = match (plain, exclusive.and_then(Value::as_f64)) {
        (None, None) => return None,
        (Some(plain), None) => (exclusive == Some(&Value::Bool(true)), plain),
        (None, Some(exclusive)) => (true, exclusive),
        (Some(plain), Some(exclusive)) => {
            let nearer = if is_maximum { exclusive.min(plain) } else { exclusive.max(plain) };
            (nearer == exclusive, nearer)
        }
    };
    Some(Limit { is_maximum, exclusive, value })
}

/// Whether anything in a schema is called `$ref`; without recursion.
fn refers(schema: &Value) -> bool {
    let mut waiting = vec![schema];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(map) if map.contains_key("$ref") => return true,
            Value::Object(map) => waiting.extend(map.values()),
            _ => {}
        }
    }
    false
}
