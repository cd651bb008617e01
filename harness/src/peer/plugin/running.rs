//! The plugin in one scenario.

use std::ffi::OsString;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::id::WebsiteId;
use jiff::Timestamp;
use reqwest::{StatusCode, Url};
use serde_json::Value;
use tokio::sync::{Mutex, OwnedSemaphorePermit};
use tokio::time::Instant;

#[cfg(target_os = "linux")]
use super::forks::Forks;
use super::{SavePage, exchange};
use crate::intercept::{Interception, Proxy, Route};
use crate::peer::http::{Http, Unanswered};
use crate::peer::log::{Log, shortened};
use crate::peer::moved::Moved;
use crate::peer::options::PeerOptions;
use crate::peer::port::Port;
use crate::peer::program::{self, Input, LOST, Program, note};
use crate::peer::view::{View, kind};
use crate::peer::{
    Access, Advanced, Answer, CommandLine, Greeting, Peer, PeerError, Reading, SaveOrder,
};
use crate::scenario::SaveEnd;
use crate::subject::Held;

/// Between two attempts at an answer that did not come.
const PAUSE: Duration = Duration::from_millis(20);

/// How long the end of a process may take to be told.
const A_MOMENT: Duration = Duration::from_secs(2);

/// The plugin in one scenario.
pub(super) struct PluginPeer {
    /// None: it lives by the machine's clock.
    pub(super) moved: Option<Moved>,
    /// None: each process is started.
    #[cfg(target_os = "linux")]
    pub(super) forks: Option<Arc<Forks>>,
    pub(super) is_forked: AtomicBool,
    pub(super) greeting: Greeting,
    pub(super) run: CommandLine,
    pub(super) port: Option<String>,
    /// That port, if it was chosen for this plugin.
    pub(super) _held: Option<Port>,
    /// Since when it runs.
    pub(super) program: parking_lot::Mutex<Option<(Arc<Program>, Instant)>>,
    pub(super) log: Arc<Log>,
    pub(super) url: Url,
    pub(super) save: Option<SavePage>,
    pub(super) http: Http,
    pub(super) view: View,
    pub(super) options: PeerOptions,
    /// Through which it reaches the emulator by Crisp's own addresses.
    pub(super) proxy: parking_lot::Mutex<Option<Proxy>>,
    /// What stood at its address in place of a cache, when it was looked at last.
    pub(super) misplaced: parking_lot::Mutex<Option<String>>,
    /// It answered with 200.
    pub(super) is_ready: AtomicBool,
    /// It answered at all.
    pub(super) was_heard: AtomicBool,
    pub(super) was_read: Arc<AtomicBool>,
    pub(super) turn: Mutex<Option<OwnedSemaphorePermit>>,
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
    pub(super) async fn begin(&self, access: &Access) -> Result<(), PeerError> {
        let mut variables = program::variables(access);
        variables.extend(self.port.clone().map(|port| ("PORT".to_owned(), port.into())));
        if let Some(interception) = &self.options.intercept {
            let added = self.intercept(interception, access, &variables).await?;
            variables.extend(added);
        }
        if let Some(moved) = &self.moved {
            let added = moved.variables(access, &|name| present(&variables, name));
            variables.extend(added);
        }
        let program = match self.forked(&variables).await? {
            Some(program) => program,
            None => self.started(variables)?,
        };
        *self.program.lock() = Some((Arc::new(program), Instant::now()));
        Ok(())
    }

    fn started(&self, variables: Vec<(String, OsString)>) -> Result<Program, PeerError> {
        let kept = Arc::clone(&self.log);
        Program::start(
            &self.run,
            variables,
            self.options.warden.clone(),
            Input::Nothing,
            &self.log,
            move |line| note(&kept, &line),
            || (),
        )
        .map_err(PeerError::NeverStarted)
    }

    #[cfg(target_os = "linux")]
    async fn forked(&self, variables: &[(String, OsString)]) -> Result<Option<Program>, PeerError> {
        let Some(forks) = &self.forks else { return Ok(None) };
        let warden = self.options.warden.as_ref();
        let program = forks.program(&self.run, variables, warden, &self.log).await?;
        self.is_forked.store(program.is_some(), Ordering::Relaxed);
        Ok(program)
    }

