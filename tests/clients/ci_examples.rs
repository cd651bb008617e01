//! The fixtures of `examples/ci`, run as a plugin's author runs them, and what of them cannot be.
//!
//! Neither the Dockerfile nor the workflow is run here: a daemon and somebody else's machines would
//! have to be. What they say to the program is held against the program.

use std::path::Path;
use std::process::{Command, Output};

use crate::install::{python, repository};
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
    command
        .current_dir(repository(&format!("examples/ci/{folder}")))
        .args(["exec", "--fail-on", "idle,unmatched,unfired-fault", "--"]);
    command
}

fn passes(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the program is there");
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
    let said = passes(
        exec("node")
            .arg(node)
            .args(["--test", "--test-reporter=tap"]),
    );
    assert!(said.contains("# pass 4"), "{said}");
}

#[test]
fn a_bug_in_the_node_plugin_turns_the_run_red() {
    let Some(node) = or_skip(program("node")) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder for a copy");
    for file in ["package.json", "plugin.js", "plugin.test.js", "world.js"] {
        let text = std::fs::read_to_string(repository("examples/ci/node").join(file));
        // The first error of the server is the last attempt.
        let text = text
            .expect("the example")
            .replace("attempts = 3", "attempts = 1");
        std::fs::write(folder.path().join(file), text).expect("a copy");
    }
    let mut command = exec("node");
    let output = command
        .current_dir(folder.path())
        .arg(node)
        .arg("--test")
        .output();
    let output = output.expect("the program is there");
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("the last "), "{complaint}");
    assert!(complaint.contains("fault {\"at\":\"list"), "{complaint}");
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
    let text = std::fs::read_to_string(file)
        .expect("the example")
        .replace("\\\n", " ");
    let of_that_name = text.lines().filter_map(|line| line.strip_prefix(name));
    of_that_name.map(|rest| rest.trim().to_owned()).collect()
}

#[test]
fn the_image_is_one_file_run_by_nobody_in_particular_and_asked_for_its_health() {
    assert_eq!(
        instructions("FROM").last().map(String::as_str),
        Some("scratch")
    );
    let user = instructions("USER");
    assert!(
        !user[0].starts_with('0') && !user[0].contains("root"),
        "{user:?}"
    );
    let copied = instructions("COPY");
    assert_eq!(
        copied.last().map(String::as_str),
        Some("--from=build /crisp-mock /crisp-mock")
    );
    let health = instructions("HEALTHCHECK").remove(0);
    let command = &health[health.find('[').expect("exec form: the image has no shell")..];
    let command: Vec<String> = serde_json::from_str(command).expect("a list of words");
    assert_eq!(command[0], "/crisp-mock");
    // The words are the program's: it fails for want of a server, not of understanding.
    let mut asked = crisp_mock();
    asked
        .args(&command[1..])
        .env("CRISP_MOCK_URL", "http://127.0.0.1:1");
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
        // The same, but for a port that is taken by nobody.
        serve.env(name, value.replace(":8420", ":0"));
    }
    let command = instructions("CMD").pop().expect("what the image runs");
    let command: Vec<String> = serde_json::from_str(&command).expect("a list of words");
    serve
        .args(command)
        .args(["--idle-exit", "1ms", "--ready-file"])
        .arg(&ready);
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
    let exec = runs
        .filter_map(|run| run.strip_prefix("crisp-mock "))
        .next()
        .expect("a run");
    let options = exec
        .strip_suffix(" npm test")
        .expect("the tests at the end");
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = crisp_mock();
    command
        .current_dir(folder.path())
        .args(options.split_whitespace())
        .arg("true");
    let output = command.output().expect("the program");
    // Understood, and red for the right reason: `true` asks for nothing.
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(Path::new(&folder.path().join("journal.ndjson")).is_file());

    let help = crisp_mock()
        .args(["serve", "--help-all"])
        .output()
        .expect("the program");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let set = workflow["jobs"]["service"]["services"]["crisp"]["env"].as_object();
    for name in set.expect("variables").keys() {
        let option = name
            .strip_prefix("CRISP_MOCK_")
            .expect("a variable of ours");
        let option = format!("--{}", option.to_lowercase().replace('_', "-"));
        assert!(help.contains(&option), "{name}");
    }
}
