//! The service under trial: the whole corpus, its saves too, and random cases.

use std::ffi::OsString;

use serde_json::Value;

use crate::program;
use crate::sync::built;

/// With a real store: a reader of it, and three replicas that are disturbed, saves too. The scenarios in which most goes wrong:
/// all of them take minutes.
#[cfg(unix)]
mod stores {
    use crate::server::{Keeps, Kind, Server};
    use crate::want::or_skip;

    fn passes_with(kind: Kind, how: &str) {
        let Some(server) = or_skip(Server::start(kind, Keeps::Nothing)) else { return };
        let how = format!(" judged --store {} {how}", server.url());
        let last = super::judged(&how, &["replay", "scenarios/outages", "scenarios/saves"], []);
        assert_eq!((&last["failed"], &last["not_judged"]), (&0.into(), &0.into()), "{last:#}");
        assert!(last["passed"].as_u64() >= Some(39), "{last:#}");
    }

    #[test]
    fn what_a_reader_of_redis_holds_passes() {
        passes_with(Kind::Redis, "--published");
    }

    #[test]
    fn what_a_reader_of_nats_holds_passes() {
        passes_with(Kind::Nats, "--published");
    }

    #[test]
    fn three_disturbed_replicas_with_redis_pass() {
        passes_with(Kind::Redis, "--replicas 3");
    }

    #[test]
    fn three_disturbed_replicas_with_nats_pass() {
        passes_with(Kind::Nats, "--replicas 3");
    }
}

/// Scenarios that say nothing of a client that opens no socket.
pub const ABOUT_EVENTS: u64 = 6;
/// Random cases: what a test may take. `docs/service.md` has the command for many more.
const CASES: &str = "100";

/// Runs a command against this way of being judged, and gives the last event of its report.
pub fn judged(
    how: &str,
    words: &[&str],
    environment: impl IntoIterator<Item = (&'static str, OsString)>,
) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("events");
    let output = program::program()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(words)
        .args(["--quiet", "--client-timeout", "120s", "--client-cmd"])
        .arg(format!("'{}'{how}", built().display()))
        .arg("--report")
        .arg(format!("json={}", report.display()))
        .envs(environment)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let events = std::fs::read_to_string(report).unwrap();
    serde_json::from_str(events.lines().last().unwrap()).unwrap()
}

/// The whole corpus, but what is about events, is passed.
pub fn passes_the_corpus(
    how: &str,
    environment: impl IntoIterator<Item = (&'static str, OsString)>,
) {
    let last = judged(how, &["replay", "scenarios"], environment);
    let count = |name: &str| last[name].as_u64().unwrap();
    assert_eq!((count("failed"), count("not_judged")), (0, ABOUT_EVENTS), "{last:#}");
    assert!(count("passed") > 200, "{last:#}");
}

/// A search begins with the whole corpus.
#[test]
fn what_is_read_passes_the_corpus_and_random_cases() {
    let last = judged(" judged", &["check", "--seed", "1", "--cases", CASES], []);
    let corpus = &last["corpus"];
    assert_eq!((&last["failed"], &corpus["failed"]), (&0.into(), &0.into()), "{last:#}");
    assert_eq!(corpus["not_judged"], ABOUT_EVENTS, "{last:#}");
    assert!(corpus["passed"].as_u64() > Some(200), "{last:#}");
    assert!(last["passed"].as_u64() > Some(90), "{last:#}");
}

#[test]
fn what_a_listener_holds_passes_the_corpus() {
    passes_the_corpus(" judged --changes", []);
}
