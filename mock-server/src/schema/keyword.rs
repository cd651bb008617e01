//! The keywords of JSON Schema: what they hold, which drafts have them, and misspelt ones.

use serde_json::Value;

use super::draft::Draft;
use crate::document::member;
use crate::nearest::distance;

/// Which part of an instance a subschema is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Via {
    /// The same value as its parent
    Same,
    /// The member of this name
    Property(String),
    /// Some or all members
    Members,
    /// Some or all items
    Items,
    /// The names of the members
    Names,
    /// Nothing; it waits for a reference
    Definition,
}

impl Via {
    /// The parts of a value that are checked one by one; names are not, they cost next to nothing.
    pub fn parts<'v>(&self, value: &'v Value) -> impl Iterator<Item = &'v Value> {
        let (one, members, items) = match (self, value) {
            (Self::Same, value) => (Some(value), None, None),
            (Self::Property(name), Value::Object(map)) => (map.get(name), None, None),
            (Self::Members, Value::Object(map)) => (None, Some(map.values()), None),
            (Self::Items, Value::Array(items)) => (None, None, Some(items)),
            _ => (None, None, None),
        };
        one.into_iter().chain(members.into_iter().flatten()).chain(items.into_iter().flatten())
    }
}

/// What the value of a keyword holds.
enum Holds {
    Data,
    Schema(Via),
    Schemas(Via),
    SchemaOrSchemas(Via),
    Named(fn(&str) -> Via),
}

/// Every keyword with the first and last draft that knows it; `id` is looked at elsewhere.
const KEYWORDS: &[(&str, Draft, Draft)] = {
    use Draft::{Draft04 as D4, Draft06 as D6, Draft07 as D7};
    use Draft::{Draft201909 as D19, Draft202012 as D20};
    &[
        ("$anchor", D19, D20),
        ("$comment", D4, D20),
        ("$defs", D4, D20),
        ("$dynamicAnchor", D20, D20),
        ("$dynamicRef", D20, D20),
        ("$id", D4, D20),
        ("$recursiveAnchor", D19, D19),
        ("$recursiveRef", D19, D19),
        ("$ref", D4, D20),
        ("$schema", D4, D20),
        ("$vocabulary", D4, D20),
        ("additionalItems", D4, D19),
        ("additionalProperties", D4, D20),
        ("allOf", D4, D20),
        ("anyOf", D4, D20),
        ("const", D6, D20),
        ("contains", D6, D20),
        ("contentEncoding", D4, D20),
        ("contentMediaType", D4, D20),
        ("contentSchema", D4, D20),
        ("default", D4, D20),
        ("definitions", D4, D20),
        ("dependencies", D4, D7),
        ("dependentRequired", D19, D20),
        ("dependentSchemas", D19, D20),
        ("deprecated", D4, D20),
        ("description", D4, D20),
        ("else", D7, D20),
        ("enum", D4, D20),
        ("examples", D4, D20),
        ("exclusiveMaximum", D4, D20),
        ("exclusiveMinimum", D4, D20),
        ("format", D4, D20),
        ("if", D7, D20),
        ("items", D4, D20),
        ("maxContains", D19, D20),
        ("maxItems", D4, D20),
        ("maxLength", D4, D20),
        ("maxProperties", D4, D20),
        ("maximum", D4, D20),
        ("minContains", D19, D20),
        ("minItems", D4, D20),
        ("minLength", D4, D20),
        ("minProperties", D4, D20),
        ("minimum", D4, D20),
        ("multipleOf", D4, D20),
        ("not", D4, D20),
        ("oneOf", D4, D20),
        ("pattern", D4, D20),
        ("patternProperties", D4, D20),
        ("prefixItems", D20, D20),
        ("properties", D4, D20),
        ("propertyNames", D6, D20),
        ("readOnly", D4, D20),
        ("required", D4, D20),
        ("then", D7, D20),
        ("title", D4, D20),
        ("type", D4, D20),
        ("unevaluatedItems", D19, D20),
        ("unevaluatedProperties", D19, D20),
        ("uniqueItems", D4, D20),
        ("writeOnly", D4, D20),
    ]
};

