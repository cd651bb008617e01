#![expect(clippy::disallowed_methods, reason = "stalls are what these tests look for")]

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;

mod stalls;

const CRISP_ID: &str = "crisp:service:api/_schema/plugin#urn:my.account:pluginname:0";

fn read(schema: Value) -> SettingsSchema {
    SettingsSchema::from_value(schema, Rules::default()).unwrap()
}

fn refusal(schema: Value) -> Vec<Problem> {
    SettingsSchema::from_value(schema, Rules::default()).unwrap_err()
}

fn first(schema: Value) -> (String, String) {
    let problem = &refusal(schema)[0];
    (problem.pointer.clone(), problem.message.clone())
}

fn message(schema: &SettingsSchema, settings: Value) -> String {
    schema.check(&settings).unwrap_err().message
}

/// Runs on a stack as small as a thread's and fails if it takes longer than a stall would.
fn quickly(work: impl FnOnce() + Send + 'static) {
    let started = Instant::now();
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    thread.spawn(work).unwrap().join().unwrap();
    let took = started.elapsed();
    assert!(took < Duration::from_secs(20), "took {took:?}");
}

#[test]
fn a_schema_is_cheap_to_share() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<SettingsSchema>();
}

#[test]
fn the_sample_schema_takes_a_message() {
    let schema = SettingsSchema::sample();
    assert_eq!(schema.draft(), Draft::Draft07);
    let read_as_any_other = SettingsSchema::from_value(schema.raw().clone(), schema.rules());
    assert!(read_as_any_other.is_ok_and(|schema| schema.warnings().is_empty()));
    assert!(schema.check(&json!({ "message": "Hello", "more": 1 })).is_ok());
    assert_eq!(message(&schema, json!({"message": null})), "/message must be a string, found null");
    assert_eq!(
        message(&schema, json!([])),
        "settings must be an object, found an array of 0 items"
    );
}

#[test]
fn an_id_of_crisp_is_accepted_under_every_draft_and_local_references_work() {
    for draft in Draft::VARIANTS.iter().copied() {
        for id in ["$id", "id"] {
            let schema = json!({
                id: CRISP_ID,
                "definitions": { "text": { "type": "string" } },
                "$defs": { "flag": { "type": "boolean" } },
                "properties": {
                    "a": { "$ref": "#/definitions/text" },
                    "b": { "$ref": "#/$defs/flag" },
                    "id": { "type": "integer" },
                    "inner": { "$ref": "#" },
                },
            });
            let rules = Rules { draft, formats: true };
            let read = SettingsSchema::from_value(schema.clone(), rules).unwrap();
            assert_eq!(*read.raw(), schema, "given back as it came");
            assert!(read.check(&json!({ "a": "x", "b": true, "id": 1 })).is_ok());
            assert!(read.check(&json!({ "a": 1 })).is_err());
            assert!(read.check(&json!({ "id": "x" })).is_err(), "a property called id stays");
            assert!(read.check(&json!({ "inner": { "b": 1 } })).is_err());
        }
    }
}

#[test]
fn references_to_the_schemas_own_id_are_local() {
    for (id, reference) in [
        (CRISP_ID, CRISP_ID),
        (CRISP_ID, "crisp:service:api/_schema/plugin#/definitions/t"),
        ("https://example.com/s.json", "https://example.com/s.json#/definitions/t"),
        ("https://example.com/s.json#", "https://example.com/s.json#/definitions/t"),
    ] {
        let schema = read(json!({
            "$id": id,
            "definitions": { "t": { "type": "object" } },
            "type": "object",
            "properties": { "a": { "$ref": reference } },
        }));
        assert!(schema.check(&json!({ "a": {} })).is_ok(), "{reference}");
        assert!(schema.check(&json!({ "a": 1 })).is_err(), "{reference}");
    }
}

