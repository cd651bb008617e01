//! Three NATS servers as one cluster that keeps three copies of each stream.

use std::time::Duration;

use crisp_mock_server::operation::Operation;
use crisp_sync::{Cache, Store};
use serde_json::{Value, json};

use crate::ports::free_port;
use crate::server::{Keeps, Kind, Server};
use crate::stage::{Stage, serve, w, within, world};
use crate::want::{Missing, or_skip};

/// The servers, of which one may be killed.
struct Cluster([Server; 3]);

impl Cluster {
    fn start() -> Result<Self, Missing> {
        let routes = [(); 3].map(|()| free_port());
        let all = routes.map(|port| format!("nats://127.0.0.1:{port}")).join(",");
        let start = |number: usize| {
            let own = format!("nats://127.0.0.1:{}", routes[number]);
            let name = format!("n{number}");
            let more =
                ["--name", &name, "--cluster_name", "three", "--cluster", &own, "--routes", &all];
            Server::start_with(Kind::Nats, Keeps::Everything, |_| more.map(Into::into).to_vec())
        };
        Ok(Self([start(0)?, start(1)?, start(2)?]))
    }

    /// What replicas are told.
    fn url(&self) -> String {
        let hosts = self.0.each_ref().map(|server| format!("127.0.0.1:{}", server.port()));
        format!("nats://{}?replicas=3", hosts.join(","))
    }

    /// What JetStream answers through the first server that has an answer.
    async fn ask(&self, what: &str) -> Value {
        let asked = async {
            loop {
                for server in &self.0 {
                    let Ok(client) = async_nats::connect(server.url()).await else { continue };
                    let answer = client.request(format!("$JS.API.{what}"), "".into()).await;
                    let payload = answer.map(|answer| answer.payload).unwrap_or_default();
                    let answer = serde_json::from_slice::<Value>(&payload).unwrap_or_default();
                    if answer.is_object() && answer["error"].is_null() {
                        return answer;
                    }
                }
            }
        };
        within("an answer of the cluster", asked).await
    }

    /// The server that leads this stream.
    async fn leader(&self, stream: &str) -> usize {
        let found = async {
            loop {
                let state = self.ask(&format!("STREAM.INFO.{stream}")).await;
                let leader =
                    state["cluster"]["leader"].as_str().and_then(|name| name.strip_prefix('n'));
                if let Some(number) = leader.and_then(|number| number.parse().ok()) {
                    return number;
                }
            }
        };
        within("the leader", found).await
    }
}

fn replica(stage: &Stage, cluster: &Cluster) -> Cache<Value> {
    // Three servers that share a busy machine answer late, and a replica that goes alone publishes nothing.
    let store = Store::new(&cluster.url()).unwrap().patience(Duration::from_secs(5));
    let mut config = stage.config();
    config.overlap = Duration::from_secs(2);
    Cache::builder(config).store(store).start().unwrap()
}

/// Waits until readers find this in `w{number}`.
async fn until_published(stage: &Stage, cluster: &Cluster, number: u32, v: u64) {
    let bucket = format!("crisp-{}", stage.server.info().identifier);
    let asked = format!("DIRECT.GET.KV_{bucket}.$KV.{bucket}.website.{}", w(number));
    let seen = async {
        while cluster.ask(&asked).await["settings"]["v"] != json!(v) {
            tokio::task::yield_now().await;
        }
    };
    within("what is published", seen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_leads_is_killed_in_the_middle_of_writes_and_nothing_is_lost() {
    let Some(mut cluster) = or_skip(Cluster::start()) else { return };
    // JetStream has a leader of its own, before which no stream is made.
    cluster.ask("INFO").await;
    let stage = serve(world(5)).await;
    let replicas = [(); 3].map(|()| replica(&stage, &cluster));
    for replica in &replicas {
        within("readiness", replica.ready()).await.unwrap();
    }
    stage.operator_saves(1, 1);
    until_published(&stage, &cluster, 1, 1).await;
    let name = stage.server.info().identifier.clone();
    let log = format!("crisp-{name}-log");
    for stream in [&log, &format!("KV_crisp-{name}")] {
        let state = cluster.ask(&format!("STREAM.INFO.{stream}")).await;
        assert_eq!(state["config"]["num_replicas"], 3, "{state}");
    }
    for round in 1..=2 {
        for v in 1..=10 {
            stage.operator_saves(1, round * 100 + v);
            stage.operator_saves(2, round * 100 + v);
            stage.until_asked(Operation::Since, stage.asked(Operation::Since) + 1).await;
        }
        let leader = cluster.leader(&log).await;
        cluster.0[leader].kill();
        stage.operator_saves(3, round * 100);
        for replica in &replicas {
            stage.until_equal(replica).await;
        }
        // Two servers of three go on.
        until_published(&stage, &cluster, 1, round * 100 + 10).await;
        until_published(&stage, &cluster, 2, round * 100 + 10).await;
        until_published(&stage, &cluster, 3, round * 100).await;
        cluster.0[leader].again();
    }
}
