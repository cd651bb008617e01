use super::examples::{right, wrong};
use crate::document::json_schema;
use crate::fault::{Effect, FaultPlan};

fn validator() -> jsonschema::Validator {
    let schema = json_schema::<FaultPlan>();
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
fn the_schema_has_no_words_for_messages_and_describes_every_key() {
    let schema = json_schema::<FaultPlan>();
    assert!(!schema.to_string().contains("\"x-"), "{schema}");
    let fault = &schema["$defs"]["Fault"];
    let effects = fault["oneOf"].as_array().unwrap();
    assert_eq!(effects.len(), Effect::KEYS.len());
    for effect in effects {
        assert!(effect["description"].is_string(), "{effect}");
    }
    for (key, property) in fault["properties"].as_object().unwrap() {
        assert!(property["description"].is_string(), "{key}");
    }
}
