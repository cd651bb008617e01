//! A file of stubs that answer with data: what a bot needs to start without Crisp.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Stub;
use crate::clock::Stamp;
use crate::document::{Form, Language, Node, OneOrMany, Problem, read};

/// A stub with the `data` of its answer, in which `{name}` stands for the segment of the path that is
/// called so, and a text `{now}` for the world's time in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend(
    "additionalProperties" = false,
    "x-name" = "a stub with its data",
    "x-hint" = "write `{ stub: \"GET website/{website_id}=200\", data: { name: Acme } }`"
))]
pub struct FileStub {
    /// Method, path and status: `GET website/{website_id}=200`.
    pub stub: Stub,
    /// The `data` of the envelope; left out: an empty object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// The `reason` of the envelope; left out: `stubbed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9_]+$"))]
    pub reason: Option<String>,
}

/// One such stub, or a list of them: the first that matches answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("x-name" = "a file of stubs", "x-hint" = "write a list of stubs"))]
pub struct StubFile {
    /// The stubs.
    #[serde(deserialize_with = "OneOrMany::<FileStub>::deserialize")]
    #[schemars(with = "OneOrMany::<FileStub>")]
    pub stubs: Vec<FileStub>,
}

impl Language for StubFile {
    fn forms() -> Vec<Form> {
        vec![Form::of::<Stub>()]
    }

    fn problems(&self, node: &Node) -> Vec<Problem> {
        let single = !node.entries().is_empty();
        let mut problems = Vec::new();
        for (index, stub) in self.stubs.iter().enumerate() {
            let place = if single { String::new() } else { format!("/{index}") };
            for name in stub.data.iter().flat_map(placeholders) {
                if name != "now" && !stub.stub.names().any(|known| known == name) {
                    let message = format!("the path has no `{{{name}}}`");
                    let known: String =
                        stub.stub.names().map(|name| format!("`{{{name}}}`, ")).collect();
                    let hint = format!("name a segment so; there are {known}`{{now}}`");
                    problems.push(Problem::value(format!("{place}/data"), message).hint(hint));
                }
            }
        }
        problems
    }
}

impl StubFile {
    /// Reads the content of a file.
    ///
    /// # Errors
    ///
    /// All mistakes at once, each with a JSON pointer into `value`.
    pub fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        read(&Node::from_value(value))
    }
}

impl FileStub {
    /// The `data` of the answer to a request for `path`, as JSON.
    #[must_use]
    pub fn data(&self, path: &str, now: Stamp) -> Value {
        let fill = Fill { named: self.stub.named(path), now };
        self.data.as_ref().map_or_else(|| Value::Object(Map::new()), |data| fill.value(data))
    }
}

/// What stands for placeholders.
struct Fill<'a> {
    named: Vec<(&'a str, &'a str)>,
    now: Stamp,
}

impl Fill<'_> {
    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) if text == "{now}" => self.now.0.into(),
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                let filled = members.iter().map(|(key, value)| (key.clone(), self.value(value)));
                Value::Object(filled.collect())
            }
            other => other.clone(),
        }
    }

    /// One pass from left to right: what is put in is not searched again.
    fn text(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, name, after)) = next_placeholder(rest) {
            out.push_str(before);
            match self.named.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => out.push_str(value),
                None => out.push_str(&self.now.0.to_string()),
            }
            rest = after;
        }
        out + rest
    }
}

/// The text before the first `{name}`, the name, and the text behind it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut start = 0;
    loop {
        let open = start + text.get(start..)?.find('{')?;
        let inside = text.get(open + 1..)?;
        if let Some((name, after)) = inside.split_once('}')
            && super::is_name(name)
        {
            return Some((text.get(..open)?, name, after));
        }
        start = open + 1;
    }
}

/// The names in braces in all texts of a value.
fn placeholders(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => {
            let mut names = Vec::new();
            let mut rest = text.as_str();
            while let Some((_, name, after)) = next_placeholder(rest) {
                names.push(name);
                rest = after;
            }
            names
        }
        Value::Array(items) => items.iter().flat_map(placeholders).collect(),
        Value::Object(members) => members.values().flat_map(placeholders).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn segments_and_the_time_stand_for_their_names() {
        let file = StubFile::parse(&json!([{
            "stub": "GET website/{website_id}/conversation/{session_id}=200",
            "data": {
                "session_id": "{session_id}", "both": ["{website_id}/{session_id} {", 1],
                "created_at": "{now}", "text": "at {now}", "braces": "{ not one } {}",
            },
        }]));
        let file = file.unwrap();
        let path = "website/{now}/conversation/s";
        assert!(file.stubs[0].stub.matches(&http::Method::GET, path));
        assert_eq!(
            file.stubs[0].data(path, Stamp(5)),
            json!({
                "session_id": "s", "both": ["{now}/s {", 1], "created_at": 5, "text": "at 5",
                "braces": "{ not one } {}",
            })
        );
    }

    #[test]
    fn a_name_that_no_segment_has_is_refused_where_it_stands() {
        let file = json!([
            { "stub": "GET a=200" },
            { "stub": "GET website/{website_id}=200", "data": { "id": "{session_id}" } },
        ]);
        let problems = StubFile::parse(&file).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].pointer, "/1/data");
        assert!(StubFile::parse(&json!([{ "stub": "GET a" }])).is_err());
        assert!(StubFile::parse(&json!([{ "stub": "GET a=200", "body": {} }])).is_err());
    }

    #[test]
    fn one_stub_stands_without_a_list() {
        assert_eq!(StubFile::parse(&json!({ "stub": "GET a=200" })).unwrap().stubs.len(), 1);
    }
}
