//! Plugins as their authors write them, judged: what comes of it is committed with a sentence for
//! each failure, in `examples/verdicts.yaml`.
//!
//! Real time is not repeatable, and these plugins do lose what falls between two of their lines
//! when the machine is slow enough. So a scenario that could not be judged, or came out otherwise,
//! is tried again, and one that could not be judged at all is no difference; only a verdict that
//! contradicts the committed one to the last is. With their adapters the plugins run the whole corpus;
//! where the outcome hangs on milliseconds, the file says only how it may fail.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::install::{node_modules, python, repository};
use crate::plugin::Language;
use crate::want::{Missing, or_skip, program};

/// How often those are tried again that could not be judged.
const ROUNDS: usize = 3;
/// So many scenarios at a time: these tests are not alone on the machine.
const JOBS: &str = "4";

/// The committed verdicts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verdicts {
    /// The plugins that they are about.
    plugins: Vec<String>,
    /// As they are: loading and polling.
    pub(crate) run: Expected,
    /// With an adapter: saves, too.
    client_cmd: Expected,
    /// What does not come in every run, so that no test can demand it.
    sometimes: Vec<Failure>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    passes: BTreeSet<String>,
    #[serde(default)]
    pub(crate) fails: Vec<Failure>,
    /// How the rest of the corpus may fail; without this it is not tried.
    others: Option<Others>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Others {
    verdict: BTreeSet<String>,
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    pub(crate) scenarios: Vec<String>,
    /// In the words of the headline.
    pub(crate) verdict: BTreeSet<String>,
    pub(crate) why: String,
}

impl Expected {
    pub(crate) fn scenarios(&self) -> BTreeSet<String> {
        let fails = self.fails.iter().flat_map(|failure| &failure.scenarios);
        self.passes.iter().chain(fails).cloned().collect()
    }

    /// Whether a scenario that is named neither way may fail with this word.
    fn bears(&self, sometimes: &[Failure], file: &str, word: &str) -> bool {
        let seen = |failure: &&Failure| failure.scenarios.iter().any(|known| known == file);
        !self.passes.contains(file)
            && self.others.as_ref().is_some_and(|others| {
                others.verdict.contains(word)
                    || sometimes.iter().filter(seen).any(|failure| failure.verdict.contains(word))
            })
    }
}

pub(crate) fn verdicts() -> Verdicts {
    let text = std::fs::read_to_string(repository("examples/verdicts.yaml"));
    serde_saphyr::from_str(&text.expect("the verdicts are there")).expect("they can be read")
}

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

