//! A real cache on a real server. Nothing sleeps: tests wait for changes, journal entries and
//! readiness, and a deadline turns a wait that never ends into a failure with the status in it.

use std::sync::Arc;
use std::time::Duration;

use crisp_mock_server::clock::Moment;
use crisp_mock_server::engine::Writer;
use crisp_mock_server::fault::FaultPlan;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::journal::Filter;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::{MockServer, ServerOptions};
use crisp_mock_server::space::Space;
use crisp_mock_server::spaces::{SharedSpace, system_clock};
use crisp_sync::{BaseUrl, Cache, Config, Credentials, Quota};
use serde_json::{Value, json};

/// Far more than any wait takes, also on a machine that does much else; elections of a cluster take longest.
const DEADLINE: Duration = Duration::from_secs(180);

/// The client's id of `w{number}`.
pub fn w(number: u32) -> crisp_sync::WebsiteId {
    WebsiteId::numbered(number).to_string().parse().unwrap()
}

/// Waits, but not for ever.
pub async fn within<F: Future>(what: &str, wait: F) -> F::Output {
    match tokio::time::timeout(DEADLINE, wait).await {
        Ok(output) => output,
        Err(_) => panic!("still waiting for {what}"),
    }
}

pub fn world(websites: u32) -> WorldOptions {
    WorldOptions {
        websites: Some(websites),
        schema: Some(json!({"type": "object", "properties": {"v": {"type": "integer"}}})),
        ..WorldOptions::default()
    }
}

pub async fn serve(world: WorldOptions) -> Stage {
    Stage::of(MockServer::start(world.into()).await.unwrap())
}

/// A server, seen from behind.
pub struct Stage {
    pub server: MockServer,
    cell: Arc<SharedSpace>,
}

impl Stage {
    pub fn of(server: MockServer) -> Self {
        let cell = Arc::clone(server.spaces().default_space());
        Self { server, cell }
    }

    /// Another server where this one was.
    pub async fn again(self, world: WorldOptions) -> Self {
        let listen = self.server.addresses()[0];
        drop(self);
        let options = ServerOptions { listen, ..ServerOptions::from(world) };
        let start = async {
            loop {
                // The old listener's task is dropped soon, not at once.
                match MockServer::start(options.clone()).await {
                    Ok(server) => return server,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        Self::of(within("the port", start).await)
    }

    /// In a hurry, as tests are; every decision is the reference's.
    pub fn config(&self) -> Config {
        let info = self.server.info();
        let credentials = Credentials::new(info.identifier.clone(), info.key.clone());
        let mut config = Config::new(credentials);
        config.base = BaseUrl::new(&info.rest_url).unwrap();
        config.quota = Quota::Unlimited;
        config.poll_every = Duration::from_millis(50);
        config.settle = Duration::from_millis(100);
        config.request_timeout = Duration::from_millis(600);
        config.save_patience = Duration::from_secs(2);
        for waits in [&mut config.retry, &mut config.throttled, &mut config.refused] {
            waits.base = Duration::from_millis(20);
            waits.cap = Duration::from_millis(100);
        }
        config.seed = 1;
        config
    }

    pub fn cache(&self) -> Cache<Value> {
        Cache::start(self.config()).unwrap()
    }

    pub async fn ready(&self) -> Cache<Value> {
        let cache = self.cache();
        within("readiness", cache.ready()).await.unwrap();
        cache
    }

    /// Does something to the world, as the control API does.
    pub fn with<T>(&self, act: impl FnOnce(&mut Space, Moment) -> T) -> T {
        let result = {
            let mut space = self.cell.lock();
            let now = space.now(system_clock::elapsed());
            let result = act(&mut space, now);
            space.written_from_outside();
            result
        };
        self.cell.notify();
        result
    }

    pub fn operator_saves(&self, number: u32, v: u64) {
        self.with(|space, now| {
            let (id, settings) = (WebsiteId::numbered(number), json!({"v": v}));
            space.world.save(now, id, settings, Writer::Operator).unwrap();
        });
    }

    pub fn uninstalls(&self, number: u32) {
        self.with(|space, now| space.world.uninstall(now, WebsiteId::numbered(number)).unwrap());
    }

    pub fn installs(&self, number: u32) {
        self.with(|space, now| {
            let how = Default::default();
            space.world.install(now, WebsiteId::numbered(number), how).unwrap();
        });
    }

    /// Arms a fault from now on.
    pub fn arm(&self, fault: &Value) {
        let plan = FaultPlan::parse_for_server(fault).unwrap();
        self.with(|space, now| space.faults.add(plan, now.elapsed));
    }

    pub fn disarm(&self) {
        self.with(|space, _| space.faults.clear());
    }

    pub fn fired(&self) -> u64 {
        self.with(|space, _| space.faults.list().iter().map(|report| report.fired).sum())
    }

    /// Waits until the world is so.
    pub async fn until(&self, what: &str, so: impl Fn(&Space) -> bool) {
        let mut changes = self.cell.changes();
        let wait = async {
            while !so(&self.cell.lock()) {
                changes.changed().await.unwrap();
            }
        };
        within(what, wait).await;
    }

    /// How many requests of an operation have come.
    pub fn asked(&self, operation: Operation) -> usize {
        count(&self.cell.lock(), operation)
    }

    /// Waits until so many requests of an operation have come.
    pub async fn until_asked(&self, operation: Operation, times: usize) {
        let what = format!("{times} times {operation}");
        self.until(&what, |space| count(space, operation) >= times).await;
    }

    /// Waits until the cache has what the server has.
    pub async fn until_equal(&self, cache: &Cache<Value>) {
        let mut changes = cache.changes();
        let wait = async {
            while let Some(difference) = self.difference(cache) {
                let change = tokio::time::timeout(DEADLINE, changes.next()).await;
                assert!(change.is_ok(), "{difference}; {}", cache.status().unwrap());
            }
        };
        wait.await;
    }

    fn difference(&self, cache: &Cache<Value>) -> Option<String> {
        let space = self.cell.lock();
        let (truth, view) = (space.world.directory().installed(), cache.view());
        for website in truth {
            let Some(entry) = view.get(&website.id.to_string().parse().unwrap()) else {
                return Some(format!("{:?} is missing", website.id));
            };
            let settings: Value = serde_json::from_str(website.settings_or_empty()).unwrap();
            if entry.value() != Some(&settings) {
                return Some(format!("{:?} is {:?} and not {settings}", website.id, entry.value()));
            }
            if entry.website().token.as_deref() != Some(&website.token.to_string()) {
                return Some(format!("{:?} has another token", website.id));
            }
        }
        (truth.len() != view.len()).then(|| format!("{} and not {}", view.len(), truth.len()))
    }
}

fn count(space: &Space, operation: Operation) -> usize {
    let filter = Filter { operation: Some(operation), ..Filter::default() };
    space.journal.entries(&filter).count()
}
