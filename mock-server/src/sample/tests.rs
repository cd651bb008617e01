#![expect(clippy::disallowed_methods, reason = "stalls are what these tests look for")]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::schema::{Draft, Rules};

fn schema(value: Value) -> SettingsSchema {
    SettingsSchema::from_value(value, Rules { draft: Draft::Draft07, formats: true }).unwrap()
}

/// Settings of a few dozen websites; every one has to be there and fit.
fn all_made(value: Value) -> Vec<Value> {
    let schema = schema(value.clone());
    let generator = SettingsGenerator::new(&schema);
    let made = (1..=60).map(|number| {
        let settings = generator.settings(1, number);
        let settings = settings.unwrap_or_else(|| panic!("nothing for {value}"));
        assert_eq!(schema.check(&settings), Ok(()), "{value}");
        settings
    });
    made.collect()
}

#[test]
fn patterns_that_look_around_are_met_or_given_up() {
    let schema = json!({
        "type": "object",
        "required": ["a", "b"],
        "properties": {
            "a": { "type": "string", "pattern": "^(?!http:)[a-z]{3,9}$" },
            "b": { "type": "string", "pattern": "^(?=x)[xy]{2}(?<!yy)$" },
        },
    });
    let schema = self::schema(schema);
    let generator = SettingsGenerator::new(&schema);
    let made: Vec<_> = (0..20).filter_map(|number| generator.settings(1, number)).collect();
    assert!(!made.is_empty());
    for settings in made {
        assert_eq!(schema.check(&settings), Ok(()));
    }
    let none = json!({ "required": ["c"], "properties": { "c": { "pattern": "^(a)\\1(?=b)$" } } });
    assert_eq!(SettingsGenerator::new(&self::schema(none)).settings(1, 1), None);
}

/// A promise: values that a plugin's test has copied stay the same.
#[test]
fn seed_1_makes_the_same_three_websites_for_good() {
    let expected = [
        ("Powlowski Hotels", "powlowski-hotels-1.example", "Mini", 45),
        ("Little Studio", "little-studio-2.example", "Essentials", 95),
        ("MacGyver Books", "macgyver-books-3.example", "Essentials", 95),
    ];
    for (number, (name, domain, plan, price)) in (1..).zip(expected) {
        let site = website(1, number);
        let found = (site.name.as_str(), site.domain.as_str(), site.plan.name, site.price);
        assert_eq!(found, (name, domain, plan, price));
        assert!(!site.plan.trialing);
    }
    let ids = ["Free", "Mini", "Essentials", "Plus"].map(|name| Plan::named(name).unwrap().id);
    assert_eq!(
        ids.map(|id| id.to_string()),
        [
            "d6647d44-5d90-4220-ae11-4cad3b233558",
            "f534250c-1675-416b-b846-1442cbbc6adb",
            "910a6da6-2611-4e94-8ac5-69576314c6f2",
            "ed9a6539-7b84-4c9e-8782-a9f70d34bad1",
        ]
    );
}

/// The same promise for settings.
#[test]
fn seed_1_makes_the_same_settings_for_good() {
    let sample = SettingsSchema::sample();
    let made = [1, 2, 3].map(|number| settings(1, number, &sample).unwrap());
    assert_eq!(
        made,
        [
            json!({ "message": "Questions? Powlowski Hotels has answers." }),
            json!({ "message": "Hello from Little Studio!" }),
            json!({ "message": "Questions? MacGyver Books has answers." }),
        ]
    );
    let rich = schema(json!({ "properties": {
        "access_token": { "type": "string", "pattern": "^([a-z0-9]){24}$" },
        "count": { "type": "integer", "minimum": 1, "maximum": 100 },
        "email": { "type": "string" },
        "enabled": { "type": "boolean" },
        "mode": { "enum": ["quiet", "loud"] },
        "ratio": { "type": "number" },
        "replies": { "type": "array", "items": { "type": "object", "required": ["text"],
            "properties": { "text": { "type": "string" } } } },
        "site_url": { "type": ["string", "null"] } } }));
    let made = [1, 2, 3].map(|number| settings(1, number, &rich).unwrap());
    let expected = [
        json!({
            "access_token": "57a5xtij2mz5805rs98l49ki",
            "count": 89,
            "email": "richard.torp@powlowski-hotels-1.example",
            "enabled": false,
            "mode": "loud",
            "ratio": 4,
            "replies": [{ "text": "Thanks for writing to Powlowski Hotels." }],
            "site_url": "https://powlowski-hotels-1.example/umber",
        }),
        json!({
            "access_token": "nd3h4037k9q6f1335hxg4l7e",
            "count": 64,
            "email": "asha.parisian@little-studio-2.example",
            "enabled": true,
            "ratio": 7,
            "replies": [
                { "text": "Little Studio is away and will be back soon." },
                { "text": "Thanks for writing to Little Studio." },
            ],
            "site_url": "https://little-studio-2.example/fjord",
        }),
        json!({
            "access_token": "11dhxt18646r090o67rukgi3",
            "count": 41,
            "email": "ellie.conn@macgyver-books-3.example",
            "enabled": true,
            "mode": "loud",
            "ratio": 5.5,
            "replies": [
                { "text": "MacGyver Books is away and will be back soon." },
                { "text": "Hi! Ask MacGyver Books anything." },
            ],
            "site_url": "https://macgyver-books-3.example/kelp",
        }),
    ];
    assert_eq!(made, expected);
}

