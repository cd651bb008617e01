//! An address that leads to one space.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

use std::net::SocketAddr;
use std::time::Duration;

use crisp_mock_server::options::{Blueprint, WorldOptions};
use crisp_mock_server::server::{MockServer, ServerOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn status(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // `a:b`
    let request = "GET /v1/plugin/connect/account HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                   Authorization: Basic YTpi\r\nX-Crisp-Tier: plugin\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn it_leads_to_its_space_whatever_the_credentials_are_and_ends_when_it_is_dropped() {
    let server = MockServer::start(ServerOptions::default()).await.unwrap();
    let options = WorldOptions { accept_any_credentials: Some(true), ..WorldOptions::default() };
    let blueprint = Blueprint::new(options).unwrap();
    let space = server.spaces().make(None, blueprint, Duration::from_secs(600)).unwrap();
    let listener = server.listen_for(space).await.unwrap();
    assert_eq!(status(listener.address()).await, "200");
    assert_eq!(status(server.addresses()[0]).await, "401", "the default space takes its own alone");
    let address = listener.address();
    drop(listener);
    let closed = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), closed).await.unwrap();
    assert_eq!(status(server.addresses()[0]).await, "401", "the server goes on");
}
