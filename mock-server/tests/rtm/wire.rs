//! Sockets for real: the upgrade, frames, ends, and what the control API tells of them.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error;

use crate::client::{Client, PATIENCE, control, host, server};
use crate::emulator::heard;

#[tokio::test]
async fn an_event_reaches_every_socket_that_is_bound() {
    let server = server(&[], Value::Null).await;
    let info = server.info();
    let (mut one, mut two) = (Client::live(info).await, Client::live(info).await);
    control(info, "PUT /websites/w1/settings", json!({"message": "Hi"})).await;
    for client in [&mut one, &mut two] {
        assert_eq!(heard(&client.frame().await), "saved w1");
    }
    let (_, sockets) = control(info, "GET /rtm?live=2&wait=60s", Value::Null).await;
    assert_eq!(sockets["live"], 2);
    assert_eq!(sockets["sockets"][0]["sent"], 1);
    assert_eq!(sockets["sockets"][1]["engine_io"], 4);
}

#[tokio::test]
async fn a_socket_that_is_kicked_ends_and_the_journal_says_why() {
    let server = server(&[], Value::Null).await;
    let info = server.info();
    let mut client = Client::live(info).await;
    let (_, sockets) = control(info, "GET /rtm", Value::Null).await;
    let sid = sockets["sockets"][0]["sid"].as_str().unwrap();
    let (status, answer) = control(info, &format!("DELETE /rtm/{sid}"), Value::Null).await;
    assert_eq!((status, &answer["kicked"]), (200, &json!(1)));
    assert_eq!(client.next().await, None);
    let (_, sockets) = control(info, "GET /rtm?live=0&wait=60s", Value::Null).await;
    assert_eq!(sockets["live"], 0);
    assert!(explanation(&server).await.contains("ended by a control call"));
    let (status, answer) = control(info, &format!("DELETE /rtm/{sid}"), Value::Null).await;
    assert_eq!(status, 404, "{answer}");
}

/// What the journal says of the newest handshake once its socket has closed.
async fn explanation(server: &crisp_mock_server::MockServer) -> String {
    let space = server.spaces().default_space();
    let mut changes = space.changes();
    let closed = async {
        loop {
            let entry = space.lock().journal.last().unwrap().explanation.clone();
            if let Some(text) = entry.filter(|text| text.contains("closed after")) {
                return text;
            }
            changes.changed().await.unwrap();
        }
    };
    timeout(PATIENCE, closed).await.expect("the socket did not close")
}

#[tokio::test]
async fn a_client_that_leaves_and_one_that_is_cut_in_the_middle_of_a_frame_are_noticed() {
    let server = server(&[], Value::Null).await;
    let info = server.info();
    let mut client = Client::live(info).await;
    client.0.close(None).await.unwrap();
    assert!(explanation(&server).await.contains("the client left"));
    // A text frame that announces 100 bytes and brings 3.
    let mut client = Client::live(info).await;
    let stream = client.0.get_mut();
    stream.write_all(&[0x81, 0x80 | 100, 0, 0, 0, 0, b'4', b'2', b'[']).await.unwrap();
    drop(client);
    assert!(explanation(&server).await.contains("without a closing frame"));
}

#[tokio::test]
async fn a_proxy_that_cuts_a_socket_in_the_middle_of_an_event_leaves_no_half_event() {
    let server = server(&[], Value::Null).await;
    let info = server.info();
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = proxy.local_addr().unwrap();
    let upstream = host(info).to_owned();
    // Passes everything on, but of what follows the event's first bytes only these.
    let cut = tokio::spawn(async move {
        let (client, _) = proxy.accept().await.unwrap();
        let server = TcpStream::connect(upstream).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let up = tokio::spawn(async move {
            let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        });
        let mut bytes = vec![0; 64 << 10];
        loop {
            let read = from_server.read(&mut bytes).await.unwrap();
            let beginning = b"42[\"plugin:settings:s";
            let found = bytes[..read].windows(beginning.len()).position(|part| part == beginning);
            let end = found.map_or(read, |at| at + beginning.len());
            to_client.write_all(&bytes[..end]).await.unwrap();
            if found.is_some() {
                up.abort();
                return;
            }
        }
    });
    let stream = TcpStream::connect(address).await.unwrap();
    let mut client = Client::over(stream, &address.to_string(), "/socket.io/").await.unwrap();
    client.frame().await;
    client.send("40").await;
    client.frame().await;
    client.authenticate(info).await;
    assert_eq!(client.frame().await, "42[\"authenticated\",true]");
    control(info, "PUT /websites/w1/settings", json!({"message": "Hi"})).await;
    assert_eq!(client.next().await, None, "half a frame is no frame");
    cut.await.unwrap();
    assert!(explanation(&server).await.contains("after 1 event"), "it was sent, and is lost");
    // Nothing is replayed to the client that comes back.
    let mut again = Client::live(info).await;
    control(info, "PUT /websites/w2/settings", json!({"message": "Hi"})).await;
    assert_eq!(heard(&again.frame().await), "saved w2");
}

