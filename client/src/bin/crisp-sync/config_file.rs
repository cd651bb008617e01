//! The config file: options by their long names. What it says stands before the command line, so that
//! the latter goes before it; an option that the environment gives is left to that.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::failure::Failure;
use crate::place::Place;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 1 << 20;
/// The subcommand that has a file, and the option that names it.
const SERVE: &str = "serve";
const CONFIG: &str = "config";
/// Options that are paths: relative ones start where the file is.
const PATHS: [&str; 3] = ["state", "store-ca", "store-credentials"];

/// The arguments with what the file says, if they or the environment name one.
pub fn with_file(command: &Command, arguments: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let Some(path) = named(command, &arguments) else { return Ok(arguments) };
    let text = read(&path)?;
    let Some(serve) = command.find_subcommand(SERVE) else { return Ok(arguments) };
    let (given, mistakes) = options(command, serve, &path, &text);
    if !mistakes.is_empty() {
        return Err(Failure::BadFile(mistakes.join("\n")));
    }
    let mut arguments = arguments.into_iter();
    let head: Vec<_> = arguments.by_ref().take(2).collect();
    Ok(head.into_iter().chain(given).chain(arguments).collect())
}

fn named(command: &Command, arguments: &[OsString]) -> Option<PathBuf> {
    if arguments.get(1).is_none_or(|word| word != SERVE) {
        return None;
    }
    // What is wrong with the others is told later.
    let matches = command.clone().ignore_errors(true).try_get_matches_from(arguments).ok()?;
    matches.subcommand_matches(SERVE)?.get_one::<PathBuf>(CONFIG).cloned()
}

fn read(path: &Path) -> Result<String, Failure> {
    let wrong = |problem: &dyn fmt::Display| {
        let hint = "name a file with options, as `listen: 127.0.0.1:8787`";
        Failure::BadFile(format!("{}: {problem}\n  = hint: {hint}", path.display()))
    };
    let mut text = String::new();
    let file = File::open(path).map_err(|error| wrong(&error))?;
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(|error| wrong(&error))?;
    if text.len() as u64 > LONGEST {
        return Err(wrong(&format!("it has more than {LONGEST} bytes")));
    }
    Ok(text)
}

/// What the file gives as arguments, and everything that is wrong in it.
fn options(
    command: &Command,
    serve: &Command,
    path: &Path,
    text: &str,
) -> (Vec<OsString>, Vec<String>) {
    let (mut given, mut mistakes) = (Vec::new(), Vec::new());
    let mut wrong = |place: Place, message: String, hint: &str| {
        mistakes.push(format!("{}:{place}: {message}\n  = hint: {hint}", path.display()));
    };
    let read = serde_saphyr::from_str_with_options::<Option<Entries>>(text, reading());
    let entries = match read {
        Ok(entries) => entries.unwrap_or_default().0,
        Err(error) => {
            let error = error.without_snippet();
            let place = error.location().unwrap_or(serde_saphyr::Location::UNKNOWN).into();
            wrong(place, error.to_string().replace('\n', " "), "a file has lines like `rtm: true`");
            return (given, mistakes);
        }
    };
    for Entry { place, key, value_place, value } in entries {
        let Some(argument) = known(serve).find(|argument| argument.get_long() == Some(&key)) else {
            let near = nearest(&key, known(serve).filter_map(Arg::get_long));
            let hint = near.map_or_else(
                || "`crisp-sync serve --help` has all options".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            wrong(place, format!("there is no option `{key}`"), &hint);
            continue;
        };
        let value = match value {
            Value::Nothing => continue,
            Value::Scalar(value) => value,
            Value::More => {
                let hint = format!("write `{key}: VALUE`");
                wrong(value_place, format!("`{key}` is one value"), &hint);
                continue;
            }
        };
        if let Some(problem) = problem(command, &key, &value) {
            wrong(
                value_place,
                format!("`{key}`: {problem}"),
                "`crisp-sync serve --help` explains it",
            );
            continue;
        }
        if argument.get_env().is_some_and(|name| std::env::var_os(name).is_some()) {
            continue;
        }
        given.push(match (PATHS.contains(&key.as_str()), path.parent()) {
            (true, Some(folder)) => {
                let mut word = OsString::from(format!("--{key}="));
                word.push(folder.join(value));
                word
            }
            _ => format!("--{key}={value}").into(),
        });
    }
    (given, mistakes)
}

/// The options that a file may give.
fn known(serve: &Command) -> impl Iterator<Item = &Arg> {
    serve.get_arguments().filter(|argument| {
        argument.get_long().is_some_and(|long| !matches!(long, CONFIG | "help" | "version"))
    })
}

/// What the command line would say of this value.
fn problem(command: &Command, key: &str, value: &str) -> Option<String> {
    let words = ["crisp-sync", SERVE, &format!("--{key}={value}")];
    let error = command.clone().try_get_matches_from(words).err()?;
    let is_ours = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => {
            let name = argument.trim_start_matches('-');
            name.split(|letter: char| !letter.is_alphanumeric() && letter != '-').next()
                == Some(key)
        }
        _ => false,
    };
    // A variable of the environment may be wrong, too: that is told of itself.
    is_ours.then(|| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        first.trim_start_matches("error: ").to_owned()
    })
}

