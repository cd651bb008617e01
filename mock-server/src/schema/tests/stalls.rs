//! Schemas and settings that are made to stall a server.

use serde_json::{Value, json};

use super::*;

#[test]
fn patterns_that_are_none_are_refused_with_the_reason() {
    for (pattern, reason) in [
        ("(a", "is not a regular expression: it has a group that is not closed"),
        ("(?#a)", "a group of an unknown kind"),
        ("[z-a]", "out of order"),
        ("(((((a{99}){99}){99}){99}){99})", "is too large"),
    ] {
        let (pointer, text) = first(json!({ "properties": { "a": { "pattern": pattern } } }));
        assert_eq!(pointer, "/properties/a/pattern");
        assert!(text.contains(reason), "{text}");
    }
    let (pointer, _) = first(json!({ "patternProperties": { "(?a)": {} } }));
    assert_eq!(pointer, "/patternProperties/(?a)");
}

#[test]
fn patterns_of_javascript_are_matched_in_every_draft() {
    for draft in Draft::VARIANTS.iter().copied() {
        let schema = json!({
            "properties": {
                "url": { "pattern": "^(?!http:).+$" },
                "twice": { "pattern": "^(a|b)\\1$" },
                "name": { "pattern": "^[\\w-.]+$" },
            },
            "patternProperties": { "^(?!u|t|n)": { "type": "integer" } },
        });
        let rules = Rules { draft, ..Rules::default() };
        let schema = SettingsSchema::from_value(schema, rules).unwrap();
        let good = json!({ "url": "https://x", "twice": "bb", "name": "a-b.c", "count": 1 });
        assert_eq!(schema.check(&good), Ok(()), "{draft}");
        for (name, value) in [
            ("url", json!("http://x")),
            ("twice", json!("ab")),
            ("name", json!("a b")),
            ("count", json!("x")),
        ] {
            let mut bad = good.clone();
            bad[name] = value;
            assert_eq!(schema.violations(&bad, 9)[0].pointer, format!("/{name}"), "{draft}");
        }
        let told = schema.violations(&json!({ "name": "a b" }), 9);
        assert!(told[0].message.contains("`^[\\w-.]+$`"), "{}", told[0].message);
    }
}

#[test]
fn a_match_that_goes_back_forever_ends_in_a_refusal_of_the_save() {
    quickly(|| {
        for draft in Draft::VARIANTS.iter().copied() {
            let rules = Rules { draft, ..Rules::default() };
            let schema = json!({ "properties": { "a": { "pattern": "^(?:(a+)+\\1)+$" } } });
            let schema = SettingsSchema::from_value(schema, rules).unwrap();
            assert!(schema.check(&json!({ "a": "aaaa" })).is_ok());
            let text = message(&schema, json!({ "a": format!("{}b", "a".repeat(60)) }));
            assert!(text.starts_with("/a takes too many steps to match"), "{text}");
            let long = message(&schema, json!({ "a": "a".repeat(100_000) }));
            assert!(long.contains("too many steps"), "{long}");
        }
    });
}

#[test]
fn evil_patterns_take_no_time() {
    quickly(|| {
        let schema =
            read(json!({ "properties": { "a": { "pattern": "^(([a-z])+.)+[A-Z]([a-z])+$" } } }));
        assert!(schema.check(&json!({ "a": "a".repeat(100_000) })).is_err());
    });
}

#[test]
fn patterns_that_are_large_meet_texts_that_are_long_only_so_far() {
    quickly(|| {
        let pattern = "^(a|b)*a(a|b){2999}$";
        let schema = read(json!({ "properties": { "a": { "pattern": pattern } } }));
        assert!(schema.check(&json!({ "a": "aa".repeat(1_500) })).is_ok());
        let long = json!({ "a": "ab".repeat(50_000) });
        assert!(message(&schema, long).contains("too many steps"));

        let small = read(json!({ "properties": { "a": { "pattern": "^[ab]{1,500}" } } }));
        assert!(small.check(&json!({ "a": "ab".repeat(50_000) })).is_ok(), "nothing to fear");
    });
}

