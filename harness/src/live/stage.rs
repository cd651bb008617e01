//! One scenario in real time: what is due is done, what happens is written down.
//!
//! Everything that is heard, from the emulator, from the client and from the clock, comes together
//! in one task, which alone writes the history. The server's side of it is exact: its order is
//! that of the space's lock. The cache's side is read, after every answered request and at a
//! steady beat; a value is never taken for older than it can be, nor for younger.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crisp_mock_server::spaces::SharedSpace;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::tap::{Inside, Note};
use super::{Tempo, Terms};
use crate::history::{Event, History, RequestIndex, What};
use crate::peer::{Launcher, Peer, PeerError, Place, Reading, log};
use crate::scenario::{Anchor, Deed, SaveEnd, Scenario};
use crate::subject::How;
use crate::world::record;
use crate::world::{BrokenOff, Due, MOST_REQUESTS, PATIENCE, Prepared, Witness};

/// So many intervals of calm show that nothing more is to come.
const CALM: u32 = 4;
/// So many polls a run takes at least: the load, some steps, and the calm.
pub(super) const AT_LEAST: u32 = CALM + 3;
/// So many of the client's own questions after the last trouble show that it lives.
const ALIVE: usize = 2;
/// A run that takes so much longer than planned goes on for ever.
const LONGEST: Duration = Duration::from_secs(300);

/// Where a run takes place.
pub(super) struct Scene<'a> {
    pub(super) launcher: &'a dyn Launcher,
    pub(super) terms: Terms,
    pub(super) tempo: Tempo,
    /// As it was written, its plan in the scenario's own time.
    pub(super) prepared: &'a Prepared,
    /// As it is judged.
    pub(super) scenario: &'a Scenario,
    pub(super) cell: Arc<SharedSpace>,
    pub(super) tap: Arc<Inside>,
    pub(super) place: Place,
}

/// What was heard of the client.
pub(super) enum Heard {
    Read { asked: Duration, life: u32, result: Result<Reading, PeerError> },
    Saved { ticket: u32, life: u32, result: Result<SaveEnd, PeerError> },
}

/// How a run in real time ended.
pub(super) struct Ended {
    pub(super) history: History,
    pub(super) unreached: Vec<usize>,
    pub(super) unfired: Vec<usize>,
    pub(super) broken_off: Option<BrokenOff>,
    /// How late the latest timer was.
    pub(super) lag: Duration,
    /// What the client wrote.
    pub(super) log: Vec<String>,
    /// That it stopped, and how.
    pub(super) stopped: Option<String>,
}

/// A run under way.
pub(super) struct Stage<'a, W> {
    pub(super) scene: Scene<'a>,
    witness: &'a mut W,
    pub(super) notes: mpsc::UnboundedReceiver<Note>,
    pub(super) peer: Arc<dyn Peer>,
    pub(super) heard: JoinSet<Heard>,
    pub(super) history: History,
    pub(super) seqs: HashMap<u64, RequestIndex>,
    /// What is to be done, in real time since the beginning.
    pub(super) agenda: Vec<(Duration, Due)>,
    pub(super) origin: Instant,
    pub(super) begun: bool,
    /// A life that has not begun: the client was restarted and has asked nothing yet.
    pub(super) unborn: bool,
    pub(super) life: u32,
    pub(super) reading: bool,
    pub(super) next_read: Duration,
    /// Saves that have ended and that no reading has followed yet: how, and when that was told.
    pub(super) ended: Vec<(u32, SaveEnd, Duration)>,
    pub(super) open: usize,
    pub(super) planned: Duration,
    pub(super) quiet: bool,
    /// The faults that had never acted when they were taken away.
    pub(super) unfired: Vec<usize>,
    lag: Duration,
}

impl<'a, W: Witness> Stage<'a, W> {
    pub(super) fn new(
        scene: Scene<'a>,
        peer: Box<dyn Peer>,
        notes: mpsc::UnboundedReceiver<Note>,
        history: History,
        witness: &'a mut W,
    ) -> Self {
        let (tempo, prepared) = (scene.tempo, scene.prepared);
        let steps = prepared.scenario.when.iter().enumerate();
        let steps = steps.filter_map(|(index, step)| match step.anchor {
            Anchor::At(at) => Some((at + step.wait.unwrap_or_default(), Due::Step(index))),
            Anchor::After(_) | Anchor::During(_) => None,
        });
        let edges = prepared.edges.iter();
        let edges = edges.map(|(at, side)| (*at, Due::ClockEdge(*side)));
        let agenda = steps.chain(edges).map(|(at, due)| (tempo.real(at), due));
        Self {
            agenda: agenda.collect(),
            planned: prepared.planned,
            scene,
            witness,
            notes,
            peer: peer.into(),
            heard: JoinSet::new(),
            history,
            seqs: HashMap::new(),
            origin: Instant::now(),
            begun: false,
            unborn: false,
            life: 0,
            reading: false,
            next_read: Duration::ZERO,
            ended: Vec::new(),
            open: 0,
            quiet: false,
            unfired: Vec::new(),
            lag: Duration::ZERO,
        }
    }

