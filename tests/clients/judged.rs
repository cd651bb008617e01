//! Plugins judged in real time, as they are and with their adapters; and searches of them.
//!
//! Real time is not repeatable, and these plugins do lose what falls between two of their lines
//! when the machine is slow enough. So only what does not hang on milliseconds is held here, what
//! could not be judged is tried again, and what could not be judged at all is no difference. What
//! they come to exactly, in virtual time, is in `verdicts.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::install::{node_modules, python, repository};
use crate::plugin::Language;
use crate::want::{Missing, or_skip, program};

/// How often those are tried again that could not be judged.
const ROUNDS: usize = 3;
/// So many scenarios at a time: these tests are not alone on the machine.
const JOBS: &str = "4";

/// Verdicts that do not hang on milliseconds: the word of the failure, none for a pass.
const CERTAIN: [(&str, Option<&str>); 6] = [
    ("basics/an-empty-world.yaml", None),
    ("paging/a-page-fails.yaml", None),
    ("guide/a-save-during-the-load.yaml", Some("lost update")),
    ("dates/the-client-clock-is-ahead.yaml", Some("lost update")),
    ("filters/settings-are-null.yaml", Some("never happened")),
    ("paging/an-empty-page-in-the-middle.yaml", Some("missing website")),
];

/// Replays scenarios against a client; the events of those that were finished, by scenario.
pub(crate) fn replay(
    command: &mut Command,
    scenarios: &BTreeSet<String>,
) -> BTreeMap<String, Value> {
    let folder = tempfile::tempdir().expect("a folder for the report");
    let report = folder.path().join("events");
    command
        .args(scenarios.iter().map(|file| format!("scenarios/{file}")))
        .args(["--quiet", "--report"])
        .arg(format!("json={}", report.display()));
    let output = command.output().expect("the program is there");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let judged = matches!(output.status.code(), Some(0 | 1 | 3));
    assert!(judged, "{}\n{said}", output.status);
    let events = std::fs::read_to_string(report).expect("the report was written");
    let events = events.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let finished = events.filter(|event: &Value| event["event"] == "scenario_finished");
    finished
        .map(|event| {
            let file = event["file"].as_str().expect("a file");
            let file = file.trim_start_matches("scenarios/").to_owned();
            (file, event)
        })
        .collect()
}

/// `replay` in the repository, so that messages name files as its users do.
pub(crate) fn crisp_mock() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crisp-mock"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CRISP_") {
            command.env_remove(&name);
        }
    }
    command.current_dir(repository("")).arg("replay");
    command
}

/// A command that runs a script of an example plugin, and what it needs in its environment.
pub(crate) fn plugin(
    language: Language,
    script: &str,
) -> Result<(String, Option<PathBuf>), Missing> {
    let quoted = |program: &Path, script: &str| format!("'{}' {script}", program.display());
    match language {
        Language::Node => {
            let modules = node_modules("examples/node-plugin")?;
            let script = format!("examples/node-plugin/{script}.js");
            Ok((quoted(&program("node")?, &script), Some(modules)))
        }
        Language::Python => {
            let script = format!("examples/python-plugin/{script}.py");
            Ok((quoted(&python("examples/python-plugin")?, &script), None))
        }
    }
}

/// Holds a client against what is certain.
fn holds(mut command: impl FnMut() -> Command) {
    let mut open: BTreeMap<_, _> = CERTAIN.into_iter().collect();
    for _ in 0..ROUNDS {
        let files = open.keys().map(|file| (*file).to_owned()).collect();
        let events = replay(&mut command(), &files);
        open.retain(|file, expected| {
            let event = &events[*file];
            let outcome = match expected {
                Some(_) => "failed",
                None => "passed",
            };
            if event["outcome"] == "not_judged" {
                return true;
            }
            let word = event["failure"]["word"].as_str();
            assert_eq!(event["outcome"], outcome, "{file}: {event:#}");
            assert_eq!(word, *expected, "{file}: {event:#}");
            false
        });
        if open.is_empty() {
            return;
        }
    }
    let _ = writeln!(std::io::stderr(), "\n!! this machine was too slow to judge {open:?}\n");
}