#[test]
fn anchors_and_inner_ids_are_local_too() {
    let schema = read(json!({
        "definitions": {
            "named": { "$id": "#text", "type": "string" },
            "bundled": {
                "$id": "https://example.com/inner",
                "definitions": { "n": { "type": "integer" } },
                "properties": { "n": { "$ref": "#/definitions/n" } },
            },
        },
        "properties": {
            "a": { "$ref": "#text" },
            "b": { "$ref": "https://example.com/inner" },
        },
    }));
    assert!(schema.check(&json!({ "a": "x", "b": { "n": 1 } })).is_ok());
    assert!(schema.check(&json!({ "a": 1 })).is_err());
    assert!(schema.check(&json!({ "b": { "n": "x" } })).is_err());
    let rules = Rules { draft: Draft::Draft202012, formats: false };
    let anchored = json!({
        "$defs": { "t": { "$anchor": "text", "type": "string" } },
        "properties": { "a": { "$ref": "#text" } },
    });
    let schema = SettingsSchema::from_value(anchored, rules).unwrap();
    assert!(schema.check(&json!({ "a": 1 })).is_err());
}

#[test]
fn references_to_the_outside_are_refused_with_an_explanation() {
    for reference in [
        "http://example.com/x.json",
        "https://example.com/x.json#/a",
        "file:///etc/passwd",
        "other.json",
        "crisp:service:api/_schema/plugin#urn:somebody:else:0",
        "//example.com/x",
    ] {
        let (pointer, text) = first(json!({ "properties": { "a": { "$ref": reference } } }));
        assert_eq!(pointer, "/properties/a/$ref");
        assert!(text.contains("references must be local"), "{text}");
    }
    let (pointer, text) = first(json!({ "items": { "$ref": "#/definitions/none" } }));
    assert_eq!(pointer, "/items/$ref");
    assert!(text.contains("leads to no schema"), "{text}");
}

#[test]
fn a_schema_against_its_draft_is_refused_with_place_and_hint() {
    let texts = [
        "{\n  \"type\": \"objekt\"\n}",
        r#"{"properties":{"a":{"type":"string","required":true}}}"#,
        r#"{"properties":{"a":{"minLength":"3"}}}"#,
        "{\"a\": }",
        "type: object",
    ];
    let reports = texts.map(|text| review("s", text, Rules::default()).report);
    insta::assert_snapshot!(reports.join("\n"));
}

#[test]
fn several_problems_come_together() {
    let problems = refusal(json!({
        "type": "objekt",
        "properties": { "a": { "pattern": "(" }, "b": { "$ref": "http://x.example/" } },
    }));
    let pointers = problems.iter().map(|problem| problem.pointer.as_str());
    let expected = ["/type", "/properties/a/pattern", "/properties/b/$ref"];
    assert_eq!(pointers.collect::<Vec<_>>(), expected);
}

#[test]
fn every_draft_is_read_by_its_own_rules() {
    let exclusive = json!({ "minimum": 1, "exclusiveMinimum": true });
    let old = Rules { draft: Draft::Draft04, formats: false };
    assert!(SettingsSchema::from_value(exclusive.clone(), old).is_ok());
    let (pointer, text) = first(exclusive);
    assert_eq!(pointer, "/exclusiveMinimum");
    assert!(text.contains("must be a number"), "{text}");

    let named = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": { "a": { "prefixItems": [{ "type": "string" }] } },
    });
    let schema = SettingsSchema::from_value(named, old).unwrap();
    assert_eq!(schema.draft(), Draft::Draft202012, "the text wins");
    assert!(schema.check(&json!({ "a": [1] })).is_err());

    let (pointer, text) = first(json!({ "$schema": "https://example.com/own" }));
    assert_eq!(pointer, "/$schema");
    assert!(text.contains("is not a draft"), "{text}");
}

#[test]
fn formats_are_asserted_unless_they_are_notes() {
    let schema = json!({ "properties": { "mail": { "format": "email" } } });
    let settings = json!({ "mail": "nobody" });
    let text = message(&read(schema.clone()), settings.clone());
    assert_eq!(text, "/mail must be a valid `email`, found the text `nobody`");
    let notes = Rules { formats: false, ..Rules::default() };
    let lenient = SettingsSchema::from_value(schema, notes).unwrap();
    assert!(lenient.check(&settings).is_ok());
}

