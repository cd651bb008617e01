//! The server options as keys of a file.
//!
//! Every key is judged by itself, so that all mistakes are reported at once, each with its place.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::nearest::nearest;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::quirks::{Quirks, Settings};
use crisp_mock_server::stub::Stub;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::arguments::{Quota, date};
use super::config_schema::KEYS;
use super::{Given, Source};
use crate::document::{self, Document, Part, Problem, member};
use crate::failure::Failure;

/// What a file says.
#[derive(Debug)]
pub struct ConfigFile {
    /// The file itself, for complaints about what is found wrong later.
    pub document: Document,
    /// The options that it gives.
    pub given: Given,
}

impl ConfigFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Failure::BadFile`] with everything that is wrong in it.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::judge(document::read(path)?, &folder)
    }

    /// Judges a document whose paths start in `folder`.
    ///
    /// # Errors
    ///
    /// [`Failure::BadFile`] with everything that is wrong in it.
    pub fn judge(document: Document, folder: &Path) -> Result<Self, Failure> {
        let empty = Map::new();
        let value = document.value();
        let members = match &value {
            Value::Object(members) => members,
            Value::Null => &empty,
            other => {
                let message =
                    format!("a server config is a map of options, and this is {}", shown(other));
                let problem = Problem::value("", message).hint("write `websites: 25`");
                return Err(document.invalid(vec![problem]).into());
            }
        };
        let mut reader = Reader { members, folder, problems: Vec::new() };
        reader.refuse_unknown_keys();
        let given = reader.given();
        let problems = reader.problems;
        document.refuse(problems)?;
        Ok(Self { document, given })
    }
}

struct Reader<'a> {
    members: &'a Map<String, Value>,
    folder: &'a Path,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn refuse_unknown_keys(&mut self) {
        // Editors look for `$schema` in JSON files.
        for key in self.members.keys().filter(|key| *key != "$schema") {
            // The option is called `--quirk`; a map of them reads better in the plural.
            if KEYS.contains(&key.as_str()) || key == "quirk" {
                continue;
            }
            let underscored = key.replace('-', "_");
            let hint = match nearest(&underscored, KEYS.iter().copied()) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "`crisp-mock schema config` prints every key".to_owned(),
            };
            let shown: String = key.chars().take(60).collect();
            let problem = Problem::key(member("", key), format!("`{shown}` is not an option"));
            self.problems.push(problem.hint(hint));
        }
    }

    fn given(&mut self) -> Given {
        let (quota, page_size) =
            (self.quota(), self.typed("page_size", "write a number from 1 to 100"));
        Given {
            listen: self.parsed("listen"),
            control_token: self.typed("control_token", "write a text in quotes"),
            ready_file: self.path("ready_file"),
            journal: self.path("journal"),
            print: self.typed("print", "write `text` or `json`"),
            public_url: self.typed("public_url", "write an address, as http://localhost:8420"),
            idle_exit: self.duration("idle_exit"),
            parent_pid: self.typed("parent_pid", "write the number of a process"),
            schema: self.source("schema"),
            faults: self.source("faults"),
            state: self.source("state"),
            quota,
            quirks: self.quirks(),
            world: WorldOptions {
                websites: self.typed("websites", "write a whole number"),
                unconfigured: self.typed("unconfigured", "write a whole number"),
                seed: self.typed("seed", "write a whole number"),
                identifier: self.typed("identifier", "write a text in quotes"),
                key: self.typed("key", "write a text in quotes"),
                page_size,
                profile: self.typed("profile", "write `typical` or `hostile`"),
                clock: self.typed("clock", "write `real` or `manual`"),
                now: self.date(),
                settings_url: self.typed("settings_url", "write an http or https address"),
                stub: self.stubs(),
                ..WorldOptions::default()
            },
        }
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.members.get(key).filter(|value| !value.is_null())
    }

    fn complain(&mut self, pointer: String, message: String, hint: impl Into<String>) {
        self.problems.push(Problem::value(pointer, message).hint(hint));
    }

    fn misfit(&mut self, key: &str, hint: &str) {
        let value = self.get(key).map(shown).unwrap_or_default();
        self.complain(member("", key), format!("`{key}` cannot be {value}"), hint);
    }

    fn typed<T: DeserializeOwned>(&mut self, key: &str, wanted: &str) -> Option<T> {
        let value = self.get(key)?.clone();
        let typed = serde_json::from_value(value).ok();
        if typed.is_none() {
            self.misfit(key, wanted);
        }
        typed
    }

    fn text(&mut self, key: &str, wanted: &str) -> Option<String> {
        self.typed(key, wanted)
    }

    fn parsed<T: FromStr<Err: ToString>>(&mut self, key: &str) -> Option<T> {
        let text = self.text(key, "write it as a text")?;
        text.parse().map_err(|error: T::Err| self.misfit(key, &error.to_string())).ok()
    }

    fn date(&mut self) -> Option<jiff::Timestamp> {
        let wanted = "write a date with a time zone, as 2026-01-31T09:00:00Z";
        let text = self.text("now", wanted)?;
        date(&text).map_err(|hint| self.misfit("now", &hint)).ok()
    }

    fn duration(&mut self, key: &str) -> Option<Duration> {
        let wanted = "write a duration with its unit, as 10m";
        let text = self.text(key, wanted)?;
        duration::parse(&text).map_err(|_| self.misfit(key, wanted)).ok()
    }

    /// A path; relative ones start where the file is.
    fn path(&mut self, key: &str) -> Option<PathBuf> {
        let path: PathBuf = self.typed(key, "write a path")?;
        Some(self.folder.join(path))
    }

    fn source(&mut self, key: &str) -> Option<Source> {
        Some(match self.get(key)? {
            Value::String(path) => Source::File(self.folder.join(path)),
            inline => Source::Inline(inline.clone()),
        })
    }

    fn quota(&mut self) -> Option<Quota> {
        match self.get("quota")? {
            Value::String(text) if text == "off" => Some(Quota(None)),
            Value::Number(number) if number.is_u64() => Some(Quota(number.as_u64())),
            _ => {
                self.misfit("quota", "write a whole number of requests a day, or `off`");
                None
            }
        }
    }

    fn quirks(&mut self) -> Settings {
        let mut settings = Settings::default();
        let key = if self.members.contains_key("quirk") { "quirk" } else { "quirks" };
        let Some(value) = self.get(key) else {
            return settings;
        };
        let Value::Object(members) = value else {
            self.misfit(key, "write a map, as `quirks: { since-boundary: exclusive }`");
            return settings;
        };
        for (name, value) in members.clone() {
            let pointer = member(&member("", key), &name);
            let one = serde_json::json!({ &name: value });
            let judged = serde_json::from_value::<Settings>(one)
                .map_err(|error| (Part::Value, error.to_string()))
                .and_then(|one| {
                    let judged = Quirks::default().apply(&one);
                    judged.map(|()| one).map_err(|error| {
                        use crisp_mock_server::quirks::QuirkError;
                        let part = match error {
                            QuirkError::Unknown { .. } => Part::Key,
                            QuirkError::Value { .. } => Part::Value,
                        };
                        (part, error.to_string())
                    })
                });
            match judged {
                Ok(one) => settings.0.extend(one.0),
                Err((part, message)) => {
                    self.problems.push(Problem { part, ..Problem::value(pointer, message) })
                }
            }
        }
        settings
    }

    fn stubs(&mut self) -> Vec<Stub> {
        let wanted = "write a list of `METHOD PATH=STATUS`";
        let texts: Vec<Value> = match self.get("stub") {
            None => return Vec::new(),
            Some(Value::Array(items)) => items.clone(),
            Some(one) => vec![one.clone()],
        };
        let alone = !matches!(self.get("stub"), Some(Value::Array(_)));
        let mut stubs = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let pointer = if alone { "/stub".to_owned() } else { format!("/stub/{index}") };
            match text.as_str().map(str::parse) {
                Some(Ok(stub)) => stubs.push(stub),
                Some(Err(error)) => self.problems.push(Problem::value(
                    pointer,
                    crisp_mock_server::stub::InvalidStub::to_string(&error),
                )),
                None => self.complain(pointer, format!("a stub cannot be {}", shown(text)), wanted),
            }
        }
        stubs
    }
}

/// A value in a sentence.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "a map".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Null => "nothing".to_owned(),
        Value::String(text) => format!("{:?}", text.chars().take(60).collect::<String>()),
        other => other.to_string(),
    }
}
