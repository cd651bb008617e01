//! Virtual time over HTTP: a client outside whose clock is moved by hand.
//!
//! To the [world](crate::world) such a client is a [`Subject`] like any other; its requests are
//! [parked](super::parked) until the world decides when each answer arrives.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crisp_mock_server::space::{Outside as ServerTime, Space};
use crisp_mock_server::spaces::Info;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::client_side::in_time;
use super::emulator::SharedEmulator;
use super::lateness::Lateness;
use super::over_http::{OverHttp, untried};
use super::parked::ParkedClient;
use super::requests::Requests;
use super::{Tempo, Terms, demands, verdict};
use crate::candidate::Untried;
use crate::history::{History, SocketState, What};
use crate::peer::{Access, Advanced, Greeting, Launcher, Peer, PeerError, ScenarioFolder};
use crate::runner::{self, Judged, Outcome, Outside};
use crate::scenario;
use crate::subject::{About, Action, Client, Event, Moment, ReportedStatus, Setup, Subject};
use crate::world::{self, Prepared};

/// A client that is judged for so long is started, and none is forked: a start takes a moment, another look at a failure
/// of it as long as the first.
const LONG: Duration = Duration::from_secs(3 * 3_600);

/// What is known of clients that were forked: whether a failure of theirs is one of a client that is started.
#[derive(Debug, Default)]
pub(super) struct Forked {
    /// Kinds of failures of which one was the same to the letter.
    same: HashSet<&'static str>,
    /// Whether one was not.
    differs: bool,
}

impl Forked {
    /// Whether a failure counts without another look.
    fn is_proved(&self, kind: &str) -> bool {
        !self.differs && self.same.contains(kind)
    }

    fn compared(&mut self, kind: &'static str, is_same: bool) {
        self.differs |= !is_same;
        if is_same {
            self.same.insert(kind);
        }
    }
}

/// What a failure is called; a client that has stopped fails nothing else.
fn kind(judged: &Judged) -> &'static str {
    judged.failures().first().map_or("stopped", |(_, breach)| breach.word)
}

impl OverHttp {
    /// Virtual time over HTTP. What fails on a busy machine counts when it comes again to the letter: a
    /// process may wait for something that its preload does not know of, and that takes no time elsewhere.
    /// The first failure of each kind of forked clients is looked at again with one that is started, and so
    /// is one that did not start.
    pub(super) fn in_virtual_time(
        &self,
        emulator: &SharedEmulator,
        prepared: &Prepared,
        greeting: &Greeting,
    ) -> Result<Judged, Untried> {
        let lateness = Lateness::watch(emulator.runtime.handle());
        let run = |afresh| loop {
            let reads_apart = self.reads_apart.load(Ordering::Relaxed);
            let shared = Arc::new(Shared { reads_apart, ..Shared::default() });
            let judged = self.once_in_virtual_time(prepared, greeting, afresh, &shared);
            if !shared.acts_when_read.load(Ordering::Relaxed) {
                break (judged, shared.is_forked.load(Ordering::Relaxed));
            }
            self.reads_apart.store(true, Ordering::Relaxed);
        };
        let is_long = prepared.planned >= LONG || prepared.blueprint.quota().is_some();
        let (judged, is_forked) = match run(is_long) {
            (Err(_), true) => {
                self.launcher.fork_no_more();
                (run(true).0?, false)
            }
            (judged, is_forked) => (judged?, is_forked),
        };
        if judged.outcome() != Outcome::Failed {
            return Ok(judged);
        }
        let is_busy = lateness.most() >= verdict::BUSY;
        if is_busy && judged.outside.as_ref().is_some_and(|outside| outside.late) {
            return Ok(verdict::too_late(judged, lateness.most()));
        }
        let is_proved = !is_forked || self.forked.lock().is_proved(kind(&judged));
        if !is_busy && is_proved {
            return Ok(judged);
        }
        let again = run(true).0?;
        let is_same = verdict::are_same(&judged, &again);
        if is_forked {
            self.forked.lock().compared(kind(&judged), is_same);
            if !is_same {
                self.launcher.fork_no_more();
            }
        }
        if is_busy || is_same {
            return Ok(verdict::same(judged, &again, lateness.most()));
        }
        Ok(again)
    }

