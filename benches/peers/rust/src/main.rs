//! Serves one page as a mock server for Rust tests does: `peers wiremock 40123 page.json`.
//!
//! Each listens on a port of its own choice when it cannot be told one; what it listens on is
//! printed, as a line with the port.

use std::net::TcpListener;

const PATH: &str = "/v1/plugin/connect/websites/all/1";
const TYPE: &str = "application/json; charset=utf-8";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, peer, page] = arguments.as_slice() else {
        return Err("usage: peers httpmock|mockito|wiremock PAGE".into());
    };
    let page = std::fs::read_to_string(page)?;
    match peer.as_str() {
        "wiremock" => wiremock(page).await,
        "mockito" => mockito(page).await,
        "httpmock" => httpmock(page).await,
        other => Err(format!("there is no peer {other}").into()),
    }
}

async fn wiremock(page: String) -> Result<(), Box<dyn std::error::Error>> {
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let server = MockServer::builder()
        .listener(TcpListener::bind("127.0.0.1:0")?)
        .start()
        .await;
    Mock::given(method("GET"))
        .and(path(PATH))
        .respond_with(ResponseTemplate::new(200).set_body_raw(page, TYPE))
        .mount(&server)
        .await;
    println!("{}", server.address().port());
    std::future::pending::<()>().await;
    Ok(())
}

async fn mockito(page: String) -> Result<(), Box<dyn std::error::Error>> {
    let mut server = mockito::Server::new_async().await;
    let _mock = server
        .mock("GET", PATH)
        .with_header("content-type", TYPE)
        .with_body(page)
        .create_async()
        .await;
    println!("{}", server.socket_address().port());
    std::future::pending::<()>().await;
    Ok(())
}

async fn httpmock(page: String) -> Result<(), Box<dyn std::error::Error>> {
    let server = httpmock::MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method("GET").path(PATH);
            then.status(200).header("content-type", TYPE).body(page);
        })
        .await;
    println!("{}", server.port());
    std::future::pending::<()>().await;
    Ok(())
}
