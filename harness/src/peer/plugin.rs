//! A plugin as it is (`--run`, `--read`): started with the emulator in its environment, its cache
//! read by `GET` from an address that it has for tests. Only loading and polling can be judged.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::id::WebsiteId;
use jiff::Timestamp;
use reqwest::{StatusCode, Url};
use serde_json::Value;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::http::{Http, Unanswered, address};
use super::log::{Log, shortened};
use super::options::PeerOptions;
use super::program::{self, Program, note};
use super::view::{View, kind};
use super::{Access, Advanced, Answer, CommandLine, Greeting, Launcher, Peer, PeerError, Reading};
use crate::scenario::SaveEnd;
use crate::subject::{Held, How};

/// Stands for a free port.
const PORT: &str = "{port}";
/// Between two attempts at an answer that did not come.
const PAUSE: Duration = Duration::from_millis(20);

/// Starts a plugin for each scenario.
#[derive(Debug)]
pub struct Plugin {
    run: CommandLine,
    read: String,
    options: PeerOptions,
    view: View,
    http: Http,
    /// Whether a cache was ever read.
    was_read: Arc<AtomicBool>,
    /// One at a time, unless each gets a port of its own.
    turn: Option<Arc<Semaphore>>,
}

impl Plugin {
    /// A plugin that is started with this command line and shows its cache at this address.
    ///
    /// # Errors
    ///
    /// In words, when it is no address, or the machine refuses an HTTP client.
    pub fn new(run: CommandLine, read: &str, options: PeerOptions) -> Result<Self, String> {
        address(&read.replace(PORT, "1"))?;
        let turn = (!read.contains(PORT)).then(|| Arc::new(Semaphore::new(1)));
        Ok(Self {
            run,
            read: read.to_owned(),
            view: options.view.clone().unwrap_or_default(),
            options,
            http: Http::new()?,
            was_read: Arc::default(),
            turn,
        })
    }

    async fn begin(&self) -> Result<Box<dyn Peer>, PeerError> {
        let turn = match &self.turn {
            Some(turn) => Arc::clone(turn).acquire_owned().await.ok(),
            None => None,
        };
        let port = if turn.is_some() { None } else { Some(free_port()?) };
        let port = port.map(|port| port.to_string());
        let read = match &port {
            Some(port) => self.read.replace(PORT, port),
            None => self.read.clone(),
        };
        let url = address(&read).map_err(PeerError::NeverStarted)?;
        self.nothing_answers(&url).await?;
        let port = port.or_else(|| url.port().map(|port| port.to_string()));
        let run = match &port {
            Some(port) => self.run.replacing(PORT, port),
            None => self.run.clone(),
        };
        Ok(Box::new(PluginPeer {
            greeting: Greeting { name: run.text().to_owned(), ..Greeting::default() },
            run,
            port,
            program: parking_lot::Mutex::new(None),
            log: Arc::default(),
            url,
            http: self.http.clone(),
            view: self.view.clone(),
            options: self.options.clone(),
            misplaced: parking_lot::Mutex::default(),
            is_ready: AtomicBool::new(false),
            was_heard: AtomicBool::new(false),
            was_read: Arc::clone(&self.was_read),
            turn: Mutex::new(turn),
        }))
    }

    /// Another program's answers would be taken for the plugin's.
    async fn nothing_answers(&self, url: &Url) -> Result<(), PeerError> {
        match self.http.get(url, self.options.timeout).await {
            Err(Unanswered::NotThere(_)) => Ok(()),
            _ => Err(PeerError::NeverStarted(format!(
                "something answers at {url} before the plugin is started, and would be judged in its \
                 access\n  = hint: end it, or write {{port}} for a free port: --read \
                 http://127.0.0.1:{{port}}/_cache"
            ))),
        }
    }
}

/// A port on which nothing listens.
///
/// It lies below those that systems hand out by themselves, so that none of the many sockets of a
/// run gets it between this look and the plugin's start.
fn free_port() -> Result<u16, PeerError> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    // Programs that run side by side start their search far apart.
    let start = std::process::id().wrapping_mul(61);
    let candidates = std::iter::repeat_with(|| {
        let offset = start.wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed)) % 10_000;
        u16::try_from(20_000 + offset).unwrap_or(u16::MAX)
    });
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let free = candidates.take(10_000).find(is_free);
    free.ok_or_else(|| PeerError::NeverStarted("no port from 20000 to 29999 is free".to_owned()))
}

