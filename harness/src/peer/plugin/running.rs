//! The plugin in one scenario.

use std::ffi::OsString;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use tokio::sync::{Mutex, OwnedSemaphorePermit};
use tokio::time::Instant;

use super::{FOLDER, SavePage};
#[cfg(target_os = "linux")]
use super::{
    forks::Forks,
    left_behind::{LeftBehind, Watchers},
};
use crate::intercept::{Interception, Proxy, Route};
use crate::peer::http::Http;
use crate::peer::log::Log;
use crate::peer::moved::Moved;
use crate::peer::options::PeerOptions;
use crate::peer::port::Port;
use crate::peer::program::{self, Input, LOST, Program, note};
use crate::peer::view::View;
use crate::peer::{
    Access, Advanced, Answer, CommandLine, Greeting, Peer, PeerError, Reading, SaveOrder,
    ScenarioFolder,
};
use crate::scenario::SaveEnd;

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
    /// Where it may keep what it holds.
    pub(super) folder: parking_lot::Mutex<Option<ScenarioFolder>>,
    #[cfg(target_os = "linux")]
    pub(super) watchers: Arc<Watchers>,
    /// What it finds of other scenarios.
    #[cfg(target_os = "linux")]
    pub(super) left_behind: parking_lot::Mutex<Option<LeftBehind>>,
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
    /// What it showed last, where its clock is moved.
    pub(super) shown: parking_lot::Mutex<Reading>,
    /// How many readings it did not answer in time.
    pub(super) unanswered: AtomicUsize,
    pub(super) turn: Mutex<Option<OwnedSemaphorePermit>>,
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
        let folder = match &access.folder {
            Some(folder) => {
                self.watch(folder);
                folder.clone()
            }
            None => ScenarioFolder::new()?,
        };
        variables.push(("CRISP_MOCK_FOLDER".to_owned(), folder.path().into()));
        let run = self.run.replacing(FOLDER, &folder.path().to_string_lossy());
        *self.folder.lock() = Some(folder);
        let program = match self.forked(&run, &variables).await? {
            Some(program) => program,
            None => self.started(&run, variables)?,
        };
        *self.program.lock() = Some((Arc::new(program), Instant::now()));
        Ok(())
    }

    #[cfg(target_os = "linux")]
    fn watch(&self, folder: &ScenarioFolder) {
        *self.left_behind.lock() = self.watchers.watch(folder.since());
    }

    #[cfg(not(target_os = "linux"))]
    fn watch(&self, _: &ScenarioFolder) {}

    fn started(
        &self,
        run: &CommandLine,
        variables: Vec<(String, OsString)>,
    ) -> Result<Program, PeerError> {
        let kept = Arc::clone(&self.log);
        Program::start(
            run,
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
    async fn forked(
        &self,
        run: &CommandLine,
        variables: &[(String, OsString)],
    ) -> Result<Option<Program>, PeerError> {
        let Some(forks) = &self.forks else { return Ok(None) };
        let warden = self.options.warden.as_ref();
        let program = forks.program(run, variables, warden, &self.log).await?;
        self.is_forked.store(program.is_some(), Ordering::Relaxed);
        Ok(program)
    }

    #[cfg(not(target_os = "linux"))]
    async fn forked(
        &self,
        _: &CommandLine,
        _: &[(String, OsString)],
    ) -> Result<Option<Program>, PeerError> {
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

    async fn move_clock(
        &self,
        by: Duration,
        now: Timestamp,
        tell_found: bool,
    ) -> Result<(Option<Advanced>, Advanced), PeerError> {
        let Some(moved) = &self.moved else { return cannot("have its clock moved") };
        let (program, _) = self.program()?;
        tokio::select! {
            biased;
            how = program.ended() => Err(self.ended(&how)),
            advanced = moved.advance(by, now, tell_found, self.options.timeout) => {
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
        Box::pin(async move { Ok(self.move_clock(by, now, false).await?.1) })
    }

    fn advance_after_reading(
        &self,
        by: Duration,
        now: Timestamp,
    ) -> Answer<'_, (Option<Advanced>, Advanced)> {
        Box::pin(self.move_clock(by, now, true))
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
        let doubt = self.moved.as_ref().and_then(|moved| moved.channel.doubt());
        #[cfg(target_os = "linux")]
        let doubt = doubt.or_else(|| self.left_behind.lock().as_ref()?.doubt());
        doubt
    }

    fn log(&self) -> Vec<String> {
        self.log.lines()
    }
}