    #[cfg(not(target_os = "linux"))]
    async fn forked(&self, _: &[(String, OsString)]) -> Result<Option<Program>, PeerError> {
        Ok(None)
    }

    /// Has Crisp's addresses answered by the emulator of this run, and gives the variables for that.
    async fn intercept(
        &self,
        interception: &Interception,
        access: &Access,
        variables: &[(String, OsString)],
    ) -> Result<Vec<(String, OsString)>, PeerError> {
        let failed = |error: &dyn Display| PeerError::NeverStarted(error.to_string());
        let emulator = access.rest_host.trim_start_matches("http://");
        let emulator = emulator.parse().map_err(|error| failed(&error))?;
        let proxy = interception.proxy(emulator).await.map_err(|error| failed(&error))?;
        // A preload that moves the clock reads along on connections to the emulator: without TLS.
        let route = if self.moved.is_some() { Route::Preload } else { Route::Proxy };
        let added = interception.variables(&proxy, route, &|name| present(variables, name));
        *self.proxy.lock() = Some(proxy);
        Ok(added.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    pub(super) fn program(&self) -> Result<(Arc<Program>, Instant), PeerError> {
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
            answer = self.ask() => answer,
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

    async fn ask(&self) -> Result<(StatusCode, String), Unanswered> {
        match self.moved {
            Some(_) => exchange::get(&self.url, self.options.timeout).await,
            None => self.http.get(&self.url, self.options.timeout).await,
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

    pub(super) fn ended(&self, how: &str) -> PeerError {
        if how == LOST {
            return PeerError::Late(how.to_owned());
        }
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
        if has_no_port(&log) {
            // The port was free when it was looked for: worth another start, with another one.
            return PeerError::Late(how);
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

/// A variable as the program finds it: one of those, the latest first, or else one of ours.
fn present(variables: &[(String, OsString)], name: &str) -> Option<OsString> {
    let found = variables.iter().rev().find(|(known, _)| known == name);
    found.map(|(_, value)| value.clone()).or_else(|| std::env::var_os(name))
}

/// Whether a program says that another one listens where it wanted to.
fn has_no_port(log: &str) -> bool {
    let log = log.to_lowercase();
    ["eaddrinuse", "address already in use"].iter().any(|words| log.contains(words))
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
        Box::pin(async {
            self.begin(access).await?;
            let Some(moved) = &self.moved else { return Ok(()) };
            let (program, _) = self.program()?;
            tokio::select! {
                biased;
                _ = moved.channel.first() => Ok(()),
                how = program.ended() => Err(self.ended(&how)),
            }
        })
    }

    fn read(&self) -> Answer<'_, Reading> {
        Box::pin(self.look())
    }

    fn save<'a>(&'a self, order: SaveOrder<'a>) -> Answer<'a, SaveEnd> {
        match &self.save {
            Some(page) => Box::pin(page.save(order)),
            None => Box::pin(async { cannot("be told to save") }),
        }
    }

    fn advance(&self, by: Duration, now: Timestamp) -> Answer<'_, Advanced> {
        Box::pin(async move {
            let Some(moved) = &self.moved else { return cannot("have its clock moved") };
            let (program, _) = self.program()?;
            tokio::select! {
                biased;
                how = program.ended() => Err(self.ended(&how)),
                advanced = moved.advance(by, now, self.options.timeout) => {
                    let advanced = advanced?;
                    // Its connection ends before the system says that the process has.
                    if moved.channel.is_deserted()
                        && let Ok(how) = tokio::time::timeout(A_MOMENT, program.ended()).await
                    {
                        return Err(self.ended(&how));
                    }
                    Ok(advanced)
                }
            }
        })
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

    fn is_forked(&self) -> bool {
        self.is_forked.load(Ordering::Relaxed)
    }

    fn doubt(&self) -> Option<String> {
        self.moved.as_ref()?.channel.doubt()
    }

    fn log(&self) -> Vec<String> {
        self.log.lines()
    }
}
