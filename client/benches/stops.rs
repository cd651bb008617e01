//! How long `Cache::stop` takes with a million websites, whenever it comes: the aim is 100 ms.
//!
//! ```text
//! cargo bench -p crisp-sync --all-features --bench stops                # a million websites
//! cargo bench -p crisp-sync --all-features --bench stops -- 100000      # fewer
//! cargo bench -p crisp-sync --all-features --bench stops -- endless     # a list that never ends
//! ```
//!
//! A server of this process gives pages of 1,000 on loopback. Figures are wall time: from the order to
//! its end, and from there to the end of the runtime with all handles dropped, which is what a
//! plugin that is told to end waits for.

#![expect(clippy::print_stdout, reason = "a benchmark shows its figures")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crisp_sync::{BaseUrl, Cache, Config, Credentials, PluginId, Quota, WebsiteId};
use serde_json::Value;
use tempfile::TempDir;

const PAGE: u64 = 1000;

/// What the server was asked for so far.
#[derive(Default)]
struct Asked {
    pages: AtomicU64,
    since: AtomicU64,
    /// Whether every website has other settings from now on.
    changed: AtomicBool,
}

fn page(number: u64, count: u64, asked: &Asked) -> String {
    let round = u8::from(asked.changed.load(Ordering::Relaxed));
    let items: Vec<_> = ((number - 1) * PAGE..(number * PAGE).min(count))
        .map(|n| {
            let id = WebsiteId::from_number(u128::from(n) << 64);
            format!(
                r#"{{"website_id":"{id}","token":"c99e0df2-db6f-4b0c-9505-83fcbb2da627","price":0,"settings":{{"message":"{:0>100}","round":{round}}}}}"#,
                n
            )
        })
        .collect();
    items.join(",")
}

fn serve(stream: TcpStream, count: u64, asked: &Asked) -> std::io::Result<()> {
    let mut answers = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next() {
        let line = line?;
        for header in lines.by_ref() {
            if header?.is_empty() {
                break;
            }
        }
        let number =
            line.split("/all/").nth(1).and_then(|rest| rest.split('?').next()?.parse().ok());
        let items = match number {
            Some(number) => {
                asked.pages.fetch_add(1, Ordering::Relaxed);
                page(number, count, asked)
            }
            None => {
                asked.since.fetch_add(1, Ordering::Relaxed);
                String::new()
            }
        };
        let body = format!(r#"{{"error":false,"reason":"listed","data":[{items}]}}"#);
        let head = format!(
            "HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        answers.write_all(head.as_bytes())?;
        answers.write_all(body.as_bytes())?;
    }
    Ok(())
}

fn server(count: u64) -> std::io::Result<(String, Arc<Asked>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let base = format!("http://{}/v1/", listener.local_addr()?);
    let asked = Arc::new(Asked::default());
    let shared = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let asked = shared.clone();
            std::thread::spawn(move || serve(stream, count, &asked));
        }
    });
    Ok((base, asked))
}

/// When the stop comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    /// Half of the pages are read.
    Loading,
    /// The list is being put in place, so long after the differential that confirms it.
    Swapping(u64),
    /// All is in the cache and nothing happens.
    AtRest,
    /// The list is read once more, and every website is different.
    Relisting(u64),
    /// The list never ends: 25 s after the start.
    Endless,
}

#[expect(clippy::disallowed_methods, reason = "it measures real time")]
fn now() -> Instant {
    Instant::now()
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn run(
    when: When,
    count: u64,
    shelf: bool,
) -> Result<(Duration, Instant, TempDir), Box<dyn std::error::Error>> {
    let (base, asked) = server(count)?;
    let mut config = Config::new(Credentials::new("id", "key"));
    config.base = BaseUrl::new(&base)?;
    config.plugin_id = Some(PluginId::from_number(1));
    config.quota = Quota::Unlimited;
    config.poll_every = Duration::from_secs(3600);
    if matches!(when, When::Relisting(_)) {
        config.relist_every = Duration::from_secs(6);
    }
    let folder = tempfile::tempdir()?;
    let mut builder = Cache::<Value>::builder(config);
    if shelf {
        builder = builder.shelf(crisp_sync::FileShelf::new(folder.path().join("set.json")));
    }
    let cache = builder.start()?;
    let (pages, since) =
        (|| asked.pages.load(Ordering::Relaxed), || asked.since.load(Ordering::Relaxed));
    match when {
        When::Loading => until(|| pages() > count / PAGE / 2).await,
        When::Swapping(later) => {
            until(|| since() > 0).await;
            tokio::time::sleep(Duration::from_millis(later)).await;
        }
        When::AtRest => cache.ready().await?,
        When::Relisting(later) => {
            cache.ready().await?;
            asked.changed.store(true, Ordering::Relaxed);
            let before = since();
            until(|| since() > before).await;
            tokio::time::sleep(Duration::from_millis(later)).await;
        }
        When::Endless => {
            tokio::time::sleep(Duration::from_secs(25)).await;
            let status = cache.status().ok_or("the cache has begun")?;
            println!("  {} pages; at most {} of memory; {status}", pages(), highest_memory());
        }
    }
    let start = now();
    cache.stop().await;
    Ok((start.elapsed(), now(), folder))
}

/// The most memory that this process has had, where the system tells.
fn highest_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("an unknown amount".to_owned(), |amount| amount.trim().to_owned())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let endless = std::env::args().any(|word| word == "endless");
    let count = if endless { u64::MAX } else { count };
    println!("{count} websites, pages of {PAGE}");
    let whens = [
        When::Loading,
        When::Swapping(5),
        When::Swapping(300),
        When::AtRest,
        When::Relisting(5),
        When::Relisting(300),
    ];
    let whens = if endless { &[When::Endless][..] } else { &whens };
    for shelf in [false, true] {
        for &when in whens {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?;
            let (stop, ended, _folder) = runtime.block_on(run(when, count, shelf))?;
            drop(runtime);
            let rest = ended.elapsed();
            let kept = if shelf { "kept in a file" } else { "in memory" };
            println!(
                "  {kept:<14} {:<16} stop {stop:>10.1?}   then to the end {rest:>10.1?}",
                format!("{when:?}")
            );
        }
    }
    Ok(())
}