    /// Starts the client and goes on until nothing more is to be seen.
    pub(super) async fn run(mut self) -> Result<Ended, PeerError> {
        let stopped = match self.go_on().await {
            Ok(()) => None,
            Err(never @ PeerError::NeverStarted(_)) => return Err(never),
            Err(error) => Some(super::in_words(&error)),
        };
        self.heard.abort_all();
        let broken_off = self.endless().then_some(BrokenOff::Endless);
        let at = self.elapsed();
        self.push(at, What::End);
        let unfired =
            if self.quiet { self.unfired } else { record::unfired(&self.scene.cell.lock()) };
        // A client that has stopped may not hear of it; the verdict stands.
        let _ = timeout(self.scene.terms.client_timeout, self.peer.stop()).await;
        Ok(Ended {
            history: self.history,
            unreached: self.scene.tap.waiting(),
            unfired,
            broken_off,
            lag: self.lag,
            log: self.peer.log(),
            stopped,
        })
    }

    async fn go_on(&mut self) -> Result<(), PeerError> {
        self.peer_starts().await?;
        let mut patience = Instant::now() + self.scene.terms.client_timeout;
        while !self.is_over() {
            let waits = !self.begun || self.unborn;
            let wake = self.wake();
            tokio::select! {
                biased;
                Some(note) = self.notes.recv() => self.take(note),
                Some(heard) = self.heard.join_next(), if !self.heard.is_empty() => {
                    // A task that was given up has nothing to tell.
                    if let Ok(heard) = heard {
                        self.hear(heard)?;
                    }
                }
                () = sleep_until(wake) => {
                    if waits && wake > patience {
                        return Err(self.never_asked());
                    }
                    self.lag = self.lag.max(wake.elapsed());
                    if self.begun && self.act_if_due().await? {
                        patience = Instant::now() + self.scene.terms.client_timeout;
                    }
                    self.read_if_due();
                }
            }
        }
        Ok(())
    }

    async fn peer_starts(&self) -> Result<(), PeerError> {
        let start = self.peer.start(&self.scene.place);
        in_time(self.scene.terms.client_timeout, "start", start).await
    }

