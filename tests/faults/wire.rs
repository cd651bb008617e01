//! A client of raw bytes, which sees how a connection ends.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::server::MockServer;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::document::Example;

/// How an exchange ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// With as many bytes as were declared.
    Complete,
    /// With a FIN before that.
    Fin,
    /// With an RST before that.
    Reset,
    /// Not at all.
    Hanging,
}

/// What came back, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    pub text: String,
    pub end: End,
    /// Whether time had to pass.
    pub late: bool,
}

/// Whose requests they are.
#[derive(Clone)]
pub struct Keys {
    pub identifier: String,
    pub key: String,
}

impl Keys {
    /// Those of a server's default space.
    pub fn of(server: &MockServer) -> Self {
        let (identifier, key) = (server.info().identifier.clone(), server.info().key.clone());
        Self { identifier, key }
    }
}

/// One request.
#[derive(Clone)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub body: String,
    headers: Vec<(&'static str, String)>,
}

impl Call {
    /// A request with all the headers of a plugin.
    pub fn new(address: SocketAddr, keys: &Keys, method: &str, path: &str, body: &str) -> Self {
        let pair = STANDARD.encode(format!("{}:{}", keys.identifier, keys.key));
        let headers = vec![
            ("host", address.to_string()),
            ("authorization", format!("Basic {pair}")),
            ("x-crisp-tier", "plugin".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("content-length", body.len().to_string()),
        ];
        Self { method: method.to_owned(), path: path.to_owned(), body: body.to_owned(), headers }
    }

    /// What an example asks for.
    pub fn of(server: &MockServer, example: &Example) -> Self {
        let (method, path, body) = &example.request;
        let path = path
            .replace("$WEBSITE", &WebsiteId::numbered(1).to_string())
            .replace("$CRISP_PLUGIN_ID", &server.info().plugin_id);
        let keys = Keys::of(server);
        Self::new(server.addresses()[0], &keys, method, &format!("/v1{path}"), body)
    }

    /// The same, as a service receives it.
    pub fn without_a_socket(&self) -> http::Request<bytes::Bytes> {
        let request = http::Request::builder().method(self.method.as_str()).uri(&self.path);
        let request = self
            .headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, value));
        request.body(self.body.clone().into()).unwrap()
    }
}

/// Sends a request on a connection of its own.
pub async fn send_call(address: SocketAddr, call: &Call) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    send_on(&mut stream, call).await;
    stream
}

/// Sends a request on a connection that is there.
pub async fn send_on(stream: &mut TcpStream, call: &Call) {
    let mut text = format!("{} {} HTTP/1.1\r\n", call.method, call.path);
    for (name, value) in &call.headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += &format!("\r\n{}", call.body);
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// Sends a request of these parts on a connection of its own.
pub async fn send_as(
    address: SocketAddr,
    keys: &Keys,
    method: &str,
    path: &str,
    body: &str,
) -> TcpStream {
    send_call(address, &Call::new(address, keys, method, path, body)).await
}

async fn send(server: &MockServer, method: &str, path: &str, body: &str) -> TcpStream {
    send_as(server.addresses()[0], &Keys::of(server), method, path, body).await
}

/// Takes what has come until now, and says how that ended.
pub fn so_far(stream: &TcpStream, bytes: &mut Vec<u8>) -> End {
    let mut some = vec![0; 16_384];
    loop {
        match stream.try_read(&mut some) {
            Ok(0) => return End::Fin,
            Ok(read) => bytes.extend(&some[..read]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return End::Hanging,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return End::Reset,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Reads until the answer is complete or the connection ends.
pub async fn receive(mut stream: TcpStream, bytes: Vec<u8>, late: bool) -> Seen {
    rest_on(&mut stream, bytes, late).await
}

/// The same on a connection that is used further.
pub async fn answer_on(stream: &mut TcpStream) -> Seen {
    rest_on(stream, Vec::new(), false).await
}

async fn rest_on(stream: &mut TcpStream, mut bytes: Vec<u8>, late: bool) -> Seen {
    let end = loop {
        if is_complete(&bytes) {
            break End::Complete;
        }
        match stream.read_buf(&mut bytes).await {
            Ok(0) => break End::Fin,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break End::Reset,
            Err(error) => panic!("{error}"),
        }
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Seen { text, end, late }
}

fn is_complete(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    bytes.len() >= head + 4 + length.unwrap().parse::<usize>().unwrap()
}

async fn send_example(server: &MockServer, example: &Example) -> TcpStream {
    send_call(server.addresses()[0], &Call::of(server, example)).await
}

/// Asks as an example does; no time passes.
pub async fn ask(server: &MockServer, example: &Example) -> Seen {
    receive(send_example(server, example).await, Vec::new(), false).await
}

/// Asks as an example does, shows that nothing comes by itself, and lets a minute pass.
pub async fn ask_and_wait(server: &MockServer, example: &Example) -> Seen {
    let stream = send_example(server, example).await;
    let cell = server.spaces().default_space();
    let mut changes = cell.changes();
    while cell.lock().journal.next_seq() == 1 {
        changes.changed().await.unwrap();
    }
    let mut early = Vec::new();
    so_far(&stream, &mut early);
    let only_a_head = example.key == "drip" && early.ends_with(b"\r\n\r\n");
    assert!(early.is_empty() || only_a_head, "{}", String::from_utf8_lossy(&early));
    cell.lock().clock.advance(Duration::from_secs(60));
    cell.notify();
    if example.key == "hang" {
        return Seen { text: String::new(), end: End::Hanging, late: true };
    }
    receive(stream, early, true).await
}

/// A call of the control API.
pub async fn control(server: &MockServer, method: &str, path: &str, body: &str) -> Value {
    let stream = send(server, method, &format!("/_mock{path}"), body).await;
    let seen = receive(stream, Vec::new(), false).await;
    let (_, body) = seen.text.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Arms a fault; gives back what the control API said.
pub async fn arm(server: &MockServer, fault: &Value) -> Value {
    control(server, "POST", "/faults", &fault.to_string()).await
}
