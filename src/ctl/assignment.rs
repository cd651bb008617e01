//! `NAME=VALUE`, as people write settings, faults and options in a shell.

use crisp_mock_server::exact;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// Reads `NAME=VALUE` pairs into an object. A value that is JSON is taken as that, any other as a
/// text; a name alone means true.
pub fn object(pairs: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut object = Map::new();
    for pair in pairs {
        let (name, value) = match pair.split_once('=') {
            Some((name, value)) => (name, read(value)),
            None => (pair.as_str(), Value::Bool(true)),
        };
        if name.is_empty() {
            let message = format!("`{pair}` names nothing");
            return Err(Failure::usage(message, "write NAME=VALUE, as message=Hi"));
        }
        if object.insert(name.to_owned(), value).is_some() {
            let message = format!("`{name}` is given twice");
            return Err(Failure::usage(message, "leave one of them out"));
        }
    }
    Ok(object)
}

/// An object of those members that have a value.
pub fn members<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    present.collect()
}

fn read(value: &str) -> Value {
    serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()))
}

/// Reads settings: pairs, or a whole object as JSON; none when neither is given.
pub fn settings(pairs: &[String], json: Option<&str>) -> Result<Option<Value>, Failure> {
    if let Some(json) = json {
        let value = exact::read(json.as_bytes()).map_err(|error| {
            Failure::usage(
                format!("--json is no JSON: {error}"),
                r#"write an object in quotes, as '{"message": "Hi"}'"#,
            )
        })?;
        return Ok(Some(value));
    }
    // A setting without a value is a slip, not a flag.
    if let Some(bare) = pairs.iter().find(|pair| !pair.contains('=')) {
        let message = format!("`{bare}` has no value");
        return Err(Failure::usage(message, format!("write {bare}=VALUE")));
    }
    Ok((!pairs.is_empty()).then_some(object(pairs)?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_json_where_they_can_be_and_texts_elsewhere() {
        let pairs = ["a=1", "b=true", "c=Hi there", "d=\"5\"", "e={\"x\":[]}", "f=", "g=a=b"];
        let object = object(&pairs.map(str::to_owned)).unwrap();
        let expected = serde_json::json!({
            "a": 1, "b": true, "c": "Hi there", "d": "5", "e": {"x": []}, "f": "", "g": "a=b",
        });
        assert_eq!(Value::from(object), expected);
    }

    #[test]
    fn slips_are_refused() {
        for pairs in [&["=1"][..], &["a=1", "a=2"]] {
            let pairs: Vec<_> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
            assert!(object(&pairs).is_err(), "{pairs:?}");
        }
        assert!(settings(&["message".to_owned()], None).is_err());
        assert!(settings(&[], Some("{nope")).is_err());
        assert_eq!(settings(&[], None).unwrap(), None);
    }
}
