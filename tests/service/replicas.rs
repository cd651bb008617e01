//! Three services with one store, each a process that is stopped for a while and goes on, or is killed.

use rustix::process::Signal;
use serde_json::Value;

use crate::program::Serving;
use crate::server::{Keeps, Kind, Server};
use crate::sync::{DEADLINE, Sync, ctl, id, plugin_of};
use crate::want::or_skip;

async fn start(serving: &Serving, server: &Server) -> Sync {
    let sync = Sync::spawn(plugin_of(serving).args([
        "--store",
        &server.url(),
        "--request-timeout",
        "2s",
        "--overlap",
        "5s",
    ]));
    sync.until("/readyz", |status, _| status == 200).await;
    sync
}

/// Waits until this service shows this message of w1.
async fn shows(sync: &Sync, message: &str) {
    let path = format!("/websites/{}", id("w1"));
    sync.until(&path, |_, body| body["settings"]["message"] == message).await;
}

#[tokio::test]
async fn a_service_that_was_paused_puts_nothing_old_over_anything_new_in_redis() {
    pause_each_in_turn(Kind::Redis).await;
}

#[tokio::test]
async fn a_service_that_was_paused_puts_nothing_old_over_anything_new_in_nats() {
    pause_each_in_turn(Kind::Nats).await;
}

async fn pause_each_in_turn(kind: Kind) {
    let Some(server) = or_skip(Server::start(kind, Keeps::Nothing)) else { return };
    let serving = Serving::start(&["--websites", "3"]);
    let mut services = Vec::new();
    for _ in 0..3 {
        services.push(start(&serving, &server).await);
    }
    let plugin = serving.info["plugin_id"].as_str().unwrap();
    let w1 = id("w1");
    let mut version = 0;
    // Each, and one of them again. A round takes ten seconds: the time-out of what the paused one had asked, twice.
    for round in 0..4 {
        let (paused, others): (Vec<_>, Vec<_>) =
            services.iter().enumerate().partition(|(number, _)| *number == round % 3);
        let [(_, paused)] = paused[..] else { unreachable!() };
        let (early, late) = (format!("early {round}"), format!("late {round}"));
        ctl(&serving, &["save", "w1", &format!("message={early}")]);
        paused.signal(Signal::STOP);
        for (_, other) in &others {
            shows(other, &early).await;
        }
        ctl(&serving, &["save", "w1", &format!("message={late}")]);
        for (_, other) in &others {
            shows(other, &late).await;
        }
        paused.signal(Signal::CONT);
        shows(paused, &late).await;
        // What the paused one may have written late is refused, so this is what readers have.
        // It is published after it is shown.
        let newest = async {
            loop {
                let shown = server.published(plugin, &w1).await;
                if shown["settings"]["message"] == late {
                    return shown;
                }
                tokio::task::yield_now().await;
            }
        };
        let shown = tokio::time::timeout(DEADLINE, newest).await.expect("it is published");
        assert!(shown["version"].as_u64() > Some(version), "{shown} after version {version}");
        version = shown["version"].as_u64().unwrap();
    }
}

#[tokio::test]
async fn a_service_that_is_killed_is_replaced_and_saves_go_on_with_redis() {
    kill_one_after_another(Kind::Redis).await;
}

#[tokio::test]
async fn a_service_that_is_killed_is_replaced_and_saves_go_on_with_nats() {
    kill_one_after_another(Kind::Nats).await;
}

async fn kill_one_after_another(kind: Kind) {
    let Some(server) = or_skip(Server::start(kind, Keeps::Nothing)) else { return };
    let serving = Serving::start(&["--websites", "3"]);
    let mut services = vec![start(&serving, &server).await, start(&serving, &server).await];
    for round in 0..3 {
        drop(services.remove(0));
        let path = format!("/websites/{}/settings", id("w1"));
        let message = format!("round {round}");
        let body = serde_json::json!({ "message": message }).to_string();
        let save = services[0].request(reqwest::Method::PATCH, &path).body(body);
        let answer: Value = save.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["outcome"], "done", "{answer}");
        services.push(start(&serving, &server).await);
        for service in &services {
            shows(service, &message).await;
        }
    }
}