impl Launcher for Plugin {
    fn launch<'a>(&'a self, _: &'a Access) -> Answer<'a, Box<dyn Peer>> {
        Box::pin(self.begin())
    }

    fn view(&self, settings: Option<&str>) -> Option<String> {
        self.view.of(settings)
    }

    fn view_in_words(&self) -> Option<String> {
        self.view.in_words()
    }

    fn at_most(&self) -> usize {
        if self.turn.is_some() { 1 } else { usize::MAX }
    }
}

/// The plugin in one scenario.
struct PluginPeer {
    greeting: Greeting,
    run: CommandLine,
    port: Option<String>,
    /// Since when it runs.
    program: parking_lot::Mutex<Option<(Arc<Program>, Instant)>>,
    log: Arc<Log>,
    url: Url,
    http: Http,
    view: View,
    options: PeerOptions,
    /// What stood at its address in place of a cache, when it was looked at last.
    misplaced: parking_lot::Mutex<Option<String>>,
    /// It answered with 200.
    is_ready: AtomicBool,
    /// It answered at all.
    was_heard: AtomicBool,
    was_read: Arc<AtomicBool>,
    turn: Mutex<Option<OwnedSemaphorePermit>>,
}

/// What one `GET` came to.
enum Look {
    Read(Reading),
    /// The cache is not to be had now, and why.
    Not(String),
    /// It is loading.
    Loading(String),
}

impl PluginPeer {
    /// It polls from the moment when it is there.
    fn begin(&self, access: &Access) -> Result<(), PeerError> {
        let mut variables = program::variables(access);
        variables.extend(self.port.clone().map(|port| ("PORT".to_owned(), port.into())));
        let kept = Arc::clone(&self.log);
        let program = Program::start(
            &self.run,
            variables,
            self.options.warden.clone(),
            false,
            &self.log,
            move |line| note(&kept, &line),
            || (),
        )
        .map_err(PeerError::NeverStarted)?;
        *self.program.lock() = Some((Arc::new(program), Instant::now()));
        Ok(())
    }

    fn program(&self) -> Result<(Arc<Program>, Instant), PeerError> {
        let running = self.program.lock().clone();
        running.ok_or_else(|| PeerError::Stopped("it was not started, or told to stop".to_owned()))
    }

