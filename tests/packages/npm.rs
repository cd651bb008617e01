//! The npm packages, from a registry on this machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::dist::{command, dist, ended, passes};
use crate::install::{node_24, repository};
use crate::running::Running;
use crate::want::{Missing, or_skip, program};

/// A project of a plugin's author, and a registry that has the packages and nothing else.
struct Project {
    folder: TempDir,
    registry: String,
    /// The program that is npm, and what comes before its words.
    npm: Vec<PathBuf>,
    /// Where programs are looked for: Node first.
    path: OsString,
    _server: Running,
}

impl Project {
    /// With the Node of this machine.
    fn new() -> Result<Self, Missing> {
        Self::with(vec![program("npm")?], &program("node")?)
    }

    /// With Node 24, and the npm that comes with it.
    fn of_node_24() -> Result<Self, Missing> {
        let node = node_24()?;
        let npm = node.with_file_name("../lib/node_modules/npm/bin/npm-cli.js");
        Self::with(vec![node.clone(), npm], &node)
    }

    fn with(npm: Vec<PathBuf>, node: &Path) -> Result<Self, Missing> {
        let dist = dist()?;
        let mut serve = command(node);
        serve.arg(repository("tests/packages/node/registry.mjs")).arg(dist);
        let server = Running::start(&mut serve);
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("package.json"), "{}").expect("a file");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let own = node.parent().map(Path::to_owned).into_iter();
        let path = std::env::join_paths(own.chain(std::env::split_paths(&path)));
        let path = path.expect("no folder has a colon");
        Ok(Self { folder, registry: server.line(), npm, path, _server: server })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// npm, which knows no other registry and keeps nothing from earlier.
    fn npm(&self, words: &[&str]) -> Command {
        let (program, before) = self.npm.split_first().expect("a program");
        let mut npm = command(program);
        npm.env("PATH", &self.path).current_dir(self.path()).args(before).args(words);
        npm.env("npm_config_registry", &self.registry).env("npm_config_audit", "false");
        npm.env("npm_config_cache", self.path().join("cache")).env("npm_config_fund", "false");
        npm.env("npm_config_userconfig", self.path().join("none"));
        npm.env("npm_config_globalconfig", self.path().join("no-global"));
        npm.env("npm_config_update_notifier", "false").env("npm_config_yes", "true");
        npm
    }

    fn launcher(&self) -> Command {
        let mut launcher = command(self.path().join("node_modules/.bin/crisp-mock"));
        launcher.env("PATH", &self.path).current_dir(self.path());
        launcher
    }
}

const VERSION: &str = concat!("crisp-mock ", env!("CARGO_PKG_VERSION"), "\n");

#[test]
fn npx_installs_the_program_of_this_platform_and_passes_on_words_and_exit_codes() {
    for project in [Project::new(), Project::of_node_24()] {
        let Some(project) = or_skip(project) else { continue };
        npx_installs_and_passes_on(&project);
    }
}

fn npx_installs_and_passes_on(project: &Project) {
    let mut npx = project.npm(&["exec", "--", "crisp-mock", "--version"]);
    assert!(passes(&mut npx).starts_with(VERSION));
    let mut wrong = project.npm(&["exec", "--", "crisp-mock", "serve", "--websits", "3"]);
    let (code, said) = ended(&mut wrong);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("'--websites'"), "{said}");
}

#[test]
fn npm_ci_without_scripts_installs_all_of_it_and_without_the_optional_part_the_launcher_says_so() {
    let Some(project) = or_skip(Project::new()) else {
        return;
    };
    passes(&mut project.npm(&["install", "crisp-mock"]));
    passes(&mut project.npm(&["ci", "--ignore-scripts"]));
    assert!(passes(project.launcher().arg("--version")).starts_with(VERSION));
    let lock = std::fs::read_to_string(project.path().join("package-lock.json")).expect("a lock");
    assert!(!lock.contains("hasInstallScript"), "{lock}");

    let (code, said) =
        ended(project.launcher().args(["exec", "--quiet", "--", "sh", "-c", "exit 7"]));
    assert_eq!(code, Some(7), "{said}");

    let sync = project.path().join("node_modules/.bin/crisp-sync");
    let (code, said) = ended(command(sync).current_dir(project.path()).arg("--version"));
    // The packages of these tests are made without it, those of a release with it.
    if project.path().join("node_modules/@crisp-mock/linux-x64/bin/crisp-sync").is_file() {
        assert_eq!((code, said.starts_with("crisp-sync ")), (Some(0), true), "{said}");
    } else {
        assert_eq!(code, Some(127), "{said}");
        assert!(said.contains("has no crisp-sync") && said.contains("CRISP_SYNC_BINARY"), "{said}");
    }

    passes(&mut project.npm(&["ci", "--omit=optional"]));
    let (code, said) = ended(project.launcher().arg("--version"));
    assert_eq!(code, Some(127), "{said}");
    assert!(said.contains("@crisp-mock/linux-x64"), "{said}");
    assert!(said.contains("delete package-lock.json and node_modules"), "{said}");

    let elsewhere = "require('./node_modules/crisp-mock/lib/binary.js').binary('plan9-mips')";
    let node = program("node").expect("npm was there");
    let (_, said) = ended(command(node).current_dir(project.path()).args(["-e", elsewhere]));
    // A release has more platforms than the one of this machine.
    assert!(said.contains("no package has a program for plan9-mips (there is one for "), "{said}");
    assert!(said.contains("linux-x64): "), "{said}");
}

#[test]
fn whatever_ends_the_launcher_ends_the_server_and_a_command_of_exec() {
    for project in [Project::new(), Project::of_node_24()] {
        let Some(project) = or_skip(project) else { continue };
        ends_what_it_started(&project);
    }
}

fn ends_what_it_started(project: &Project) {
    passes(&mut project.npm(&["install", "crisp-mock"]));
    let serve = ["serve", "--listen", "127.0.0.1:0", "--print", "json"];
    // Ended by itself, by `serve`, which ends well by a signal, and by nothing that can be caught.
    for (signal, code) in [(Signal::TERM, Some(0)), (Signal::INT, Some(0)), (Signal::KILL, None)] {
        let running = Running::start(project.launcher().args(serve));
        assert!(running.line().starts_with('{'));
        running.signal(signal);
        assert_eq!(running.all_ended(), code, "{signal:?}");
    }
    // npx, which passes no signal on.
    for signal in [Signal::TERM, Signal::KILL] {
        let words = [&["exec", "--", "crisp-mock"][..], &serve].concat();
        let running = Running::start(&mut project.npm(&words));
        assert!(running.line().starts_with('{'));
        running.signal(signal);
        running.all_ended();
    }
    let exec = ["exec", "--", "sh", "-c", "echo ready; exec tail -f /dev/null"];
    for (signal, code) in [(Signal::TERM, Some(143)), (Signal::KILL, None)] {
        let running = Running::start(project.launcher().args(exec));
        assert_eq!(running.line(), "ready");
        running.signal(signal);
        assert_eq!(running.all_ended(), code, "{signal:?}");
    }
}
