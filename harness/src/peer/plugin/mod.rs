//! A plugin as it is (`--run`, `--read`): started with the emulator in its environment, its cache
//! read by `GET` from an address that it has for tests. It saves by its own settings page (`--save`);
//! without one, loading and polling are judged alone.

mod cache;
mod exchange;
#[cfg(target_os = "linux")]
mod forks;
#[cfg(target_os = "linux")]
mod left_behind;
mod page;
mod running;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use crisp_mock_server::duration;
use reqwest::Url;
use tokio::sync::{Mutex, Semaphore};

use super::http::{Http, Unanswered, address};
use super::moved::Moved;
use super::options::PeerOptions;
use super::port::Port;
use super::view::View;
use super::whose_clock::{Found, REPORTS_WITHIN, WhoseClock};
use super::{Access, Answer, Capabilities, CommandLine, Greeting, Launcher, Peer, PeerError};
pub use page::SavePage;
use running::PluginPeer;

/// Stands for a free port.
const PORT: &str = "{port}";
/// Stands for a folder of the scenario's own.
const FOLDER: &str = "{folder}";

/// So often a plugin that finds its port taken is started, to see by which clock it lives.
const MOST_LOOKS: u32 = 3;

/// Starts a plugin for each scenario.
#[derive(Debug)]
pub struct Plugin {
    run: CommandLine,
    read: String,
    /// Its own settings page, by which it saves.
    save: Option<SavePage>,
    options: PeerOptions,
    view: View,
    http: Http,
    /// Whether a cache was ever read.
    was_read: Arc<AtomicBool>,
    /// One at a time, unless each gets a port of its own.
    turn: Option<Arc<Semaphore>>,
    clock: WhoseClock,
    #[cfg(target_os = "linux")]
    forks: Arc<forks::Forks>,
    #[cfg(target_os = "linux")]
    watchers: Arc<left_behind::Watchers>,
}

impl Plugin {
    /// A plugin that is started with this command line and shows its cache at this address. Without
    /// its own settings page it is not told to save.
    ///
    /// # Errors
    ///
    /// In words, when it is no address, or the machine refuses an HTTP client.
    pub fn new(
        run: CommandLine,
        read: &str,
        save: Option<SavePage>,
        options: PeerOptions,
    ) -> Result<Self, String> {
        let place = read.replace(PORT, "1");
        address(&place).map_err(|problem| match place.contains('{') {
            true => format!("{problem}, with {PORT} in the place of the plugin's port"),
            false => problem,
        })?;
        let turn = (!read.contains(PORT)).then(|| Arc::new(Semaphore::new(1)));
        Ok(Self {
            run,
            read: read.to_owned(),
            save,
            view: options.view.clone().unwrap_or_default(),
            clock: WhoseClock::new(options.time),
            #[cfg(target_os = "linux")]
            forks: Arc::default(),
            #[cfg(target_os = "linux")]
            watchers: Arc::new(left_behind::Watchers::new(
                ".".into(),
                super::ScenarioFolder::new().map_err(|error| error.how())?.since(),
            )),
            options,
            http: Http::new()?,
            was_read: Arc::default(),
            turn,
        })
    }

    /// A peer by the clock that was found to be the plugin's.
    async fn launched(&self, access: &Access) -> Result<Box<dyn Peer>, PeerError> {
        let found = self.clock.find(self.look(access)).await?;
        let mut peer = self.begin().await?;
        if let (Found::Virtual(hello), Ok(preload)) = (found, self.clock.preload()) {
            peer.moved = Some(Moved::new(preload).await?);
            peer.greeting.capabilities.manual_clock = true;
            #[cfg(target_os = "linux")]
            if hello.runtime == "python" && !access.afresh {
                peer.forks = Some(Arc::clone(&self.forks));
            }
            peer.greeting.version = format!("{} {}", hello.runtime, hello.version);
        }
        Ok(Box::new(peer))
    }

