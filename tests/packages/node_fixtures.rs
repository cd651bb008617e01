//! The Node fixture under `node:test`, Vitest, Jest and the compiler of TypeScript.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::dist::{CRISP_MOCK, command, dist, ended, file, passes};
use crate::install::{node_24, node_modules, repository};
use crate::want::{Missing, or_skip, program};

/// The bug: the first error of the server is the last attempt.
const BUG: [&str; 2] = ["attempts = 3", "attempts = 1"];

/// A project with the packages and the tools installed, the tests of `tests/packages/node` in it, and
/// the plugin of the examples, right or with the bug.
fn project(with_bug: bool) -> Result<TempDir, Missing> {
    let (dist, tools) = (dist()?, node_modules("tests/packages/node")?);
    let project = tempfile::tempdir().expect("a folder");
    let modules = project.path().join("node_modules");
    std::fs::create_dir_all(modules.join("@crisp-mock")).expect("a folder");
    unpack(&dist, "crisp-mock-0", &modules.join("crisp-mock"));
    unpack(&dist, "crisp-mock-linux-x64", &modules.join("@crisp-mock/linux-x64"));
    for tool in std::fs::read_dir(tools).expect("what npm installed").flatten() {
        std::os::unix::fs::symlink(tool.path(), modules.join(tool.file_name())).expect("a link");
    }
    for test in std::fs::read_dir(repository("tests/packages/node")).expect("tests").flatten() {
        let name = test.file_name();
        if name.to_string_lossy().contains("test.") || name == "typed.ts" {
            std::fs::copy(test.path(), project.path().join(name)).expect("a copy");
        }
    }
    let plugin = std::fs::read_to_string(repository("examples/ci/node/plugin.js")).expect("it");
    let plugin = if with_bug { plugin.replace(BUG[0], BUG[1]) } else { plugin };
    std::fs::write(project.path().join("plugin.js"), plugin).expect("a copy");
    std::fs::write(project.path().join("package.json"), "{}").expect("a file");
    Ok(project)
}

fn unpack(dist: &Path, start: &str, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    let mut tar = command("tar");
    passes(
        tar.arg("-xzf").arg(file(dist, start, ".tgz")).args(["--strip-components=1", "-C"]).arg(to),
    );
}

/// Node in a project.
fn node(project: &TempDir) -> Command {
    let mut node = command(program("node").expect("npm was there"));
    node.current_dir(project.path());
    node
}

/// The tests of a file, under `node:test` of this Node.
fn node_test(node: &Path, project: &TempDir, test: &str) -> Command {
    let mut node = command(node);
    node.current_dir(project.path()).args(["--test", "--test-reporter=tap", test]);
    node
}

/// The Node of this machine, and one of the newest line.
fn nodes() -> impl Iterator<Item = PathBuf> {
    [program("node"), node_24()].into_iter().filter_map(or_skip)
}

#[test]
fn twelve_lines_with_the_fixture_are_green_and_red_with_the_journal_when_the_plugin_has_a_bug() {
    let Some(right) = or_skip(project(false)) else {
        return;
    };
    let test = std::fs::read_to_string(right.path().join("plugin.test.js")).expect("a test");
    assert_eq!(test.lines().count(), 12, "as promised");
    let wrong = project(true).expect("as before");
    for node in nodes() {
        let said = passes(&mut node_test(&node, &right, "plugin.test.js"));
        assert!(said.contains("# pass 1"), "{said}");
        is_red_with_the_journal(&mut node_test(&node, &wrong, "plugin.test.js"));
    }
}

fn is_red_with_the_journal(test: &mut Command) {
    let (code, said) = ended(test);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("crisp-mock: the last 1 of 1 requests"), "{said}");
    assert!(said.contains(r#"503  GET /v1/plugin/connect/websites/all/1"#), "{said}");
}

#[test]
fn every_call_of_a_space_does_what_it_says_alone_and_in_the_server_of_exec() {
    let Some(project) = or_skip(project(false)) else {
        return;
    };
    for node in nodes() {
        does_every_call(&node, &project);
    }
}

fn does_every_call(node: &Path, project: &TempDir) {
    let said = passes(&mut node_test(node, project, "calls.test.js"));
    assert!(said.contains("# pass 7"), "{said}");
    let mut exec = command(CRISP_MOCK);
    exec.current_dir(project.path()).args(["exec", "--fail-on", "idle", "--"]).arg(node);
    exec.args(["--test", "--test-reporter=tap", "calls.test.js", "plugin.test.js"]);
    let said = passes(&mut exec);
    assert!(said.contains("# pass 8"), "{said}");
}

#[test]
fn vitest_gives_each_test_a_space_also_of_those_that_run_at_once_and_shows_the_journal() {
    let Some(right) = or_skip(project(false)) else {
        return;
    };
    let vitest = |project: &TempDir| {
        let mut vitest = node(project);
        vitest.args(["node_modules/vitest/vitest.mjs", "run", "plugin.vitest.test.mjs"]);
        vitest
    };
    let said = passes(&mut vitest(&right));
    assert!(said.contains("2 passed"), "{said}");
    let wrong = project(true).expect("as before");
    let (code, said) = ended(&mut vitest(&wrong));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("crisp-mock: the last 1 of 1 requests"), "{said}");
}

#[test]
fn jest_gives_each_test_a_space_and_shows_the_journal() {
    let Some(right) = or_skip(project(false)) else {
        return;
    };
    let jest = |project: &TempDir| {
        let mut jest = node(project);
        jest.args(["node_modules/jest/bin/jest.js", "--ci", "plugin.jest.test.js"]);
        jest
    };
    let said = passes(&mut jest(&right));
    assert!(said.contains("1 passed"), "{said}");
    let wrong = project(true).expect("as before");
    let (code, said) = ended(&mut jest(&wrong));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("crisp-mock: the last 1 of 1 requests"), "{said}");
}

#[test]
fn typescript_takes_what_is_right_and_refuses_what_is_not() {
    let Some(project) = or_skip(project(false)) else {
        return;
    };
    let mut tsc = node(&project);
    tsc.args([
        "node_modules/typescript/bin/tsc",
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "false",
    ]);
    tsc.args(["--target", "es2022", "--lib", "es2022,esnext.disposable,dom"]);
    tsc.args(["--module", "nodenext", "--types", "node", "typed.ts"]);
    passes(&mut tsc);
}
