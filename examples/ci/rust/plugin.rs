//! A plugin's tests in Rust: one emulator in the test's own process, or a space of one for each
//! test. Dropping the server stops it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has nothing better to do")]

use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::MockServer;
use crisp_mock_server::spaces::Info;
use crisp_sync::{Cache, Config, Credentials};
use serde_json::{Value, json};

/// What is tested here: how the plugin keeps its settings.
fn plugin(world: &Info) -> Cache<Value> {
    let mut config = Config::new(Credentials::new(&world.identifier, &world.key));
    config.base = crisp_sync::BaseUrl::new(&world.rest_url).unwrap();
    config.retry.base = std::time::Duration::from_millis(10);
    Cache::start(config).unwrap()
}

/// A world of three websites, with what is to go wrong in it.
async fn world(faults: Value) -> MockServer {
    let options =
        WorldOptions { websites: Some(3), faults: Some(faults), ..WorldOptions::default() };
    MockServer::start(options.into()).await.unwrap()
}

#[tokio::test]
async fn every_website_is_known_once_the_plugin_is_ready() {
    let server = world(json!([])).await;
    let cache = plugin(server.info());
    cache.ready().await.unwrap();
    assert_eq!(cache.view().len(), 3);
}

#[tokio::test]
async fn an_outage_of_one_request_is_survived() {
    let server = world(json!([{ "at": "list#1", "status": 503 }])).await;
    let cache = plugin(server.info());
    cache.ready().await.unwrap();
    assert_eq!(cache.view().len(), 3);
    // The fault did meet us: without this the test would prove nothing.
    let space = server.spaces().default_space().lock();
    assert!(!space.faults.list()[0].never_fired);
}
