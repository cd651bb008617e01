//! The hazards table of the documentation speaks of code and tests that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn table() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/hazards.md");
    fs::read_to_string(path).expect("the table is there")
}

/// Everything between back-quotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_claim_of_the_table_is_a_test_and_every_place_a_file() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let code: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let table = table();
    for word in quoted(&table) {
        if word.ends_with(".rs") && !word.contains('*') {
            assert!(src.join(word).exists(), "no file {word}");
        } else if word.matches('_').count() >= 4 {
            assert!(code.contains(&format!("fn {word}(")), "no test {word}");
        }
    }
}

#[test]
fn every_hazard_has_one_row_with_an_anchor() {
    let table = table();
    let anchors: Vec<_> =
        table.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let set: BTreeSet<_> = anchors.iter().copied().collect();
    assert_eq!(set.len(), anchors.len(), "an anchor is there twice");
    for (letter, count) in [("c", 13), ("p", 13), ("a", 16), ("w", 9), ("f", 12), ("e", 9)] {
        for number in 1..=count {
            let anchor = format!("{letter}{number}");
            assert!(set.contains(anchor.as_str()), "no row {anchor}");
        }
    }
}
