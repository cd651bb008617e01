//! The rules of ARCHITECTURE.md, held against the sources.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

mod circles;
mod modules;
mod packages;
mod references;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the workspace whose name ends in one of these extensions.
fn files(folder: &str, extensions: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let skipped =
                ["target", "node_modules", ".git"].iter().any(|name| path.ends_with(name));
            let extension = path.extension().and_then(|extension| extension.to_str());
            if path.is_dir() && !skipped {
                folders.push(path);
            } else if extension.is_some_and(|extension| extensions.contains(&extension)) {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root()).unwrap();
                found.push((path.strip_prefix(".").unwrap_or(path).to_owned(), text));
            }
        }
    }
    assert!(!found.is_empty(), "no {extensions:?} in {folder}: was it moved?");
    found.sort();
    found
}

/// Every Rust file below a folder of the workspace.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    files(folder, &["rs"])
}

/// The packages of this workspace, as cargo describes them.
fn packages_of_the_workspace() -> Vec<serde_json::Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// The dependencies, of any kind, of a package in this workspace.
fn dependencies(package: &str) -> BTreeSet<String> {
    let packages = packages_of_the_workspace();
    let package = packages.iter().find(|known| known["name"] == package).unwrap();
    let names = package["dependencies"].as_array().unwrap().iter();
    names.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
}

/// The code of a file without its tests and comments.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_emulator_and_the_client_do_not_know_each_other() {
    assert!(!dependencies("crisp-mock-server").contains("crisp-sync"));
    assert!(!dependencies("crisp-sync").contains("crisp-mock-server"));
    for name in ["crisp-harness", "crisp-mock"] {
        assert!(!dependencies("crisp-mock-server").contains(name));
        assert!(!dependencies("crisp-sync").contains(name));
    }
}

#[test]
fn the_cores_have_no_sockets_runtimes_clocks_or_files() {
    /// Of the emulator all modules are pure but these.
    const EDGE: [&str; 5] = ["control", "sender", "server", "socket", "spaces"];
    const CORES: [&str; 11] = [
        "mock-server/src",
        "client/src/machine",
        "client/src/replicas",
        "client/src/wire",
        "harness/src/generate",
        "harness/src/history",
        "harness/src/judge",
        "harness/src/oracle",
        "harness/src/scenario",
        "harness/src/shrink",
        "harness/src/world",
    ];
    const FORBIDDEN: [&str; 12] = [
        "tokio::",
        "axum::",
        "hyper::",
        "reqwest::",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "ToSocketAddrs",
        "std::fs",
        "SystemTime",
        "Instant::now",
        "rand::rng(",
    ];
    for core in CORES {
        for (path, text) in sources(core) {
            let edge = EDGE.map(|module| Path::new("mock-server/src").join(module));
            if edge.iter().any(|module| path.starts_with(module))
                || path.components().any(|part| part.as_os_str() == "tests")
                || path.ends_with("tests.rs")
                || path.ends_with("chaos.rs")
            {
                continue;
            }
            let code = code(&text);
            for word in FORBIDDEN {
                assert!(!code.contains(word), "{} uses {word}", path.display());
            }
        }
    }
}

#[test]
fn only_one_file_of_the_emulator_reads_the_machines_clocks() {
    let allowed = Path::new("mock-server/src/spaces/system_clock.rs");
    for (path, text) in sources("mock-server/src") {
        let reads = ["SystemTime::now", "std::time::Instant::now", "Timestamp::now"];
        if path != allowed {
            let code = code(&text);
            assert!(
                !reads.iter().any(|read| code.contains(read)),
                "{} reads a clock",
                path.display()
            );
        }
    }
}

/// How many files have over 400 lines at most. The aim is five.
const LARGE_FILES: usize = 4;

#[test]
fn few_files_have_over_400_lines_and_none_over_600() {
    let mut large = Vec::new();
    for folder in ["src", "mock-server", "client", "harness", "tests"] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= 600, "{} has {lines} lines: one concept a file", path.display());
            if lines > 400 {
                large.push(format!("{}: {lines}", path.display()));
            }
        }
    }
    let found = large.len();
    assert!(found <= LARGE_FILES, "{found} files over 400 lines:\n{}", large.join("\n"));
}

#[test]
fn lints_are_never_silenced_without_a_reason() {
    for folder in ["src", "mock-server/src", "client/src", "harness/src"] {
        for (path, text) in sources(folder) {
            let mut lines = text.lines();
            let bare = lines.find(|line| line.contains("[allow("));
            assert_eq!(bare, None, "{}: write #[expect(…, reason = …)] instead", path.display());
        }
    }
}

#[test]
fn every_dependency_is_explained() {
    let explained = std::fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    for package in ["crisp-mock", "crisp-mock-server", "crisp-sync", "crisp-harness"] {
        for name in dependencies(package).iter().filter(|name| !name.starts_with("crisp-")) {
            let known = explained.split([' ', ',', '|', '(']).any(|word| word == name);
            assert!(
                known,
                "{package} depends on {name}, which docs/dependencies.md does not explain"
            );
        }
    }
}

#[test]
fn the_client_that_plugins_use_has_no_mistakes() {
    for package in packages_of_the_workspace() {
        let features = package["features"].as_object().unwrap();
        if package["name"] == "crisp-sync" {
            assert!(features.contains_key("mistakes"), "was it renamed?");
        }
        for (feature, turns_on) in features {
            let text = turns_on.to_string();
            assert!(!text.contains("mistakes"), "`{feature}` of {} turns it on", package["name"]);
        }
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        for dependency in dependencies.filter(|dependency| dependency["name"] == "crisp-sync") {
            let with = dependency["features"].to_string().contains("mistakes");
            assert_eq!(with, package["name"] == "crisp-harness", "{}", package["name"]);
        }
    }
    // The harness's own driver on real sockets is the reference, whatever the feature.
    for (path, text) in sources("harness/src") {
        let allowed = path.ends_with("subject/sync.rs");
        assert!(allowed || !text.contains("with_mistake"), "{}", path.display());
    }
}