#[test]
fn a_format_that_nothing_checks_is_refused_where_formats_are_asserted() {
    for (format, hint) in [
        ("emial", "did you mean `email`?"),
        ("iri", "did you mean `uri`?"),
        ("color", "the formats are date, date-time, "),
    ] {
        let schema = json!({ "properties": { "a": { "format": format } } });
        let problem = refusal(schema.clone())[0].clone();
        assert_eq!(problem.pointer, "/properties/a/format");
        assert_eq!(problem.message, format!("`{format}` is not a format that can be checked"));
        let told = problem.hint.unwrap();
        assert!(told.starts_with(hint) && told.contains("`schema-formats`"), "{told}");
        let notes = Rules { formats: false, ..Rules::default() };
        assert!(SettingsSchema::from_value(schema, notes).is_ok());
    }
    let iri = json!({ "properties": { "a": { "format": "iri" } } });
    let later = Rules { draft: Draft::Draft202012, ..Rules::default() };
    assert!(SettingsSchema::from_value(iri, later).is_ok(), "it is one of that draft");
    read(json!({ "definitions": { "unused": { "format": "color" } } }));
    read(json!({ "properties": { "format": { "type": "string" } } }));
}

#[test]
fn misspelt_keywords_are_warned_about_and_not_refused() {
    let text = "{\"type\": \"object\",\n \"propertis\": {},\n \"requird\": [],\n \"label\": 1}";
    let review = review("s", text, Rules::default());
    assert!(review.schema.is_ok());
    assert!(review.report.contains("s:2:2: warning: `propertis` is not a keyword"));
    assert!(review.report.contains("did you mean `properties`?"));
    assert!(review.report.contains("s:3:2: warning: `requird`"));
    assert!(!review.report.contains("label"));
}

#[test]
fn a_schema_that_no_object_fits_is_warned_about() {
    for schema in [
        json!(false),
        json!({ "type": "string" }),
        json!({ "type": ["string", "null"] }),
        json!({ "enum": [1, 2] }),
        json!({ "const": null }),
    ] {
        let warnings = read(schema.clone()).warnings().to_vec();
        assert!(warnings[0].message.contains("no settings fit"), "{schema}");
    }
    assert!(read(json!({ "type": ["object", "null"] })).warnings().is_empty());
}

#[test]
fn violations_say_what_was_expected_and_what_was_found() {
    let schema = read(json!({
        "type": "object",
        "required": ["access_token"],
        "additionalProperties": false,
        "properties": {
            "access_token": { "type": ["string", "null"], "pattern": "^([a-z0-9]){24}$" },
            "mode": { "enum": ["a", "b", 3] },
            "count": { "type": "integer", "minimum": 1, "maximum": 5 },
            "either": { "anyOf": [{ "type": "string" }, { "type": "integer" }] },
            "reply": { "oneOf": [
                { "type": "object", "required": ["text"], "additionalProperties": false,
                    "properties": { "text": { "type": "string" } } },
                { "type": "null" },
            ]},
            "tags": { "type": "array", "maxItems": 2,
                "items": { "type": "string", "maxLength": 3 } },
        },
    }));
    for (settings, expected) in [
        (json!({}), "settings must have the property `access_token`, which is missing"),
        (
            json!({ "access_token": "no" }),
            "/access_token must match the pattern `^([a-z0-9]){24}$`, found the text `no`",
        ),
        (
            json!({ "access_token": 1 }),
            "/access_token must be a string or null, found the number 1",
        ),
        (
            json!({ "access_token": null, "mode": true }),
            "/mode must be `\"a\"`, `\"b\"` or `3`, found true",
        ),
        (
            json!({ "access_token": null, "count": 9 }),
            "/count must be at most 5, found the number 9",
        ),
        (
            json!({ "access_token": null, "either": [] }),
            "/either must be an integer or a string, found an array of 0 items",
        ),
        (
            json!({ "access_token": null, "reply": { "text": 1 } }),
            "/reply fits none of 2 alternatives; the nearest: /text must be a string, found the \
             number 1",
        ),
        (
            json!({ "access_token": null, "reply": { "text": 1, "more": 2 } }),
            "/reply fits none of 2 alternatives; the nearest: /text must be a string, found the \
             number 1",
        ),
        (
            json!({ "access_token": null, "tags": ["ab", "abcd"] }),
            "/tags/1 must have at most 3 characters, found the text `abcd`",
        ),
        (
            json!({ "access_token": null, "other": 1 }),
            "settings must not have `other`: the schema allows no such property",
        ),
    ] {
        assert_eq!(message(&schema, settings), expected);
    }
    let all = schema.violations(&json!({ "count": 0, "mode": 1, "tags": [1, 2, 3] }), 4);
    assert_eq!(all.len(), 4);
}