#[test]
fn many_large_patterns_are_refused_before_they_are_compiled() {
    quickly(|| {
        let name = |n| format!("^p{n}.*a{{150}}");
        let many: serde_json::Map<_, _> = (0..2_000).map(|n| (name(n), json!({}))).collect();
        let (_, text) = first(json!({ "patternProperties": many }));
        assert!(text.contains("too large in all"), "{text}");
    });
}

#[test]
fn a_long_list_of_options_and_a_long_list_of_items_do_not_multiply() {
    quickly(|| {
        let options: Vec<Value> = (0..20_000).map(|n| json!([n])).collect();
        let schema = read(json!({ "properties": { "a": { "items": { "enum": options } } } }));
        assert!(schema.check(&json!({ "a": [[3], [4]] })).is_ok());
        let items: Vec<Value> = (0..20_000).map(|_| json!([19_999])).collect();
        assert!(message(&schema, json!({ "a": items })).contains("too many steps"));
    });
}

#[test]
fn a_deep_schema_is_refused_and_the_deepest_compiles_on_a_small_stack() {
    fn nested(levels: usize) -> Value {
        let inner = |value, _| {
            Value::Object([("additionalProperties".to_owned(), value)].into_iter().collect())
        };
        (1..levels).fold(json!({}), inner)
    }
    quickly(|| {
        for keyword in ["additionalProperties", "items", "not", "contains"] {
            let inner = |value, _| json!({ keyword: value });
            let _ = SettingsSchema::from_value((0..99).fold(json!({}), inner), Rules::default());
        }
        read(nested(DEEPEST_SCHEMA));
        let deep = nested(DEEPEST_SCHEMA + 1);
        let (_, text) = first(deep);
        assert!(text.contains("nested deeper"), "{text}");
        let far = SettingsSchema::from_value(nested(1_500), Rules::default()).unwrap_err();
        assert_eq!(far.len(), 1);
    });
}

#[test]
fn deep_settings_are_refused_and_the_deepest_are_checked_on_a_small_stack() {
    quickly(|| {
        let long = json!({ "anyOf": [{ "$ref": "#/definitions/d0" }] });
        let mut definitions = serde_json::Map::new();
        for n in 0..35 {
            let next = json!({ "$ref": format!("#/definitions/d{}", n + 1) });
            definitions.insert(format!("d{n}"), next);
        }
        definitions.insert("d35".into(), json!({ "additionalProperties": { "$ref": "#" } }));
        let mut schema = long;
        schema["definitions"] = Value::Object(definitions);
        let schema = read(schema);
        let nested = |levels| (1..levels).fold(json!({}), |value, _| json!({ "a": value }));
        assert!(schema.check(&nested(127)).is_ok());
        assert!(message(&schema, nested(128)).contains("nested deeper"));
        assert!(!schema.violations(&nested(128), 3).is_empty());
        let mut bad = json!([]);
        for _ in 0..126 {
            bad = json!({ "a": bad });
        }
        assert_eq!(schema.check(&bad), Ok(()), "nothing asks for objects");
    });
}

#[test]
fn failures_of_many_branches_and_large_values_do_not_multiply() {
    quickly(|| {
        let branches = |inner: Value| json!({ "oneOf": vec![inner; 100] });
        let flat = branches(json!({ "type": "integer" }));
        let nested = json!({ "anyOf": vec![flat.clone(); 20] });
        let settings = json!({ "a": vec![1; 400_001] });
        for schema in [flat, nested] {
            let schema = read(json!({ "properties": { "a": schema } }));
            let misfit = schema.hold(&settings, 20).unwrap_err();
            let text = misfit.ajv();
            assert!(text.starts_with("data.a should be integer, data.a should be integer, "));
            assert!(text.len() < 20_000, "{}", text.len());
            let told = &misfit.violations()[0];
            assert_eq!(told.pointer, "/a");
            assert!(told.message.starts_with("/a does not fit the schema: data.a should be"));
        }
    });
}