    fn never_asked(&self) -> PeerError {
        let within = crisp_mock_server::duration::format(self.scene.terms.client_timeout);
        if self.begun {
            return PeerError::Stopped(format!("it asked nothing within {within} of its restart"));
        }
        PeerError::NeverStarted(format!(
            "no request came within {within}: does it use the address and the credentials that \
             it is given (setRestHost with CRISP_REST_HOST)?{}",
            log::told(&self.peer.log())
        ))
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    fn told_now(&self) -> Duration {
        self.scene.tempo.told(self.elapsed())
    }

    pub(super) fn push(&mut self, at: Duration, what: What) {
        // What came first in the lock comes first here, whatever the clocks say.
        let at = self.scene.tempo.told(at).max(self.history.now());
        let event: Event = self.history.push(at, what);
        self.witness.see(&self.history, &event);
    }

    /// When the next thing is to be done.
    fn wake(&self) -> Instant {
        let due = self.agenda.iter().map(|(at, _)| *at).min();
        let due = due.filter(|_| self.begun);
        let read = (!self.reading).then_some(self.next_read);
        let look = self.elapsed() + self.scene.tempo.poll() / 2;
        let next = due.into_iter().chain(read).min().unwrap_or(look).min(look);
        self.origin + next
    }

    /// Whether there is nothing more to be seen.
    fn is_over(&mut self) -> bool {
        // In this order: what a step did that waits no more is among the notes.
        let hooked = !self.scene.tap.waiting().is_empty();
        self.take_all();
        if !self.begun || self.unborn {
            return false;
        }
        if self.endless() {
            return true;
        }
        self.end_faults(hooked);
        let now = self.told_now();
        let history = &self.history;
        let settled = self.planned.max(history.disturbed);
        let limit =
            history.bound().max(self.scene.scenario.expect.converged_within.unwrap_or_default());
        if hooked {
            let relist = history.manners.relist_every.unwrap_or_default();
            return now > self.planned.max(history.born) + relist + limit;
        }
        if !self.agenda.is_empty() {
            return false;
        }
        if now > settled + limit + self.scene.tempo.stands_for() {
            return true;
        }
        self.history.settled = self.is_calm(now, settled);
        self.history.settled
    }

    fn is_calm(&self, now: Duration, settled: Duration) -> bool {
        let history = &self.history;
        let (Some(agreed), Some(ready)) = (history.agreed_from, history.ready) else {
            return false;
        };
        let from = settled.max(agreed).max(ready);
        let asked = history.requests.iter().rev().take_while(|r| r.sent > from);
        let asked =
            asked.filter(|r| r.is_question() && r.ended.is_some() && !r.quality.is_failure());
        self.open == 0
            && self.ended.is_empty()
            && now > from + self.scene.tempo.stands_for() * CALM
            && asked.count() >= ALIVE
    }

    fn endless(&self) -> bool {
        self.elapsed() > self.scene.tempo.real(self.planned) + LONGEST
            || self.history.requests.len() > MOST_REQUESTS
    }

    /// Faults without an end are ended a while after the last planned thing.
    fn end_faults(&mut self, hooked: bool) {
        let endless = self.scene.prepared.endless && !self.quiet && !hooked;
        if endless && !self.agenda.iter().any(|(_, due)| *due == Due::Quiet) {
            let at = self.scene.tempo.real(self.planned + PATIENCE);
            self.agenda.push((at, Due::Quiet));
        }
    }

    /// Carries out what is due; says whether the client was started anew.
    async fn act_if_due(&mut self) -> Result<bool, PeerError> {
        let mut anew = false;
        while let Some(position) = self.first_due() {
            let (_, due) = self.agenda.remove(position);
            let at = self.elapsed();
            match due {
                Due::Step(step) => anew |= self.act(step).await?,
                Due::ClockEdge(side) => self.push(at, What::ClockWindow(side)),
                Due::Quiet => {
                    let mut space = self.scene.cell.lock();
                    self.unfired = record::unfired(&space);
                    space.faults.clear();
                    drop(space);
                    self.quiet = true;
                    self.push(at, What::Quiet);
                }
            }
        }
        Ok(anew)
    }

    fn first_due(&self) -> Option<usize> {
        let now = self.elapsed();
        let due = self.agenda.iter().enumerate().filter(|(_, (at, _))| *at <= now);
        due.min_by_key(|(position, (at, _))| (*at, *position)).map(|(position, _)| position)
    }

    async fn act(&mut self, step: usize) -> Result<bool, PeerError> {
        match &self.scene.prepared.scenario.when[step].deed {
            Deed::ClientSave(websites) => self.order(websites, How::Put).await,
            Deed::ClientUpdate(websites) => self.order(websites, How::Patch).await,
            Deed::Restart => {
                self.restart().await?;
                return Ok(true);
            }
            _ => {
                let mut space = self.scene.cell.lock();
                self.scene.tap.act(&mut space, step);
            }
        }
        Ok(false)
    }

    async fn order(
        &mut self,
        websites: &[(crisp_mock_server::id::WebsiteId, serde_json::Value)],
        how: How,
    ) {
        for (id, settings) in websites {
            let at = self.elapsed();
            let told = self.told_now();
            let (ticket, text) = record::order(&mut self.history, told, *id, settings, how);
            self.push(at, What::SaveOrdered(ticket));
            let (peer, id, life) = (Arc::clone(&self.peer), *id, self.life);
            let mut save = Box::pin(async move {
                let result = peer.save(id, &text, how).await;
                Heard::Saved { ticket, life, result }
            });
            // Begun here and now, so that orders reach the client in their order.
            let begun = std::future::poll_fn(|cx| std::task::Poll::Ready(save.as_mut().poll(cx)));
            self.open += 1;
            match begun.await {
                std::task::Poll::Ready(heard) => self.heard.spawn(async move { heard }),
                std::task::Poll::Pending => self.heard.spawn(save),
            };
        }
    }

    /// Ends the client and starts it anew. Its new life begins with its first request.
    async fn restart(&mut self) -> Result<(), PeerError> {
        self.life += 1;
        (self.reading, self.open) = (false, 0);
        self.ended.clear();
        self.heard.shutdown().await;
        let patience = self.scene.terms.client_timeout;
        if self.peer.greeting().capabilities.reset {
            in_time(patience, "reset", self.peer.reset()).await?;
        } else {
            in_time(patience, "stop", self.peer.stop()).await?;
            let anew = self.scene.launcher.launch(&self.scene.place);
            self.peer = in_time(patience, "start", anew).await?.into();
        }
        self.take_all();
        self.unborn = true;
        self.peer_starts().await
    }
}

/// Peers know more of their own silence: this is for those that do not keep the time themselves.
const GRACE: Duration = Duration::from_secs(5);

/// A reply, if it comes within the time that a client has for it.
pub(super) async fn in_time<T>(
    patience: Duration,
    op: &str,
    reply: impl Future<Output = Result<T, PeerError>>,
) -> Result<T, PeerError> {
    let within = crisp_mock_server::duration::format(patience);
    let late = || PeerError::Stopped(format!("no reply to `{op}` within {within}"));
    timeout(patience + GRACE, reply).await.unwrap_or_else(|_| Err(late()))
}
