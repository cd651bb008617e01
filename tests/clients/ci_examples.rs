//! The fixtures of `examples/ci`, run as a plugin's author runs them, and what of them cannot be.
//!
//! Neither the Dockerfile nor the workflow is run here: a daemon and remote machines would
//! have to be. What they say to the program is held against the program.

use std::path::Path;
use std::process::{Command, Output};

use crate::install::{node_modules, python, repository};
use crate::want::{or_skip, program};

const CRISP_MOCK: &str = env!("CARGO_BIN_EXE_crisp-mock");

/// The program, without what the machine's environment says to it.
fn crisp_mock() -> Command {
    let mut command = Command::new(CRISP_MOCK);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CRISP_") {
            command.env_remove(&name);
        }
    }
    command.env("CRISP_MOCK", CRISP_MOCK);
    command
}

/// `exec` in a folder of the examples; a run that proves nothing fails.
fn exec(folder: &str) -> Command {
    let mut command = crisp_mock();
    command.current_dir(repository(&format!("examples/ci/{folder}"))).args([
        "exec",
        "--fail-on",
        "idle,unmatched,unfired-fault",
        "--",
    ]);
    command
}

fn passes(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("the program is there");
    let said = String::from_utf8_lossy(&stdout).into_owned();
    let complaint = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{status}\n{said}\n{complaint}");
    said + &complaint
}

#[test]
fn the_node_fixture_passes_with_a_space_for_each_test() {
    let Some(node) = or_skip(program("node")) else {
        return;
    };
    let said = passes(exec("node").arg(node).args(["--test", "--test-reporter=tap"]));
    assert!(said.contains("# pass 4"), "{said}");
}

/// The bug: the first error of the server is the last attempt.
const BUG: [&str; 2] = ["attempts = 3", "attempts = 1"];

/// A copy of folders of the examples, side by side as there.
fn copied(folders: &[&str], change: impl Fn(String) -> String) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a folder for a copy");
    for folder in folders {
        let to = copy.path().join(folder);
        std::fs::create_dir(&to).expect("a folder for a copy");
        let files = std::fs::read_dir(repository(&format!("examples/ci/{folder}")));
        for file in files.expect("the example").flatten() {
            if let Ok(text) = std::fs::read_to_string(file.path()) {
                std::fs::write(to.join(file.file_name()), change(text)).expect("a copy");
            }
        }
    }
    copy
}

#[test]
fn npm_test_is_green_and_a_bug_planted_in_the_plugin_turns_it_red() {
    let Some(npm) = or_skip(program("node").and_then(|_| program("npm"))) else {
        return;
    };
    let npm_test = |change: fn(String) -> String| {
        let copy = copied(&["node"], change);
        let mut command = exec("node");
        command.current_dir(copy.path().join("node")).arg(&npm).arg("test");
        command.output().expect("the program is there")
    };
    let green = npm_test(|text| text);
    let complaint = String::from_utf8_lossy(&green.stderr);
    assert!(green.status.success(), "{complaint}");
    let red = npm_test(|text| text.replace(BUG[0], BUG[1]));
    assert_eq!(red.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&red.stderr);
    assert!(complaint.contains("the last "), "{complaint}");
    assert!(complaint.contains("fault {\"at\":\"list"), "{complaint}");
}

#[test]
fn the_same_fixture_serves_vitest_and_finds_the_same_bug() {
    let tools = program("node").and_then(|node| Ok((node, node_modules("examples/ci/vitest")?)));
    let Some((node, modules)) = or_skip(tools) else {
        return;
    };
    let vitest = |change: fn(String) -> String| {
        let copy = copied(&["node", "vitest"], change);
        let mut command = exec("vitest");
        let script = modules.join("vitest/vitest.mjs");
        link(&modules, &copy.path().join("vitest/node_modules"));
        command.current_dir(copy.path().join("vitest"));
        let output = command.arg(&node).arg(script).arg("run").output();
        output.expect("the program is there")
    };
    let green = vitest(|text| text);
    let said = String::from_utf8_lossy(&green.stdout);
    let complaint = String::from_utf8_lossy(&green.stderr);
    assert!(green.status.success(), "{said}\n{complaint}");
    assert!(said.contains("3 passed"), "{said}");
    let red = vitest(|text| text.replace(BUG[0], BUG[1]));
    assert_eq!(red.status.code(), Some(1));
}

fn link(target: &Path, at: &Path) {
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, at).expect("a link");
    #[cfg(windows)]
    std::os::windows::fs::symlink_dir(target, at).expect("a link");
}

