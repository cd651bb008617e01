//! How large a schema may be that comes as a value.

use serde_json::Value;

use super::violation::levels;
use super::{DEEPEST_SCHEMA, LARGEST_TEXT, MOST_VALUES};
use crate::document::Problem;

/// Refuses a value that is too deep or too large, without recursion.
pub(super) fn measure(value: &Value) -> Result<(), Problem> {
    if levels(value) > DEEPEST_SCHEMA {
        let message = format!("the schema is nested deeper than {DEEPEST_SCHEMA} levels");
        return Err(Problem::value("", message)
            .hint("move inner schemas under `definitions` and point to them with `$ref`"));
    }
    let mut waiting = vec![value];
    let (mut values, mut bytes) = (0_usize, 0_usize);
    while let Some(value) = waiting.pop() {
        values += 1;
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(map) => {
                bytes += map.keys().map(String::len).sum::<usize>();
                waiting.extend(map.values());
            }
            Value::String(text) => bytes += text.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    if values > MOST_VALUES || bytes > LARGEST_TEXT {
        return Err(Problem::value("", "the schema is too large")
            .hint(format!("the limit is {MOST_VALUES} values and {LARGEST_TEXT} bytes of text")));
    }
    Ok(())
}
