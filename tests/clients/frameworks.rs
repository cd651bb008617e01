//! Plugins in the frameworks that plugins are written in, in virtual time: one that keeps the rules
//! passes, however it schedules its polls, and one that breaks a rule is convicted of that.
//!
//! The plugins lie in `node/frameworks` and `python/frameworks`. What they share keeps the copy, and
//! breaks the rule that `PLANTED` names; the rest is how a framework polls and serves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::install::{node_modules, python};
use crate::judged::{crisp_mock, replay};
use crate::want::{Missing, or_skip, program};

/// What strains how a plugin schedules: polls, failures, a request that its own time-out ends, a
/// silence that was asked for, a new process, an answer that is late.
const STRAINS: [&str; 6] = [
    "basics/an-operator-saves",
    "basics/the-client-restarts",
    "guide/a-save-during-a-slow-poll",
    "outages/no-answer-at-all",
    "outages/retry-after",
    "outages/ten-minutes-down",
];

/// How the script of a framework is started, by itself or by the program that it is named with, and
/// what its environment needs.
fn run(plugin: &str) -> Result<(String, Option<String>), Missing> {
    let (starter, script) =
        plugin.split_once(' ').map_or((None, plugin), |(starter, script)| (Some(starter), script));
    if let Some(module) = script.strip_suffix(".py") {
        let folder = "tests/clients/python/frameworks";
        let interpreter = python(folder)?;
        let arguments = match starter {
            Some(starter) => format!("-m {starter} --threads 2 --chdir {folder} {module}:app"),
            None => format!("{folder}/{script}"),
        };
        return Ok((format!("'{}' {arguments}", interpreter.display()), None));
    }
    let modules = node_modules("tests/clients/node/frameworks")?;
    let node = program("node")?;
    let starter = match starter {
        Some("tsx") => format!("'{}' ", modules.join("tsx/dist/cli.mjs").display()),
        // It watches the folder of the plugin, and not all that was built here.
        Some("nodemon") => {
            let nodemon = modules.join("nodemon/bin/nodemon.js");
            format!("'{}' -q --watch tests/clients/node/frameworks ", nodemon.display())
        }
        Some(starter) => panic!("how is `{starter}` called?"),
        None => String::new(),
    };
    let run = format!("'{}' {starter}tests/clients/node/frameworks/{script}", node.display());
    Ok((run, Some(modules.display().to_string())))
}

/// What is said of a framework's plugin in some scenarios, by their names.
fn judged(
    script: &str,
    planted: Option<&str>,
    scenarios: &[&str],
) -> Option<BTreeMap<String, Value>> {
    let (run, modules) = or_skip(run(script))?;
    let mut events = BTreeMap::new();
    let mut open: BTreeSet<_> = scenarios.iter().map(|name| format!("{name}.yaml")).collect();
    // What this machine was too slow for is tried again.
    for _ in 0..3 {
        let mut command = crisp_mock();
        command.args(["--run", &run, "--read", "http://127.0.0.1:{port}/_cache"]);
        command.args(["--time", "virtual", "--jobs", "2", "--client-timeout", "60s"]);
        command.env_remove("PLANTED").envs(planted.map(|planted| ("PLANTED", planted)));
        command.envs(modules.as_ref().map(|modules| ("NODE_PATH", modules)));
        events.extend(replay(&mut command, &open));
        let is_open =
            |event: &Value| event["outcome"] == "not_judged" && event.to_string().contains("slow");
        open.retain(|file| events.get(file).is_some_and(is_open));
        if open.is_empty() {
            break;
        }
    }
    assert_eq!(events.len(), scenarios.len(), "{script}");
    Some(events)
}

/// The plugin of a framework that keeps the rules passes.
fn passes(script: &str) {
    for (file, event) in judged(script, None, &STRAINS).into_iter().flatten() {
        assert_eq!(event["outcome"], "passed", "{script} in {file}: {event:#}");
    }
}

/// A mistake, a scenario that shows it with the rule that it breaks there, and one in which it does not
/// matter, if there is such.
struct Mistake {
    name: &'static str,
    shown_by: &'static str,
    rule: &'static str,
    harmless_in: Option<&'static str>,
}

const fn mistake(name: &'static str, shown_by: &'static str, rule: &'static str) -> Mistake {
    Mistake { name, shown_by, rule, harmless_in: Some("basics/an-operator-saves") }
}

