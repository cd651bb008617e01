//! What every object of JavaScript inherits. Ajv 6 looks at `data.toString` without asking whose it is, so
//! that a schema which declares such a name finds a function in settings that leave it out.

use std::ptr;

use serde_json::{Map, Value};

const FUNCTIONS: [&str; 11] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// A name that Ajv 6 leaves out of `properties` and of `dependencies`, and always finds.
pub(super) const PROTOTYPE: &str = "__proto__";

/// Stands for a function, which has no type of JSON and equals nothing: told from `null` by its address.
static FUNCTION: Value = Value::Null;

pub(super) fn is_function(value: &Value) -> bool {
    ptr::eq(value, &FUNCTION)
}

/// A member of an object, its own or inherited.
pub(super) fn member<'v>(map: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    map.get(name).or_else(|| FUNCTIONS.contains(&name).then_some(&FUNCTION))
}

/// Whether an object has a member, its own or inherited.
pub(super) fn has(map: &Map<String, Value>, name: &str) -> bool {
    name == PROTOTYPE || member(map, name).is_some()
}