#[test]
fn references_that_multiply_are_refused() {
    let mut definitions = serde_json::Map::new();
    for n in 0..22 {
        let next = json!({ "$ref": format!("#/definitions/d{}", n + 1) });
        definitions.insert(format!("d{n}"), json!({ "allOf": [next, next] }));
    }
    definitions.insert("d22".into(), json!({ "type": "object" }));
    let schema = json!({ "$ref": "#/definitions/d0", "definitions": definitions });
    quickly(move || {
        let (_, text) = first(schema);
        assert!(text.contains("apply to one value"), "{text}");
    });
}

#[test]
fn a_schema_that_doubles_with_each_level_is_stopped_by_the_settings_that_make_it() {
    quickly(|| {
        let twice = json!({ "$ref": "#" });
        let schema = read(json!({ "properties": { "a": { "allOf": [twice, twice] } } }));
        let nested = |levels| (0..levels).fold(json!({}), |value, _| json!({ "a": value }));
        assert!(schema.check(&nested(10)).is_ok());
        assert!(message(&schema, nested(60)).contains("too many steps"));
        assert!(schema.violations(&nested(60), 5)[0].message.contains("too many steps"));
    });
}

#[test]
fn a_tree_that_refers_to_itself_is_fine() {
    let schema = read(json!({
        "type": "object",
        "properties": {
            "label": { "type": "string" },
            "children": { "type": "array", "items": { "$ref": "#" } },
        },
    }));
    let leaves: Vec<Value> = (0..5_000).map(|n| json!({ "label": format!("{n}") })).collect();
    assert!(schema.check(&json!({ "children": leaves })).is_ok());
    assert!(schema.check(&json!({ "children": [{ "children": [{ "label": 1 }] }] })).is_err());
}

#[test]
fn a_schema_that_leads_to_itself_at_once_is_refused() {
    for schema in [
        json!({ "$ref": "#" }),
        json!({ "allOf": [{ "$ref": "#" }] }),
        json!({ "not": { "anyOf": [{ "$ref": "#" }] } }),
        json!({ "$ref": "#/definitions/a", "definitions": {
            "a": { "$ref": "#/definitions/b" }, "b": { "$ref": "#/definitions/a" } } }),
    ] {
        let (_, text) = first(schema.clone());
        assert!(text.contains("leads back to itself"), "{schema}: {text}");
    }
}

#[test]
fn nesting_of_every_applicator_stays_quick() {
    quickly(|| {
        let rules = Rules { draft: Draft::Draft202012, formats: true };
        for outer in ["anyOf", "oneOf", "allOf", "not", "if", "unevaluatedProperties"] {
            let nest = |value: Value, _| match outer {
                "not" => json!({ "not": value }),
                "if" => json!({ "if": value, "then": { "minProperties": 9 } }),
                "unevaluatedProperties" => {
                    json!({ "allOf": [value], "unevaluatedProperties": false })
                }
                list => json!({ list: [value, { "required": ["x"] }] }),
            };
            for levels in [10, 30, 38, 48] {
                let schema = (0..levels).fold(json!({ "required": ["y"] }), nest);
                if let Ok(schema) = SettingsSchema::from_value(schema, rules) {
                    let _ = schema.check(&json!({ "a": 1 }));
                    let _ = schema.violations(&json!({ "a": 1 }), 5);
                }
            }
        }
    });
}

#[test]
fn oversized_schemas_are_refused() {
    let text = format!("{{\"title\": \"{}\"}}", "x".repeat(LARGEST_TEXT));
    let invalid = SettingsSchema::parse(&text, Rules::default()).unwrap_err();
    assert!(invalid.to_string().contains("KiB"), "{invalid}");
    let items = vec![Value::Null; MOST_VALUES];
    assert!(first(json!({ "enum": items })).1.contains("too large"));
    let many: serde_json::Map<_, _> = (0..6_000).map(|n| (format!("p{n}"), json!({}))).collect();
    assert!(first(json!({ "properties": many })).1.contains("subschemas"));
}
