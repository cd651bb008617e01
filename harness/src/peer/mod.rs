//! A client outside: a program or a service, started, read and asked to save while its own HTTP to
//! the emulator is real.
//!
//! A [`Launcher`] starts one [`Peer`] for each scenario. How the two talk is the launcher's affair:
//! JSON lines ([`Process`]), `POST` ([`Service`]), a plain `GET` of the plugin's own cache
//! ([`Plugin`]), or a call in this process.

mod ask;
mod clock;
mod command_line;
mod conversation;
mod family;
mod heard;
mod http;
mod lines;
pub(crate) mod log;
pub mod lookup;
mod moved;
mod options;
mod plugin;
mod port;
mod preload;
mod process;
mod program;
mod reply;
mod scenario_folder;
mod service;
mod view;
mod warden;
mod whose_clock;

use std::pin::Pin;
use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::spaces::Info;
use jiff::Timestamp;

pub use command_line::{BadCommandLine, CommandLine};
pub use family::Family;
#[cfg(unix)]
pub use family::{adopt, bury};
pub use options::{PeerOptions, Time};
pub use plugin::{Plugin, SavePage};
pub use process::Process;
pub use scenario_folder::ScenarioFolder;
pub use service::Service;
pub use view::View;
pub use warden::Warden;
#[cfg(unix)]
pub use warden::signal_group;

use crate::scenario;
use crate::subject::{Held, ReportedStatus};
use crate::words::{How, SaveEnd, Setting};

/// What a peer answers, when it does.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, PeerError>> + Send + 'a>>;

/// Why a peer gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// It could not be started, or never said hello: the environment failed.
    #[error("the client never started: {0}")]
    NeverStarted(String),
    /// It said hello, and later was silent or died: that is the verdict of this scenario.
    #[error("the client stopped: {0}")]
    Stopped(String),
    /// Its program ended before its cache could be read. If it had asked the emulator anything, it
    /// had started, and its end is the verdict of this scenario; else it never started.
    #[error("the client never started: {never}")]
    Ended {
        /// How it ended.
        how: String,
        /// The same of a client that never started, with what to do about it.
        never: String,
    },
    /// It said hello, and later did not reply in time; on a busy machine that says little.
    #[error("the client stopped: {0}")]
    Late(String),
    /// It answered that it cannot do what it was asked.
    #[error("the client refused: {0}")]
    Refused(String),
}

impl PeerError {
    /// How the client stopped, for a verdict.
    pub(crate) fn how(&self) -> String {
        match self {
            Self::Stopped(how) | Self::Late(how) => how.clone(),
            Self::Ended { how, .. } => how.clone(),
            Self::Refused(why) => format!("it refused: {why}"),
            Self::NeverStarted(why) => why.clone(),
        }
    }
}

/// How a client reaches the emulator of one scenario, and how fast its time goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// `http://127.0.0.1:40123`
    pub rest_host: String,
    /// `http://127.0.0.1:40123/v1/`
    pub rest_url: String,
    /// `ws://127.0.0.1:40123/p/68/`
    pub rtm_url: String,
    /// Where the control API is.
    pub control_url: String,
    /// The plugin token's identifier.
    pub identifier: String,
    /// The plugin token's key.
    pub key: String,
    /// The token's tier: `plugin`.
    pub tier: String,
    /// The plugin's id.
    pub plugin_id: String,
    /// From one poll to the next.
    pub poll_every: Duration,
    /// What time it is in the scenario, for a client with a clock that is moved by hand.
    pub now: Timestamp,
    /// How the scenario wants the client to be set up, in the time of this emulator. A client that
    /// has no such setting leaves it alone.
    pub client: scenario::Client,
    /// Whether the client is to be a process of its own from its start: none that was forked.
    pub afresh: bool,
    /// What the client keeps on disc in this scenario belongs there. None outside of scenarios.
    pub folder: Option<ScenarioFolder>,
}

impl Access {
    /// Where a space is.
    pub(crate) fn of(
        info: Info,
        poll_every: Duration,
        now: Timestamp,
        client: scenario::Client,
    ) -> Self {
        Self {
            rest_host: info.url,
            rest_url: info.rest_url,
            rtm_url: info.rtm_url,
            control_url: info.control_url,
            identifier: info.identifier,
            key: info.key,
            tier: info.tier,
            plugin_id: info.plugin_id,
            poll_every,
            now,
            client,
            afresh: false,
            folder: None,
        }
    }
}

/// What a peer can do beyond loading and being read (client protocol, capabilities).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// It saves when it is asked to.
    pub save: bool,
    /// It saves by a page of its own, and not as it is asked to.
    pub own_page: bool,
    /// What is read carries tokens.
    pub tokens: bool,
    /// What is read carries how current it is.
    pub status: bool,
    /// All its waits are by a clock that is advanced by hand.
    pub manual_clock: bool,
    /// It can forget everything, as if freshly started.
    pub reset: bool,
}

impl Capabilities {
    /// Adds the one of this name. Unknown names are passed over: a later version may have more.
    fn add(&mut self, name: &str) {
        match name {
            "save" => self.save = true,
            "tokens" => self.tokens = true,
            "status" => self.status = true,
            "manual_clock" => self.manual_clock = true,
            "reset" => self.reset = true,
            _ => {}
        }
    }
}

