//! Plugins as they are in virtual time, which nothing in their sources provides for: verdicts that are
//! each time the same; and the tests of what takes the clock from them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::install::{node_24, node_modules, repository};
use crate::judged::{crisp_mock, plugin, replay};
use crate::plugin::Language;
use crate::want::{or_skip, program};

/// The outcome of each scenario, with the word and the facts of its failure.
fn outcomes(events: &BTreeMap<String, Value>) -> BTreeMap<&str, [&str; 4]> {
    events
        .iter()
        .map(|(file, event)| {
            let failure = |key: &str| event["failure"][key].as_str().unwrap_or_default();
            let outcome = event["outcome"].as_str().expect("an outcome");
            (file.as_str(), [outcome, failure("word"), failure("fact"), failure("but")])
        })
        .collect()
}

/// What two replays of the same scenarios say of a plugin in virtual time.
fn judged(language: Language, script: &str) {
    let Some((run, modules)) = or_skip(plugin(language, script)) else {
        return;
    };
    let once = || {
        let mut command = crisp_mock();
        command.args(["--run", &run, "--read", "http://127.0.0.1:{port}/_cache"]);
        command.args(["--time", "virtual", "--jobs", "2", "--client-timeout", "60s"]);
        command.envs(modules.iter().map(|modules| ("NODE_PATH", modules)));
        replay(&mut command, &["basics", "guide"].map(str::to_owned).into())
    };
    let (first, again) = (once(), once());
    let (first, again) = (outcomes(&first), outcomes(&again));
    assert!(first.len() > 10, "{first:?}");
    assert_eq!(first, again, "no clock but the scenario's is in it");
}

#[test]
fn the_node_plugin_as_it_is_has_the_same_verdicts_twice_in_virtual_time() {
    judged(Language::Node, "index");
}

#[test]
fn the_python_plugin_as_it_is_has_the_same_verdicts_twice_in_virtual_time() {
    judged(Language::Python, "plugin");
}

/// What a replay of files says of a plugin that saves by its own settings page.
fn saving(language: Language, script: &str) {
    let Some((run, modules)) = or_skip(plugin(language, script)) else {
        return;
    };
    let mut command = crisp_mock();
    command.args(["--run", &run, "--read", "http://127.0.0.1:{port}/_cache"]);
    command.args(["--save", "POST http://127.0.0.1:{port}/settings"]);
    command.args(["--time", "virtual", "--client-timeout", "60s"]);
    command.envs(modules.iter().map(|modules| ("NODE_PATH", modules)));
    let files = ["the-plugin-saves", "two-saves-in-a-row", "the-plugin-changes-one-key"];
    let unmet = "the-answer-is-lost";
    let scenarios = files.into_iter().chain([unmet]).map(|file| format!("saves/{file}.yaml"));
    let events = replay(&mut command, &scenarios.collect());
    let event = |file: &str| &events[&format!("saves/{file}.yaml")];
    for file in ["the-plugin-saves", "two-saves-in-a-row"] {
        assert_eq!(event(file)["outcome"], "passed", "{file}: {:#}", event(file));
    }
    // It merges what it sent into what it had, where an operator had changed another member.
    let guessed = event("the-plugin-changes-one-key");
    assert_eq!(guessed["outcome"], "failed", "{guessed:#}");
    assert_eq!(guessed["failure"]["word"], "never happened", "{guessed:#}");
    assert_eq!(guessed["failure"]["hazard"]["number"], "W4", "{guessed:#}");
    // The fault is aimed at a PUT, and this page sends a PATCH: nothing was lost.
    assert_eq!(event(unmet)["outcome"], "not_judged", "{:#}", event(unmet));
}

#[test]
fn what_the_node_plugin_s_own_settings_page_saves_is_judged() {
    saving(Language::Node, "index");
}

#[test]
fn what_the_python_plugin_s_own_settings_page_saves_is_judged() {
    saving(Language::Python, "plugin");
}

/// The loop of the guide, mended in as few lines as it takes, against what it has to bear most.
fn mended(interpreter: &str, script: &str) {
    let Some(program) = or_skip(program(interpreter)) else { return };
    let mut command = crisp_mock();
    let run = format!("'{}' examples/mended-loop/{script}", program.display());
    command.args(["--run", &run, "--read", "http://127.0.0.1:{port}/"]);
    command.args(["--time", "virtual", "--client-timeout", "60s"]);
    let folders = ["dates", "paging", "words", "outages/the-quota-is-spent.yaml"];
    let mut events = replay(&mut command, &folders.map(str::to_owned).into());
    // It is told at three in the night to be silent until midnight, and the run ends before.
    let silent = events.remove("outages/the-quota-is-spent.yaml").expect("it was run");
    assert_eq!(silent["outcome"], "not_judged", "{silent:#}");
    assert!(events.len() > 35, "{}", events.len());
    let judged = events.iter().filter(|(_, event)| event["outcome"] != "not_judged");
    assert!(judged.clone().count() * 10 > events.len() * 9, "almost all is judged");
    for (file, event) in judged {
        assert_eq!(event["outcome"], "passed", "{file}: {event:#}");
    }
}

