//! A tree held against the JSON Schema of a type, every mistake at once.
//!
//! This is no validator for any schema: it knows what `schemars` derives from the types of this
//! workspace, and it says what is wrong in the words of the language, with the nearest key.

use serde_json::{Number, Value};

use super::node::{Entry, Kind, Node};
use super::problem::{Problem, member};
use super::text::{Form, shortened};
use super::wanted::{in_range, last, plain, usual_hint, wanted};
use crate::nearest::nearest;

/// Every mistake of a tree, in its order.
pub(super) fn check(schema: &Value, forms: &[Form], node: &Node) -> Checked {
    let mut checker = Checker { root: schema, forms, problems: Vec::new(), whole: Vec::new() };
    checker.value(schema, node, "");
    Checked { problems: checker.problems, whole: checker.whole }
}

/// What was found.
pub(super) struct Checked {
    pub(super) problems: Vec<Problem>,
    /// Pointers to whole numbers that are written with a point, `20.0`, as some JSON writers do.
    whole: Vec<String>,
}

impl Checked {
    /// The tree as a value, in which whole numbers are written as such where the type wants them.
    pub(super) fn value(&self, node: &Node) -> Value {
        let mut value = node.to_value();
        for pointer in &self.whole {
            if let Some(Value::Number(number)) = value.pointer_mut(pointer)
                && let Some(whole) = whole(number)
            {
                *number = whole;
            }
        }
        value
    }
}

struct Checker<'a> {
    root: &'a Value,
    forms: &'a [Form],
    problems: Vec<Problem>,
    whole: Vec<String>,
}

/// The members that an object may have.
struct Shape<'a> {
    schema: &'a Value,
    properties: Vec<(&'a str, &'a Value)>,
    /// Flattened enums: of each, one key is given.
    choices: Vec<Vec<&'a str>>,
    /// What members without a property of their own are held against; none: there are none.
    others: Option<&'a Value>,
}

impl<'a> Checker<'a> {
    fn value(&mut self, schema: &'a Value, node: &Node, pointer: &str) {
        let schema = self.resolve(schema);
        if let Some(choices) = constants(schema, self) {
            return self.constant(schema, &choices, node, pointer);
        }
        if schema.get("type").is_none() {
            if let Some(branches) = branches(schema) {
                return self.union(schema, branches, node, pointer);
            }
        } else if !accepts(schema, node) {
            return self.mismatch(schema, node, pointer);
        }
        match &node.kind {
            Kind::Text(text) => self.text(schema, text, node, pointer),
            Kind::Number(number) => {
                if number.is_f64() && !wants(schema, "number") {
                    self.whole.push(pointer.to_owned());
                }
                let fits = number.as_f64().is_some_and(|number| in_range(schema, number));
                if !fits {
                    let message = format!("`{number}` is out of range");
                    let hint = advice(schema, node, pointer);
                    self.problems.push(Problem { hint, ..Problem::value(pointer, message) });
                }
            }
            Kind::List(items) => self.list(schema, items, node, pointer),
            Kind::Map(entries) => {
                let shape = self.shape(schema, &[]);
                self.object(&shape, entries, pointer);
            }
            Kind::Null | Kind::Bool(_) => {}
        }
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let target = schema.get("$ref").and_then(Value::as_str);
        let found = target.and_then(|target| self.root.pointer(target.trim_start_matches('#')));
        found.unwrap_or(schema)
    }