#[test]
fn settings_are_made_for_schemas_of_many_kinds() {
    for value in [
        json!({ "properties": { "access_token": {
            "type": ["string", "null"], "pattern": "^([a-z0-9]){24}$" } },
            "required": ["access_token"] }),
        json!({ "properties": { "rules": { "type": "array", "minItems": 1, "maxItems": 100,
            "items": { "type": "object", "required": ["pattern", "reply"],
                "properties": {
                    "pattern": { "type": "string" }, "reply": { "type": "string" } } } } } }),
        json!({ "properties": { "chatbox": { "type": "object",
            "patternProperties": { "^[0-9]+$": { "type": "string", "pattern": "^#[0-9a-f]{6}$" } },
            "additionalProperties": false } } }),
        json!({ "additionalProperties": false, "minProperties": 2, "properties": {
            "mail": { "type": "string", "format": "email" },
            "site_url": { "type": "string", "format": "uri" },
            "at": { "type": "string", "format": "date-time" },
            "on": { "type": "string", "format": "date" },
            "clock": { "type": "string", "format": "time" },
            "id": { "type": "string", "format": "uuid" },
            "ip": { "type": "string", "format": "ipv4" },
            "ip6": { "type": "string", "format": "ipv6" },
            "host": { "type": "string", "format": "hostname" } } }),
        json!({ "required": ["a", "b", "c", "d", "e"], "properties": {
            "a": { "type": "integer", "minimum": 5, "maximum": 5 },
            "b": { "type": "integer", "exclusiveMinimum": -3, "multipleOf": 7 },
            "c": { "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001 },
            "d": { "type": "number", "multipleOf": 0.1, "maximum": 9 },
            "e": { "type": "integer", "multipleOf": 0.5, "maximum": -1000 } } }),
        json!({ "required": ["x"], "properties": { "x": { "oneOf": [
            { "type": "object", "required": ["kind"], "properties": { "kind": { "const": "a" } } },
            { "type": "object", "required": ["kind"], "properties": { "kind": { "const": "b" } } },
            { "type": "null" } ] } } }),
        json!({ "allOf": [
            { "properties": { "a": { "type": "string", "minLength": 40 } }, "required": ["a"] },
            { "properties": { "a": { "maxLength": 50 } } } ] }),
        json!({ "definitions": { "tag": { "enum": ["red", "green", "blue"] } },
            "properties": { "tags": { "type": "array", "uniqueItems": true, "minItems": 3,
                "items": { "$ref": "#/definitions/tag" } } } }),
        json!({ "properties": { "tree": { "$ref": "#/definitions/node" } },
            "definitions": { "node": { "type": "object", "required": ["label"], "properties": {
                "label": { "type": "string" },
                "children": { "type": "array", "items": { "$ref": "#/definitions/node" } } } } } }),
        json!({ "properties": { "mode": { "type": "string" } }, "required": ["mode"],
            "if": { "properties": { "mode": { "const": "on" } } },
            "then": { "required": ["level"], "properties": { "level": { "type": "integer" } } } }),
        json!({ "properties": { "pair": { "type": "array", "additionalItems": false,
            "items": [{ "type": "string" }, { "type": "integer" }], "minItems": 2 } } }),
        json!({ "properties": { "list": { "type": "array", "contains": { "const": 3 } } },
            "required": ["list"] }),
        json!({ "properties": { "a": { "type": "boolean", "default": true },
            "b": { "type": "integer", "examples": [3, 4] },
            "c": { "type": "string", "default": 5 } } }),
        json!({ "properties": { "a": {
            "not": { "type": "string" }, "type": ["string", "integer"] } } }),
        json!({ "type": ["object", "null"], "required": ["anything"] }),
        json!({ "dependencies": { "a": ["b"] }, "properties": {
            "a": { "type": "string" }, "b": { "type": "string" } } }),
        json!({}),
        json!(true),
    ] {
        for settings in all_made(value.clone()) {
            assert_ne!(settings, json!({}), "{value} was left unconfigured");
        }
    }
}

#[test]
fn optional_members_are_sometimes_left_out_and_null_is_sometimes_chosen() {
    let made = all_made(json!({ "properties": {
        "a": { "type": "string" }, "b": { "type": ["string", "null"] } } }));
    assert!(made.iter().any(|settings| settings.get("a").is_none()));
    assert!(made.iter().filter(|settings| settings.get("a").is_some()).count() > 30);
    assert!(made.iter().any(|settings| settings.get("b") == Some(&Value::Null)));
    assert!(made.iter().any(|settings| settings["b"].is_string()));
}

#[test]
fn schemas_that_nothing_fits_give_nothing_and_quickly() {
    let started = Instant::now();
    for value in [
        json!(false),
        json!({ "type": "string" }),
        json!({ "required": ["a"], "properties": { "a": false } }),
        json!({ "required": ["a"], "properties": { "a": { "enum": [] } } }),
        json!({ "required": ["a"], "properties": { "a": { "type": "integer", "minimum": 3,
            "maximum": 2 } } }),
        json!({ "required": ["a"], "properties": { "a": {
            "minLength": 1_000_000_000, "type": "string" } } }),
        json!({ "minProperties": 1_000_000_000 }),
        json!({ "required": ["a"], "properties": { "a": { "type": "array",
            "minItems": 1_000_000_000 } } }),
        json!({ "required": ["self"], "properties": { "self": { "$ref": "#" } } }),
    ] {
        let Ok(schema) = SettingsSchema::from_value(value.clone(), Rules::default()) else {
            continue;
        };
        assert_eq!(settings(1, 1, &schema), None, "{value}");
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn values_do_not_depend_on_the_order_of_keys_or_of_questions() {
    let one = r#"{"properties":{"a":{"type":"string"},"b":{"type":"integer"}}}"#;
    let other = r#"{"properties":{"b":{"type":"integer"},"a":{"type":"string"}}}"#;
    let generator =
        |text| SettingsGenerator::new(&SettingsSchema::parse(text, Rules::default()).unwrap());
    let (one, other) = (generator(one), generator(other));
    let forwards: Vec<_> = (1..50).map(|number| one.settings(9, number)).collect();
    let mut backwards: Vec<_> = (1..50).rev().map(|number| other.settings(9, number)).collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);
}

#[test]
fn seeds_and_numbers_make_a_difference() {
    assert_ne!(website(1, 1), website(2, 1));
    assert_ne!(website(1, 1).name, website(1, 2).name);
    let mut domains: Vec<String> = (1..5_000).map(|number| website(1, number).domain).collect();
    domains.sort();
    domains.dedup();
    assert_eq!(domains.len(), 4_999, "no two websites share a domain");
}

#[test]
fn websites_look_like_websites() {
    let sites: Vec<Website> = (1..2_000).map(|number| website(1, number)).collect();
    for site in &sites {
        assert!(site.domain.ends_with(".example") && site.domain.len() <= 63, "{site:?}");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        assert!(site.domain.chars().all(plain), "{site:?}");
        assert_eq!(Plan::named(site.plan.name).map(|plan| plan.id), Some(site.plan.id));
        assert!(!(site.plan.trialing && site.plan.name == "Free"));
    }
    for plan in ["Free", "Mini", "Essentials", "Plus"] {
        assert!(sites.iter().any(|site| site.plan.name == plan), "{plan}");
    }
    assert!(sites.iter().any(|site| site.plan.trialing));
}

/// Schemas that mean something, a few levels deep.
fn meaningful() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (0..20_u32, 0..40_u32).prop_map(|(min, more)| json!({
            "type": "string", "minLength": min, "maxLength": min + more })),
        (-50..50_i32, 0..50_i32, 1..9_u32).prop_map(|(min, more, step)| json!({
            "type": "integer", "minimum": min, "maximum": min + more + 9, "multipleOf": step })),
        (-50..50_i32, 1..50_i32).prop_map(|(min, more)| json!({
            "type": "number", "exclusiveMinimum": min, "exclusiveMaximum": min + more })),
        "[a-c]{1,3}(\\[x-z\\]\\{1,9\\}|\\\\d\\+)?[a-c]?"
            .prop_map(|pattern| json!({ "type": "string", "pattern": format!("^{pattern}$") })),
        prop::sample::select(vec!["email", "uri", "uuid", "date-time", "hostname"])
            .prop_map(|format| json!({ "type": ["string", "null"], "format": format })),
        Just(json!({ "type": "boolean", "default": false })),
        Just(json!({ "enum": [1, "b", null, [2]] })),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let members = prop::collection::btree_map("[a-e]|message|token", inner.clone(), 0..4);
        prop_oneof![
            (inner.clone(), 0..3_u32).prop_map(|(items, min)| json!({
                "type": "array", "items": items, "minItems": min, "maxItems": min + 2 })),
            (members, any::<bool>()).prop_map(|(members, open)| {
                let required: Vec<&String> = members.keys().step_by(2).collect();
                json!({ "type": "object", "properties": members, "required": required,
                    "additionalProperties": open })
            }),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|any| json!({ "anyOf": any })),
            inner.prop_map(|one| json!({ "allOf": [one, {}] })),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Invariant: settings are made for every satisfiable schema of the plain kinds, and fit it.
    #[test]
    fn generated_settings_fit_their_schema(member in meaningful(), seed: u64, number: u32) {
        let value = json!({ "type": "object", "required": ["it"], "properties": { "it": member } });
        let schema = schema(value.clone());
        let made = settings(seed, number, &schema);
        prop_assert!(made.is_some(), "nothing for {value}");
        let made = made.unwrap();
        prop_assert_eq!(schema.check(&made), Ok(()));
        prop_assert_eq!(Some(made), settings(seed, number, &schema));
    }
}
