//! Many sockets at once. `cargo test -p crisp-mock-server --test rtm many -- --nocapture` prints figures.

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::client::{Client, control, server};
use crate::emulator::heard;

const MANY: usize = 1_000;

/// Kilobytes that this process holds, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Two descriptors a socket, both in this process.
#[cfg(unix)]
fn room() {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[cfg(not(unix))]
fn room() {}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_event_reaches_a_thousand_sockets() {
    room();
    // No client answers a heartbeat while the others connect.
    let quirks = [("rtm-ping-interval", "5m"), ("rtm-deadline", "5m")];
    let server = server(&quirks, Value::Null).await;
    let info = server.info();
    let before = resident();
    let mut clients = Vec::new();
    while clients.len() < MANY {
        let mut some = JoinSet::new();
        for _ in 0..100 {
            let info = info.clone();
            some.spawn(async move { Client::live(&info).await });
        }
        clients.extend(some.join_all().await);
    }
    let after = resident();
    let (_, sockets) = control(info, "GET /rtm", Value::Null).await;
    assert_eq!(sockets["live"], MANY);
    let start = Instant::now();
    control(info, "PUT /websites/w1/settings", json!({"message": "Hi"})).await;
    let mut hearing = JoinSet::new();
    for mut client in clients {
        hearing.spawn(async move {
            assert_eq!(heard(&client.frame().await), "saved w1");
            (Instant::now(), client)
        });
    }
    let heard = hearing.join_all().await;
    let last = heard.iter().map(|(at, _)| at.duration_since(start)).max().unwrap();
    println!(
        "{MANY} sockets: the last heard after {last:?}; {before:?} kB before, {after:?} kB with both sides"
    );
}