    /// Starts the plugin and sees whether a process of it reports: again with another port when the first
    /// is taken meanwhile.
    async fn look(&self, access: &Access) -> Found {
        #[cfg(target_os = "linux")]
        self.forks.live_here();
        for _ in 1..MOST_LOOKS {
            match self.try_look(access).await {
                Ok(found) => return found,
                Err(PeerError::Late(_)) => {}
                Err(error) => return Found::Real(error.how()),
            }
        }
        self.try_look(access).await.unwrap_or_else(|error| Found::Real(error.how()))
    }

    async fn try_look(&self, access: &Access) -> Result<Found, PeerError> {
        let preload = match self.clock.preload() {
            Ok(preload) => preload,
            Err(why) => return Ok(Found::Real(why)),
        };
        let mut peer = self.begin().await?;
        let moved = Moved::new(preload).await?;
        let channel = Arc::clone(&moved.channel);
        peer.moved = Some(moved);
        // What it keeps on disc is no scenario's.
        peer.begin(&Access { folder: None, ..access.clone() }).await?;
        let (program, _) = peer.program()?;
        let found = tokio::select! {
            biased;
            hello = channel.first() => Found::Virtual(hello),
            how = program.ended() => match peer.ended(&how) {
                late @ PeerError::Late(_) => return Err(late),
                _ => Found::Real(format!("no process of it has reported: {how}")),
            },
            () = tokio::time::sleep(REPORTS_WITHIN) => Found::Real(format!(
                "no process of it has loaded the preload for Node or Python within {}",
                duration::format(REPORTS_WITHIN)
            )),
        };
        peer.stop().await?;
        Ok(found)
    }

    async fn begin(&self) -> Result<PluginPeer, PeerError> {
        let turn = match &self.turn {
            Some(turn) => Arc::clone(turn).acquire_owned().await.ok(),
            None => None,
        };
        let held = if turn.is_some() { None } else { Some(Port::free()?) };
        let port = held.as_ref().map(|port| port.number().to_string());
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
        let save = self.save.as_ref().map(|save| save.replacing_port(port.as_deref()));
        let is_there = save.is_some();
        let saves = Capabilities { save: is_there, own_page: is_there, ..Capabilities::default() };
        let name = run.text().to_owned();
        Ok(PluginPeer {
            moved: None,
            #[cfg(target_os = "linux")]
            forks: None,
            is_forked: AtomicBool::new(false),
            folder: parking_lot::Mutex::default(),
            #[cfg(target_os = "linux")]
            watchers: Arc::clone(&self.watchers),
            #[cfg(target_os = "linux")]
            left_behind: parking_lot::Mutex::default(),
            greeting: Greeting { name, capabilities: saves, ..Greeting::default() },
            save,
            run,
            port,
            _held: held,
            program: parking_lot::Mutex::new(None),
            log: Arc::default(),
            url,
            http: self.http.clone(),
            view: self.view.clone(),
            options: self.options.clone(),
            proxy: parking_lot::Mutex::default(),
            misplaced: parking_lot::Mutex::default(),
            is_ready: AtomicBool::new(false),
            was_heard: AtomicBool::new(false),
            shown: parking_lot::Mutex::default(),
            unanswered: AtomicUsize::new(0),
            was_read: Arc::clone(&self.was_read),
            turn: Mutex::new(turn),
        })
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

impl Launcher for Plugin {
    fn launch<'a>(&'a self, access: &'a Access) -> Answer<'a, Box<dyn Peer>> {
        Box::pin(self.launched(access))
    }

    fn in_real_time<'a>(&'a self, _: &'a Access) -> Option<Answer<'a, Box<dyn Peer>>> {
        let begin = async { self.begin().await.map(|peer| Box::new(peer) as Box<dyn Peer>) };
        Some(Box::pin(begin))
    }

    fn why_in_real_time(&self) -> Option<String> {
        self.clock.why_real()
    }

    fn view(&self, settings: Option<&str>) -> Option<String> {
        self.view.of(settings)
    }

    fn view_in_words(&self) -> Option<String> {
        self.view.in_words()
    }

    fn may_wait_unseen(&self) -> bool {
        true
    }

    fn fork_no_more(&self) {
        #[cfg(target_os = "linux")]
        self.forks.end();
    }

    fn at_most(&self) -> usize {
        if self.turn.is_some() { 1 } else { usize::MAX }
    }
}
