//! What `crisp-mock explain` prints, put together to a plugin by `lessons.cjs` and `lessons.py`, is
//! convicted of nothing: who follows a report alone comes to a loop that is right.

use std::fs::write;
use std::path::Path;
use std::process::Command;

use crate::install::{node_modules, python, repository};
use crate::judged::{crisp_mock, replay};
use crate::want::{Missing, or_skip, program};

/// What such a loop has to bear most.
const FOLDERS: [&str; 2] = ["dates", "paging"];

/// The code that explains this hazard, from one heading to the next.
fn code(hazard: &str, from: &str, until: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crisp-mock"));
    let output = command.args(["explain", hazard]).output().expect("the program is there");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines = text.lines().skip_while(|line| *line != from).skip(1);
    let lines = lines.take_while(|line| *line != until);
    lines.map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect()
}

/// Judges the plugin, which finds the lessons in this folder.
fn passes(mut command: Command, run: &str, lessons: &Path) {
    command.env("LESSONS", lessons).args(["--run", run, "--read", "http://127.0.0.1:{port}/"]);
    command.args(["--time", "virtual", "--client-timeout", "60s"]);
    let events = replay(&mut command, &FOLDERS.map(str::to_owned).into());
    let judged = || events.iter().filter(|(_, event)| event["outcome"] != "not_judged");
    // The others rest on what a plugin cannot be told.
    assert!(judged().count() > 30, "{}", judged().count());
    for (file, event) in judged() {
        assert_eq!(event["outcome"], "passed", "{file}: {event:#}");
    }
}

#[test]
fn the_lessons_for_node_put_together_lose_nothing() {
    or_skip(in_node());
}

fn in_node() -> Result<(), Missing> {
    let node = program("node")?;
    let modules = node_modules("examples/node-plugin")?;
    let folder = tempfile::tempdir().expect("a folder");
    let ends = [
        (
            "C1",
            "const begin = (from, asked) => { [cursor, at] = [from, asked]; };\n\
             module.exports = { begin, heard: () => heard, OVERLAP, poll };\n",
        ),
        ("C10", "module.exports = { turn };\n"),
        ("F1", "module.exports = { forever, sleep };\n"),
        ("P1", "module.exports = { load };\n"),
    ];
    for (hazard, end) in ends {
        let text = code(hazard, "Node", "Python") + end;
        write(folder.path().join(format!("{hazard}.cjs")), text).expect("a module");
    }
    let mut command = crisp_mock();
    command.env("NODE_PATH", modules);
    let script = repository("tests/clients/node/lessons.cjs");
    let run = format!("'{}' '{}'", node.display(), script.display());
    passes(command, &run, folder.path());
    Ok(())
}

#[test]
fn the_lessons_for_python_put_together_lose_nothing() {
    or_skip(in_python());
}

fn in_python() -> Result<(), Missing> {
    let python = python("examples/python-plugin")?;
    let folder = tempfile::tempdir().expect("a folder");
    for hazard in ["C1", "C10", "F1", "P1"] {
        let text = code(hazard, "Python", "Go");
        write(folder.path().join(format!("{hazard}.py")), text).expect("a module");
    }
    let script = repository("tests/clients/python/lessons.py");
    let run = format!("'{}' -B '{}'", python.display(), script.display());
    passes(crisp_mock(), &run, folder.path());
    Ok(())
}
