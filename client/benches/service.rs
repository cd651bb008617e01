//! `crisp-sync serve` with 100,000 websites: reads beside a bare hyper handler, the start from a file,
//! memory.
//!
//! ```text
//! cargo bench -p crisp-sync --features service --bench service
//! ```

#![expect(clippy::print_stdout, reason = "a benchmark shows its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark may fail as a test does")]

mod measure;

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use bytes::Bytes;
use crisp_sync::machine::WarmStart;
use crisp_sync::service::{Access, Bound, DatedShelf, Listen, Service};
use crisp_sync::{
    BaseUrl, Cache, Config, Credentials, FileShelf, Settings, Shelf, Website, WebsiteId,
};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use measure::{Rounds, cpu};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::time::Instant;

const WEBSITES: u128 = 100_000;
const ROUNDS: u32 = 41;
const READS: u32 = 2_000;
const STARTS: u32 = 5;
/// Nothing listens there: what is served is the file.
const NOWHERE: &str = "http://127.0.0.1:9/v1/";

/// Identifiers as random as those of the API, the same on each run.
fn id(number: u128) -> WebsiteId {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    WebsiteId::from_number(mixed ^ (mixed >> 61))
}

fn website(number: u128) -> Website {
    let settings = format!(r#"{{"message":"{}","n":{number}}}"#, "x".repeat(280));
    Website {
        id: id(number),
        token: Some("c99e0df2-db6f-4b0c-9505-83fcbb2da627".into()),
        settings: Settings::from_json(&settings).unwrap(),
        price: Some(0),
        plan: None,
    }
}

fn config() -> Config {
    let mut config = Config::new(Credentials::new("identifier", "key"));
    config.base = BaseUrl::new(NOWHERE).unwrap();
    config
}

fn store(path: &Path, websites: u128) {
    let websites = (0..websites).map(website).collect();
    let cursor = "2026-01-01T00:00:00Z".parse().unwrap();
    let start = WarmStart { websites, cursor, verified: true, learnt: Vec::new() };
    FileShelf::new(path).store(&start).unwrap();
}

/// A service from a file, once it has a set.
async fn service(path: &Path, listen: &Listen) -> Service {
    let shelf = DatedShelf::new(path);
    let cache = Cache::builder(config()).shelf(shelf.clone()).start().unwrap();
    let service = Service::with_shelf(cache, Access::of(listen, None).unwrap(), Some(shelf));
    loop {
        let request = Request::get("/readyz").body(Full::<Bytes>::default()).unwrap();
        if service.answer(request).await.status() == 200 {
            return service;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A thread with a runtime of its own, on which two servers answer: a bare handler with these bytes,
/// and the service. Gives their addresses and the runtime.
fn serve(path: &Path, tell: &Sender<(SocketAddr, SocketAddr, Handle)>) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    runtime.block_on(async {
        let listen: Listen = "127.0.0.1:0".parse().unwrap();
        let service = service(path, &listen).await;
        let request = Request::get(format!("/websites/{}", id(7))).header("host", "localhost");
        let answer = service.answer(request.body(Full::<Bytes>::default()).unwrap()).await;
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let bare = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bound = Bound::new(&listen).await.unwrap();
        let Listen::Tcp(place) = *bound.place() else { unreachable!("it is an address") };
        tell.send((bare.local_addr().unwrap(), place, handle)).unwrap();
        tokio::join!(bare_handler(bare, bytes), bound.serve(service, std::future::pending()));
    });
}

async fn bare_handler(listener: TcpListener, bytes: Bytes) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let bytes = bytes.clone();
        let answer = service_fn(move |_| {
            let body = Full::new(bytes.clone());
            async move { Ok::<_, Infallible>(Response::new(body)) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

/// The CPU time that the servers' thread has spent.
fn spent(servers: &Handle) -> Duration {
    let (send, received) = channel();
    servers.spawn(async move { send.send(cpu()) });
    received.recv().unwrap()
}

/// Reads one website after another over one connection.
fn read(address: SocketAddr, rounds: &mut Rounds, servers: &Handle) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let before = spent(servers);
    let mut chunk = [0; 4096];
    for number in 0..READS {
        let id = id(u128::from(number) * 37 % 10);
        write!(stream, "GET /websites/{id} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        let mut text = Vec::new();
        while !text.ends_with(b"}") {
            let count = stream.read(&mut chunk).unwrap();
            text.extend_from_slice(&chunk[..count]);
        }
        assert!(text.starts_with(b"HTTP/1.1 200 OK"));
    }
    rounds.add(spent(servers) - before, READS);
}

fn reads(path: &Path) {
    let (tell, told) = channel();
    let path = path.to_owned();
    // It ends with the process.
    std::thread::spawn(move || serve(&path, &tell));
    let (bare, service, servers) = told.recv().unwrap();
    let (mut alone, mut served) = <(Rounds, Rounds)>::default();
    for _ in 0..ROUNDS {
        read(bare, &mut alone, &servers);
        read(service, &mut served, &servers);
    }
    println!(
        "one website of 100,000 over HTTP, CPU time of the server, medians of {ROUNDS} rounds of {READS} reads in turn"
    );
    for (name, rounds) in [("a bare hyper handler", &alone), ("the service", &served)] {
        let (median, calm) = (rounds.median() * 1e6, rounds.calmest() * 1e6);
        let ratio = 1.0 / rounds.to(&alone);
        println!(
            "  {name:<22} {median:>6.2} µs, the calmest tenth {calm:>6.2} µs   {ratio:.2} of its speed"
        );
    }
}

fn starts(path: &Path) {
    let mut took = Rounds::default();
    for _ in 0..STARTS {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let start = Instant::now();
        let ready = runtime.block_on(service(path, &"127.0.0.1:0".parse().unwrap()));
        took.add(start.elapsed(), 1);
        drop(ready);
        runtime.shutdown_background();
    }
    println!(
        "start from a file of 100,000 websites, to the first answer: {:.0} ms",
        took.median() * 1e3
    );
}

/// What the process takes in memory, in KiB, once it serves.
#[cfg(target_os = "linux")]
fn memory(path: &Path) -> f64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crisp-sync"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "error", "--rest-url", NOWHERE])
        .args(["--identifier", "i", "--key", "k", "--state"])
        .arg(path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().trim_start_matches("http://").to_owned();
    loop {
        let mut stream = TcpStream::connect(&address).unwrap();
        let request =
            format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        if answer.starts_with("HTTP/1.1 200") {
            break;
        }
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let resident = resident.trim().trim_end_matches(" kB").parse().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    resident
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let (full, empty) = (folder.path().join("full.json"), folder.path().join("empty.json"));
    store(&full, WEBSITES);
    store(&empty, 0);
    starts(&full);
    #[cfg(target_os = "linux")]
    {
        let (base, with) = (memory(&empty), memory(&full));
        let each = (with - base) * 1024.0 / 100_000.0;
        println!(
            "memory: {:.1} MB without websites, {each:.0} bytes for each of 100,000",
            base / 1000.0
        );
    }
    reads(&full);
}