fn as_it_is(language: Language, script: &str) {
    let Some((run, modules)) = or_skip(plugin(language, script)) else {
        return;
    };
    holds(|| {
        let mut command = crisp_mock();
        let read = "http://127.0.0.1:{port}/_cache";
        command.args(["--run", &run, "--read", read, "--jobs", JOBS, "--time", "real"]);
        command.envs(modules.iter().map(|modules| ("NODE_PATH", modules)));
        command
    });
}

fn with_adapter(language: Language) {
    let Some((run, modules)) = or_skip(plugin(language, "judged")) else {
        return;
    };
    holds(|| {
        let mut command = crisp_mock();
        command.args(["--client-cmd", &run, "--jobs", JOBS]);
        command.envs(modules.iter().map(|modules| ("NODE_PATH", modules)));
        command
    });
}

#[test]
fn the_node_plugin_as_it_is_is_judged_in_real_time() {
    as_it_is(Language::Node, "index");
}

#[test]
fn the_python_plugin_as_it_is_is_judged_in_real_time() {
    as_it_is(Language::Python, "plugin");
}

#[test]
fn the_node_plugin_with_its_adapter_is_judged_in_real_time() {
    with_adapter(Language::Node);
}

#[test]
fn the_python_plugin_with_its_adapter_is_judged_in_real_time() {
    with_adapter(Language::Python);
}

/// The careful loop of the Node adapter, with a line of it replaced.
fn careful_loop(line: &str, by: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder for a copy");
    for file in ["crisp-mock-client.js", "judged.js", "loop.js"] {
        let text = std::fs::read_to_string(repository("examples/adapters/node").join(file));
        let mut text = text.expect("the example");
        if file == "loop.js" {
            assert!(text.contains(line), "the line to be replaced is gone");
            text = text.replace(line, by);
        }
        std::fs::write(folder.path().join(file), text).expect("a copy");
    }
    folder
}

/// What a run against a careful loop says of one scenario, when it could be judged.
fn judge_loop(folder: &Path, scenario: &str) -> Option<(String, String)> {
    let node = or_skip(program("node"))?;
    let client = format!("'{}' '{}'", node.display(), folder.join("judged.js").display());
    let scenarios = BTreeSet::from([scenario.to_owned()]);
    for _ in 0..ROUNDS {
        let mut command = crisp_mock();
        command.args(["--client-cmd", &client]);
        let event = replay(&mut command, &scenarios).remove(scenario)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if event["outcome"] != "not_judged" {
            return Some((text(&event["outcome"]), text(&event["failure"]["word"])));
        }
    }
    let _ = writeln!(std::io::stderr(), "\n!! this machine was too slow to judge {scenario}\n");
    None
}

const SLOW_POLL: &str = "guide/a-save-during-a-slow-poll.yaml";
const REMOVED: &str = "this.websites.delete(change.website_id);";
const CURSOR: &str = "return new Date(date - OVERLAP_MS);";

#[test]
fn a_cursor_taken_after_the_answer_is_caught() {
    // The cursor of most first drafts: from now on, whatever "now" is.
    let planted = careful_loop(CURSOR, "return new Date();");
    if let Some(verdict) = judge_loop(planted.path(), SLOW_POLL) {
        assert_eq!(verdict, ("failed".to_owned(), "lost update".to_owned()));
    }
}

#[test]
fn the_same_plugin_mended_passes() {
    let mended = careful_loop(CURSOR, CURSOR);
    if let Some(verdict) = judge_loop(mended.path(), SLOW_POLL) {
        assert_eq!(verdict, ("passed".to_owned(), String::new()));
    }
}

/// Searches a client in its folder for so long; how that ended and what was said.
fn check(folder: &Path, client: &str, limits: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_crisp-mock"))
        .current_dir(folder)
        .args(["check", "--seed", "1", "--jobs", JOBS])
        .args(["--client-cmd", client])
        .args(limits)
        .output()
        .expect("the program is there");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said.into_owned())
}