    async fn look(&self) -> Result<Reading, PeerError> {
        let (program, began) = self.program()?;
        let timeout = self.options.timeout;
        let asked = Instant::now();
        loop {
            let looked = self.get(&program).await?;
            *self.misplaced.lock() = match &looked {
                Look::Not(why) => Some(why.clone()),
                Look::Read(_) | Look::Loading(_) => None,
            };
            let why = match looked {
                Look::Read(reading) => return Ok(reading),
                Look::Not(why) | Look::Loading(why) => why,
            };
            if !self.is_ready.load(Ordering::Relaxed) {
                return self.not_ready(&why, began);
            }
            // It was ready once: it may be busy for a moment, but not for good.
            if asked.elapsed() >= timeout {
                return Err(PeerError::Stopped(format!(
                    "its cache could be read before, and not any more for {} (--client-timeout): \
                     {why}{}",
                    duration::format(timeout),
                    self.log.tail()
                )));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn get(&self, program: &Program) -> Result<Look, PeerError> {
        let answer = tokio::select! {
            biased;
            answer = self.http.get(&self.url, self.options.timeout) => answer,
            how = program.ended() => return Err(self.ended(&how)),
        };
        let url = &self.url;
        match answer {
            Ok((StatusCode::OK, body)) => {
                let reading = self.reading(&body)?;
                self.is_ready.store(true, Ordering::Relaxed);
                self.was_read.store(true, Ordering::Relaxed);
                Ok(Look::Read(reading))
            }
            Ok((status, body)) => {
                self.was_heard.store(true, Ordering::Relaxed);
                let body = shortened(body.trim(), 100);
                let why = format!("GET {url} is answered with {status}: {body}");
                let loads = status == StatusCode::SERVICE_UNAVAILABLE;
                Ok(if loads { Look::Loading(why) } else { Look::Not(why) })
            }
            Err(_) if !program.is_running() => Err(self.ended(&program.ended().await)),
            Err(Unanswered::NotThere(why)) => {
                Ok(Look::Not(format!("nothing listens at {url}: {why}")))
            }
            Err(Unanswered::Late) => Ok(Look::Not(format!("GET {url} is not answered in time"))),
            Err(Unanswered::Broken(why)) => Ok(Look::Not(format!("GET {url}: {why}"))),
        }
    }

    /// Loading may take as long as the scenario's faults want; a plugin that never
    /// answered was not started rightly.
    fn not_ready(&self, why: &str, began: Instant) -> Result<Reading, PeerError> {
        let heard = self.was_heard.load(Ordering::Relaxed) || self.was_read.load(Ordering::Relaxed);
        if heard || began.elapsed() < self.options.timeout {
            return Ok(Reading::default());
        }
        Err(PeerError::NeverStarted(format!(
            "`{}` runs, but after {} {why}{}\n  = hint: the plugin listens on the port in PORT, or on \
             {{port}} in the command; --read is an address that it answers with its cache",
            self.greeting.name,
            duration::format(self.options.timeout),
            self.log.tail()
        )))
    }

    fn ended(&self, how: &str) -> PeerError {
        let log = self.log.tail();
        let name = &self.greeting.name;
        let never = format!(
            "`{name}` ended before its cache could be read: {how}{log}\n  = hint: try the command \
             by itself: `crisp-mock exec -- {name}`"
        );
        let how = format!("{how}{log}");
        if self.is_ready.load(Ordering::Relaxed) {
            return PeerError::Stopped(how);
        }
        PeerError::Ended { how, never }
    }

    fn reading(&self, body: &str) -> Result<Reading, PeerError> {
        let held = match serde_json::from_str(body) {
            Ok(Value::Object(held)) => held,
            Ok(other) => return Err(self.useless(&format!("it is {}", kind(&other)), body)),
            Err(error) => return Err(self.useless(&format!("it is no JSON ({error})"), body)),
        };
        let mut websites = Vec::with_capacity(held.len());
        for (name, held) in held {
            let id: WebsiteId =
                name.parse().map_err(|error| self.useless(&format!("{error}"), body))?;
            let held = self.view.held(held);
            websites.extend(held.map(|settings| {
                let token = None;
                (id, Held { settings, token })
            }));
        }
        Ok(Reading { ready: true, websites, status: None })
    }

    /// A body that cannot be compared is no verdict before one could be compared.
    fn useless(&self, problem: &str, body: &str) -> PeerError {
        let why = format!(
            "the body of GET {} cannot be used: {problem}, expected {{\"<website_id>\": <what the \
             plugin holds>}}\n  it wrote: {}",
            self.url,
            shortened(body.trim(), 300)
        );
        if self.was_read.load(Ordering::Relaxed) {
            PeerError::Stopped(why)
        } else {
            PeerError::NeverStarted(why)
        }
    }
}

/// What a plugin as it is does not understand.
fn cannot<T>(what: &str) -> Result<T, PeerError> {
    Err(PeerError::Refused(format!(
        "a plugin that is judged as it is cannot {what}: that takes an adapter (docs/judging.md)"
    )))
}

impl Peer for PluginPeer {
    fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    fn start<'a>(&'a self, access: &'a Access) -> Answer<'a, ()> {
        Box::pin(async { self.begin(access) })
    }

    fn read(&self) -> Answer<'_, Reading> {
        Box::pin(self.look())
    }

    fn save<'a>(&'a self, _: WebsiteId, _: &'a str, _: How) -> Answer<'a, SaveEnd> {
        Box::pin(async { cannot("be told to save") })
    }

    fn advance(&self, _: Duration, _: Timestamp) -> Answer<'_, Advanced> {
        Box::pin(async { cannot("have its clock moved") })
    }

    fn reset(&self) -> Answer<'_, ()> {
        Box::pin(async { cannot("be told to forget") })
    }

    fn stop(&self) -> Answer<'_, ()> {
        Box::pin(async {
            let running = self.program.lock().take();
            if let Some((program, _)) = running {
                program.ask_to_end().await;
            }
            self.turn.lock().await.take();
            Ok(())
        })
    }

    fn misplaced(&self) -> Option<String> {
        self.misplaced.lock().clone()
    }

    fn log(&self) -> Vec<String> {
        self.log.lines()
    }
}