#[test]
fn the_guide_s_loop_mended_in_node_loses_nothing() {
    mended("node", "index.mjs");
}

#[test]
fn the_guide_s_loop_mended_in_python_loses_nothing() {
    mended("python3", "plugin.py");
}

#[test]
fn a_plugin_whose_port_was_taken_meanwhile_is_started_again() {
    let Some(program) = or_skip(program("node")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let taken = folder.path().join("taken");
    let mut command = crisp_mock();
    let run = format!("'{}' tests/clients/node/port-taken.mjs", program.display());
    command.env("TAKEN", &taken).args(["--run", &run, "--read", "http://127.0.0.1:{port}/"]);
    command.args(["--time", "virtual", "--client-timeout", "60s"]);
    let file = "basics/an-operator-saves.yaml";
    let events = replay(&mut command, &[file.to_owned()].into());
    assert_eq!(events[file]["outcome"], "passed", "{:#}", events[file]);
    for file in ["taken", "taken-at-once"] {
        assert!(folder.path().join(file).exists(), "it was started in vain: {file}");
    }
}

/// What came of these scenarios for a script of `tests/clients` that its interpreter runs; none: that is missing.
fn of_script(
    (interpreter, script): (&str, &str),
    options: &[&str],
    files: &[&str],
) -> Option<BTreeMap<String, Value>> {
    let program = or_skip(program(interpreter))?;
    let mut command = crisp_mock();
    let run = format!("'{}' tests/clients/{script}", program.display());
    command.args(["--run", &run, "--read", "http://127.0.0.1:{port}/", "--time", "virtual"]);
    command.args(options);
    Some(replay(&mut command, &files.iter().map(|file| (*file).to_owned()).collect()))
}

#[test]
fn what_a_plugin_does_because_its_cache_was_read_happens_when_it_was_read() {
    let file = "basics/an-operator-saves.yaml";
    let script = ("node", "node/asks-when-read.mjs");
    let Some(events) = of_script(script, &["--client-timeout", "60s"], &[file]) else { return };
    let timeline = events[file]["failure"]["timeline"].as_array().expect("it keeps nothing");
    let asked = timeline.iter().find(|line| line["wire"] == "since#2 asks from 3.00 s: w1 updated");
    // Its alarm, the reading after it, and a twentieth of a minute; then the answer takes 10 ms.
    assert_eq!(asked.expect("it asks again")["at_ms"], 63_010, "{timeline:#?}");
}

#[test]
fn a_plugin_that_loads_because_its_cache_was_read_passes() {
    let files = ["basics/an-operator-saves.yaml", "basics/settings-are-replaced.yaml"];
    let script = ("python3", "python/loads-when-read.py");
    let options = ["--client-timeout", "60s", "--jobs", "1"];
    let Some(events) = of_script(script, &options, &files) else { return };
    assert!(events.values().all(|event| event["outcome"] == "passed"), "{events:#?}");
}

#[test]
fn a_plugin_that_waits_for_the_machine_where_no_preload_sees_it_is_not_judged() {
    let file = "basics/an-operator-saves.yaml";
    let script = ("python3", "python/waits-unseen.py");
    let Some(events) = of_script(script, &["--client-timeout", "3s"], &[file]) else { return };
    assert_eq!(events[file]["outcome"], "not_judged", "{:#}", events[file]);
    let why = events[file]["unjudged"].as_str().unwrap_or_default();
    assert!(why.contains("does not come to rest"), "{:#}", events[file]);
}

#[test]
fn a_plugin_that_is_not_ready_while_its_polls_fail_is_judged_by_what_it_showed_last() {
    let file = "mutants/always-fresh.yaml";
    let script = ("python3", "python/unready-again.py");
    let Some(events) = of_script(script, &["--client-timeout", "20s"], &[file]) else { return };
    assert_eq!(events[file]["outcome"], "passed", "{:#}", events[file]);
}

#[test]
fn the_mended_loops_have_eighty_lines_at_most() {
    for script in ["index.mjs", "plugin.py"] {
        let text = std::fs::read_to_string(repository(&format!("examples/mended-loop/{script}")));
        let lines = text.expect("the example is there").lines().count();
        assert!(lines <= 80, "{script}: {lines}");
    }
}

/// What a plugin's process notes: from which it comes, and whether libraries were there before its first line.
#[cfg(target_os = "linux")]
type Noted = (String, bool);

/// The outcomes of the scenarios in `basics` for a plugin that notes where it comes from, and its notes.
#[cfg(target_os = "linux")]
fn parents(odd: Option<&str>, jobs: &str) -> Option<(Vec<String>, Vec<Noted>)> {
    let python = or_skip(program("python3"))?;
    let folder = tempfile::tempdir().expect("a folder");
    let parents = folder.path().join("parents");
    let mut command = crisp_mock();
    let run = format!("'{}' tests/clients/python/parents.py", python.display());
    command.env("PARENTS", &parents).args(["--run", &run, "--read", "http://127.0.0.1:{port}/"]);
    command.args(["--time", "virtual", "--jobs", jobs, "--client-timeout", "60s"]);
    command.envs(odd.map(|odd| ("ODD", odd)));
    let events = replay(&mut command, &["basics".to_owned()].into());
    let outcomes = events.values().map(|event| event["outcome"].to_string()).collect();
    let noted = std::fs::read_to_string(&parents).expect("it was started");
    let noted = noted.lines().map(|line| {
        let (parent, found) = line.split_once(' ').expect("two words");
        (parent.to_owned(), found == "True")
    });
    Some((outcomes, noted.collect()))
}

#[cfg(target_os = "linux")]
#[test]
fn a_plugin_for_python_is_forked_where_its_libraries_are_loaded_from_the_third_start_on() {
    let Some((outcomes, noted)) = parents(None, "1") else { return };
    assert!(outcomes.len() > 15 && outcomes.iter().all(|it| it == "\"passed\""), "{outcomes:?}");
    // The harness starts some to look at them, which may be ended before they note anything, and the first two
    // scenarios'. The next says what it loads, which those that follow find.
    let forks = &noted.last().expect("it was started").0;
    let first = noted.iter().position(|(parent, _)| parent == forks).expect("that one");
    let (started, forked) = noted.split_at(first);
    assert!(
        first >= 2 && forked.len() > 10 && started.iter().all(|(_, found)| !found),
        "{noted:?}"
    );
    assert!(forked.iter().all(|(parent, _)| parent == forks), "{noted:?}");
    assert!(!forked[0].1 && forked[2..].iter().all(|(_, found)| *found), "{noted:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_plugin_that_fails_only_where_it_is_forked_is_judged_by_processes_that_are_started() {
    for odd in ["never polls", "dies"] {
        for (jobs, most) in [("1", 1), ("4", 4)] {
            let Some((outcomes, noted)) = parents(Some(odd), jobs) else { return };
            assert!(
                outcomes.len() > 15 && outcomes.iter().all(|it| it == "\"passed\""),
                "{odd}, {jobs} jobs: {outcomes:?}"
            );
            let forked = noted.iter().filter(|(_, found)| *found).count();
            assert!((1..=most).contains(&forked), "{odd}, {jobs} jobs: {noted:?}");
        }
    }
}

/// Runs tests that are written in the language of what they test.
fn passes(mut command: Command) {
    let output = command.output().expect("the program is there");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// The preload's own tests, with this Node.
fn node_passes_its_own_tests(node: &Path) {
    let folder = repository("harness/preload/node/tests");
    let files = std::fs::read_dir(folder).expect("the tests are there");
    let files = files.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> =
        files.filter(|path| path.to_string_lossy().ends_with(".test.cjs")).collect();
    files.sort_unstable();
    assert!(files.len() >= 5, "{files:?}");
    let mut command = Command::new(node);
    command.arg("--test").args(files);
    passes(command);
}

#[test]
fn the_preload_for_node_passes_its_own_tests() {
    let Some(node) = or_skip(program("node")) else { return };
    node_passes_its_own_tests(&node);
}

#[test]
fn the_preload_for_node_passes_its_own_tests_with_node_18_22_and_26() {
    let Some(modules) = or_skip(node_modules("tests/clients/node/versions")) else { return };
    for name in ["node-18", "node-22", "node-26"] {
        node_passes_its_own_tests(&modules.join(name).join("bin/node"));
    }
}

#[test]
fn the_preload_for_node_passes_its_own_tests_with_node_24() {
    let Some(node) = or_skip(node_24()) else { return };
    node_passes_its_own_tests(&node);
}

#[test]
fn the_preload_for_python_passes_its_own_tests() {
    let Some(python) = or_skip(program("python3")) else { return };
    let mut command = Command::new(python);
    command.args(["-W", "ignore", "-m", "unittest", "discover", "-s"]);
    command.arg(repository("harness/preload/python/tests"));
    passes(command);
}

#[test]
fn a_program_whose_clock_cannot_be_taken_is_judged_in_real_time_and_told_so() {
    let Some(shell) = or_skip(program("sh")) else { return };
    let run = format!("'{}' -c 'sleep 100'", shell.display());
    let judge = |time: &str| {
        let mut command = crisp_mock();
        command.args(["scenarios/basics/nothing-happens.yaml", "--run", &run]);
        command.args(["--read", "http://127.0.0.1:{port}/", "--client-timeout", "1s"]);
        command.args(["--time", time]);
        let output = command.output().expect("the program is there");
        let said = String::from_utf8_lossy(&output.stdout);
        said.into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let refused = judge("virtual");
    assert!(
        refused.contains("--time virtual: no process of it has loaded the preload"),
        "{refused}"
    );
    assert!(refused.contains("--time auto judges others in real time"), "{refused}");
}