    fn once_in_virtual_time(
        &self,
        prepared: &Prepared,
        greeting: &Greeting,
        afresh: bool,
        shared: &Arc<Shared>,
    ) -> Result<Judged, Untried> {
        let runtime = runtime_of_a_run()?;
        let tempo = Tempo::of(&prepared.scenario, self.terms.poll);
        let options = &prepared.scenario.client;
        let declared = demands::by_hand(greeting, options, tempo.stands_for());
        let about = demands::about(greeting, declared);
        let bound = History::new(declared, prepared.staleness).bound()
            + world::longest_retry_after(&prepared.blueprint);
        let scenario = demands::forbearing(
            &prepared.scenario,
            &*self.launcher,
            bound,
            greeting.capabilities.own_page,
        );
        let judged = Arc::new(scenario);
        let seen = Arc::new(Prepared { scenario: Arc::clone(&judged), ..prepared.clone() });
        let client = ByHand {
            launcher: Arc::clone(&self.launcher),
            terms: self.terms,
            about,
            runtime: Arc::clone(&runtime),
            prepared: Arc::clone(&seen),
            shared: Arc::clone(shared),
            afresh,
            folder: ScenarioFolder::new().map_err(|error| untried(&error))?,
        };
        let Judged { mut run, mut findings, .. } = runner::judge(&seen, &client);
        runtime.block_on(shared.close_reading(self.terms.client_timeout));
        run.about.abilities.listens = has_listened(&run.history);
        let unjudged = demands::excuse(&mut findings, &judged, &run);
        findings.extend(demands::left_out(&prepared.scenario, &judged));
        if let Some(wanted) = &prepared.scenario.expect.saves {
            findings.push(demands::saves(wanted, &run.history));
        }
        let trouble = shared.trouble();
        let late = matches!(trouble, Some(PeerError::Late(_)));
        if let Some(PeerError::Late(how)) = &trouble
            && self.launcher.may_wait_unseen()
        {
            shared.doubt(&format!(
                "{how} (tried twice, the second time alone; --client-timeout waits longer, and `--time real` judges it by \
                 the machine's clock)"
            ));
        }
        let stopped = match trouble {
            Some(never @ PeerError::NeverStarted(_)) => return Err(untried(&never)),
            // What asked nothing had not started.
            Some(PeerError::Ended { never, .. }) if run.history.requests.is_empty() => {
                return Err(untried(&PeerError::NeverStarted(never)));
            }
            trouble => trouble.map(|trouble| trouble.how()),
        };
        let outside = Outside {
            stopped,
            late,
            view: self.launcher.view_in_words(),
            log: shared.log(),
            unjudged,
            ..Outside::default()
        };
        runtime.block_on(shared.stop(self.terms.client_timeout));
        let scenario = Arc::clone(&prepared.scenario);
        let judged = Judged { scenario, run, findings, outside: Some(Box::new(outside)) };
        let doubt = shared.doubt.lock().clone();
        Ok(verdict::unless_in_doubt(judged, doubt))
    }
}

/// A run waits for its client most of the time. On one thread with it, what the client says wakes the world directly; from
/// another it would take two switches of threads a message, a sixth of all that a run costs.
fn runtime_of_a_run() -> Result<Arc<Runtime>, Untried> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map(Arc::new).map_err(|error| Untried {
        problem: format!("a run cannot be started: {error}"),
        hint: Some("raise the limit of open files (ulimit -n), or try --jobs 1".to_owned()),
    })
}

/// Whether the client opened a socket.
fn has_listened(history: &History) -> bool {
    history.events.iter().any(|event| event.what == What::Socket(SocketState::Opened))
}

/// A client outside whose clock is moved by hand.
pub(super) struct ByHand {
    launcher: Arc<dyn Launcher>,
    terms: Terms,
    about: About,
    /// On which its connections, its processes and their clocks live; the world drives it while it waits for them.
    pub(super) runtime: Arc<Runtime>,
    prepared: Arc<Prepared>,
    pub(super) shared: Arc<Shared>,
    /// Whether each process of it is started, and none forked.
    afresh: bool,
    folder: ScenarioFolder,
}

/// What outlives a restart of the client.
#[derive(Default)]
pub(super) struct Shared {
    trouble: Mutex<Option<PeerError>>,
    peer: Mutex<Option<Arc<dyn Peer>>>,
    /// Why a failure is not held against it, of all its processes so far.
    doubt: Mutex<Option<String>>,
    /// Whether a process of it was forked.
    is_forked: AtomicBool,
    /// Whether the clock stands after each reading of its cache until it is known what that led to.
    pub(super) reads_apart: bool,
    /// What it had said when its cache was read, and the date then, until it is known what that led to.
    read: Mutex<Option<(Advanced, Timestamp)>>,
    /// Whether a reading led to something, and the clock moved meanwhile.
    acts_when_read: AtomicBool,
}

impl Shared {
    /// Its cache was read; what that led to is asked for with the next order.
    pub(super) fn was_read(&self, told: Advanced, date: Timestamp) {
        *self.read.lock() = Some((told, date));
    }

