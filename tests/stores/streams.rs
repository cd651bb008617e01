//! What holds of the two streams in NATS alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::replicas::{published, replica, until_published};
use crate::server::{Keeps, Kind, Part, Server};
use crate::stage::{Stage, serve, w, within, world};
use crate::want::or_skip;

async fn ask(server: &Server, what: &str, body: Value) -> Value {
    let client = async_nats::connect(server.url()).await.unwrap();
    let answer = client.request(format!("$JS.API.STREAM.{what}"), body.to_string().into()).await;
    serde_json::from_slice(&answer.unwrap().payload).unwrap()
}

/// How far the numbers that replicas gave to the messages of this stream are from those of the stream.
async fn distances(server: &Server, stream: &str) -> Vec<u64> {
    let state = ask(server, &format!("INFO.{stream}"), json!({})).await;
    let end = state["state"]["last_seq"].as_u64().unwrap();
    let mut distances = Vec::new();
    for at in 1..=end {
        let message = ask(server, &format!("MSG.GET.{stream}"), json!({ "seq": at })).await;
        let headers = STANDARD.decode(message["message"]["hdrs"].as_str().unwrap()).unwrap();
        let headers = String::from_utf8(headers).unwrap();
        let number = headers.lines().find_map(|line| line.strip_prefix("Crisp-Number: ")).unwrap();
        distances.push(number.parse::<u64>().unwrap() - at);
    }
    distances
}

fn name(stage: &Stage) -> String {
    stage.server.info().identifier.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tombstone_is_removed_by_the_server_after_a_week() {
    let Some(server) = or_skip(Server::start(Kind::Nats, Keeps::Nothing)) else { return };
    let stage = serve(world(3)).await;
    let cache = replica(&stage, &server);
    within("readiness", cache.ready()).await.unwrap();
    stage.operator_saves(2, 1);
    until_published(&stage, &server, 2, 1).await;
    stage.uninstalls(2);
    let gone = async { while published(&stage, &server, 2).await["removed"] != json!(true) {} };
    within("the tombstone", gone).await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let bucket = format!("crisp-{}", name(&stage));
    let asked = format!("$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.website.{}", w(2));
    let tombstone = client.request(asked, "".into()).await.unwrap();
    let headers = tombstone.headers.unwrap();
    assert_eq!(headers.get("Nats-TTL").map(|ttl| ttl.as_str()), Some("604800s"));
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_begin_at_once_begin_one_log() {
    let Some(server) = or_skip(Server::start(Kind::Nats, Keeps::Nothing)) else { return };
    let stage = serve(world(3)).await;
    let name = name(&stage);
    for _ in 0..5 {
        let replicas = [(); 5].map(|()| replica(&stage, &server));
        for replica in &replicas {
            within("readiness", replica.ready()).await.unwrap();
            replica.stop().await;
        }
        let log = format!("crisp-{name}-log");
        let mut distances = distances(&server, &log).await;
        distances.dedup();
        assert_eq!(distances.len(), 1, "an entry was appended to another end than that of the log");
        drop(replicas);
        server.remove(&name, Part::Log).await;
    }
}