#[tokio::test]
async fn faults_of_the_handshake_happen_on_the_wire() {
    let faults = json!([
        {"at": "rtm#1", "status": 503}, {"at": "rtm#2", "reset": true},
        {"at": "rtm_event#1", "reset": true},
    ]);
    let server = server(&[], faults).await;
    let info = server.info();
    let connect = async || {
        let stream = TcpStream::connect(host(info)).await.unwrap();
        Client::over(stream, host(info), "/p/68/").await.err()
    };
    assert!(matches!(connect().await, Some(Error::Http(answer)) if answer.status() == 503));
    assert!(matches!(connect().await, Some(Error::Io(_))));
    let mut client = Client::live(info).await;
    control(info, "PUT /websites/w1/settings", json!({"message": "Hi"})).await;
    assert_eq!(client.next().await, None);
    assert!(explanation(&server).await.contains("in place of an event"));
}

#[tokio::test]
async fn a_handshake_that_is_delayed_loses_no_time_to_authenticate() {
    let server = server(&[("rtm-deadline", "5s")], json!({"at": "rtm#1", "delay": "5500ms"})).await;
    let mut client = Client::live(server.info()).await;
    control(server.info(), "POST /events", json!({"event": "message:send"})).await;
    assert_eq!(heard(&client.frame().await), "message:send w1");
}

#[tokio::test]
async fn a_server_that_stops_closes_its_sockets() {
    let server = server(&[], Value::Null).await;
    let mut client = Client::live(server.info()).await;
    let stopped = tokio::spawn(server.stop());
    assert_eq!(client.next().await, None);
    timeout(PATIENCE, stopped).await.expect("it did not stop").unwrap();
}

#[tokio::test]
async fn a_frame_over_the_bound_and_a_binary_one_end_the_socket() {
    use futures_util::SinkExt as _;
    use tokio_tungstenite::tungstenite::Message;

    let server = server(&[], Value::Null).await;
    let info = server.info();
    let mut client = Client::live(info).await;
    let long = "x".repeat(crisp_mock_server::bounds::RTM_FRAME + 1);
    let _ = client.0.send(Message::text(long)).await;
    assert_eq!(client.next().await, None);
    assert!(explanation(&server).await.contains("64 KiB"));
    let mut client = Client::live(info).await;
    client.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(client.next().await, None);
    assert!(explanation(&server).await.contains("binary"));
}

#[tokio::test]
async fn the_sockets_of_a_space_open_under_its_name() {
    let server = server(&[], Value::Null).await;
    let body = json!({"name": "other", "websites": 1});
    let (_, made) = control(server.info(), "POST /spaces", body).await;
    let other: crisp_mock_server::spaces::Info = serde_json::from_value(made).unwrap();
    let stream = TcpStream::connect(host(&other)).await.unwrap();
    let mut client = Client::over(stream, host(&other), "/p/68/other/").await.unwrap();
    client.frame().await;
    client.send("40").await;
    client.frame().await;
    client.authenticate(&other).await;
    assert_eq!(client.frame().await, "42[\"authenticated\",true]");
    // Under a path that names none, the credentials choose it.
    let mut by_credentials = Client::live(&other).await;
    let mut default = Client::live(server.info()).await;
    control(&other, "PUT /websites/w1/settings", json!({"message": "Hi"})).await;
    assert_eq!(heard(&client.frame().await), "saved w1");
    assert_eq!(heard(&by_credentials.frame().await), "saved w1");
    control(server.info(), "PUT /websites/w2/settings", json!({"message": "Hi"})).await;
    assert_eq!(heard(&default.frame().await), "saved w2", "not the other's w1");
    control(server.info(), "DELETE /spaces/other", Value::Null).await;
    assert_eq!(client.next().await, None);
}