const MISTAKES: [Mistake; 10] = [
    mistake("own-clock", "mutants/local-clock", "converged"),
    mistake("no-overlap", "dates/a-change-is-seen-late", "converged"),
    mistake("moves-on-failure", "outages/ten-minutes-down", "converged"),
    mistake("forgets-removals", "mutants/swallows-removals", "converged"),
    mistake("relist-merges", "dates/the-past-is-refused", "converged"),
    mistake("stops-after-error", "mutants/stops-on-refusal", "liveness"),
    mistake("no-timeout", "outages/no-answer-at-all", "liveness"),
    Mistake {
        harmless_in: None,
        ..mistake("empty-clears", "mutants/empty-clears-the-cache", "converged")
    },
    mistake("ignores-retry-after", "regressions/retry-after-past-the-last-page", "pacing"),
    mistake("arrival-order", "mutants/arrival-order", "monotonic"),
];

/// The plugin of a framework with a mistake is convicted of it, and of nothing where it does not matter.
fn convicts(script: &str, mistake: &str) {
    let Mistake { shown_by, rule, harmless_in, .. } =
        MISTAKES.iter().find(|it| it.name == mistake).expect("a mistake that can be planted");
    let scenarios: Vec<_> = harmless_in.iter().chain([shown_by]).copied().collect();
    let Some(events) = judged(script, Some(mistake), &scenarios) else { return };
    let event = |name: &str| &events[&format!("{name}.yaml")];
    let told = event(shown_by);
    assert_eq!(told["outcome"], "failed", "{script}, {mistake}: {told:#}");
    assert!(told["stopped"].is_null(), "{script}, {mistake}: {told:#}");
    // The gravest comes first; a plugin that has stopped shows what is old, too.
    let also = told["also"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let is_told =
        told["failure"]["demand"] == *rule || also.into_iter().any(|it| it.contains(rule));
    assert!(is_told, "{script}, {mistake}: {rule} is not named: {told:#}");
    if let Some(event) = harmless_in.map(event) {
        assert_eq!(event["outcome"], "passed", "{script}, {mistake}: {event:#}");
    }
}

/// Makes the tests of a plugin: without a mistake, and with each of some.
macro_rules! plugins {
    ($($plugin:ident: $script:literal, $mistakes:expr;)*) => { $(
        mod $plugin {
            #[test]
            fn that_keeps_the_rules_passes() {
                super::passes($script);
            }

            #[test]
            fn with_a_mistake_is_convicted_of_that() {
                for mistake in $mistakes {
                    super::convicts($script, mistake);
                }
            }
        }
    )* };
}

plugins! {
    express: "express.cjs", ["relist-merges", "ignores-retry-after"];
    fastify_in_typescript_through_tsx: "tsx fastify.ts", ["empty-clears"];
    node_cron: "cron.cjs", ["moves-on-failure"];
    nodemon: "nodemon interval.mjs", ["own-clock"];
    polls_that_overlap: "interval.mjs", ["arrival-order", "no-overlap", "own-clock"];
    a_worker_thread_that_polls: "worker.mjs", ["forgets-removals"];
    a_child_process_that_polls: "child.mjs", ["stops-after-error"];
    fastapi_on_uvicorn: "fastapi_asyncio.py", ["no-timeout"];
    flask_with_a_thread: "flask_thread.py", ["stops-after-error", "ignores-retry-after"];
    flask_in_a_worker_of_gunicorn: "gunicorn flask_gunicorn.py", ["forgets-removals"];
    trio: "trio_tasks.py", ["relist-merges"];
    apscheduler: "apscheduler_jobs.py", ["no-overlap", "forgets-removals"];
    threading_timer: "timer.py", ["own-clock", "moves-on-failure", "relist-merges", "empty-clears"];
}

/// Waits for `sleep`, whose clock cannot be moved, for so many seconds.
fn waiting_for(seconds: &str) -> Option<Value> {
    let (run, modules) = or_skip(run("program.mjs"))?;
    let mut command = crisp_mock();
    command.args(["--run", &run, "--read", "http://127.0.0.1:{port}/_cache"]);
    command.args(["--time", "virtual", "--jobs", "1", "--client-timeout", "60s"]);
    command.env("SLEEP_SECONDS", seconds);
    command.envs(modules.map(|modules| ("NODE_PATH", modules)));
    let files = ["basics/an-operator-saves.yaml".to_owned()].into();
    replay(&mut command, &files).into_values().next()
}

#[test]
fn a_plugin_that_waits_a_moment_for_another_program_passes() {
    let Some(event) = waiting_for("0.2") else { return };
    assert_eq!(event["outcome"], "passed", "{event:#}");
}

#[test]
fn a_plugin_that_waits_long_for_another_program_is_not_convicted() {
    let Some(event) = waiting_for("30") else { return };
    assert_ne!(event["outcome"], "failed", "{event:#}");
    let why = event.to_string();
    assert!(why.contains("whose clock cannot be moved"), "{event:#}");
}
