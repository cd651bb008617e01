//! The cache over real sockets, against a tiny server that can misbehave.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{Cache, Change};
use crate::machine::{Refusal, SaveOutcome};
use crate::{BaseUrl, Config, Credentials, PluginId, Timeouts, WebsiteId};

mod panics;
mod stops;

/// What the server does with the next request whose path has this in it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mischief {
    /// Never answers.
    Hang,
    /// Half of the head, then nothing.
    HalfHead,
    /// The head and half of the body, then nothing.
    Stall,
    /// The head and half of the body, then the end.
    Cut,
    /// Resets the connection before anything.
    Reset,
    /// Carries the request out, then resets.
    LoseAnswer,
}

#[derive(Default)]
struct World {
    sites: BTreeMap<WebsiteId, Value>,
    log: Vec<(WebsiteId, &'static str)>,
    mischief: Vec<(&'static str, Mischief)>,
    requests: Vec<String>,
}

/// A server on a real port. It ends with the test's runtime.
struct Server {
    world: Arc<Mutex<World>>,
    base: String,
    served: watch::Receiver<u64>,
}

impl Server {
    async fn start(count: u128) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v1/", listener.local_addr().unwrap());
        let world = Arc::new(Mutex::new(World::default()));
        for number in 1..=count {
            lock(&world).sites.insert(WebsiteId::from_number(number), json!({"n": number as u64}));
        }
        let (count, served) = watch::channel(0);
        let shared = world.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone(), count.clone()));
            }
        });
        Self { world, base, served }
    }

    fn config(&self) -> Config {
        let mut config = Config::new(Credentials::new("id", "key"));
        config.base = BaseUrl::new(&self.base).unwrap();
        config.plugin_id = Some(PluginId::from_number(255));
        config.poll_every = Duration::from_millis(50);
        config.quota = crate::Quota::Unlimited;
        config.retry.base = Duration::from_millis(20);
        config.settle = Duration::from_millis(50);
        config
    }

    /// The same, for answers that never come.
    fn hasty(&self) -> Config {
        let mut config = self.config();
        config.request_timeout = Duration::from_millis(400);
        config
    }

    fn will(&self, path: &'static str, mischief: Mischief) {
        lock(&self.world).mischief.push((path, mischief));
    }

    fn operator(&self, number: u128, settings: Value) {
        let id = WebsiteId::from_number(number);
        let mut world = lock(&self.world);
        world.sites.insert(id, settings);
        world.log.push((id, "updated"));
    }

    fn uninstall(&self, number: u128) {
        let id = WebsiteId::from_number(number);
        let mut world = lock(&self.world);
        world.sites.remove(&id);
        world.log.push((id, "removed"));
    }
}