/// Searches a careful loop for so long; where it was done, how it ended and what it said.
fn check_loop(folder: &Path, time_limit: &str) -> Option<(Option<i32>, String)> {
    let node = or_skip(program("node"))?;
    let client = format!("'{}' judged.js", node.display());
    Some(check(folder, &client, &["--time-limit", time_limit]))
}

/// The scenario that a search in this folder has kept.
fn kept(folder: &Path) -> PathBuf {
    let kept = std::fs::read_dir(folder.join("crisp-mock-failures")).expect("a folder");
    let mut files = kept.map(|entry| entry.expect("a file").path());
    let yaml = files.find(|path| path.extension().is_some_and(|end| end == "yaml"));
    yaml.expect("a scenario")
}

/// How crisp-sync fares in a scenario.
fn ours(yaml: &Path) -> Option<i32> {
    let mut command = crisp_mock();
    let output = command.arg(yaml).output().expect("the program is there");
    output.status.code()
}

#[test]
fn a_search_catches_a_loop_that_forgets_uninstalls_and_keeps_the_file_that_shows_it() {
    let planted = careful_loop(REMOVED, "void change;");
    let Some((code, said)) = check_loop(planted.path(), "60s") else {
        return;
    };
    if code == Some(3) {
        assert!(said.contains("Not reached "), "{said}");
        let _ = writeln!(std::io::stderr(), "\n!! this machine was too slow to judge anything\n");
        return;
    }
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Confirmed   3 of 3 runs fail"), "{said}");
    assert_eq!(ours(&kept(planted.path())), Some(0), "{said}");
}

#[test]
fn a_search_of_the_mended_loop_ends_in_time_without_a_conviction_and_says_what_it_left() {
    let mended = careful_loop(CURSOR, CURSOR);
    let Some((code, said)) = check_loop(mended.path(), "5s") else {
        return;
    };
    // 3: this machine was too slow to judge any.
    assert!(matches!(code, Some(0 | 3)), "{said}");
    assert!(said.contains("known scenarios, in real time"), "{said}");
    assert!(said.contains("Not reached "), "{said}");
}

/// The Python plugin and its adapter as they lie in the repository, with a line replaced.
fn python_plugin(line: &str, by: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder for a copy");
    for file in [
        "adapters/python/crisp_mock_client.py",
        "python-plugin/config.html",
        "python-plugin/judged.py",
        "python-plugin/plugin.py",
    ] {
        let text = std::fs::read_to_string(repository("examples").join(file));
        let mut text = text.expect("the example");
        if file.ends_with("plugin.py") {
            assert!(text.contains(line), "the line to be replaced is gone");
            text = text.replace(line, by);
        }
        let copy = folder.path().join(file);
        std::fs::create_dir_all(copy.parent().expect("a folder")).expect("it can be made");
        std::fs::write(copy, text).expect("a copy");
    }
    folder
}

const STORED: &str = r#""settings": website["settings"],"#;

/// The mistake shows in whatever has a website, so the first that is judged at all convicts; where
/// none could be, the search says so and no client passes.
#[test]
fn a_search_catches_a_python_plugin_that_stores_no_settings_and_keeps_the_file_that_shows_it() {
    let Some(python) = or_skip(python("examples/python-plugin")) else {
        return;
    };
    let planted = python_plugin(STORED, r#""settings": {},"#);
    let folder = planted.path().join("python-plugin");
    let client = format!("'{}' judged.py", python.display());
    let limits = ["--poll", "100ms", "--cases", "8", "--time-limit", "60s"];
    let (code, said) = check(&folder, &client, &limits);
    if code == Some(3) {
        assert!(said.contains("Not reached "), "{said}");
        let _ = writeln!(std::io::stderr(), "\n!! this machine was too slow to judge anything\n");
        return;
    }
    assert_eq!(code, Some(1), "{said}");
    for told in ["never happened", "+ got      {}", "3 of 3 runs fail"] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let yaml = kept(&folder);
    let text = std::fs::read_to_string(&yaml).expect("what is kept");
    assert!(text.contains("client: python-plugin 1.0.0"), "{text}");
    assert_eq!(ours(&yaml), Some(0), "{said}");
}