    fn constant(&mut self, schema: &Value, choices: &[&Value], node: &Node, pointer: &str) {
        let value = node.to_value();
        if choices.contains(&&value) {
            return;
        }
        let name = schema.get("x-name").and_then(Value::as_str);
        let names: Vec<String> = choices.iter().map(|choice| plain(choice)).collect();
        let wanted = name.map_or_else(|| format!("one of {}", names.join(", ")), str::to_owned);
        let near = match &node.kind {
            Kind::Text(text) => {
                let mut names = names.iter().map(String::as_str);
                let same = names.clone().find(|name| name.eq_ignore_ascii_case(text));
                same.or_else(|| nearest(text, &mut names))
            }
            _ => None,
        };
        let hint = match (near, schema.get("x-hint").and_then(Value::as_str)) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some(hint)) => hint.replace("{key}", last(pointer)),
            (None, None) => format!("choose one of {}", names.join(", ")),
        };
        let message = format!("{} stands where {wanted} should", node.describe());
        self.problems.push(Problem::value(pointer, message).hint(hint));
    }

    /// A value that may have one of several shapes.
    fn union(&mut self, schema: &'a Value, branches: &'a [Value], node: &Node, pointer: &str) {
        let fitting: Vec<&'a Value> = branches
            .iter()
            .map(|branch| self.resolve(branch))
            .filter(|branch| accepts(branch, node))
            .collect();
        match (&fitting[..], &node.kind) {
            ([], _) => self.mismatch(schema, node, pointer),
            ([only], _) => self.value(only, node, pointer),
            (keyed, Kind::Map(entries)) if keyed.iter().all(|branch| key(branch).is_some()) => {
                let shape = self.shape(schema, keyed);
                self.object(&shape, entries, pointer);
            }
            (several, _) => {
                let problems = several.iter().map(|branch| {
                    let mut checker = Checker { problems: Vec::new(), whole: Vec::new(), ..*self };
                    checker.value(branch, node, pointer);
                    checker.problems
                });
                let fewest = problems.min_by_key(Vec::len).unwrap_or_default();
                self.problems.extend(fewest);
            }
        }
    }

    fn text(&mut self, schema: &Value, text: &str, node: &Node, pointer: &str) {
        let form = schema.get("x-form").and_then(Value::as_str);
        if let Some(form) = self.forms.iter().find(|one| Some(one.name) == form)
            && let Err((message, hint)) = (form.check)(text)
        {
            self.problems.push(Problem { hint, ..Problem::value(pointer, message) });
        }
        let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
        if (text.trim().chars().count() as u64) < least {
            self.mismatch(schema, node, pointer);
        }
    }

    fn list(&mut self, schema: &'a Value, items: &[Node], node: &Node, pointer: &str) {
        let bound = |key| schema.get(key).and_then(Value::as_u64);
        let count = items.len() as u64;
        if bound("minItems").is_some_and(|least| count < least)
            || bound("maxItems").is_some_and(|most| count > most)
        {
            return self.mismatch(schema, node, pointer);
        }
        let prefix = schema.get("prefixItems").and_then(Value::as_array);
        for (index, item) in items.iter().enumerate() {
            let own = prefix.and_then(|prefix| prefix.get(index)).or_else(|| schema.get("items"));
            if let Some(own) = own {
                self.value(own, item, &format!("{pointer}/{index}"));
            }
        }
    }

    /// The members of an object, those of flattened structs and enums among them. `keyed` are the
    /// variants of an enum that is not flattened: objects with one key each.
    fn shape(&self, schema: &'a Value, keyed: &[&'a Value]) -> Shape<'a> {
        let mut shape = Shape { schema, properties: Vec::new(), choices: Vec::new(), others: None };
        let mut open = keyed.is_empty();
        self.collect(schema, &mut shape, &mut open);
        if !keyed.is_empty() {
            self.choice(keyed, &mut shape);
        }
        if open && shape.others.is_none() {
            shape.others = Some(&Value::Bool(true));
        }
        shape
    }

    fn collect(&self, schema: &'a Value, shape: &mut Shape<'a>, open: &mut bool) {
        let properties = schema.get("properties").and_then(Value::as_object);
        shape.properties.extend(properties.into_iter().flatten().map(|(k, v)| (k.as_str(), v)));
        for closing in ["additionalProperties", "unevaluatedProperties"] {
            match schema.get(closing) {
                Some(Value::Bool(false)) => *open = false,
                Some(others) => shape.others = Some(others),
                None => {}
            }
        }
        if schema.get("type").is_some()
            && let Some(branches) = branches(schema)
        {
            let branches: Vec<_> = branches.iter().map(|branch| self.resolve(branch)).collect();
            self.choice(&branches, shape);
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            let part = self.resolve(part);
            if let Some(branches) = branches(part) {
                let branches: Vec<_> = branches.iter().map(|branch| self.resolve(branch)).collect();
                self.choice(&branches, shape);
            }
        }
    }

    fn choice(&self, branches: &[&'a Value], shape: &mut Shape<'a>) {
        let mut keys = Vec::new();
        for branch in branches {
            let properties = branch.get("properties").and_then(Value::as_object);
            shape.properties.extend(properties.into_iter().flatten().map(|(k, v)| (k.as_str(), v)));
            keys.extend(key(branch));
        }
        if !keys.is_empty() {
            shape.choices.push(keys);
        }
    }

    fn object(&mut self, shape: &Shape<'a>, entries: &[Entry], pointer: &str) {
        let mut meant = Vec::new();
        for entry in entries {
            let place = member(pointer, &entry.key);
            let own = shape.properties.iter().find(|(key, _)| *key == entry.key);
            match (own, shape.others) {
                (Some((_, property)), _) => self.value(property, &entry.value, &place),
                (None, Some(others)) => {
                    self.name(shape.schema, &entry.key, &place);
                    self.value(others, &entry.value, &place);
                }
                (None, None) => meant.extend(self.unknown(shape, &entry.key, &place)),
            }
        }
        let given = |key: &str| entries.iter().any(|entry| entry.key == key);
        let name = shape.schema.get("x-name").and_then(Value::as_str).unwrap_or("an object");
        let known = |entry: &Entry| shape.properties.iter().any(|(key, _)| *key == entry.key);
        // An object of unknown keys alone is another thing, and one problem.
        let recognised = entries.is_empty() || entries.iter().any(known);
        let missing = required(shape.schema).filter(|key| !given(key) && !meant.contains(key));
        for key in missing.filter(|_| recognised || shape.others.is_some()) {
            let problem = Problem::value(pointer, format!("{name} has no `{key}`"));
            let own = shape.properties.iter().find(|(name, _)| *name == key);
            let hint = own.and_then(|(_, own)| self.resolve(own).get("x-hint")?.as_str());
            let hint =
                hint.map_or_else(|| format!("add `{key}`"), |hint| hint.replace("{key}", key));
            self.problems.push(problem.hint(hint));
        }
        for (place, keys) in shape.choices.iter().enumerate() {
            let words = shape.schema.get("x-choice").and_then(|all| all.get(place));
            let word = |part: &str| words.and_then(|words| words.get(part)?.as_str());
            let this = name.split_once(' ').map_or(name, |(_, name)| name);
            let present: Vec<&Entry> =
                entries.iter().filter(|entry| keys.contains(&entry.key.as_str())).collect();
            if present.is_empty() && !meant.iter().any(|key| keys.contains(key)) {
                let says = word("says").unwrap_or("which");
                let message = format!("this {this} does not say {says}");
                let hint = format!("add one of {}", keys.join(", "));
                self.problems.push(Problem::value(pointer, message).hint(hint));
            }
            for second in present.iter().skip(1) {
                let (first, second) = (&present[0].key, &second.key);
                let message =
                    format!("`{first}` and `{second}` contradict each other in one {this}");
                let hint = word("twice").unwrap_or("leave one of them out");
                self.problems.push(Problem::key(member(pointer, second), message).hint(hint));
            }
        }
    }

    /// A key of a map that has any keys of a form.
    fn name(&mut self, schema: &'a Value, key: &str, pointer: &str) {
        let Some(names) = schema.get("propertyNames") else { return };
        let before = self.problems.len();
        let node = Node { position: super::Position::START, kind: Kind::Text(key.to_owned()) };
        self.value(names, &node, pointer);
        for problem in &mut self.problems[before..] {
            problem.part = super::Part::Key;
        }
    }

    /// A key that no such object has; answers the key that is meant, if one is near.
    fn unknown(&mut self, shape: &Shape<'a>, key: &str, pointer: &str) -> Option<&'a str> {
        let name = shape.schema.get("x-name").and_then(Value::as_str).unwrap_or("this object");
        let known: Vec<&str> = shape.properties.iter().map(|(key, _)| *key).collect();
        let near = nearest(key, known.iter().copied());
        let special = shape.schema.get("x-instead").and_then(|of| of.get(key)?.as_str());
        let hint = match (special, near) {
            (Some(special), _) => special.to_owned(),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("it takes {}", known.join(", ")),
        };
        let message = format!("{name} has no key `{}`", shortened(key));
        self.problems.push(Problem::key(pointer, message).hint(hint));
        near
    }

    fn mismatch(&mut self, schema: &Value, node: &Node, pointer: &str) {
        let message = format!("{} stands where {} should", node.describe(), wanted(schema));
        let hint = advice(schema, node, pointer);
        self.problems.push(Problem { hint, ..Problem::value(pointer, message) });
    }
}

/// What to write instead: the schema's own advice, or the usual one.
fn advice(schema: &Value, node: &Node, pointer: &str) -> Option<String> {
    let own = schema.get("x-hint").and_then(Value::as_str);
    own.map(|hint| hint.replace("{key}", last(pointer))).or_else(|| usual_hint(schema, node))
}

fn branches(schema: &Value) -> Option<&[Value]> {
    schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array).map(Vec::as_slice)
}