/// The frames of Crisp's Go client, which speaks Engine.IO 3 (docs/wire.md#rtm-frames).
#[tokio::test]
async fn the_frames_of_the_go_client_are_understood() {
    let server = server(&[("rtm-ping-interval", "5m")], Value::Null).await;
    let info = server.info();
    let stream = TcpStream::connect(host(info)).await.unwrap();
    let url = format!("ws://{}/p/68/?EIO=3&transport=websocket", host(info));
    let (frames, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    let mut go = Client(frames);
    assert!(go.frame().await.starts_with("0{"));
    assert_eq!(go.frame().await, "40");
    let payload = json!({
        "username": info.identifier, "password": info.key, "tier": "plugin",
        "events": ["plugin:settings:saved"],
    });
    go.send(&format!("42[\"authentication\",{payload}]")).await;
    // Its handler is called with an argument, or never.
    assert_eq!(go.frame().await, "42[\"authenticated\",true]");
    go.send("2").await;
    assert_eq!(go.frame().await, "3");
    control(info, "POST /websites", json!({"website_id": "w9"})).await;
    go.send("42[\"socket:bind\",\"\"]").await;
    go.send("42[\"socket:bind:push\",{\"events\":[\"message:send\"]}]").await;
    go.send("2").await;
    assert_eq!(go.frame().await, "3", "what was sent before is done");
    control(info, "PUT /websites/w9/settings", json!({"message": "Hi"})).await;
    assert_eq!(heard(&go.frame().await), "saved w9");
    control(info, "POST /events", json!({"event": "message:send", "website_id": "w9"})).await;
    assert_eq!(heard(&go.frame().await), "message:send w9");
    go.send("42[\"socket:bind:pop\",{\"events\":[\"plugin:settings:saved\"]}]").await;
    go.send("42[\"socket:bind\",{\"events\":[\"message:send\"]}]").await;
    go.send("1").await;
    assert_eq!(go.next().await, None);
}

#[tokio::test]
async fn only_the_go_client_is_sent_to_the_port_that_it_dials() {
    use crisp_mock_server::server::{MockServer, ServerOptions};

    // Any free port: port 80 needs a permission that a test may not have.
    let rtm_listen = Some("127.0.0.1:0".parse().unwrap());
    let options = ServerOptions { rtm_listen, ..ServerOptions::default() };
    let server = MockServer::start(options).await.unwrap();
    let info = server.info();
    let ask = async |agent: &str| {
        let request = http::Request::get("/v1/plugin/connect/endpoints")
            .header("authorization", basic(info))
            .header("x-crisp-tier", "plugin")
            .header("user-agent", agent)
            .body(bytes::Bytes::new())
            .unwrap();
        let reply = server.spaces().default_space().handle(&request, None);
        let answer = reply.delivery.outcome.response().unwrap().body().clone();
        serde_json::from_slice::<Value>(&answer).unwrap()["data"]["socket"]["app"].clone()
    };
    assert_eq!(ask("go-crisp-api/3.73.1").await, "ws://127.0.0.1/p/68/");
    assert_eq!(ask("node-crisp-api/11.3.0").await, format!("ws://{}/p/68/", host(info)));
    // What is listened on there is the same server.
    let rtm = *server.addresses().last().unwrap();
    let stream = TcpStream::connect(rtm).await.unwrap();
    let mut client = Client::over(stream, "127.0.0.1", "/p/68/").await.unwrap();
    assert!(client.frame().await.starts_with("0{"));
}

fn basic(info: &crisp_mock_server::spaces::Info) -> String {
    use base64::Engine as _;

    let pair = format!("{}:{}", info.identifier, info.key);
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}