    /// Moves the clock of a client whose last reading is open, which closes it; gives the activity after the reading, and
    /// what it says then. None: no reading is open, and the clock stays.
    pub(super) async fn after_reading(
        &self,
        peer: &dyn Peer,
        by: Duration,
        now: Timestamp,
        patience: Duration,
    ) -> Result<Option<(Option<u64>, Advanced)>, PeerError> {
        let Some((told, _)) = self.read.lock().take() else { return Ok(None) };
        let moved = in_time(patience, "advance", peer.advance_after_reading(by, now)).await?;
        let but_active = |it: &Advanced| Advanced { activity: None, ..it.clone() };
        match moved {
            (Some(found), advanced) if but_active(&found) == but_active(&told) => {
                Ok(Some((found.activity, advanced)))
            }
            // The clock has moved before that was known: this run counts for nothing.
            _ => {
                self.acts_when_read.store(true, Ordering::Relaxed);
                Err(PeerError::Late("its cache is to be read apart".to_owned()))
            }
        }
    }

    /// Closes the last reading, where no other order follows.
    async fn close_reading(&self, patience: Duration) {
        let date = self.read.lock().as_ref().map(|(_, date)| *date);
        let peer = self.peer.lock().clone();
        let (Some(date), Some(peer)) = (date, peer) else { return };
        if let Err(error) = self.after_reading(&*peer, Duration::ZERO, date, patience).await {
            self.fail(error);
        }
    }

    /// What went wrong with the client, if anything did.
    pub(super) fn trouble(&self) -> Option<PeerError> {
        self.trouble.lock().clone()
    }

    /// What the client wrote.
    fn log(&self) -> Vec<String> {
        let peer = self.peer.lock().clone();
        peer.map(|peer| peer.log()).unwrap_or_default()
    }

    /// Ends the client.
    async fn stop(&self, patience: Duration) {
        let peer = self.take();
        if let Some(peer) = peer {
            // The run is over: its reply changes nothing.
            let _ = timeout(patience, peer.stop()).await;
        }
    }

    /// The client, which is about to end.
    fn take(&self) -> Option<Arc<dyn Peer>> {
        let peer = self.peer.lock().take()?;
        if let Some(why) = peer.doubt() {
            self.doubt(&why);
        }
        Some(peer)
    }

    /// A failure is not held against it; only the first reason counts.
    pub(super) fn doubt(&self, why: &str) {
        self.doubt.lock().get_or_insert_with(|| why.to_owned());
    }

    pub(super) fn fail(&self, error: PeerError) {
        self.trouble.lock().get_or_insert(error);
    }
}

impl Client for ByHand {
    fn about(&self, _: &scenario::Client) -> About {
        self.about.clone()
    }

    fn start(&self, _: &Setup, now: Moment) -> Box<dyn Subject> {
        match self.runtime.block_on(self.bring_up(now)) {
            Ok(running) => Box::new(running),
            Err(error) => {
                self.shared.fail(error);
                Box::new(Gone)
            }
        }
    }

    fn view<'a>(&self, settings: Option<&'a str>) -> Option<Cow<'a, str>> {
        self.launcher.view(settings).map(Cow::Owned)
    }
}

impl ByHand {
    async fn bring_up(&self, now: Moment) -> Result<ParkedClient, PeerError> {
        let requests = Requests::listen()
            .await
            .map_err(|error| PeerError::NeverStarted(format!("no port was free: {error}")))?;
        let access = self.access(&requests.url, now);
        let patience = self.terms.client_timeout;
        self.shared.close_reading(patience).await;
        let before = self.shared.take();
        let peer = match before {
            Some(peer) if peer.greeting().capabilities.reset => {
                in_time(patience, "reset", peer.reset()).await?;
                peer
            }
            before => {
                if let Some(peer) = before {
                    in_time(patience, "stop", peer.stop()).await?;
                }
                in_time(patience, "hello", self.launcher.launch(&access)).await?.into()
            }
        };
        *self.shared.peer.lock() = Some(Arc::clone(&peer));
        let started = in_time(patience, "start", peer.start(&access)).await;
        self.shared.is_forked.fetch_or(peer.is_forked(), Ordering::Relaxed);
        started?;
        Ok(ParkedClient::new(peer, requests, patience, now.elapsed, self))
    }

    fn access(&self, url: &str, now: Moment) -> Access {
        // The world's own space has these credentials: they follow from its name and blueprint.
        let outside = ServerTime { elapsed: Duration::ZERO, wall: self.prepared.begins.into() };
        let blueprint = Arc::clone(&self.prepared.blueprint);
        let info = Info::of(&Space::start(world::SPACE, blueprint, url, outside), url);
        let client = self.prepared.scenario.client.clone();
        let access = Access::of(info, self.about.declared.poll_every, now.wall, client);
        Access { afresh: self.afresh, folder: Some(self.folder.clone()), ..access }
    }
}

/// A client that could not be started: it does nothing.
struct Gone;

impl Subject for Gone {
    fn handle(&mut self, _: Moment, _: Event, _: &mut Vec<Action>) {}

    fn next_wake(&self) -> Option<Duration> {
        None
    }

    fn status(&self, _: Moment) -> Option<ReportedStatus> {
        None
    }
}
