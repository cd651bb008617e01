//! Many emulators at once, and many worlds in one: none knows of the others, and nothing stays.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

#[path = "support/http.rs"]
mod http;

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine as _;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::MockServer;
use crisp_mock_server::spaces::Info;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use http::{control, send};

const MANY: usize = 100;

async fn list(info: &Info) -> (u16, Value) {
    let pair = format!("{}:{}", info.identifier, info.key);
    let pair = base64::engine::general_purpose::STANDARD.encode(pair);
    let headers = format!("Authorization: Basic {pair}\r\nX-Crisp-Tier: plugin\r\n");
    send(&info.url, "GET /v1/plugin/connect/websites/all/1", &headers, "").await
}

/// Lives in one world and checks that it is alone there: `number` marks everything it does.
async fn live(info: &Info, number: usize) {
    let mine = json!({"message": format!("world {number}")});
    control(info, "PUT /websites/w1/settings", mine.clone()).await;
    control(info, "POST /faults", json!({"at": "list#2", "status": 503})).await;
    control(info, "PUT /quota", json!({"limit": number + 2})).await;
    let (status, page) = list(info).await;
    assert_eq!(status, 206, "{page}");
    let messages = page["data"].as_array().unwrap().iter();
    let mut worlds = messages.filter(|website| {
        let message = website["settings"]["message"].as_str().unwrap_or_default();
        message.starts_with("world ")
    });
    assert_eq!(worlds.next().unwrap()["settings"], mine);
    assert!(worlds.next().is_none(), "another program writes here: {page}");
    assert_eq!(list(info).await.0, 503, "the fault is this world's own");
    let (_, requests) = control(info, "GET /requests", Value::Null).await;
    let sequence: Vec<_> = requests["requests"].as_array().unwrap().iter().collect();
    assert_eq!(sequence.len(), 2, "{requests}");
    assert_eq!((&sequence[0]["seq"], &sequence[1]["seq"]), (&json!(1), &json!(2)));
    let (_, quota) = control(info, "GET /quota", Value::Null).await;
    assert_eq!((&quota["limit"], &quota["used"]), (&json!(number + 2), &json!(1)));
}

/// How many files and sockets this process has open.
#[cfg(target_os = "linux")]
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[cfg(not(target_os = "linux"))]
fn open_files() -> usize {
    0
}

#[test]
fn a_hundred_emulators_and_a_hundred_spaces_keep_to_themselves_and_leave_nothing() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    // The first one opens what signals come through, once for the life of the process.
    drop(runtime());
    // One test, so that what is open belongs to it alone.
    let before = open_files();
    let runtime = runtime();
    runtime.block_on(emulators());
    runtime.block_on(spaces());
    drop(runtime);
    assert_eq!(open_files(), before, "files stayed open");
}

async fn emulators() {
    let mut starting = JoinSet::new();
    for _ in 0..MANY {
        let options = WorldOptions { websites: Some(3), ..WorldOptions::default() };
        starting.spawn(MockServer::start(options.into()));
    }
    let servers: Vec<_> = starting.join_all().await.into_iter().map(Result::unwrap).collect();
    let urls: HashSet<_> = servers.iter().map(|server| server.info().url.clone()).collect();
    assert_eq!(urls.len(), MANY, "each has a port of its own");
    let mut living = JoinSet::new();
    for (number, server) in servers.iter().enumerate() {
        let info = server.info().clone();
        living.spawn(async move { live(&info, number).await });
    }
    living.join_all().await;
    let mut stopping = JoinSet::new();
    for server in servers {
        stopping.spawn(server.stop());
    }
    stopping.join_all().await;
    for url in urls {
        let host = url.strip_prefix("http://").unwrap();
        assert!(TcpStream::connect(host).await.is_err(), "{url} still answers");
    }
}

async fn spaces() {
    let options = WorldOptions { websites: Some(3), ..WorldOptions::default() };
    let server = Arc::new(MockServer::start(options.into()).await.unwrap());
    let mut living = JoinSet::new();
    for number in 0..MANY {
        let server = Arc::clone(&server);
        living.spawn(async move {
            let (status, info) = control(server.info(), "POST /spaces", json!({})).await;
            assert_eq!(status, 201, "{info}");
            let info: Info = serde_json::from_value(info).unwrap();
            live(&info, number).await;
            assert_eq!(control(&info, "DELETE ", Value::Null).await.0, 200);
            assert_eq!(list(&info).await.0, 401, "its credentials are gone with it");
        });
    }
    living.join_all().await;
    assert_eq!(server.spaces().names(), ["default"]);
    let (_, requests) = control(server.info(), "GET /requests?status=206", Value::Null).await;
    assert_eq!(requests["count"], 0, "no request came to the default space");
    Arc::try_unwrap(server).ok().unwrap().stop().await;
}
