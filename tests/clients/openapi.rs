//! The control API's OpenAPI document against the server that serves it, by a tool that knows neither.

use std::process::Stdio;

use tokio::process::Command;

use crate::emulator::World;
use crate::install::{python, repository};
use crate::want::or_skip;

const FOLDER: &str = "tests/clients/openapi";

/// Random cases of each call, beside those that its schemas suggest.
const CASES: &str = "20";

/// The calls of another space are made from those of the default one; a few stand for all.
const TWINS: &str = r"^/_mock/spaces/\{space\}/(?!info|clock|websites$)";

#[tokio::test]
async fn the_server_takes_what_its_openapi_document_allows_and_refuses_the_rest() {
    let Some(python) = or_skip(python(FOLDER)) else {
        return;
    };
    let world = World::as_served().await;
    let document = format!("{}/openapi.json", world.fact("control_url"));
    let mut tool = Command::new(python);
    tool.args(["-c", "from schemathesis.cli import schemathesis; schemathesis()"])
        .arg("--config-file")
        .arg(repository(FOLDER).join("schemathesis.toml"))
        .args(["run", &document, "--url", world.fact("url")])
        .args(["--exclude-path-regex", TWINS])
        .args(["--seed", "2", "--max-examples", CASES, "--generation-database", "none"])
        .args(["--request-timeout", "20", "--no-shrink", "--continue-on-failure", "--no-color"])
        // What it keeps, it keeps where it is thrown away.
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tool.output().await.expect("the tool starts");
    let told = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{told}\n{complaint}", output.status);
    // Silence of a tool that tried nothing proves nothing.
    let generated = told.lines().find_map(|line| {
        let (count, _) = line.trim().split_once(" generated,")?;
        count.parse::<u32>().ok()
    });
    let generated = generated.unwrap_or(0);
    assert!(generated > 2_000, "only {generated} cases\n{told}");
}
