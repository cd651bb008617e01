//! Schemas, and settings that nearly fit them.

use serde_json::{Map, Value, json};

use super::Pair;
use super::chance::Chance;

const NAMES: &[&str] =
    &["a", "b", "c", "my-key", "25", "7", "x_1", "it's", "q\"q", "$d", "é", "", "a.b", "l\nl"];
const TEXTS: &[&str] = &[
    "",
    "a",
    "ab",
    "abc",
    "abcd",
    "😀",
    "😀😀",
    "no",
    "90984d15addbc9e3a9855aza",
    "a@b.example",
    "25",
    "2025-01-02",
    "x y",
    "null",
    "1",
];
const NUMBERS: &[f64] =
    &[0.0, 1.0, 2.0, 3.0, 5.0, -1.0, -7.0, 0.5, 2.5, 0.1, 0.3, 1e21, 1e-7, 1e300];
const PATTERNS: &[&str] = &[
    "^a",
    "b$",
    "^[a-z]+$",
    "^([a-z0-9]){24}$",
    "^(?!a)",
    "^.$",
    "\"",
    "it's",
    "\\d",
    "^(a|b)\\1?$",
];
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "json-pointer",
    "json-pointer-uri-fragment",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "url",
    "uuid",
];
const TYPES: &[&str] = &["string", "number", "integer", "boolean", "null", "array", "object"];

fn number(chance: &mut Chance) -> Value {
    let number = NUMBERS[chance.below(NUMBERS.len())];
    if number.fract() == 0.0 && number.abs() < 1e6 && chance.percent(80) {
        return json!(number as i64);
    }
    json!(number)
}

/// A pair whose settings follow the schema more often than not.
pub fn pair(chance: &mut Chance) -> Pair {
    let mut schema = json!({
        "type": "object",
        "properties": { "a": inner(chance, 3), "b": inner(chance, 2) },
    });
    if chance.percent(30) {
        schema = inner(chance, 4);
    }
    if let Value::Object(map) = &mut schema {
        let mut definitions = Map::new();
        for name in ["p", "q"] {
            definitions.insert(name.to_owned(), inner(chance, 2));
        }
        // These two lead on: one at once, one from inside.
        definitions.insert("r".to_owned(), json!({ "$ref": "#/definitions/p" }));
        let tree = json!({ "type": "object", "properties": { "a": { "$ref": "#/definitions/t" } },
            "additionalProperties": inner(chance, 0) });
        definitions.insert("t".to_owned(), tree);
        for name in ["p", "q"] {
            // What p and q hold leads to nothing but t: no circle without a step into the settings.
            let plain = only_leading_to_t(definitions[name].clone());
            definitions.insert(name.to_owned(), plain);
        }
        map.insert("definitions".to_owned(), Value::Object(definitions));
    }
    let settings = value(chance, &schema, &schema, 5);
    Pair { schema, settings }
}

fn only_leading_to_t(schema: Value) -> Value {
    match schema {
        Value::Object(map) => {
            let members = map.into_iter().map(|(name, value)| {
                let to_t = name == "$ref" && value.is_string();
                let value = if to_t { json!("#/definitions/t") } else { only_leading_to_t(value) };
                (name, value)
            });
            Value::Object(members.collect())
        }
        Value::Array(items) => items.into_iter().map(only_leading_to_t).collect(),
        other => other,
    }
}

fn inner(chance: &mut Chance, depth: usize) -> Value {
    if chance.percent(4) {
        let bare = [json!(true), json!(false), json!({}), json!({ "title": "a" })];
        return bare[chance.below(4)].clone();
    }
    let mut map = Map::new();
    for _ in 0..=chance.below(2) {
        part(chance, depth, &mut map);
    }
    if chance.percent(20) {
        let mut types: Vec<_> = (0..=chance.below(3)).map(|_| chance.pick(TYPES)).collect();
        types.sort_unstable();
        types.dedup();
        map.insert("type".to_owned(), json!(types));
    }
    Value::Object(map)
}

