//! The pytest plugin, as pytest finds it in an installed wheel.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::dist::{CRISP_MOCK, command, dist, ended, passes};
use crate::install::{python, repository};
use crate::want::{Missing, or_skip};

/// The bug: the first error of the server is the last attempt.
const BUG: [&str; 2] = ["attempts=3", "attempts=1"];

/// A folder with the tests, the plugin of the examples, and the wheel installed beside them.
struct Project {
    folder: TempDir,
    python: PathBuf,
}

impl Project {
    fn new(with_bug: bool) -> Result<Self, Missing> {
        let (python, dist) = (python("tests/packages/python")?, dist()?);
        let folder = tempfile::tempdir().expect("a folder");
        let mut pip = command(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]);
        pip.arg("--find-links").arg(dist).arg("--target").arg(folder.path().join("installed"));
        passes(pip.arg("crisp-mock"));
        for file in ["test_plugin.py", "typed.py"] {
            let from = repository("tests/packages/python").join(file);
            std::fs::copy(from, folder.path().join(file)).expect("a copy");
        }
        let plugin = std::fs::read_to_string(repository("examples/ci/pytest/plugin.py"));
        let plugin = plugin.expect("the example");
        let plugin = if with_bug { plugin.replace(BUG[0], BUG[1]) } else { plugin };
        std::fs::write(folder.path().join("plugin.py"), plugin).expect("a copy");
        Ok(Self { folder, python })
    }

    /// A command that finds what was installed.
    fn command(&self, program: &str) -> Command {
        let mut command = command(program);
        command.current_dir(self.folder.path());
        command.env("PYTHONPATH", self.folder.path().join("installed"));
        command
    }

    fn words(&self, more: &[&str]) -> Vec<String> {
        let python = self.python.display().to_string();
        let words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers"];
        let words = words.iter().chain(more).map(|word| (*word).to_owned());
        [python].into_iter().chain(words).collect()
    }

    fn pytest(&self, more: &[&str]) -> Command {
        let words = self.words(more);
        let mut command = self.command(&words[0]);
        command.args(&words[1..]);
        command
    }
}

#[test]
fn the_tests_of_a_plugin_are_green_alone_with_four_workers_and_inside_exec() {
    let Some(project) = or_skip(Project::new(false)) else {
        return;
    };
    let said = passes(&mut project.pytest(&["test_plugin.py"]));
    assert!(said.contains("13 passed"), "{said}");
    let said = passes(&mut project.pytest(&["-n", "4", "test_plugin.py"]));
    assert!(said.contains("13 passed"), "{said}");
    let mut exec = project.command(CRISP_MOCK);
    exec.args(["exec", "--fail-on", "idle", "--"]);
    let said = passes(exec.args(project.words(&["-n", "2", "test_plugin.py"])));
    assert!(said.contains("13 passed"), "{said}");
}

#[test]
fn a_bug_turns_them_red_and_the_journal_is_a_section_of_the_report_also_from_a_worker() {
    let Some(project) = or_skip(Project::new(true)) else {
        return;
    };
    for workers in ["0", "2"] {
        let (code, said) = ended(&mut project.pytest(&["-n", workers, "test_plugin.py"]));
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("1 failed, 12 passed"), "{said}");
        assert!(said.contains("- crisp-mock journal -"), "{said}");
        assert!(said.contains("the last 1 of 1 requests"), "{said}");
        assert!(said.contains(r#"list#1  fault {"at": "list#1..2", "status": 503}"#), "{said}");
    }
}

#[test]
fn the_settings_and_the_marker_are_known_to_pytest_and_mypy_finds_no_fault_with_the_types() {
    let Some(project) = or_skip(Project::new(false)) else {
        return;
    };
    let said = passes(&mut project.pytest(&["--markers"]));
    assert!(said.contains("@pytest.mark.crisp(**options)"), "{said}");
    let more = ["-o", "crisp_mock_args=--websits 3", "test_plugin.py", "-k", "survived"];
    let (code, said) = ended(&mut project.pytest(&more));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--websites"), "{said}");
    for what in [["typed.py"].as_slice(), ["-p", "crisp_mock"].as_slice()] {
        let mut mypy = project.command(&project.python.display().to_string());
        passes(mypy.args(["-m", "mypy", "--strict", "--cache-dir=/dev/null"]).args(what));
    }
}
