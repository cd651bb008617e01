//! The plugins of `examples/service` that read the store itself, and not the service that fills it.
//!
//! The usual run takes some folders of the corpus, since each scenario starts the plugin anew; `CRISP_SYNC_CORPUS=whole` takes all
//! of it, minutes for each plugin and store.

use crate::judged::{ABOUT_EVENTS, judged};
use crate::plugins::{Run, fastapi, go, node};
use crate::server::{Keeps, Kind, Server};
use crate::want::{Missing, or_skip};

/// What the usual run takes: websites that come, leave and come back.
const FOLDERS: [&str; 2] = ["scenarios/life", "scenarios/re-subscribe"];

fn holds(kind: Kind, run: Result<Run, Missing>) {
    let found = run.and_then(|run| Ok((run, Server::start(kind, Keeps::Nothing)?)));
    let Some((run, server)) = or_skip(found) else { return };
    let read = "--published --read http://127.0.0.1:{port}/_cache --";
    let how = format!(" judged --store {} {read} {}", server.url(), run.words());
    let variable = if kind == Kind::Redis { "REDIS_URL" } else { "NATS_URL" };
    let environment = run.environment().chain([(variable, server.url().into())]);
    let is_whole = std::env::var_os("CRISP_SYNC_CORPUS").is_some_and(|which| which == "whole");
    let (folders, least, not_judged) = match is_whole {
        true => (&["scenarios"][..], 200, ABOUT_EVENTS),
        false => (&FOLDERS[..], 16, 0),
    };
    let last = judged(&how, &[&["replay"], folders].concat(), environment);
    assert_eq!((&last["failed"], &last["not_judged"]), (&0.into(), &not_judged.into()), "{last:#}");
    assert!(last["passed"].as_u64() >= Some(least), "{last:#}");
}

#[test]
fn the_plugin_for_express_holds_what_is_published_in_redis() {
    holds(Kind::Redis, node());
}

#[test]
fn the_plugin_for_express_holds_what_is_published_in_nats() {
    holds(Kind::Nats, node());
}

#[test]
fn the_plugin_for_fastapi_holds_what_is_published_in_redis() {
    holds(Kind::Redis, fastapi());
}

#[test]
fn the_plugin_for_fastapi_holds_what_is_published_in_nats() {
    holds(Kind::Nats, fastapi());
}

#[test]
fn the_plugin_for_go_holds_what_is_published_in_redis() {
    let folder = tempfile::tempdir().unwrap();
    holds(Kind::Redis, go(folder.path(), "redis"));
}

#[test]
fn the_plugin_for_go_holds_what_is_published_in_nats() {
    let folder = tempfile::tempdir().unwrap();
    holds(Kind::Nats, go(folder.path(), "nats"));
}
