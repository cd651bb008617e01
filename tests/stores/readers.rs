//! The readers of `examples/service/readers`, as they are, beside replicas that fill the store.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::install::{node_modules, python, repository};
use crate::redis_server::{Keeps, RedisServer};
use crate::replicas::replica;
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
    std::fs::copy(repository(FOLDER).join(script), &beside).unwrap();
    let mut command = Command::new(program("node")?);
    command.arg(beside);
    Ok(command)
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

async fn shows_each_change(command: Result<Command, Missing>) {
    let found = command.and_then(|command| Ok((command, RedisServer::start(Keeps::Nothing)?)));
    let Some((mut command, redis)) = or_skip(found) else { return };
    let stage = serve(world(5)).await;
    let cache = replica(&stage, &redis);
    within("readiness", cache.ready()).await.unwrap();
    stage.operator_saves(1, 1);
    stage.until_equal(&cache).await;
    command.env("REDIS_URL", redis.url());
    command.env("CRISP_STORE_NAME", &stage.server.info().identifier);
    let mut reader = Reader(command.stdout(Stdio::piped()).spawn().unwrap());
    let lines = lines_of(&mut reader);
    until_shown(&lines, 1, &json!({"v": 1}));
    for v in 2..=20 {
        stage.operator_saves(1, v);
        stage.operator_saves(2, v);
        until_shown(&lines, 2, &json!({"v": v}));
    }
    stage.uninstalls(1);
    until_shown(&lines, 1, &Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_with_node_redis_shows_each_change() {
    shows_each_change(node("node-redis.mjs")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_with_ioredis_shows_each_change() {
    shows_each_change(node("ioredis.mjs")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_in_python_shows_each_change() {
    let python = python(FOLDER).map(|python| {
        let mut command = Command::new(python);
        command.arg(repository(FOLDER).join("reader.py"));
        command
    });
    shows_each_change(python).await;
}
