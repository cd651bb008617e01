//! Schemas and settings without any sense.

#![expect(clippy::disallowed_methods, reason = "stalls are what these tests look for")]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use strum::VariantArray;

use super::{Draft, Rules, SettingsSchema, review};
use crate::sample::SettingsGenerator;

/// Longer than anything here may take on a busy machine, and far shorter than a stall.
const PATIENCE: Duration = Duration::from_secs(20);

const KEYWORDS: &[&str] = &[
    "$anchor",
    "$defs",
    "$dynamicRef",
    "$id",
    "$recursiveRef",
    "$ref",
    "$schema",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "default",
    "definitions",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "id",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "requird",
    "required",
    "then",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
    "a",
    "~/é",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| json!(number)),
        (-4..9_i32).prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        "\\PC{0,8}".prop_map(|text| json!(text)),
        prop::sample::select(vec![
            "#",
            "#/definitions/a",
            "#/$defs/a",
            "#/properties/a",
            "#a",
            "a",
            "http://x.example/",
            "string",
            "object",
            "array",
            "integer",
            "null",
            "^a+$",
            "(",
            "(?=a)",
            "[a-z]{2,9}",
            "email",
            "regex",
            "urn:x:y#z",
            "#/%zz",
            "#/a~2",
        ])
        .prop_map(|text| json!(text)),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 64, 6, |inner| {
        let keyword = prop::sample::select(KEYWORDS).prop_map(str::to_owned);
        let name = prop_oneof![4 => keyword, 1 => "\\PC{0,4}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Mostly schemas that hold together, so that checks and not refusals are tried.
fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        prop::sample::select(vec!["string", "object", "array", "integer", "number", "null"])
            .prop_map(|kind| json!({ "type": kind })),
        prop::sample::select(vec!["#/definitions/a", "#/definitions/b", "#/properties/a", "#"])
            .prop_map(|reference| json!({ "$ref": reference })),
        (0..4_u32).prop_map(|n| json!({ "minLength": n, "maxItems": n, "minProperties": n })),
        "[ab]\\{0,3\\}|a\\+b\\?|\\(a\\|b\\)\\*".prop_map(|pattern| json!({ "pattern": pattern })),
        scalar().prop_map(|value| json!({ "const": value })),
        prop::collection::vec(scalar(), 1..3).prop_map(|values| json!({ "enum": values })),
    ];
    let inner = leaf.prop_recursive(5, 48, 5, |inner| {
        let map = prop::collection::btree_map("[ab]", inner.clone(), 0..3);
        const ONE: &[&str] = &[
            "not",
            "items",
            "additionalProperties",
            "contains",
            "if",
            "then",
            "else",
            "propertyNames",
            "unevaluatedProperties",
            "unevaluatedItems",
        ];
        const MANY: &[&str] = &["allOf", "anyOf", "oneOf"];
        prop_oneof![
            (prop::sample::select(ONE), inner.clone()).prop_map(|(k, v)| json!({ k: v })),
            (prop::sample::select(MANY), prop::collection::vec(inner.clone(), 1..4))
                .prop_map(|(k, v)| json!({ k: v })),
            (map.clone(), inner).prop_map(|(p, v)| json!({ "properties": p, "items": v })),
            map.prop_map(|p| json!({ "patternProperties": p, "required": ["a"] })),
        ]
    });
    (inner.clone(), inner.clone(), inner).prop_map(
        |(a, b, root)| json!({ "definitions": { "a": a, "b": b }, "properties": { "a": root } }),
    )
}

fn any_rules() -> impl Strategy<Value = Rules> {
    (prop::sample::select(Draft::VARIANTS), any::<bool>())
        .prop_map(|(draft, formats)| Rules { draft, formats })
}

fn use_all(schema: &SettingsSchema, settings: &Value) -> Result<(), TestCaseError> {
    let verdict = schema.check(settings);
    let violations = schema.violations(settings, 3);
    prop_assert_eq!(verdict.is_ok(), violations.is_empty());
    prop_assert!(violations.len() <= 3);
    prop_assert!(violations.iter().all(|one| one.message.chars().count() <= 400));
    let generator = SettingsGenerator::new(schema);
    for number in 0..3 {
        if let Some(made) = generator.settings(1, number) {
            prop_assert!(made.is_object());
            prop_assert_eq!(schema.check(&made), Ok(()));
        }
    }
    Ok(())
}

proptest! {
    /// Invariant: whatever JSON is given for a schema, it is read or refused, and soon.
    #[test]
    fn any_json_as_a_schema_is_read_or_refused(
        value in any_json(),
        settings in any_json(),
        rules in any_rules(),
    ) {
        let started = Instant::now();
        if let Ok(schema) = SettingsSchema::from_value(value, rules) {
            use_all(&schema, &settings)?;
        }
        prop_assert!(started.elapsed() < PATIENCE);
    }

    /// Invariant: a schema that holds together judges any settings, and soon.
    #[test]
    fn any_schema_judges_any_settings(
        value in any_schema(),
        a in any_json(),
        rules in any_rules(),
    ) {
        let settings = json!({ "a": a });
        let started = Instant::now();
        match SettingsSchema::from_value(value, rules) {
            Ok(schema) => use_all(&schema, &settings)?,
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
        prop_assert!(started.elapsed() < PATIENCE);
    }

    /// Invariant: a text gives a schema or a report with a place in that text.
    #[test]
    fn any_text_is_read_or_refused_with_a_place(text in "[\\[\\]{}\":,a0-9 \n\u{e9}]{0,40}") {
        let review = review("f", &text, Rules::default());
        match review.schema {
            Ok(_) => {}
            Err(_) => prop_assert!(review.report.starts_with("f:")),
        }
    }
}