/// The key by which a variant of an enum is known.
fn key(branch: &Value) -> Option<&str> {
    branch.get("properties")?;
    required(branch).next()
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The values of a schema that lists them, also as variants with a description each.
fn constants<'a>(schema: &'a Value, checker: &Checker<'a>) -> Option<Vec<&'a Value>> {
    if let Some(only) = schema.get("const") {
        return Some(vec![only]);
    }
    if let Some(Value::Array(all)) = schema.get("enum") {
        return Some(all.iter().collect());
    }
    let branches = schema.get("oneOf").and_then(Value::as_array)?;
    let each = branches.iter().map(|branch| {
        let branch = checker.resolve(branch);
        if branch.get("oneOf").is_some() { None } else { constants(branch, checker) }
    });
    each.collect::<Option<Vec<_>>>().map(|all| all.concat())
}

/// The number as a whole one, if it is one that 64 bits hold.
fn whole(number: &Number) -> Option<Number> {
    // The least number beyond 64 bits, which is exact as a float.
    const BEYOND: f64 = 18_446_744_073_709_551_616.0;
    let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
    if (0.0..BEYOND).contains(&float) {
        return Some(Number::from(float as u64));
    }
    (-BEYOND / 2.0..0.0).contains(&float).then(|| Number::from(float as i64))
}

fn wants(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        Some(one) => one == kind,
        None => true,
    }
}

fn accepts(schema: &Value, node: &Node) -> bool {
    let one = |kind: &Value| match (kind.as_str().unwrap_or_default(), &node.kind) {
        ("null", Kind::Null)
        | ("boolean", Kind::Bool(_))
        | ("string", Kind::Text(_))
        | ("number", Kind::Number(_))
        | ("array", Kind::List(_))
        | ("object", Kind::Map(_)) => true,
        ("integer", Kind::Number(number)) => whole(number).is_some() || !number.is_f64(),
        _ => false,
    };
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(one),
        Some(kind) => one(kind),
        None => schema.get("const").is_none_or(|only| *only == node.to_value()),
    }
}
