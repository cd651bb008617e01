//! What is published: whole, licensed, and small.

use std::process::Command;

use super::root;

/// What `cargo package` would put into a crate.
fn packaged(package: &str) -> Vec<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let listed = Command::new(cargo)
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .args(["--package", package])
        .current_dir(root())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&listed.stderr);
    assert!(listed.status.success(), "{package}: {complaint}");
    let files = String::from_utf8(listed.stdout).unwrap();
    files.lines().map(|line| line.replace('\\', "/")).collect()
}

#[test]
fn every_crate_has_its_licences_and_a_readme_and_nothing_that_only_the_repository_needs() {
    for package in ["crisp-mock", "crisp-mock-server", "crisp-sync", "crisp-harness"] {
        let files = packaged(package);
        for wanted in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
            assert!(files.iter().any(|file| file == wanted), "{package} lacks {wanted}");
        }
        let known = [
            "build.rs",
            "intercept/",
            "preload/",
            "src/",
            "ui/",
            "examples/",
            "Cargo.",
            "LICENSE-",
            "README.md",
            "CHANGELOG.md",
        ];
        let stray: Vec<_> = files
            .iter()
            .filter(|file| {
                !file.starts_with(".cargo") && !known.iter().any(|start| file.starts_with(start))
            })
            .filter(|file| !file.starts_with("scenarios/"))
            .collect();
        assert!(stray.is_empty(), "{package}: {stray:?}");
    }
}

#[test]
fn each_crate_s_licences_are_those_of_the_repository() {
    for folder in ["mock-server", "client", "harness"] {
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let read = |folder: &str| std::fs::read(root().join(folder).join(licence)).unwrap();
            assert!(read(folder) == read("."), "{folder}/{licence} differs");
        }
    }
}

#[test]
fn the_oldest_rust_that_is_promised_is_the_one_that_builds_here_or_older() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let promised = manifest.split("rust-version = \"").nth(1).unwrap();
    let promised = promised.split('"').next().unwrap();
    let said = Command::new(std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into()))
        .arg("--version")
        .output()
        .unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let here = said.split_whitespace().nth(1).unwrap().to_owned();
    let number = |text: &str| -> Vec<u32> {
        let digits = text.split(['.', '-']).map_while(|part| part.parse().ok());
        digits.take(2).collect()
    };
    assert!(number(promised) <= number(&here), "{promised} is promised, {here} is here");
}
