//! How long `crisp-sync` takes to load every website, beside a loop that only fetches the pages.
//!
//! `cargo bench -p crisp-mock --bench full_load [-- WEBSITES]`. Both ask the same server, a process
//! of its own on this machine, over loopback and one connection; the figure is the ratio.

#![expect(clippy::print_stdout, reason = "a benchmark shows its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing better to do")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crisp_sync::{BaseUrl, Cache, Config, Credentials, Quota};
use serde_json::Value;

const ROUNDS: usize = 5;

/// The emulator as a process, stopped when it is dropped.
struct Server(Child, Value);

impl Server {
    fn start(websites: &str) -> Self {
        let options = ["serve", "--listen", "127.0.0.1:0", "--print", "json", "--quiet"];
        let mut child = Command::new(env!("CARGO_BIN_EXE_crisp-mock"))
            .args(options)
            .args(["--page-size", "100", "--websites", websites])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self(child, serde_json::from_str(&line).unwrap())
    }

    fn fact(&self, name: &str) -> &str {
        self.1[name].as_str().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::main]
async fn main() {
    let asked = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let websites = asked.unwrap_or_else(|| "100000".to_owned());
    rustls::crypto::ring::default_provider().install_default().ok();
    let server = Server::start(&websites);
    let (mut pages, mut loads) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        pages.push(fetch_pages(&server).await);
        loads.push(load(&server).await);
    }
    let (pages, loads) = (median(pages), median(loads));
    println!("{websites} websites, pages of 100, medians of {ROUNDS}");
    println!("bare page loop   {:>8.0} ms", pages.as_secs_f64() * 1e3);
    println!("crisp-sync ready {:>8.0} ms", loads.as_secs_f64() * 1e3);
    println!("ratio            {:>8.2}", loads.as_secs_f64() / pages.as_secs_f64());
}

#[expect(clippy::disallowed_methods, reason = "it measures real time")]
async fn fetch_pages(server: &Server) -> Duration {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let start = Instant::now();
    for page in 1.. {
        let url = format!("{}plugin/connect/websites/all/{page}", server.fact("rest_url"));
        let request = client
            .get(url)
            .basic_auth(server.fact("identifier"), Some(server.fact("key")))
            .header("x-crisp-tier", "plugin");
        let body = request.send().await.unwrap().bytes().await.unwrap();
        if body.ends_with(b"\"data\":[]}") {
            break;
        }
    }
    start.elapsed()
}

#[expect(clippy::disallowed_methods, reason = "it measures real time")]
async fn load(server: &Server) -> Duration {
    let mut config = Config::new(Credentials::new(server.fact("identifier"), server.fact("key")));
    config.base = BaseUrl::new(server.fact("rest_url")).unwrap();
    config.quota = Quota::Unlimited;
    let start = Instant::now();
    let cache = Cache::<Value>::start(config).unwrap();
    cache.ready().await.unwrap();
    let took = start.elapsed();
    cache.stop().await;
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
