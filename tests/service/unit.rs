//! The unit of systemd that `docs/service.md` shows.

use std::process::Command;

use crate::sync::built;
use crate::want::{or_skip, program};

#[test]
fn the_unit_in_the_documentation_is_one_that_systemd_takes() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/service.md");
    let page = std::fs::read_to_string(page).unwrap();
    let unit = page.split("```ini\n").nth(1).unwrap().split("```").next().unwrap();
    // The program is where it is here.
    let unit = unit.replace("/usr/local/bin/crisp-sync", &built().display().to_string());
    let folder = crate::program::folder(&[("crisp-sync.service", &unit)]);
    let file = folder.path().join("crisp-sync.service");
    let Some(analyze) = or_skip(program("systemd-analyze")) else { return };
    let verified = Command::new(analyze).arg("verify").arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(!said.contains("crisp-sync.service"), "{said}");
}