#[test]
fn the_pytest_fixture_passes_inside_exec_and_alone() {
    let Some(python) = or_skip(python("examples/ci/pytest")) else {
        return;
    };
    let pytest = ["-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"];
    let inside = passes(exec("pytest").arg(&python).args(pytest));
    assert!(inside.contains("4 passed"), "{inside}");
    let mut alone = Command::new(&python);
    alone
        .current_dir(repository("examples/ci/pytest"))
        .args(pytest)
        .env("CRISP_MOCK", CRISP_MOCK)
        .env_remove("CRISP_MOCK_CONTROL_URL");
    assert!(passes(&mut alone).contains("4 passed"));
}

#[test]
fn the_shell_script_passes() {
    let tools = program("sh").and_then(|sh| program("curl").map(|_| sh));
    let Some(sh) = or_skip(tools) else {
        return;
    };
    assert!(passes(exec("shell").arg(sh).arg("test.sh")).contains("3 tests passed"));
}

/// The values of an instruction of the Dockerfile, with continued lines joined.
fn instructions(name: &str) -> Vec<String> {
    let file = repository("examples/ci/docker/Dockerfile");
    let text = std::fs::read_to_string(file).expect("the example").replace("\\\n", " ");
    let of_that_name = text.lines().filter_map(|line| line.strip_prefix(name));
    of_that_name.map(|rest| rest.trim().to_owned()).collect()
}

#[test]
fn the_image_is_one_file_run_without_privileges_and_asked_for_its_health() {
    assert_eq!(instructions("FROM").last().map(String::as_str), Some("scratch"));
    let user = instructions("USER");
    assert!(!user[0].starts_with('0') && !user[0].contains("root"), "{user:?}");
    let copied = instructions("COPY");
    assert_eq!(copied.last().map(String::as_str), Some("--from=build /crisp-mock /crisp-mock"));
    let health = instructions("HEALTHCHECK").remove(0);
    let command = &health[health.find('[').expect("exec form: the image has no shell")..];
    let command: Vec<String> = serde_json::from_str(command).expect("a list of words");
    assert_eq!(command[0], "/crisp-mock");
    // The words are the program's: it fails for want of a server, not of understanding.
    let mut asked = crisp_mock();
    asked.args(&command[1..]).env("CRISP_MOCK_URL", "http://127.0.0.1:1");
    assert_eq!(asked.output().expect("the program").status.code(), Some(1));
}

#[test]
fn the_image_s_environment_starts_a_server() {
    let environment = instructions("ENV").remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let ready = folder.path().join("ready.json");
    let mut serve = crisp_mock();
    for pair in environment.split_whitespace() {
        let (name, value) = pair.split_once('=').expect("NAME=VALUE");
        // The same, but for a port that is free.
        serve.env(name, value.replace(":8420", ":0"));
    }
    let command = instructions("CMD").pop().expect("what the image runs");
    let command: Vec<String> = serde_json::from_str(&command).expect("a list of words");
    serve.args(command).args(["--idle-exit", "1ms", "--ready-file"]).arg(&ready);
    passes(&mut serve);
    assert!(ready.is_file());
}

#[test]
fn the_workflow_s_commands_and_variables_are_the_program_s() {
    let file = repository("examples/ci/github-actions/plugin.yml");
    let text = std::fs::read_to_string(file).expect("the example");
    let workflow: serde_json::Value = serde_saphyr::from_str(&text).expect("YAML");
    let steps = workflow["jobs"]["exec"]["steps"].as_array().expect("steps");
    let runs = steps.iter().filter_map(|step| step["run"].as_str());
    let exec = runs.filter_map(|run| run.strip_prefix("crisp-mock ")).next().expect("a run");
    let options = exec.strip_suffix(" npm test").expect("the tests at the end");
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = crisp_mock();
    command.current_dir(folder.path()).args(options.split_whitespace()).arg("true");
    let output = command.output().expect("the program");
    // Understood, and red for the right reason: `true` asks for nothing.
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(Path::new(&folder.path().join("journal.ndjson")).is_file());

    let help = crisp_mock().args(["serve", "--help-all"]).output().expect("the program");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let set = workflow["jobs"]["service"]["services"]["crisp"]["env"].as_object();
    for name in set.expect("variables").keys() {
        let option = name.strip_prefix("CRISP_MOCK_").expect("a variable of ours");
        let option = format!("--{}", option.to_lowercase().replace('_', "-"));
        assert!(help.contains(&option), "{name}");
    }
}
