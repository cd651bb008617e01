//! Validating settings before they are sent (feature `validate`).

use serde_json::Value;

use crate::Settings;

/// A plugin's settings schema, compiled once. Draft-07 unless it names another draft; the API
/// names none (docs/wire.md#settings), and its odd `$id` is never fetched.
#[derive(Debug)]
pub struct Schema(jsonschema::Validator);

/// A schema that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the settings schema is not valid: {problem}")]
pub struct InvalidSchema {
    problem: String,
}

/// Settings that a schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", problems.join("; "))]
pub struct Violation {
    /// Every problem, with the place in the settings.
    pub problems: Vec<String>,
}

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// When it is not a valid schema.
    ///
    /// ```
    /// use crisp_sync::{Schema, Settings};
    /// use serde_json::json;
    ///
    /// let schema = Schema::new(&json!({"properties": {"message": {"type": "string"}}}))?;
    /// let wrong = Settings::from_value(&json!({"message": 7}))?;
    /// assert_eq!(schema.check(&wrong).unwrap_err().to_string(), r#"/message: 7 is not of type "string""#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(schema: &Value) -> Result<Self, InvalidSchema> {
        let mut schema = schema.clone();
        if let Some(object) = schema.as_object_mut() {
            // `crisp:service:api/_schema/plugin#urn:…` names the plugin and is no address.
            object.remove("$id");
        }
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft7)
            .build(&schema)
            .map(Self)
            .map_err(|error| InvalidSchema { problem: error.to_string() })
    }

    /// Checks settings.
    ///
    /// # Errors
    /// With every problem at once.
    pub fn check(&self, settings: &Settings) -> Result<(), Violation> {
        let Ok(value) = settings.parse::<Value>() else {
            return Err(Violation { problems: vec!["the settings are not JSON".to_owned()] });
        };
        let problem = |error: jsonschema::ValidationError<'_>| {
            let place = error.instance_path().to_string();
            let place = if place.is_empty() { "/".to_owned() } else { place };
            format!("{place}: {error}")
        };
        let problems: Vec<_> = self.0.iter_errors(&value).map(problem).collect();
        if problems.is_empty() { Ok(()) } else { Err(Violation { problems }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_odd_identifier_of_plugin_schemas_is_no_obstacle() {
        let schema = json!({
            "$id": "crisp:service:api/_schema/plugin#urn:my.account:plugin:0",
            "type": "object",
            "required": ["access_token"],
            "properties": {"access_token": {"type": ["string", "null"], "pattern": "^[a-z]{3}$"}}
        });
        let schema = Schema::new(&schema).unwrap();
        let check = |value: Value| schema.check(&Settings::from_value(&value).unwrap());
        assert_eq!(check(json!({"access_token": "abc"})), Ok(()));
        assert_eq!(check(json!({"access_token": null})), Ok(()));
        assert!(check(json!({})).is_err());
        assert!(check(json!({"access_token": "abcd"})).is_err());
    }

    #[test]
    fn a_schema_that_is_none_is_refused() {
        assert!(Schema::new(&json!({"type": "objet"})).is_err());
    }
}