#[test]
fn messages_stay_short_whatever_is_sent() {
    let schema = read(json!({ "additionalProperties": { "enum": ["x".repeat(9_000)] } }));
    let violation = schema.check(&json!({ "k".repeat(9_000): "v".repeat(9_000) })).unwrap_err();
    assert!(violation.message.chars().count() <= 400);
    assert!(violation.message.contains("must be"), "{violation}");
}

#[test]
fn a_reference_may_point_to_any_place_in_the_file() {
    let schema = read(json!({
        "components": { "schemas": {
            "a": { "properties": { "b": { "$ref": "#/components/schemas/b" } } },
            "b": { "type": "string", "pattern": "^x" },
        } },
        "$ref": "#/components/schemas/a",
    }));
    assert!(schema.check(&json!({ "b": "x" })).is_ok());
    assert!(schema.check(&json!({ "b": 1 })).is_err());
    let (pointer, _) = first(json!({ "x": { "pattern": "(?a)" }, "allOf": [{ "$ref": "#/x" }] }));
    assert_eq!(pointer, "/x/pattern", "what a reference brings in is looked at too");
}

#[test]
fn mistakes_in_a_schema_are_named_in_its_own_terms() {
    for (schema, pointer, text) in [
        (json!(5), "", "the schema must be a boolean or an object, found the number 5"),
        (json!({ "type": ["string", "strng"] }), "/type/1", "`strng` is not a type"),
        (json!({ "type": 5 }), "/type", "`5` is not a type"),
        (
            json!({ "properties": { "type": "string" } }),
            "/properties/type",
            "`type` must be a boolean or an object, found the text `string`",
        ),
        (
            json!({ "multipleOf": 0 }),
            "/multipleOf",
            "`multipleOf` must be more than 0, found the number 0",
        ),
        (
            json!({ "required": ["a", "a"] }),
            "/required",
            "`required` must not have two equal items",
        ),
    ] {
        assert_eq!(first(schema), (pointer.to_owned(), text.to_owned()));
    }
}

#[test]
fn inner_ids_of_crisp_do_not_move_references() {
    for draft in [Draft::Draft07, Draft::Draft202012] {
        let schema = json!({
            "$id": CRISP_ID,
            "definitions": { "t": { "type": "string" } },
            "properties": { "a": { "$id": CRISP_ID, "items": { "$ref": "#/definitions/t" } } },
        });
        let schema = SettingsSchema::from_value(schema, Rules { draft, formats: false }).unwrap();
        assert!(schema.check(&json!({ "a": ["x"] })).is_ok());
        assert!(schema.check(&json!({ "a": [1] })).is_err());
    }
}

#[test]
fn keywords_beside_a_reference_are_warned_about_where_they_are_ignored() {
    let schema = json!({
        "definitions": { "t": { "type": "string" } },
        "properties": { "a": { "$ref": "#/definitions/t", "minLength": 3, "title": "A" } },
    });
    let warnings = read(schema.clone()).warnings().to_vec();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].pointer, "/properties/a/minLength");
    let rules = Rules { draft: Draft::Draft202012, formats: false };
    assert!(SettingsSchema::from_value(schema, rules).unwrap().warnings().is_empty());
}
