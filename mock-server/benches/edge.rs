//! What the edge adds to bare hyper: requests a second over 16 connections, each server in turn,
//! in one process on one runtime. `cargo bench -p crisp-mock-server --bench edge`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, prints, and stops at the first surprise"
)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use crisp_mock_server::fault::{ArmedFaults, Circumstances, FaultPlan};
use crisp_mock_server::operation::Operation;
use crisp_mock_server::socket::{Edge, Limits, Reply};
use http::Response;
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_millis(1_000);
const ROUNDS: usize = 7;
/// About a page of 20 websites.
const BODY: &[u8] = &[b'x'; 4_500];
const REQUEST: &[u8] = b"GET /v1/plugin/connect/websites/all/1 HTTP/1.1\r\nhost: 127.0.0.1\r\n\
    authorization: Basic aWRlbnRpZmllcjprZXk=\r\nx-crisp-tier: plugin\r\naccept: */*\r\n\r\n";

fn page() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(BODY));
    let json = http::HeaderValue::from_static("application/json; charset=utf-8");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, json);
    response
}

async fn bare() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            tokio::spawn(async move {
                let service = hyper::service::service_fn(|_| async {
                    Ok::<_, Infallible>(page().map(Full::new))
                });
                let mut builder = hyper::server::conn::http1::Builder::new();
                builder.header_read_timeout(None);
                let _ = builder
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    address
}

async fn edge() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let edge = Edge::new(|_| async { Reply::from(page()) }, Limits::default());
    tokio::spawn(async move { edge.serve(listener, std::future::pending()).await });
    address
}

/// Asks once, to learn how long an answer is.
async fn first_answer(stream: &mut TcpStream) -> Vec<u8> {
    stream.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    answer.resize(answer.len() + BODY.len(), 0);
    let head = answer.len() - BODY.len();
    stream.read_exact(&mut answer[head..]).await.unwrap();
    answer
}

/// Requests a second.
async fn measure(address: SocketAddr) -> f64 {
    let until = Instant::now() + ROUND;
    let clients = (0..CONNECTIONS).map(|_| {
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut answer = first_answer(&mut stream).await;
            let mut requests = 0_u32;
            while Instant::now() < until {
                stream.write_all(REQUEST).await.unwrap();
                stream.read_exact(&mut answer).await.unwrap();
                requests += 1;
            }
            f64::from(requests)
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut sum = 0.0;
    for client in clients {
        sum += client.await.unwrap();
    }
    sum / ROUND.as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Nanoseconds for a decision about a request that ten rules look at and none meets.
fn decisions() -> f64 {
    let rules: Vec<_> = (0..10)
        .map(|i| serde_json::json!({ "at": format!("list#{}", 1_000_000_000 + i), "reset": true }))
        .collect();
    let plan = FaultPlan::parse(&rules.into()).unwrap();
    let mut armed = ArmedFaults::new(&plan, "default");
    let request = Circumstances {
        operation: Operation::List,
        page: Some(1),
        website: None,
        method: &http::Method::GET,
        elapsed: Duration::from_secs(1),
    };
    const COUNT: u32 = 1_000_000;
    let start = Instant::now();
    for _ in 0..COUNT {
        std::hint::black_box(armed.decide(std::hint::black_box(&request)));
    }
    start.elapsed().as_nanos() as f64 / f64::from(COUNT)
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let (bare, edge) = (bare().await, edge().await);
    let (mut of_bare, mut of_edge, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (b, e) = (measure(bare).await, measure(edge).await);
        of_bare.push(b);
        of_edge.push(e);
        ratios.push(e / b);
    }
    println!(
        "bare hyper: {:.0} requests/s (median of {ROUNDS})",
        median(of_bare)
    );
    println!("edge:       {:.0} requests/s", median(of_edge));
    println!("ratio:      {:.3} (median of pairs)", median(ratios));
    println!("decision, ten rules, none meets: {:.0} ns", decisions());
}
