//! One version of everything: that of the workspace.

use std::process::Command;

use crate::dist::{CRISP_MOCK, PLATFORM, command, dist, file, passes};
use crate::install::repository;
use crate::want::or_skip;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).expect("a file of this repository")
}

#[test]
fn sources_of_packages_have_no_version_of_their_own() {
    let npm: serde_json::Value =
        serde_json::from_str(&read("clients/node/package.json")).expect("JSON");
    assert_eq!(npm["version"], "0.0.0", "packaging/npm.py puts the workspace's there");
    assert_eq!(npm["optionalDependencies"], serde_json::Value::Null, "as those");
    let python = read("clients/python/pyproject.toml");
    assert!(python.contains("dynamic = [\"version\"]"), "packaging/wheel.py has the workspace's");
}

#[test]
fn every_package_has_the_version_of_the_workspace_and_asks_for_exactly_that_program() {
    assert_eq!(
        passes(Command::new(CRISP_MOCK).arg("--version")).trim(),
        format!("crisp-mock {VERSION}")
    );
    let Some(dist) = or_skip(dist()) else {
        return;
    };
    let manifest = |start: &str| -> serde_json::Value {
        let mut tar = command("tar");
        tar.arg("-xzOf").arg(file(&dist, start, ".tgz")).arg("package/package.json");
        serde_json::from_str(&passes(&mut tar)).expect("JSON")
    };
    let thin = manifest(&format!("crisp-mock-{VERSION}"));
    assert_eq!(thin["version"], VERSION);
    let name = format!("@crisp-mock/{PLATFORM}");
    let programs = thin["optionalDependencies"].as_object().expect("the packages with programs");
    assert!(programs.contains_key(&name), "{programs:?}");
    assert!(programs.values().all(|version| version == VERSION), "{programs:?}");
    assert_eq!(thin["scripts"], serde_json::Value::Null, "npm runs nothing while it installs");
    let platform = manifest(&format!("crisp-mock-{PLATFORM}"));
    assert_eq!(platform["version"], VERSION);
    assert_eq!(platform["cpu"], serde_json::json!(["x64"]));
    file(&dist, &format!("crisp_mock-{VERSION}-py3-none-manylinux_2_17_x86_64."), ".whl");
}

#[test]
fn examples_name_the_version_that_is_released_next() {
    let workflow = read("examples/ci/github-actions/plugin.yml");
    assert!(workflow.contains(&format!("crisp-mock@{VERSION}")), "the crate");
    assert!(workflow.contains(&format!("crisp-mock:{VERSION}")), "the image");
}
