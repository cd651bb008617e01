//! The role `bare`: what hyper and axum can do when there is nothing to do.

use std::io::BufRead as _;
use std::net::Ipv4Addr;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bytes::Bytes;
use tokio::net::TcpListener;

use crate::Outcome;

/// Answers the route of the list's pages with the same bytes from memory, whatever the credentials. The bytes
/// are the first line of standard input, as a JSON text.
pub fn run(_: &[&str]) -> Outcome<()> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let body = Bytes::from(serde_json::from_str::<String>(&line)?);
    let answer = move || {
        let body = body.clone();
        async move { ([(CONTENT_TYPE, "application/json; charset=utf-8")], body) }
    };
    let router = Router::new().route("/v1/plugin/connect/websites/all/{page}", get(answer));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("\"{}\"", listener.local_addr()?);
        axum::serve(listener, router).await?;
        Ok(())
    })
}