fn lock(world: &Mutex<World>) -> std::sync::MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, world: Arc<Mutex<World>>, served: watch::Sender<u64>) {
    let mut buffer = Vec::new();
    loop {
        let Some((line, body)) = read_request(&mut stream, &mut buffer).await else {
            return;
        };
        let (mischief, answer) = {
            let mut world = lock(&world);
            world.requests.push(line.clone());
            let position = world.mischief.iter().position(|(path, _)| line.contains(path));
            let mischief = position.map(|position| world.mischief.remove(position).1);
            let carries_out = matches!(mischief, None | Some(Mischief::LoseAnswer));
            (mischief, if carries_out { answer(&mut world, &line, &body) } else { list(&[]) })
        };
        let whole = format!(
            "HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        let half_body = whole.len() - answer.len() / 2;
        served.send_modify(|served| *served += 1);
        match mischief {
            None => stream.write_all(whole.as_bytes()).await.unwrap_or_default(),
            Some(Mischief::Hang) => return std::future::pending().await,
            Some(Mischief::HalfHead) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ndate").await.unwrap_or_default();
                return std::future::pending().await;
            }
            Some(Mischief::Stall) => {
                stream.write_all(&whole.as_bytes()[..half_body]).await.unwrap_or_default();
                return std::future::pending().await;
            }
            Some(Mischief::Cut) => {
                stream.write_all(&whole.as_bytes()[..half_body]).await.unwrap_or_default();
                return;
            }
            Some(Mischief::Reset | Mischief::LoseAnswer) => {
                stream.set_zero_linger().unwrap_or_default();
                return;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        let text = String::from_utf8_lossy(buffer).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text[..end]
                .lines()
                .find_map(|line| {
                    line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
                })
                .unwrap_or(0_usize);
            if buffer.len() >= end + 4 + length {
                let body = buffer[end + 4..end + 4 + length].to_vec();
                buffer.drain(..end + 4 + length);
                return Some((text.lines().next().unwrap_or_default().to_owned(), body));
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => buffer.extend_from_slice(&piece[..read]),
        }
    }
}

fn list(items: &[Value]) -> String {
    json!({"error": false, "reason": "listed", "data": items}).to_string()
}

fn answer(world: &mut World, line: &str, body: &[u8]) -> String {
    let item = |id: &WebsiteId, settings: &Value| json!({"website_id": id, "token": format!("t-{id}"), "settings": settings});
    if line.contains("/websites/all/1?") {
        return list(&world.sites.iter().map(|(id, s)| item(id, s)).collect::<Vec<_>>());
    }
    if line.contains("/websites/all/") {
        return list(&[]);
    }
    if line.contains("/websites/since") {
        let told = world.log.iter().map(|(id, kind)| {
            let settings = world.sites.get(id).cloned().unwrap_or_default();
            let mut item = item(id, &settings);
            item["difference"] =
                json!(if world.sites.contains_key(id) { kind } else { &"removed" });
            item
        });
        return list(&told.collect::<Vec<_>>());
    }
    let id: WebsiteId = line.split('/').nth(4).unwrap().parse().unwrap();
    if line.starts_with("GET") {
        let data = item(&id, &world.sites[&id]);
        return json!({"error": false, "reason": "resolved", "data": data}).to_string();
    }
    let settings: Value = serde_json::from_slice(body).unwrap();
    world.sites.insert(id, settings);
    world.log.push((id, "updated"));
    json!({"error": false, "reason": "saved", "data": {}}).to_string()
}

fn w(number: u128) -> WebsiteId {
    WebsiteId::from_number(number)
}

fn settings(cache: &Cache<Value>, number: u128) -> Option<Value> {
    cache.get(&w(number)).and_then(|entry| entry.value().cloned())
}

/// Until the cache tells a change of this website.
async fn change_of(changes: &mut super::Changes<Value>, number: u128) -> Change<Value> {
    loop {
        let change = changes.next().await.expect("the cache runs");
        if change.website() == w(number) {
            return change;
        }
    }
}

#[tokio::test]
async fn a_cache_loads_follows_and_tells_every_change() {
    let server = Server::start(3).await;
    let cache = Cache::<Value>::start(server.config()).unwrap();
    cache.ready().await.unwrap();
    assert_eq!(cache.view().len(), 3);
    let mut changes = cache.changes();
    assert!(matches!(change_of(&mut changes, 2).await, Change::Added { .. }));
    let mut changes = cache.changes().from_now_on();
    server.operator(1, json!({"n": "new"}));
    let change = change_of(&mut changes, 1).await;
    assert!(matches!(change, Change::Updated { .. }), "{change:?}");
    assert_eq!(settings(&cache, 1), Some(json!({"n": "new"})));
    server.uninstall(3);
    assert!(matches!(change_of(&mut changes, 3).await, Change::Removed { .. }));
    assert_eq!(settings(&cache, 3), None);
    // What is shown comes first, and what is said of it after that.
    while cache.status().unwrap().websites != 2 {
        tokio::task::yield_now().await;
    }
    assert!(cache.status().unwrap().ready);
    cache.stop().await;
    assert_eq!(cache.view().len(), 2, "the last view stays");
}

#[tokio::test]
async fn every_kind_of_broken_answer_is_survived() {
    for mischief in [
        Mischief::Hang,
        Mischief::HalfHead,
        Mischief::Stall,
        Mischief::Cut,
        Mischief::Reset,
        Mischief::LoseAnswer,
    ] {
        let server = Server::start(3).await;
        server.will("/all/1?", mischief);
        server.will("/since?", mischief);
        let timeouts = Timeouts { stall: Duration::from_millis(200), ..Timeouts::default() };
        let cache = Cache::<Value>::builder(server.hasty()).timeouts(timeouts).start().unwrap();
        cache.ready().await.unwrap();
        server.will("/since?", mischief);
        let mut changes = cache.changes().from_now_on();
        server.operator(1, json!({"n": "new"}));
        change_of(&mut changes, 1).await;
        assert_eq!(settings(&cache, 1), Some(json!({"n": "new"})), "{mischief:?}");
        assert!(cache.status().unwrap().counters.failures >= 2, "{mischief:?}");
    }
}

#[tokio::test]
async fn a_save_is_read_at_once_and_a_lost_answer_is_read_back() {
    let server = Server::start(2).await;
    let cache = Cache::<Value>::start(server.config()).unwrap();
    cache.ready().await.unwrap();
    assert_eq!(cache.save(w(1), &json!({"n": "mine"})).await, SaveOutcome::Done);
    assert_eq!(settings(&cache, 1), Some(json!({"n": "mine"})));
    server.will("PUT", Mischief::LoseAnswer);
    assert_eq!(cache.save(w(2), &json!({"n": "lost"})).await, SaveOutcome::Done);
    assert_eq!(settings(&cache, 2), Some(json!({"n": "lost"})));
    let puts = lock(&server.world).requests.iter().filter(|line| line.starts_with("PUT")).count();
    assert_eq!(puts, 2, "nothing is sent twice");
}

#[tokio::test]
async fn a_save_that_hangs_ends_unknown_with_what_the_website_holds() {
    let server = Server::start(2).await;
    let cache = Cache::<Value>::start(server.hasty()).unwrap();
    cache.ready().await.unwrap();
    server.will("PUT", Mischief::Hang);
    match cache.save(w(1), &json!({"n": "never"})).await {
        SaveOutcome::Unknown { holds: Some(holds), .. } => {
            assert_eq!(holds.as_json(), r#"{"n":1}"#)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_waited_for() {
    // Bound and not listening: connections are refused, and no other socket gets the port.
    let reserved = tokio::net::TcpSocket::new_v4().unwrap();
    reserved.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = reserved.local_addr().unwrap();
    let mut config = Server::start(1).await.config();
    config.base = BaseUrl::new(&format!("http://{address}/v1/")).unwrap();
    let cache = Cache::<Value>::start(config).unwrap();
    let save = cache.save(w(1), &json!({})).await;
    assert_eq!(save, SaveOutcome::Refused(Refusal::NotSent));
    assert!(!cache.is_ready());
    cache.stop().await;
    assert!(cache.ready().await.is_err());
    let save = cache.save(w(1), &json!({})).await;
    assert_eq!(save, SaveOutcome::Refused(Refusal::Stopped));
}

#[tokio::test]
async fn dropping_the_future_of_a_save_does_not_undo_it() {
    let server = Server::start(1).await;
    let cache = Cache::<Value>::start(server.config()).unwrap();
    cache.ready().await.unwrap();
    let mut changes = cache.changes().from_now_on();
    let aborted = tokio::spawn({
        let cache = cache.clone();
        async move { cache.save(w(1), &json!({"n": "mine"})).await }
    });
    tokio::task::yield_now().await;
    aborted.abort();
    change_of(&mut changes, 1).await;
    assert_eq!(settings(&cache, 1), Some(json!({"n": "mine"})));
}

#[tokio::test]
async fn a_stop_waits_for_a_save_under_way() {
    let server = Server::start(1).await;
    let cache = Cache::<Value>::start(server.config()).unwrap();
    cache.ready().await.unwrap();
    let save = tokio::spawn({
        let cache = cache.clone();
        async move { cache.save(w(1), &json!({"n": "mine"})).await }
    });
    tokio::task::yield_now().await;
    cache.stop().await;
    assert_eq!(save.await.unwrap(), SaveOutcome::Done);
}

#[tokio::test]
async fn the_last_handle_ends_the_task_and_its_requests() {
    let mut server = Server::start(1).await;
    let cache = Cache::<Value>::start(server.config()).unwrap();
    cache.ready().await.unwrap();
    let mut changes = cache.changes();
    drop(cache);
    while changes.next().await.is_some() {}
    let before = *server.served.borrow_and_update();
    // The task is gone: nothing is asked any more.
    assert_eq!(*server.served.borrow(), before);
}

#[tokio::test]
async fn a_listener_that_panics_is_called_again_and_the_cache_goes_on() {
    let server = Server::start(3).await;
    let calls = Arc::new(AtomicU64::new(0));
    let counted = calls.clone();
    let cache = Cache::<Value>::builder(server.config())
        .on_change(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            panic!("a plugin's own code");
        })
        .start()
        .unwrap();
    cache.ready().await.unwrap();
    let mut changes = cache.changes().from_now_on();
    server.operator(1, json!({"n": "new"}));
    change_of(&mut changes, 1).await;
    while calls.load(Ordering::Relaxed) < 4 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_reader_that_falls_far_behind_is_told_the_sum() {
    let server = Server::start(1).await;
    let cache = Cache::<Value>::start(server.config()).unwrap();
    cache.ready().await.unwrap();
    let mut slow = cache.changes().from_now_on();
    let last = 600;
    for number in 1..=last {
        assert_eq!(cache.save(w(1), &json!({"n": number})).await, SaveOutcome::Done);
    }
    let mut told = 0;
    loop {
        told += 1;
        let change = slow.next().await.unwrap();
        let now = change.now().and_then(|entry| entry.value()).cloned();
        if now == Some(json!({"n": last})) {
            break;
        }
    }
    assert!(told < last, "{told}");
}

#[tokio::test]
async fn a_hint_is_followed_by_a_poll() {
    let server = Server::start(1).await;
    let mut config = server.config();
    config.poll_every = Duration::from_secs(3600);
    let cache = Cache::<Value>::start(config).unwrap();
    cache.ready().await.unwrap();
    let mut changes = cache.changes().from_now_on();
    server.operator(1, json!({"n": "new"}));
    cache.poll_now().await;
    change_of(&mut changes, 1).await;
}

#[cfg(feature = "validate")]
#[tokio::test]
async fn settings_that_the_schema_forbids_are_not_sent() {
    let server = Server::start(1).await;
    let schema = crate::Schema::new(&json!({"properties": {"n": {"type": "string"}}})).unwrap();
    let cache = Cache::<Value>::builder(server.config()).schema(schema).start().unwrap();
    cache.ready().await.unwrap();
    let refused = cache.save(w(1), &json!({"n": 7})).await;
    assert!(matches!(refused, SaveOutcome::Refused(Refusal::Invalid { .. })), "{refused:?}");
    assert!(!lock(&server.world).requests.iter().any(|line| line.starts_with("PUT")));
    assert_eq!(cache.save(w(1), &json!({"n": "7"})).await, SaveOutcome::Done);
}

#[cfg(feature = "persist")]
#[tokio::test]
async fn a_restart_serves_the_old_set_at_once_and_tells_what_left_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = crate::FileShelf::new(folder.path().join("set.json"));
    let server = Server::start(3).await;
    let first = Cache::<Value>::builder(server.config()).shelf(shelf.clone()).start().unwrap();
    first.ready().await.unwrap();
    first.stop_and_store().await;
    server.uninstall(2);
    let second = Cache::<Value>::builder(server.config()).shelf(shelf).start().unwrap();
    let mut changes = second.changes();
    let change = change_of(&mut changes, 2).await;
    assert!(matches!(change, Change::Added { .. }), "told of the old set first: {change:?}");
    let change = change_of(&mut changes, 2).await;
    assert!(matches!(change, Change::Removed { .. }), "{change:?}");
    second.ready().await.unwrap();
    assert_eq!(second.view().len(), 2);
}