/// Every file of the corpus.
fn corpus() -> BTreeSet<String> {
    let root = repository("scenarios");
    let folders = std::fs::read_dir(&root).expect("the scenarios are there");
    let folders = folders.map(|entry| entry.expect("an entry").path());
    folders
        .filter(|path| path.is_dir())
        .flat_map(|folder| std::fs::read_dir(folder).expect("a folder"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .map(|path| {
            let path = path.strip_prefix(&root).expect("below it").to_owned();
            path.to_str().expect("a name").replace('\\', "/")
        })
        .collect()
}

/// Holds a client against what is expected of it.
fn holds(expected: &Expected, sometimes: &[Failure], mut command: impl FnMut() -> Command) {
    let mut open = expected.scenarios();
    let named = open.clone();
    if expected.others.is_some() {
        open.extend(corpus());
    }
    let mut decided = (0, 0);
    let mut contradicted = BTreeMap::new();
    for _ in 0..ROUNDS {
        let events = replay(&mut command(), &open);
        let missed: Vec<_> = open.iter().filter(|file| !events.contains_key(*file)).collect();
        assert!(missed.is_empty(), "nothing is said of {missed:?}");
        for (file, event) in events {
            let outcome = event["outcome"].as_str().expect("an outcome");
            let word = match &event["failure"]["word"] {
                Value::String(word) => word,
                _ if event["stopped"].is_string() => "the client stopped",
                _ => "",
            };
            let failure = expected.fails.iter().find(|failure| failure.scenarios.contains(&file));
            let told =
                |wanted: &str| format!("{file}: {outcome} {word}, expected {wanted}\n{event:#}");
            let contradiction = match (outcome, failure) {
                // Only what is named has to be judged.
                ("not_judged", _) if named.contains(&file) => continue,
                ("not_judged", _) => None,
                ("passed", None) => None,
                ("failed", Some(failure)) if failure.verdict.contains(word) => None,
                ("failed", None) if expected.bears(sometimes, &file, word) => None,
                (_, Some(failure)) => {
                    Some(told(&format!("{:?}: {}", failure.verdict, failure.why)))
                }
                (_, None) => Some(told("to pass")),
            };
            if let Some(contradiction) = contradiction {
                contradicted.insert(file, contradiction);
                continue;
            }
            match outcome {
                "passed" => decided.0 += 1,
                "failed" => decided.1 += 1,
                _ => {}
            }
            contradicted.remove(&file);
            open.remove(&file);
        }
        if open.is_empty() {
            break;
        }
    }
    let contradicted: Vec<_> = contradicted.into_values().collect();
    assert!(contradicted.is_empty(), "{}", contradicted.join("\n"));
    if !open.is_empty() {
        let _ = writeln!(
            std::io::stderr(),
            "\n!! {} passed and {} failed as expected; this machine was too slow to judge {open:?}\n",
            decided.0,
            decided.1,
        );
    }
}

fn as_it_is(language: Language, script: &str) {
    let Some((run, modules)) = or_skip(plugin(language, script)) else {
        return;
    };
    let verdicts = verdicts();
    holds(&verdicts.run, &verdicts.sometimes, || {
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
    let verdicts = verdicts();
    holds(&verdicts.client_cmd, &verdicts.sometimes, || {
        let mut command = crisp_mock();
        command.args(["--client-cmd", &run, "--jobs", JOBS]);
        command.envs(modules.iter().map(|modules| ("NODE_PATH", modules)));
        command
    });
}

#[test]
fn the_node_plugin_as_it_is_is_judged_as_the_verdicts_say() {
    as_it_is(Language::Node, "index");
}

#[test]
fn the_python_plugin_as_it_is_is_judged_as_the_verdicts_say() {
    as_it_is(Language::Python, "plugin");
}

#[test]
fn the_node_plugin_with_its_adapter_is_judged_as_the_verdicts_say() {
    with_adapter(Language::Node);
}

#[test]
fn the_python_plugin_with_its_adapter_is_judged_as_the_verdicts_say() {
    with_adapter(Language::Python);
}

fn linked<'a>(files: impl IntoIterator<Item = &'a String>) -> String {
    let links = files.into_iter().map(|file| format!("[{file}](../scenarios/{file})"));
    links.collect::<Vec<_>>().join(", ")
}

fn table(failures: &[Failure]) -> String {
    let rows = failures.iter().map(|failure| {
        let files = linked(&failure.scenarios);
        let words: Vec<_> = failure.verdict.iter().cloned().collect();
        let (words, why) = (words.join(" or "), failure.why.trim());
        format!("| {files} | {words} | {why} |\n")
    });
    let head = "| Fails | Verdict | Why |\n|---|---|---|\n".to_owned();
    head + &rows.collect::<String>()
}

#[test]
fn every_scenario_of_the_verdicts_is_there() {
    let verdicts = verdicts();
    let sometimes = verdicts.sometimes.iter().flat_map(|failure| failure.scenarios.clone());
    let named = verdicts.run.scenarios().into_iter();
    let named = named.chain(verdicts.client_cmd.scenarios());
    for file in named.chain(sometimes) {
        assert!(repository("scenarios").join(&file).is_file(), "{file} is gone");
    }
}

/// The page that people read is made from the file that the tests read.
#[test]
fn the_page_of_verdicts_says_what_the_file_says() {
    use std::fmt::Write as _;

    let verdicts = verdicts();
    let mut page = String::from(
        "# What comes of judging the example plugins\n\n\
         <!-- Made from examples/verdicts.yaml; `just bless` rewrites it. -->\n\n\
         They are written as a plugin's author would write them: the official client, the loop of Crisp's \
         settings guide. They need not pass, and they do not. Each failure is confirmed by repetitions, and has a \
         sentence here; certain are only those whose outcome does not hang on milliseconds.\n",
    );
    let names: Vec<_> =
        verdicts.plugins.iter().map(|name| format!("[{name}](../{name})")).collect();
    let _ = writeln!(page, "\nThe plugins: {}. What is said holds for each.", names.join(", "));
    for (title, expected) in [
        ("As they are: `--run`, `--read`", &verdicts.run),
        ("With an adapter: `--client-cmd`", &verdicts.client_cmd),
    ] {
        let _ = writeln!(page, "\n## {title}\n");
        page.push_str(&table(&expected.fails));
        let _ = writeln!(page, "\nPasses: {}.", linked(&expected.passes));
        if let Some(others) = &expected.others {
            let words: Vec<_> = others.verdict.iter().cloned().collect();
            let _ =
                writeln!(page, "\n{} A failure is then called {}.", others.why, words.join(" or "));
        }
    }
    let _ = writeln!(page, "\n## Seen, but not in every run\n");
    page.push_str(&table(&verdicts.sometimes));
    let path = repository("docs/verdicts.md");
    if std::env::var_os("CRISP_MOCK_BLESS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(path).expect("the page is there");
    assert_eq!(written, page, "`just bless` makes it anew");
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
    // What everybody writes first: from now on, whatever "now" is.
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
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Confirmed   3 of 3 runs fail"), "{said}");
    assert_eq!(ours(&kept(planted.path())), Some(0), "{said}");
}

#[test]
fn a_search_of_the_mended_loop_ends_in_time_convicts_nobody_and_says_what_it_left() {
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
