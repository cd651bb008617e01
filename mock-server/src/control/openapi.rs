//! The OpenAPI document, made from the table of calls and from the schemas in `components.json`.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::calls;
use super::described;
use super::extract::Chosen;
use crate::rtm::SocketInfo;
use crate::spaces::Info;

static DOCUMENT: LazyLock<Value> = LazyLock::new(document);
static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", *DOCUMENT));

/// `GET /_mock/openapi.json`
pub(super) async fn show(Chosen(_): Chosen) -> Response {
    ([(CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}

/// The paths that it describes.
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    DOCUMENT["paths"].as_object().into_iter().flat_map(Map::keys).map(String::as_str)
}

/// The names in paths, what each stands for, and one that is there at the start.
const NAMES: [(&str, &str, &str); 7] = [
    ("space", "The space's name.", "default"),
    ("website", "A UUID, or a short name like w7.", "w1"),
    ("request", "Its number, as GET /_mock/requests has it (`seq`).", "1"),
    ("file", "A file of the page.", "main.js"),
    ("fault", "The id that arming it answered.", "1"),
    ("sid", "A socket, as GET /_mock/rtm names it.", "0123456789abcdef0123"),
    ("delivery", "The number of a delivery.", "1"),
];

fn document() -> Value {
    let mut paths = Map::new();
    describe(&mut paths, "/_mock", calls::of_the_server());
    describe(&mut paths, "/_mock", calls::of_a_space());
    describe(&mut paths, "/_mock/spaces/{space}", calls::of_a_space());
    let mut components: Value =
        serde_json::from_str(include_str!("components.json")).unwrap_or_default();
    let schemas = &mut components["schemas"];
    described::may_be_null(&mut schemas["State"]);
    described::may_be_null(&mut schemas["DumpedWebsite"]);
    schemas["State"]["properties"]["websites"] = json!({
        "description": "By short name (w1) or UUID.",
        "type": ["object", "null"],
        "propertyNames": described::website(),
        "additionalProperties": { "$ref": "#/components/schemas/DumpedWebsite" },
    });
    schemas["QuirkSettings"] = described::quirks();
    schemas["Info"] = described::answer::<Info>();
    schemas["Socket"] = described::answer::<SocketInfo>();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "crisp-mock control API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What a test does to a world besides being a plugin. Calls under /_mock \
                mean the default space, those under /_mock/spaces/{space} the others.",
        },
        "paths": paths,
        "components": components,
    })
}

fn describe(paths: &mut Map<String, Value>, base: &str, calls: Vec<Call>) {
    for call in calls {
        let path = format!("{base}{}", call.path);
        let parameters: Vec<_> = NAMES
            .into_iter()
            .filter(|(name, ..)| path.contains(&format!("{{{name}}}")))
            .map(|(name, description, example)| {
                let schema = match name {
                    "website" => described::website(),
                    _ => json!({ "type": "string" }),
                };
                json!({
                    "name": name,
                    "in": "path",
                    "required": true,
                    "schema": schema,
                    "description": description,
                    "example": example,
                })
            })
            .collect();
        let item = &mut paths.entry(path).or_insert_with(|| json!({}));
        let method = call.method;
        item[method] = call.operation();
        if !parameters.is_empty() {
            item["parameters"] = parameters.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every `$ref` in a value.
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_schema_that_is_referred_to_is_there_and_every_one_there_is_referred_to() {
        let mut referred = BTreeSet::new();
        references(&DOCUMENT, &mut referred);
        let there = DOCUMENT["components"]["schemas"].as_object().unwrap().keys();
        let there: BTreeSet<_> = there.map(|name| format!("#/components/schemas/{name}")).collect();
        assert_eq!(referred, there);
    }

    #[test]
    fn every_name_in_a_path_is_described() {
        for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
            let described = item["parameters"].as_array().map_or(0, Vec::len);
            assert_eq!(described, path.matches('{').count(), "{path}");
        }
    }
}