fn part(chance: &mut Chance, depth: usize, map: &mut Map<String, Value>) {
    let kinds = if depth == 0 { 5 } else { 12 };
    let mut put = |name: &str, value: Value| {
        map.insert(name.to_owned(), value);
    };
    match chance.below(kinds) {
        0 => {
            put("type", json!("string"));
            text_rules(chance, &mut put);
        }
        1 => {
            put("type", json!(chance.pick(&["number", "integer"])));
            number_rules(chance, &mut put);
        }
        2 => put("type", json!(chance.pick(TYPES))),
        3 => {
            let scalars = (0..=chance.below(3)).map(|_| scalar(chance));
            let mut scalars: Vec<_> = scalars.collect();
            scalars.dedup();
            if chance.percent(50) {
                put("const", scalars[0].clone());
            } else {
                let distinct: Vec<Value> = scalars.into_iter().fold(Vec::new(), |mut all, one| {
                    let same = |other: &Value| match (other.as_f64(), one.as_f64()) {
                        (Some(other), Some(one)) => other == one,
                        _ => *other == one,
                    };
                    if !all.iter().any(same) {
                        all.push(one);
                    }
                    all
                });
                put("enum", json!(distinct));
            }
        }
        4 if chance.percent(50) => text_rules(chance, &mut put),
        4 => number_rules(chance, &mut put),
        5 | 6 => object_rules(chance, depth - 1, &mut put),
        7 => array_rules(chance, depth - 1, &mut put),
        8 => put("$ref", json!(format!("#/definitions/{}", chance.pick(&["p", "q", "r", "t"])))),
        9 => put("not", inner(chance, depth - 1)),
        10 => {
            put("if", inner(chance, depth - 1));
            if chance.percent(80) {
                put("then", inner(chance, depth - 1));
            }
            if chance.percent(60) {
                put("else", inner(chance, depth - 1));
            }
        }
        _ => {
            let keyword = chance.pick(&["anyOf", "oneOf", "allOf", "anyOf"]);
            let all: Vec<_> = (0..=chance.below(3)).map(|_| inner(chance, depth - 1)).collect();
            put(keyword, json!(all));
        }
    }
}

fn text_rules(chance: &mut Chance, put: &mut impl FnMut(&str, Value)) {
    if chance.percent(40) {
        put("minLength", json!(chance.below(4)));
    }
    if chance.percent(40) {
        put("maxLength", json!(chance.below(5)));
    }
    if chance.percent(40) {
        put("pattern", json!(chance.pick(PATTERNS)));
    }
    if chance.percent(20) {
        put("format", json!(chance.pick(FORMATS)));
    }
}

fn number_rules(chance: &mut Chance, put: &mut impl FnMut(&str, Value)) {
    for keyword in ["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"] {
        if chance.percent(35) {
            put(keyword, number(chance));
        }
    }
    if chance.percent(30) {
        put("multipleOf", json!([0.1, 1.0, 2.0, 2.5, 3.0][chance.below(5)]));
    }
}

fn object_rules(chance: &mut Chance, depth: usize, put: &mut impl FnMut(&str, Value)) {
    if chance.percent(70) {
        put("type", json!("object"));
    }
    let names = |chance: &mut Chance| {
        let mut names: Vec<_> = (0..=chance.below(3)).map(|_| chance.pick(NAMES)).collect();
        names.sort_unstable();
        names.dedup();
        let start = chance.below(names.len());
        names.rotate_left(start);
        names
    };
    if chance.percent(80) {
        let named = names(chance).into_iter().map(|name| (name.to_owned(), inner(chance, depth)));
        put("properties", Value::Object(named.collect()));
    }
    if chance.percent(50) {
        put("required", json!(names(chance)));
    }
    if chance.percent(25) {
        put("additionalProperties", json!(false));
    } else if chance.percent(30) {
        put("additionalProperties", inner(chance, depth));
    }
    if chance.percent(25) {
        let pattern = chance.pick(PATTERNS).to_owned();
        put("patternProperties", json!({ pattern: inner(chance, depth) }));
    }
    if chance.percent(15) {
        put("propertyNames", inner(chance, 0));
    }
    if chance.percent(15) {
        put("dependencies", json!({ "a": names(chance), "b": inner(chance, depth), "25": ["7"] }));
    }
    if chance.percent(15) {
        put("maxProperties", json!(chance.below(4)));
    }
    if chance.percent(15) {
        put("minProperties", json!(chance.below(4)));
    }
}

