//! How long after Crisp's answer ten changes are published in a real Redis, out of so many websites
//! (`WEBSITES`, 100,000 unless said otherwise). Without `redis-server` it says so and ends.

#![expect(clippy::disallowed_methods, reason = "measures time")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may fail, and prints its figures"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crisp_sync::{BaseUrl, Cache, Config, Credentials, Quota, Store, WebsiteId};
use serde::de::IgnoredAny;

const PAGE: usize = 500;
const ROUNDS: u64 = 30;
const CHANGES: usize = 10;

/// Ends it with the benchmark.
struct Redis(Child, u16);

impl Drop for Redis {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn redis() -> Option<Redis> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()]);
    let mut child = command.stdout(Stdio::piped()).spawn().ok()?;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.any(|line| line.unwrap().contains("Ready to accept"));
    std::thread::spawn(move || lines.for_each(drop));
    Some(Redis(child, port))
}

fn item(number: usize, v: u64) -> String {
    let id = WebsiteId::from_number(number as u128);
    let words = "w".repeat(250);
    format!(
        r#"{{"website_id":"{id}","token":"t{number}","settings":{{"v":{v},"words":"{words}"}},"difference":"updated"}}"#
    )
}

fn answer(stream: &mut TcpStream, items: &[String]) {
    let body = format!(r#"{{"error":false,"reason":"listed","data":[{}]}}"#, items.join(","));
    let date = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT");
    let mut head = String::new();
    write!(head, "HTTP/1.1 200 OK\r\ndate: {date}\r\ncontent-length: {}\r\n\r\n", body.len())
        .unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
}

/// Serves the list, and a differential that has ten changes when it is told so; says when it had sent them.
fn serve(
    mut stream: TcpStream,
    websites: usize,
    next: &Mutex<Option<u64>>,
    sent: &Sender<(u64, Instant)>,
) {
    let mut requests = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if requests.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let path = line.clone();
        while line != "\r\n" {
            line.clear();
            requests.read_line(&mut line).unwrap();
        }
        if let Some((_, page)) = path.split_once("websites/all/") {
            let page: usize = page.split(['?', ' ']).next().unwrap().parse().unwrap();
            let items =
                ((page - 1) * PAGE..(page * PAGE).min(websites)).map(|number| item(number + 1, 0));
            answer(&mut stream, &items.collect::<Vec<_>>());
        } else if let Some(v) = next.lock().unwrap().take() {
            let items: Vec<_> = (1..=CHANGES).map(|number| item(number, v)).collect();
            answer(&mut stream, &items);
            sent.send((v, Instant::now())).unwrap();
        } else {
            answer(&mut stream, &[]);
        }
    }
}

/// When each batch was told to readers, and how many websites it changed.
fn listen(port: u16) -> Receiver<(Instant, usize)> {
    let (told, heard) = channel();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(b"SUBSCRIBE crisp:id:changes\r\n").unwrap();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        while let Ok(1..) = lines.read_line(&mut line) {
            let now = Instant::now();
            if line.starts_with(r#"{"version":"#) {
                let changed = line.split('"').filter(|word| word.len() == 36);
                let changed: BTreeSet<_> = changed.collect();
                if told.send((now, changed.len())).is_err() {
                    return;
                }
            }
            line.clear();
        }
    });
    heard
}

#[tokio::main]
async fn main() {
    let Some(redis) = redis() else {
        return println!("redis-server is missing here: nothing was measured");
    };
    let websites = std::env::var("WEBSITES").map_or(100_000, |text| text.parse().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1/", listener.local_addr().unwrap());
    let next = Arc::new(Mutex::new(None));
    let (sent, was_sent) = channel();
    let shared = next.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (next, sent) = (shared.clone(), sent.clone());
            std::thread::spawn(move || serve(stream.unwrap(), websites, &next, &sent));
        }
    });
    let mut config = Config::new(Credentials::new("id", "key"));
    config.base = BaseUrl::new(&base).unwrap();
    config.quota = Quota::Unlimited;
    config.poll_every = Duration::from_millis(100);
    // What a list brought is believed at once.
    config.settle = Duration::from_millis(1);
    let store = Store::new(&format!("redis://127.0.0.1:{}/0", redis.1)).unwrap();
    let heard = listen(redis.1);
    let start = Instant::now();
    let caches = [(); 3].map(|()| {
        Cache::<IgnoredAny>::builder(config.clone()).store(store.clone()).start().unwrap()
    });
    for cache in &caches {
        cache.ready().await.unwrap();
    }
    println!("{websites} websites in three replicas after {:?}", start.elapsed());
    let mut published = 0;
    while published < websites {
        published += heard.recv_timeout(Duration::from_secs(60)).unwrap().1;
    }
    println!("all of them published after {:?}", start.elapsed());
    let mut times = Vec::new();
    for v in 1..=ROUNDS {
        *next.lock().unwrap() = Some(v);
        let (_, at) = was_sent.recv_timeout(Duration::from_secs(60)).unwrap();
        let (told, changed) = heard.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_eq!(changed, CHANGES);
        times.push(told.saturating_duration_since(at));
    }
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{CHANGES} changes published after the answer: median {median:?}, worst {worst:?}");
}
