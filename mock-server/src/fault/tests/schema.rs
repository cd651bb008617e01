use schemars::schema_for;
use serde_json::{Map, Value};

use super::examples::{right, wrong};
use crate::fault::FaultPlan;
use crate::fault::parse::{DETAILS, EFFECTS, LIMITS};

fn validator() -> jsonschema::Validator {
    let schema = serde_json::to_value(schema_for!(FaultPlan)).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn parser_and_schema_accept_the_same_faults() {
    let validator = validator();
    for example in right() {
        let errors: Vec<_> =
            validator.iter_errors(&example).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{example}: {errors:?}");
    }
}

#[test]
fn parser_and_schema_refuse_the_same_faults() {
    let validator = validator();
    for (example, _, _, by_schema) in wrong() {
        assert_eq!(!validator.is_valid(&example), by_schema, "{example}");
    }
}

#[test]
fn parser_and_schema_know_the_same_keys() {
    let schema = serde_json::to_value(schema_for!(FaultPlan)).unwrap();
    let properties: &Map<String, Value> =
        schema["$defs"]["Fault"]["properties"].as_object().unwrap();
    let mut in_schema: Vec<&str> = properties.keys().map(String::as_str).collect();
    let mut in_parser: Vec<&str> = LIMITS.into_iter().chain(EFFECTS).chain(DETAILS).collect();
    in_schema.sort_unstable();
    in_parser.sort_unstable();
    assert_eq!(in_schema, in_parser);
}