fn array_rules(chance: &mut Chance, depth: usize, put: &mut impl FnMut(&str, Value)) {
    if chance.percent(70) {
        put("type", json!("array"));
    }
    if chance.percent(50) {
        put("items", inner(chance, depth));
    } else if chance.percent(60) {
        let all: Vec<_> = (0..=chance.below(2)).map(|_| inner(chance, depth)).collect();
        put("items", json!(all));
        if chance.percent(60) {
            put("additionalItems", inner(chance, depth));
        }
    }
    if chance.percent(25) {
        put("contains", inner(chance, depth));
    }
    if chance.percent(40) {
        put("uniqueItems", json!(chance.percent(80)));
    }
    if chance.percent(20) {
        put("maxItems", json!(chance.below(4)));
    }
    if chance.percent(20) {
        put("minItems", json!(chance.below(4)));
    }
}

fn scalar(chance: &mut Chance) -> Value {
    match chance.below(5) {
        0 => Value::Null,
        1 => json!(chance.percent(50)),
        2 => number(chance),
        _ => json!(chance.pick(TEXTS)),
    }
}

fn anything(chance: &mut Chance, depth: usize) -> Value {
    match chance.below(if depth == 0 { 3 } else { 5 }) {
        3 => (0..chance.below(4)).map(|_| anything(chance, depth - 1)).collect(),
        4 => {
            let names: Vec<_> = (0..chance.below(4)).map(|_| chance.pick(NAMES)).collect();
            let members =
                names.into_iter().map(|name| (name.to_owned(), anything(chance, depth - 1)));
            Value::Object(members.collect())
        }
        _ => scalar(chance),
    }
}

/// A value that follows the schema's hints, mostly.
fn value(chance: &mut Chance, schema: &Value, root: &Value, depth: usize) -> Value {
    let Some(map) = schema.as_object().filter(|_| depth > 0 && chance.percent(88)) else {
        return anything(chance, depth.min(2));
    };
    if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
        return value(chance, target, root, depth - 1);
    }
    for keyword in ["anyOf", "oneOf", "allOf", "enum"] {
        if let Some(all) = map.get(keyword).and_then(Value::as_array).filter(|all| !all.is_empty())
        {
            let one = &all[chance.below(all.len())];
            let is_data = keyword == "enum";
            return if is_data { one.clone() } else { value(chance, one, root, depth - 1) };
        }
    }
    if let Some(wanted) = map.get("const") {
        return wanted.clone();
    }
    let kind = match map.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => kinds[chance.below(kinds.len())].as_str().unwrap_or_default(),
        _ if map.contains_key("properties") => "object",
        _ if map.contains_key("items") => "array",
        _ => "",
    };
    match kind {
        "object" => {
            let mut made = Map::new();
            let named = map.get("properties").and_then(Value::as_object);
            for (name, schema) in named.into_iter().flatten() {
                if chance.percent(75) {
                    made.insert(name.clone(), value(chance, schema, root, depth - 1));
                }
            }
            while chance.percent(30) {
                made.insert(chance.pick(NAMES).to_owned(), anything(chance, 1));
            }
            Value::Object(made)
        }
        "array" => {
            let items = map.get("items").unwrap_or(&Value::Null);
            let at = |n: usize| items.get(n).unwrap_or(items).clone();
            (0..chance.below(5)).map(|n| value(chance, &at(n), root, depth - 1)).collect()
        }
        "string" => json!(chance.pick(TEXTS)),
        "number" | "integer" => number(chance),
        "boolean" => json!(chance.percent(50)),
        "null" => Value::Null,
        _ => anything(chance, 2),
    }
}

