//! A server behind a socket, control calls, and clients that speak frames.

use std::time::Duration;

use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::quirks::Settings;
use crisp_mock_server::server::MockServer;
use crisp_mock_server::spaces::Info;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

pub use crate::http::control;

/// No test waits longer for anything.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server with three websites.
pub async fn server(quirks: &[(&str, &str)], faults: Value) -> MockServer {
    let owned = quirks.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let world = WorldOptions {
        websites: Some(3),
        quirks: Some(Settings(owned.collect())),
        faults: (!faults.is_null()).then_some(faults),
        ..WorldOptions::default()
    };
    MockServer::start(world.into()).await.unwrap()
}

/// The address of a server.
pub fn host(info: &Info) -> &str {
    info.url.strip_prefix("http://").unwrap()
}

/// A client of Engine.IO 4.
pub struct Client(pub WebSocketStream<TcpStream>);

impl Client {
    /// Connects and enters the namespace.
    pub async fn connect(info: &Info) -> Self {
        let stream = TcpStream::connect(host(info)).await.unwrap();
        let mut client = Self::over(stream, host(info), "/p/68/").await.unwrap();
        assert!(client.frame().await.starts_with("0{"));
        client.send("40").await;
        assert!(client.frame().await.starts_with("40{"));
        client
    }

    /// The handshake over a stream.
    pub async fn over(stream: TcpStream, host: &str, path: &str) -> Result<Self, Error> {
        let url = format!("ws://{host}{path}?EIO=4&transport=websocket");
        // The library's own buffers would be most of what a thousand sockets take.
        let config = WebSocketConfig::default().read_buffer_size(1 << 10);
        Ok(Self(client_async_with_config(url, stream, Some(config)).await?.0))
    }

    /// Connects and is authenticated as the plugin.
    pub async fn live(info: &Info) -> Self {
        let mut client = Self::connect(info).await;
        client.authenticate(info).await;
        assert_eq!(client.frame().await, "42[\"authenticated\",true]");
        client
    }

    pub async fn authenticate(&mut self, info: &Info) {
        let payload = json!({
            "username": info.identifier, "password": info.key, "tier": "plugin",
            "events": crate::emulator::EVENTS,
        });
        self.send(&format!("42{}", json!(["authentication", payload]))).await;
    }

    pub async fn send(&mut self, frame: &str) {
        self.0.send(Message::text(frame)).await.unwrap();
    }

    /// The next frame; none when the connection has ended.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("nothing came") {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub async fn frame(&mut self) -> String {
        self.next().await.expect("the connection has ended")
    }
}
