//! The wheel, by pip and by uv, without an index.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::dist::{command, dist, ended, passes};
use crate::install::python;
use crate::running::Running;
use crate::want::{Missing, or_skip, program};

const VERSION: &str = concat!("crisp-mock ", env!("CARGO_PKG_VERSION"), "\n");

/// A fresh environment in which pip has installed the wheel, and the packages that it came from.
fn environment() -> Result<(TempDir, PathBuf), Missing> {
    let (python, dist) = (program("python3")?, dist()?);
    let folder = tempfile::tempdir().expect("a folder");
    passes(command(python).args(["-m", "venv"]).arg(folder.path()));
    let mut pip = command(folder.path().join("bin/pip"));
    pip.args(["install", "--disable-pip-version-check", "--no-index", "--find-links"]);
    passes(pip.arg(&dist).arg("crisp-mock"));
    Ok((folder, dist))
}

fn program_of(environment: &Path, name: &str) -> std::process::Command {
    command(environment.join("bin").join(name))
}

#[test]
fn pip_installs_the_program_its_manual_and_a_package_that_runs_it() {
    let Some((environment, _)) = or_skip(environment()) else {
        return;
    };
    let environment = environment.path();
    assert!(passes(program_of(environment, "crisp-mock").arg("--version")).starts_with(VERSION));
    let mut module = program_of(environment, "python");
    assert!(passes(module.args(["-m", "crisp_mock", "--version"])).starts_with(VERSION));
    for file in ["man/man1/crisp-mock-serve.1", "bash-completion/completions/crisp-mock"] {
        assert!(environment.join("share").join(file).is_file(), "{file}");
    }
    // Every file as its record has it.
    let verify = "import importlib.metadata as m, hashlib, base64, sys\n\
        for f in m.files('crisp-mock'):\n    \
            d = f.read_binary()\n    \
            if f.hash: assert f.hash.value == base64.urlsafe_b64encode(hashlib.sha256(d).digest()).rstrip(b'=').decode(), f";
    passes(program_of(environment, "python").args(["-c", verify]));
    passes(program_of(environment, "pip").args(["check", "--disable-pip-version-check"]));
}

#[test]
fn without_pytest_a_script_starts_a_server_that_ends_with_it_whatever_ends_the_script() {
    let Some((environment, _)) = or_skip(environment()) else {
        return;
    };
    let script = "import crisp_mock, sys\n\
        with crisp_mock.start(websites=3, clock='manual') as mock:\n    \
            assert len(mock.websites()) == 3 and mock.env['CRISP_KEY'] == mock.key\n    \
            with mock.space(websites=1) as space:\n        \
                assert space.advance('20s')['elapsed_ms'] == 20000\n    \
            print(mock.facts['pid'], flush=True)\n    \
            sys.stdin.read()";
    let python = || {
        let mut python = program_of(environment.path(), "python");
        python.args(["-c", script]);
        python
    };
    let running = Running::start(&mut python());
    let server = running.line();
    running.signal(rustix::process::Signal::KILL);
    assert_eq!(running.all_ended(), None);
    // The server has streams of its own: a shell waits for its end.
    let waiting = format!("while [ -d /proc/{server} ]; do :; done");
    passes(command("timeout").args(["60", "sh", "-c", &waiting]));

    let wrong = "import crisp_mock; crisp_mock.start(args=['--websits', '3'])";
    let (_, said) = ended(program_of(environment.path(), "python").args(["-c", wrong]));
    assert!(said.contains("ended with 2 before it was ready"), "{said}");
    assert!(said.contains("--websites"), "{said}");
    let mut nothing = program_of(environment.path(), "python");
    nothing.env("CRISP_MOCK_BINARY", "/nowhere/crisp-mock").args(["-m", "crisp_mock"]);
    let (code, said) = ended(&mut nothing);
    assert_eq!(code, Some(127), "{said}");
}

#[test]
fn uvx_runs_the_program_from_the_wheel_alone() {
    let tools = python("tests/packages/python").and_then(|python| Ok((python, dist()?)));
    let Some((python, dist)) = or_skip(tools) else {
        return;
    };
    let cache = tempfile::tempdir().expect("a folder");
    let mut uvx = command(python.with_file_name("uvx"));
    uvx.args(["--no-index", "--no-config", "--python"]).arg(&python);
    uvx.arg("--find-links").arg(dist).args(["crisp-mock", "--version"]);
    uvx.env("UV_CACHE_DIR", cache.path()).env("UV_PYTHON_DOWNLOADS", "never");
    assert!(passes(&mut uvx).starts_with(VERSION));
}