/// A good value of a format, with a few characters changed.
pub fn of_format(chance: &mut Chance) -> Pair {
    const VALUES: &[&str] = &[
        "2025-12-31",
        "2025-12-31T23:59:60.123+01:00",
        "2025-12-31 10:00:00z",
        "23:59:59",
        "10:00:00+0100",
        "a.b@c-d.example",
        "o'neil@x",
        "a-b.example.",
        "localhost",
        "1.2.3.4",
        "255.01.099.0",
        "::1",
        "1:2:3:4:5:6:7:8",
        "::ffff:1.2.3.4",
        "1::8%eth0",
        " 1:2::%a ",
        "1:2:3:4:5:6:1.2.3.4",
        "/a/b~0~1",
        "#/a%20b/~1",
        "",
        "0",
        "12/a",
        "1#",
        "https://a.example/x?y#z",
        "urn:a:b",
        "a:",
        "//x/y",
        "a#b",
        "../x?y",
        "/a{/b,c*}{?d:3}",
        "{+x}%20",
        "http://me:p@a-b.example:8080/x",
        "ftp://1.2.3.4/",
        "https://10.0.0.1",
        "http://172.20.1.1",
        "http://é.example/ü",
        "http://223.255.255.254",
        "(?<a>b)\\k<a>",
        "^a{2,1}$",
        "[z-a]",
        "a\\Z",
        "\\\\Z",
        "urn:uuid:00000000-0000-4000-8000-000000000000",
        "ABCDEF01-0000-4000-8000-000000000000",
    ];
    const CHANGES: &[&str] = &[
        "", "", "0", "9", "a", "G", "-", ".", ":", "/", "@", "#", "%", "%4", "~", " ", "\t", "\n",
        "\\", "é", "😀", "{", "}", "[", ")", "_", "'", ",", "*", "+", "Z", "z", "\u{2028}",
        "\u{a0}",
    ];
    let mut text: Vec<String> = chance.pick(VALUES).chars().map(String::from).collect();
    for _ in 0..chance.below(3) {
        if text.is_empty() || chance.percent(40) {
            text.insert(chance.below(text.len() + 1), chance.pick(CHANGES).to_owned());
        } else {
            let at = chance.below(text.len());
            text[at] = chance.pick(CHANGES).to_owned();
        }
    }
    let schema = json!({ "properties": { "a": { "format": chance.pick(FORMATS) } } });
    Pair { schema, settings: json!({ "a": text.concat() }) }
}

/// A pattern of a few pieces, and a text that might match it.
pub fn of_pattern(chance: &mut Chance) -> Pair {
    const PIECES: &[&str] = &[
        "a", "b", "^", "$", ".", "|", "(", ")", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?<n>", "[",
        "]", "[^", "[a-c]", "[\\w-.]", "\\d", "\\W", "\\s", "\\b", "\\B", "\\1", "\\2", "\\k<n>",
        "\\k", "\\0", "\\07", "\\8", "\\x61", "\\x6", "\\u0061", "\\u61", "\\cA", "\\c", "\\-",
        "\\/", "*", "+", "?", "*?", "{2}", "{1,}", "{,2}", "{", "}", "{2,1}", "-", "\\", "é",
        "\\p{L}", "\\z", "[]", "[^]", "a{0}", "(a)", "(b)?", "[b-a]", "[\\d-x]", "\\n", "😀",
        "\\ud83d", "\\ude00", "[😀]",
    ];
    const BITS: &[&str] = &[
        "a", "b", "c", "aa", "-", "1", " ", "\n", "_", "é", "{", "}", "k", "n", "x6", "u61", "\\",
        "\u{1}", "\0", ".", "😀",
    ];
    let pattern: String = (0..=chance.below(6)).map(|_| chance.pick(PIECES)).collect();
    let text: String = (0..chance.below(5)).map(|_| chance.pick(BITS)).collect();
    let schema = json!({ "properties": { "a": { "pattern": pattern } } });
    Pair { schema, settings: json!({ "a": text }) }
}
