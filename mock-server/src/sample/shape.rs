//! A schema taken apart once, so that many settings can be made from it.

use serde_json::Value;

use super::flatten::{Flattener, Plain, types};
use super::number::NumberShape;
use super::pattern::Piece;
use super::text::Meaning;
use crate::schema::SettingsSchema;

/// What a value has to look like.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// One of these
    Fixed(Vec<Value>),
    /// One of the author's `default` and `examples`, or else
    Usual {
        values: Vec<Value>,
        otherwise: Option<Box<Shape>>,
    },
    /// One of these shapes
    Either(Vec<Shape>),
    /// Usually that; sometimes null
    OrNull(Box<Shape>),
    Null,
    Boolean,
    Number(NumberShape),
    Text {
        meaning: Meaning,
        pattern: Option<Piece>,
        least: u64,
        most: u64,
    },
    Array(Box<ArrayShape>),
    Object(ObjectShape),
}

#[derive(Debug, Clone)]
pub(super) struct ArrayShape {
    /// The first items, each of its own shape
    pub head: Vec<Shape>,
    pub rest: Option<Shape>,
    pub least: u64,
    pub most: u64,
    pub unique: bool,
}

#[derive(Debug, Clone)]
pub(super) struct ObjectShape {
    /// By name, so that the order of keys in the schema's text does not matter
    pub members: Vec<Member>,
    /// Names and values of further members, where there may be some
    pub more: Option<(Piece, Box<Shape>)>,
    pub least: u64,
    pub most: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Member {
    pub name: String,
    pub required: bool,
    pub shape: Shape,
}

/// Levels that are looked at: schemas may refer to themselves.
const DEEPEST: u32 = 12;
/// From here on only what is required.
const LEAN: u32 = 5;
/// Shapes in all.
const MOST_SHAPES: u32 = 3_000;
/// Longer arrays and texts that a schema demands are not made.
const LARGEST: u64 = 4_096;

/// Takes a schema apart; `None` if nothing that it allows can be made.
pub(super) fn of(schema: &SettingsSchema) -> Option<Shape> {
    let mut builder = Builder { flattener: Flattener::new(schema), left: MOST_SHAPES };
    builder.shape(schema.raw(), "", 0)
}

struct Builder<'a> {
    flattener: Flattener<'a>,
    left: u32,
}

