//! The description of the control API, kept as data; a test holds it against the routes.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::extract::Chosen;

/// The OpenAPI document.
pub const OPENAPI: &str = include_str!("openapi.json");

/// `GET /_mock/openapi.json`
pub async fn show(Chosen(_): Chosen) -> Response {
    ([(CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// The paths it describes.
pub(super) fn paths() -> Vec<String> {
    let document: Value = serde_json::from_str(OPENAPI).unwrap_or_default();
    let paths = document.get("paths").and_then(Value::as_object);
    paths.map(|paths| paths.keys().cloned().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every `.route("…", verb(…))` in the router's source, as `VERB path`.
    fn routed(function: &str) -> BTreeSet<String> {
        let source = include_str!("mod.rs");
        let start = source.find(&format!("fn {function}()")).unwrap();
        let body = &source[start..start + source[start..].find("\n}").unwrap()];
        let mut found = BTreeSet::new();
        for route in body.split(".route(").skip(1) {
            let path = route.split('"').nth(1).unwrap();
            for verb in ["get", "post", "put", "patch", "delete"] {
                if route.contains(&format!("{verb}(")) {
                    found.insert(format!("{verb} {path}"));
                }
            }
        }
        found
    }

    fn documented(prefix: &str) -> BTreeSet<String> {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let mut found = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let Some(path) = path.strip_prefix(prefix) else {
                continue;
            };
            let verbs = item.as_object().unwrap().keys().filter(|key| *key != "parameters");
            found.extend(verbs.map(|verb| format!("{verb} {path}")));
        }
        found
    }

    #[test]
    fn the_document_describes_every_call_and_no_other() {
        const SPACE: &str = "/_mock/spaces/{space}";
        let mut of_a_space = documented(SPACE);
        of_a_space.remove("delete ");
        assert_eq!(of_a_space, routed("calls"));
        let below = |call: &&String| !call.contains(" /spaces/{space}/");
        let of_the_server: BTreeSet<_> =
            documented("/_mock").iter().filter(below).cloned().collect();
        let expected: BTreeSet<_> = &routed("calls") | &routed("server_calls");
        assert_eq!(of_the_server, expected);
    }

    #[test]
    fn the_body_of_a_new_space_lists_every_option() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let body =
            "/paths/~1_mock~1spaces/post/requestBody/content/application~1json/schema/properties";
        let listed: BTreeSet<_> =
            document.pointer(body).unwrap().as_object().unwrap().keys().cloned().collect();
        let schema =
            serde_json::to_value(schemars::schema_for!(crate::options::WorldOptions)).unwrap();
        let mut known: BTreeSet<_> =
            schema["properties"].as_object().unwrap().keys().cloned().collect();
        known.extend(["name".to_owned(), "expires".to_owned()]);
        assert_eq!(listed, known);
    }
}
