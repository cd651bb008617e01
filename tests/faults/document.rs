//! Reading the examples out of the documentation.

use serde_json::Value;

use crate::wire::{End, Seen};

/// One example: a fault, a request, and what is said to come back.
pub struct Example {
    /// The effect that it is about.
    pub key: String,
    /// The plan as YAML.
    pub yaml: String,
    /// The fault as JSON.
    pub armed: Value,
    /// Method, path below the base, and body.
    pub request: (String, String, String),
    /// Lines with `…` where something is left out.
    expected: Vec<String>,
}

/// The code blocks in this language, with the third-level heading that they stand under.
fn blocks(document: &str, language: &str) -> Vec<(String, String)> {
    let (mut heading, mut found, mut open) = (String::new(), Vec::new(), None::<String>);
    for line in document.lines() {
        match &mut open {
            Some(_) if line == "```" => found.push((heading.clone(), open.take().unwrap())),
            Some(block) => *block += &format!("{line}\n"),
            None if line == format!("```{language}") => open = Some(String::new()),
            None => {
                if let Some(title) = line.strip_prefix("### ") {
                    heading = title.trim_matches('`').to_owned();
                }
            }
        }
    }
    found
}

/// All blocks of YAML.
pub fn yaml_blocks(document: &str) -> Vec<String> {
    blocks(document, "yaml").into_iter().map(|(_, block)| block).collect()
}

/// All examples, in the order of the document.
pub fn examples(document: &str) -> Vec<Example> {
    let yaml = blocks(document, "yaml");
    let consoles = blocks(document, "console");
    consoles
        .into_iter()
        .map(|(key, console)| {
            let (_, yaml) = yaml.iter().find(|(heading, _)| *heading == key).unwrap();
            let mut commands = console.split("$ ").skip(1);
            let armed = commands.next().unwrap().split('\'').nth(1).unwrap();
            let (call, expected) = commands.next().unwrap().split_once('\n').unwrap();
            Example {
                key,
                yaml: yaml.clone(),
                armed: serde_json::from_str(armed).unwrap(),
                request: request(call),
                expected: expected.lines().map(str::to_owned).collect(),
            }
        })
        .collect()
}

/// What `crisp [-X METHOD] [-d 'BODY'] "${CRISP_REST_URL}PATH"` asks for.
fn request(call: &str) -> (String, String, String) {
    let words: Vec<_> = call.split_whitespace().collect();
    let after = |option| words.iter().position(|word| *word == option).map(|at| words[at + 1]);
    let path = call.split("${CRISP_REST_URL}").nth(1).unwrap().trim_end_matches('"');
    (
        after("-X").unwrap_or("GET").to_owned(),
        format!("/{path}"),
        after("-d").map_or(String::new(), |body| body.trim_matches('\'').to_owned()),
    )
}

/// A row of the table in `examples/flaky.yaml`: a target, and what is seen.
pub fn row(line: &str) -> Option<(&str, &str)> {
    let mut words = line.strip_prefix('#')?.split_whitespace();
    let (target, seen) = (words.next()?, words.next()?);
    let is_row = target.contains('#') && words.next().is_none();
    is_row.then_some((target, seen))
}

/// What was seen, in the words of that table.
pub fn told(seen: &Seen) -> &str {
    match (&seen.end, seen.text.get(9..12)) {
        (End::Reset, _) => "reset",
        (End::Fin, None) => "closed",
        (End::Fin, Some(_)) => "cut",
        (_, Some(_)) if seen.text.contains("text/html") => "html",
        (_, status) => status.unwrap_or("nothing"),
    }
}

impl Example {
    /// The request that a row of `examples/flaky.yaml` is about.
    pub fn of_target(target: &str) -> Self {
        let operation = target.split('#').next().unwrap();
        let path = match operation {
            "since" => "/plugin/connect/websites/since?date_since=2026-01-01T00:00:00.000Z".into(),
            "account" | "endpoints" => format!("/plugin/connect/{operation}"),
            page => format!("/plugin/connect/websites/all/{}", &page["list/".len()..]),
        };
        Self {
            key: operation.to_owned(),
            yaml: String::new(),
            armed: Value::Null,
            request: ("GET".into(), path, String::new()),
            expected: Vec::new(),
        }
    }

    /// Asserts that all that the example shows was seen, in that order, and that the connection
    /// ended as it says.
    pub fn agrees_with(&self, text: &str, ending: Option<&str>) {
        let mut rest = text;
        let mut said = None;
        for line in &self.expected {
            if line.starts_with("curl: ") {
                said = Some(line.trim_end_matches('…'));
                continue;
            }
            for fragment in line.split('…').filter(|fragment| !fragment.is_empty()) {
                let at = rest.find(fragment).unwrap_or_else(|| {
                    panic!("{}: `{fragment}` is not, or not there, in\n{text}", self.key)
                });
                rest = &rest[at + fragment.len()..];
            }
        }
        assert_eq!(said, ending, "{}: how the connection ended", self.key);
    }
}