impl Builder<'_> {
    fn shape(&mut self, schema: &Value, name: &str, depth: u32) -> Option<Shape> {
        if depth > DEEPEST {
            return None;
        }
        let alternatives = self.flattener.alternatives(schema);
        let mut shapes: Vec<Shape> = Vec::new();
        for alternative in &alternatives {
            self.left = self.left.checked_sub(1)?;
            shapes.extend(self.plain(alternative, name, depth));
        }
        if shapes.len() > 1 && depth == 0 {
            // Settings are an object, whatever else the schema would take.
            shapes.retain(|shape| !matches!(shape, Shape::Null));
        }
        match shapes.len() {
            0 | 1 => shapes.pop(),
            _ => Some(Shape::Either(shapes)),
        }
    }

    fn plain(&mut self, schema: &Plain, name: &str, depth: u32) -> Option<Shape> {
        let allowed = schema.get("type").map(types);
        if let Some(value) = schema.get("const") {
            return Some(Shape::Fixed(vec![value.clone()]));
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let fits = |value: &&Value| {
                allowed.as_ref().is_none_or(|types| types.iter().any(|kind| is_of(value, kind)))
            };
            let values: Vec<Value> = values.iter().filter(fits).cloned().collect();
            return (!values.is_empty()).then_some(Shape::Fixed(values));
        }
        let kinds = allowed.unwrap_or_else(|| vec![guess(schema, depth)]);
        let made = self.of_kinds(&kinds, schema, name, depth);
        let mut usual: Vec<Value> = schema.get("default").into_iter().cloned().collect();
        usual.extend(
            schema.get("examples").and_then(Value::as_array).into_iter().flatten().cloned(),
        );
        if usual.is_empty() {
            return made;
        }
        Some(Shape::Usual { values: usual, otherwise: made.map(Box::new) })
    }

    fn of_kinds(
        &mut self,
        kinds: &[&str],
        schema: &Plain,
        name: &str,
        depth: u32,
    ) -> Option<Shape> {
        let null = kinds.contains(&"null");
        let mut shapes = Vec::new();
        for kind in kinds {
            if depth == 0 && *kind != "object" && kinds.contains(&"object") {
                continue;
            }
            shapes.extend(match *kind {
                "boolean" => Some(Shape::Boolean),
                "integer" => NumberShape::of(schema, true).map(Shape::Number),
                "number" => NumberShape::of(schema, false).map(Shape::Number),
                "string" => text(schema, name),
                "array" => self.array(schema, name, depth),
                "object" => self.object(schema, depth),
                _ => None,
            });
        }
        let some = match shapes.len() {
            0 => return null.then_some(Shape::Null),
            1 => shapes.pop()?,
            _ => Shape::Either(shapes),
        };
        Some(if null && depth > 0 { Shape::OrNull(Box::new(some)) } else { some })
    }

    fn array(&mut self, schema: &Plain, name: &str, depth: u32) -> Option<Shape> {
        let anything = Value::Bool(true);
        let items = schema.get("items");
        let listed = schema.get("prefixItems").or(items.filter(|items| items.is_array()));
        let rest = match items {
            Some(Value::Array(_)) => schema.get("additionalItems"),
            other => other,
        };
        let (least, most) = limits(schema, "minItems", "maxItems")?;
        let mut head = Vec::new();
        for schema in listed.and_then(Value::as_array).into_iter().flatten() {
            head.push(self.shape(schema, name, depth + 1)?);
        }
        if let (true, Some(contained)) = (head.is_empty(), schema.get("contains")) {
            let wanted = serde_json::json!({ "allOf": [contained, rest.unwrap_or(&anything)] });
            head.push(self.shape(&wanted, name, depth + 1)?);
        }
        let single = name.strip_suffix('s').unwrap_or(name);
        let rest = self.shape(rest.unwrap_or(&anything), single, depth + 1);
        let unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
        Some(Shape::Array(Box::new(ArrayShape { head, rest, least, most, unique })))
    }

    fn object(&mut self, schema: &Plain, depth: u32) -> Option<Shape> {
        let required: Vec<&str> = schema.get("required").map(types).unwrap_or_default();
        let map = |keyword: &str| schema.get(keyword).and_then(Value::as_object);
        let mut names: Vec<&str> =
            map("properties").into_iter().flatten().map(|(n, _)| &**n).collect();
        names.extend(
            required
                .iter()
                .filter(|name| map("properties").is_none_or(|known| !known.contains_key(**name))),
        );
        names.sort_unstable();
        names.dedup();
        let mut members = Vec::new();
        for name in names {
            let needed = required.contains(&name);
            if !needed && depth >= LEAN {
                continue;
            }
            let own = map("properties").and_then(|known| known.get(name));
            let shape = self.shape(own.unwrap_or_else(|| additional(schema)), name, depth + 1);
            match shape {
                Some(shape) => {
                    members.push(Member { name: name.to_owned(), required: needed, shape })
                }
                None if needed => return None,
                None => {}
            }
        }
        let (least, most) = limits(schema, "minProperties", "maxProperties")?;
        let more = self.more(schema, depth, members.is_empty() || least > members.len() as u64);
        Some(Shape::Object(ObjectShape { members, more, least, most }))
    }

    /// Members beyond the named ones, where they are called for.
    fn more(&mut self, schema: &Plain, depth: u32, wanted: bool) -> Option<(Piece, Box<Shape>)> {
        if !wanted || depth >= LEAN {
            return None;
        }
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let (pattern, value) = match patterns.and_then(|patterns| patterns.iter().next()) {
            Some((pattern, value)) => (pattern.as_str(), value),
            None => ("^(mode|label|note|level|group)_[a-z]{2}$", additional(schema)),
        };
        let shape = self.shape(value, "", depth + 1)?;
        Some((Piece::parse(pattern)?, Box::new(shape)))
    }
}

fn additional(schema: &Plain) -> &Value {
    const ANYTHING: &Value = &Value::Bool(true);
    schema.get("additionalProperties").unwrap_or(ANYTHING)
}

fn text(schema: &Plain, name: &str) -> Option<Shape> {
    let (least, most) = limits(schema, "minLength", "maxLength")?;
    let format = schema.get("format").and_then(Value::as_str);
    let meaning = format.and_then(Meaning::of_format).unwrap_or_else(|| Meaning::of_name(name));
    let pattern = match schema.get("pattern").and_then(Value::as_str) {
        Some(pattern) => Some(Piece::parse(pattern)?),
        None => None,
    };
    Some(Shape::Text { meaning, pattern, least, most })
}

/// The least and most of something; `None` if that is impossible or too much.
fn limits(schema: &Plain, least: &str, most: &str) -> Option<(u64, u64)> {
    // A count may be written 3.0.
    let count = |keyword: &str| schema.get(keyword).and_then(Value::as_f64).map(|n| n as u64);
    let (least, most) = (count(least).unwrap_or(0), count(most).unwrap_or(u64::MAX));
    (least <= most && least <= LARGEST).then_some((least, most))
}

/// The type that the keywords of a schema without one are about.
fn guess(schema: &Plain, depth: u32) -> &'static str {
    const CLUES: [(&str, &[&str]); 4] = [
        (
            "object",
            &[
                "properties",
                "required",
                "additionalProperties",
                "patternProperties",
                "minProperties",
            ],
        ),
        ("array", &["items", "prefixItems", "minItems", "uniqueItems", "contains"]),
        ("string", &["pattern", "minLength", "maxLength", "format"]),
        ("number", &["minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"]),
    ];
    let clue = CLUES.iter().find(|(_, words)| words.iter().any(|word| schema.contains_key(*word)));
    match clue {
        Some((kind, _)) if depth > 0 => kind,
        _ if depth == 0 => "object",
        _ => "string",
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}