fn holds(keyword: &str) -> Holds {
    match keyword {
        "allOf" | "anyOf" | "oneOf" => Holds::Schemas(Via::Same),
        "not" | "if" | "then" | "else" => Holds::Schema(Via::Same),
        "dependentSchemas" | "dependencies" => Holds::Named(|_| Via::Same),
        "properties" => Holds::Named(|name| Via::Property(name.to_owned())),
        "patternProperties" => Holds::Named(|_| Via::Members),
        "additionalProperties" | "unevaluatedProperties" => Holds::Schema(Via::Members),
        "items" => Holds::SchemaOrSchemas(Via::Items),
        "prefixItems" => Holds::Schemas(Via::Items),
        "additionalItems" | "unevaluatedItems" | "contains" => Holds::Schema(Via::Items),
        "propertyNames" => Holds::Schema(Via::Names),
        "definitions" | "$defs" => Holds::Named(|_| Via::Definition),
        "contentSchema" => Holds::Schema(Via::Definition),
        _ => Holds::Data,
    }
}

/// A schema directly inside another: its pointer, what it is held against, and itself.
pub(super) type Inside<'a> = (String, Via, &'a Value);

/// The schemas that a keyword of the schema at `pointer` holds directly.
pub(super) fn subschemas<'a>(pointer: &str, keyword: &str, value: &'a Value) -> Vec<Inside<'a>> {
    let here = || member(pointer, keyword);
    let is_schema = |value: &Value| value.is_object() || value.is_boolean();
    match (holds(keyword), value) {
        (Holds::Schema(via) | Holds::SchemaOrSchemas(via), schema) if is_schema(schema) => {
            vec![(here(), via, schema)]
        }
        (Holds::Schemas(via) | Holds::SchemaOrSchemas(via), Value::Array(all)) => {
            let schemas = all.iter().enumerate().filter(|(_, one)| is_schema(one));
            let inside = |(n, one)| (member(&here(), &format!("{n}")), via.clone(), one);
            schemas.map(inside).collect()
        }
        (Holds::Named(via), Value::Object(map)) => {
            let schemas = map.iter().filter(|(_, one)| is_schema(one));
            let inside = |(name, one): (&String, _)| (member(&here(), name), via(name), one);
            schemas.map(inside).collect()
        }
        _ => Vec::new(),
    }
}

/// What to say about a keyword that a draft gives no meaning to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// It looks like this one.
    Misspelt(&'static str),
    /// It is known from this draft on.
    Since(Draft),
    /// It is known up to this draft.
    Until(Draft),
}

/// Why a keyword probably does not do what its author thinks; most unknown ones are just notes.
pub(super) fn odd(keyword: &str, draft: Draft) -> Option<Odd> {
    if let Some((_, first, last)) = KEYWORDS.iter().find(|(name, ..)| *name == keyword) {
        return match () {
            () if draft < *first => Some(Odd::Since(*first)),
            () if draft > *last => Some(Odd::Until(*last)),
            () => None,
        };
    }
    let known = KEYWORDS.iter().filter(|(_, first, last)| *first <= draft && draft <= *last);
    nearest(keyword, known.map(|(name, ..)| *name)).map(Odd::Misspelt)
}

/// The name that a misspelt one was meant to be, if one is near enough.
pub(super) fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    // Short words are near to everything: one slip in four letters, two in eight.
    let length = wrong.chars().count();
    let slips = match length {
        0..=2 | 40.. => return None,
        3..=5 => 1,
        _ => 2,
    };
    let folded = wrong.to_ascii_lowercase();
    let scored = names.map(|name| (distance(&folded, &name.to_ascii_lowercase()), name));
    let near = scored.filter(|(distance, _)| *distance <= slips);
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_recognised() {
        for (wrong, right) in [
            ("requird", "required"),
            ("propertis", "properties"),
            ("maxlength", "maxLength"),
            ("pattren", "pattern"),
            ("tpye", "type"),
            ("additionalproperties", "additionalProperties"),
            ("minimun", "minimum"),
        ] {
            assert_eq!(odd(wrong, Draft::Draft07), Some(Odd::Misspelt(right)), "{wrong}");
        }
    }

    #[test]
    fn notes_of_the_author_are_left_alone() {
        for note in ["label", "placeholder", "x-order", "ui", "name", "version", "widget", "id"] {
            assert_eq!(odd(note, Draft::Draft07), None, "{note}");
        }
    }

    #[test]
    fn keywords_of_another_draft_say_which() {
        assert_eq!(odd("const", Draft::Draft04), Some(Odd::Since(Draft::Draft06)));
        assert_eq!(odd("prefixItems", Draft::Draft07), Some(Odd::Since(Draft::Draft202012)));
        assert_eq!(odd("dependencies", Draft::Draft202012), Some(Odd::Until(Draft::Draft07)));
        assert_eq!(odd("if", Draft::Draft07), None);
    }
}
