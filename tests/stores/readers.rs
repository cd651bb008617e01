//! The readers of `examples/service/readers`, as they are, beside replicas that fill the store.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::install::{node_modules, python, repository};
use crate::replicas::{replica, until_published};
use crate::server::{Keeps, Kind, Server};
use crate::stage::{serve, w, within, world};
use crate::want::{Missing, or_skip, program};

const FOLDER: &str = "examples/service/readers";

/// Ends the reader with the test.
struct Reader(Child);

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn node(script: &str) -> Result<Command, Missing> {
    // A module finds packages beside itself only.
    let modules = node_modules(FOLDER)?;
    let beside = modules.parent().unwrap().join(script);
    // Put there in one step: another test may start it at the same moment.
    let copy = tempfile::NamedTempFile::new_in(modules.parent().unwrap()).unwrap();
    std::fs::copy(repository(FOLDER).join(script), copy.path()).unwrap();
    copy.persist(&beside).unwrap();
    let mut command = Command::new(program("node")?);
    command.arg(beside);
    Ok(command)
}

fn in_python(script: &str) -> Result<Command, Missing> {
    let mut command = Command::new(python(FOLDER)?);
    command.arg(repository(FOLDER).join(script));
    Ok(command)
}

/// Builds it in a folder, which is to live as long as it runs.
fn in_go(script: &str, folder: &Path) -> Result<Command, Missing> {
    let built = folder.join("reader");
    crate::install::go(FOLDER, script, "", &built)?;
    Ok(Command::new(built))
}

fn lines_of(reader: &mut Reader) -> Receiver<String> {
    let (send, lines) = channel();
    let stdout = BufReader::new(reader.0.stdout.take().unwrap());
    std::thread::spawn(move || {
        // The test may have ended.
        stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line))
    });
    lines
}

/// Waits for the line that shows this.
fn until_shown(lines: &Receiver<String>, number: u32, shown: &Value) {
    loop {
        let line = lines.recv_timeout(Duration::from_secs(60)).expect("the reader says nothing");
        let (id, settings) = line.split_once(' ').unwrap();
        let settings: Value = serde_json::from_str(settings).unwrap();
        if id == w(number).to_string() && settings == *shown {
            return;
        }
    }
}

async fn shows_each_change(kind: Kind, command: Result<Command, Missing>) {
    shows(kind, Keeps::Nothing, command, false).await;
}

/// And when the store was killed and came back, with this.
async fn outlives_the_store(keeps: Keeps, command: Result<Command, Missing>) {
    shows(Kind::Nats, keeps, command, true).await;
}

async fn shows(kind: Kind, keeps: Keeps, command: Result<Command, Missing>, dies: bool) {
    let found = command.and_then(|command| Ok((command, Server::start(kind, keeps)?)));
    let Some((mut command, mut server)) = or_skip(found) else { return };
    let stage = serve(world(5)).await;
    let cache = replica(&stage, &server);
    within("readiness", cache.ready()).await.unwrap();
    stage.operator_saves(1, 1);
    stage.until_equal(&cache).await;
    // A reader finds no bucket before anything was published.
    until_published(&stage, &server, 1, 1).await;
    command.env(if kind == Kind::Redis { "REDIS_URL" } else { "NATS_URL" }, server.url());
    command.env("CRISP_STORE_NAME", &stage.server.info().identifier);
    let mut reader = Reader(command.stdout(Stdio::piped()).spawn().unwrap());
    let lines = lines_of(&mut reader);
    until_shown(&lines, 1, &json!({"v": 1}));
    for v in 2..=20 {
        stage.operator_saves(1, v);
        stage.operator_saves(2, v);
        until_shown(&lines, 2, &json!({"v": v}));
    }
    if dies {
        server.kill();
        server.again();
        stage.operator_saves(2, 21);
        until_shown(&lines, 2, &json!({"v": 21}));
    }
    stage.uninstalls(1);
    until_shown(&lines, 1, &Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_with_node_redis_shows_each_change() {
    shows_each_change(Kind::Redis, node("node-redis.mjs")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_with_ioredis_shows_each_change() {
    shows_each_change(Kind::Redis, node("ioredis.mjs")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_with_nats_io_kv_shows_each_change() {
    shows_each_change(Kind::Nats, node("nats.mjs")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_in_python_shows_each_change() {
    shows_each_change(Kind::Redis, in_python("reader.py")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_in_python_with_nats_shows_each_change() {
    shows_each_change(Kind::Nats, in_python("nats_reader.py")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_in_go_shows_each_change() {
    let folder = tempfile::tempdir().unwrap();
    shows_each_change(Kind::Redis, in_go("reader.go", folder.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_in_go_with_nats_shows_each_change() {
    let folder = tempfile::tempdir().unwrap();
    shows_each_change(Kind::Nats, in_go("nats_reader.go", folder.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_in_go_goes_on_after_the_nats_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    outlives_the_store(Keeps::Everything, in_go("nats_reader.go", folder.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_with_nats_io_kv_goes_on_after_the_store_was_killed() {
    outlives_the_store(Keeps::Everything, node("nats.mjs")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_in_python_goes_on_after_the_nats_was_killed() {
    outlives_the_store(Keeps::Everything, in_python("nats_reader.py")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_in_python_goes_on_after_the_nats_was_emptied() {
    outlives_the_store(Keeps::Nothing, in_python("nats_reader.py")).await;
}