/// The nearest name, if one is near enough to be meant.
fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let given: String = given.chars().take(80).collect();
    let limit = (given.chars().count() / 3).max(1) + 1;
    let ranked = known.map(|name| (strsim::osa_distance(&given, name), name));
    ranked.filter(|(distance, _)| *distance <= limit).min().map(|(_, name)| name)
}

fn reading() -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_depth: 20, max_nodes: 1000, max_events: 4000, max_documents: 1 },
    }
}

/// A map, entry by entry.
#[derive(Default)]
struct Entries(Vec<Entry>);

struct Entry {
    place: Place,
    key: String,
    value_place: Place,
    value: Value,
}

enum Value {
    Nothing,
    Scalar(String),
    More,
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of options")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    let value = map.next_value::<Spanned<Value>>()?;
                    entries.push(Entry {
                        place: key.referenced.into(),
                        key: key.value,
                        value_place: value.referenced.into(),
                        value: value.value,
                    });
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one value")
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Nothing)
            }

            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value::Nothing)
            }

            fn visit_some<D: Deserializer<'de>>(self, it: D) -> Result<Value, D::Error> {
                Value::deserialize(it)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Scalar(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value::Scalar(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(Value::Scalar(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(Value::Scalar(value.to_string()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(Value::Scalar(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Value::More)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Value::More)
            }
        }
        deserializer.deserialize_any(One)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::options::Program;

    fn read_from(text: &str) -> (Vec<OsString>, Vec<String>) {
        let command = Program::command();
        let serve = command.find_subcommand(SERVE).unwrap();
        options(&command, serve, Path::new("etc/sync.yaml"), text)
    }

    #[test]
    fn options_become_arguments_and_paths_start_where_the_file_is() {
        let (given, mistakes) =
            read_from("listen: 127.0.0.1:1\nrtm: true\nstate: set.json\nquota: 100\ntoken:\n");
        assert_eq!(mistakes, Vec::<String>::new());
        let state = Path::new("etc").join("set.json");
        let wanted = [
            "--listen=127.0.0.1:1",
            "--rtm=true",
            &format!("--state={}", state.display()),
            "--quota=100",
        ];
        assert_eq!(given, wanted.map(OsString::from));
        assert_eq!(read_from("").1, Vec::<String>::new());
    }

    #[test]
    fn every_mistake_is_told_with_its_place_and_the_nearest_key() {
        let (_, mistakes) = read_from("lisen: 127.0.0.1:1\npoll-every: 5\nrtm: [1]\nconfig: x\n");
        assert_eq!(mistakes.len(), 4, "{mistakes:#?}");
        assert!(mistakes[0].starts_with("etc/sync.yaml:1:1: there is no option `lisen`"));
        assert!(mistakes[0].ends_with("did you mean `listen`?"), "{}", mistakes[0]);
        assert!(mistakes[1].starts_with("etc/sync.yaml:2:13: `poll-every`: "), "{}", mistakes[1]);
        assert!(mistakes[1].contains("is no time"), "{}", mistakes[1]);
        assert!(
            mistakes[2].starts_with("etc/sync.yaml:3:6: `rtm` is one value"),
            "{}",
            mistakes[2]
        );
        assert!(mistakes[3].starts_with("etc/sync.yaml:4:1: there is no option `config`"));
    }

    #[test]
    fn what_is_no_map_is_told_with_its_place() {
        for text in ["- a", "a: [", "a: 1\na: 2", "text"] {
            let (_, mistakes) = read_from(text);
            assert!(mistakes[0].starts_with("etc/sync.yaml:"), "{text}: {mistakes:?}");
        }
    }
}