/// What a peer says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Greeting {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it can do.
    pub capabilities: Capabilities,
    /// How long it waits for an answer, if it says.
    pub timeout: Option<Duration>,
    /// Its longest wait after failures, if it says.
    pub backoff_max: Option<Duration>,
    /// From one full list to the next, if it says.
    pub relist: Option<Duration>,
    /// How far back its polls look, if it says.
    pub overlap: Option<Duration>,
    /// The settings of a scenario that it takes over from [`Peer::start`].
    pub takes: Vec<Setting>,
}

/// What a peer's cache holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// Whether it says that its first set is complete.
    pub ready: bool,
    /// Its websites; under a view, what the view makes comparable.
    pub websites: Vec<(WebsiteId, Held)>,
    /// What it says of how current it is.
    pub status: Option<ReportedStatus>,
}

/// An order to save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveOrder<'a> {
    /// Where.
    pub website: WebsiteId,
    /// What, as JSON text.
    pub settings: &'a str,
    /// The website's token at the server; none: it does not have the plugin.
    pub token: Option<String>,
    /// Replace or merge, for a client that can be told.
    pub how: How,
}

/// How far a peer has got with one of its sockets to the emulator, in bytes after the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub struct SocketCount {
    /// Its own port.
    pub port: u16,
    /// What it has read.
    pub read: u64,
    /// What it has written.
    pub written: u64,
}

/// What is left after a peer's clock was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advanced {
    /// How long until it next wants to wake; none: nothing but an answer can wake it.
    pub next: Option<Duration>,
    /// How many HTTP answers it waits for.
    pub in_flight: u32,
    /// How many requests its processes that still run have sent whole; none: it does not say.
    pub asked: Option<u64>,
    /// What differs from the last time if it has done anything since; none: it does not say.
    pub activity: Option<u64>,
    /// Its open sockets; none: it does not say.
    pub sockets: Option<Vec<SocketCount>>,
}

/// One started client.
pub trait Peer: Send + Sync {
    /// Who it is.
    fn greeting(&self) -> &Greeting;

    /// Has it begin to load; answered at once.
    fn start<'a>(&'a self, access: &'a Access) -> Answer<'a, ()>;

    /// What its cache holds now.
    fn read(&self) -> Answer<'_, Reading>;

    /// Has it save settings; answered when the save has ended.
    fn save<'a>(&'a self, order: SaveOrder<'a>) -> Answer<'a, SaveEnd>;

    /// Moves its clock.
    fn advance(&self, by: Duration, now: Timestamp) -> Answer<'_, Advanced>;

    /// The same for a client whose cache was read just now; also, what that led to before the clock moved. None: it
    /// cannot tell the two apart.
    fn advance_after_reading(
        &self,
        by: Duration,
        now: Timestamp,
    ) -> Answer<'_, (Option<Advanced>, Advanced)> {
        Box::pin(async move { Ok((None, self.advance(by, now).await?)) })
    }

    /// Has it forget everything.
    fn reset(&self) -> Answer<'_, ()>;

    /// Ends it. A peer that is dropped is ended, too.
    fn stop(&self) -> Answer<'_, ()>;

    /// What stands where its cache should be read, as of the last [`Peer::read`]: nothing that
    /// listens, or another answer than the two that a cache gives. None where that cannot be.
    fn misplaced(&self) -> Option<String> {
        None
    }

    /// Whether it was forked from a process that had loaded its libraries.
    fn is_forked(&self) -> bool {
        false
    }

    /// Why a failure of this client would say nothing of it: it waited for a process of its own whose
    /// clock cannot be moved, or read what another scenario left on disc. None where that cannot be. Asked once.
    fn doubt(&self) -> Option<String> {
        None
    }

    /// What it has written, for the report.
    fn log(&self) -> Vec<String>;
}

/// Starts peers.
pub trait Launcher: Send + Sync {
    /// Starts one and reads its greeting. A client that polls from the moment it is there is to come
    /// up in [`Peer::start`]: that is where a scenario's time begins.
    fn launch<'a>(&'a self, access: &'a Access) -> Answer<'a, Box<dyn Peer>>;

    /// How the server's settings look in its cache: the settings of the truth (JSON text; none:
    /// unconfigured) as they are to be compared, and none where the cache is not to have the
    /// website at all.
    fn view(&self, settings: Option<&str>) -> Option<String>;

    /// The view in words, for the verdict; none when it is the raw settings.
    fn view_in_words(&self) -> Option<String>;

    /// Starts one that lives by the machine's clock, where its peers else live by one that is moved: for
    /// a look at it before it is judged.
    fn in_real_time<'a>(&'a self, _: &'a Access) -> Option<Answer<'a, Box<dyn Peer>>> {
        None
    }

    /// Why its peers live by the machine's clock, where one that is moved by hand was wanted.
    fn why_in_real_time(&self) -> Option<String> {
        None
    }

    /// Whether a peer whose clock is moved may wait for what takes the machine's time, unseen: a native add-on, a database.
    /// Then its silence says nothing of it.
    fn may_wait_unseen(&self) -> bool {
        false
    }

    /// Forks no more: one that was forked has not done what one does that is started.
    fn fork_no_more(&self) {}

    /// So many of its peers can run at a time.
    fn at_most(&self) -> usize {
        usize::MAX
    }
}
