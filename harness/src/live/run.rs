//! One run of a scenario in real time: what is due is done, what the server notes and the client
//! replies is entered into the history, until there is nothing more to see.

use std::sync::Arc;
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::spaces::SharedSpace;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::client_side::{ClientReply, ClientSide};
use super::ledger::Ledger;
use super::tap::{Note, ServerTap};
use super::{Tempo, Terms};
use crate::history::{By, History, What};
use crate::peer::{Access, Launcher, Peer, PeerError, log};
use crate::scenario::{Deed, Scenario};
use crate::words::{How, Side};
use crate::world::agenda::{self, Agenda, Due};
use crate::world::{BrokenOff, MOST_REQUESTS, Prepared, Witness, record};

/// So many intervals of calm show that nothing more is to come.
const CALM: u32 = 4;
/// So many polls a run takes at least: the load, some steps, and the calm.
pub(super) const AT_LEAST: u32 = CALM + 3;
/// So many of the client's own questions after the last trouble show that it lives.
const ALIVE: usize = 2;
/// A run that takes so much longer than planned goes on for ever.
const LONGEST: Duration = Duration::from_secs(300);

/// Why nothing can be said of a client that asked nothing; `log` is what it wrote.
pub(super) fn asked_nothing(within: Duration, log: &[String]) -> PeerError {
    PeerError::NeverStarted(format!(
        "no request came within {}: is the address used that it is given?{}\n  = hint: take it from \
         CRISP_REST_HOST (setRestHost), and the credentials from CRISP_IDENTIFIER and CRISP_KEY; slow \
         to start? --client-timeout 30s",
        duration::format(within),
        log::tail(log)
    ))
}

/// What a run in real time is made of.
pub(super) struct Context<'a> {
    pub(super) launcher: &'a dyn Launcher,
    pub(super) terms: Terms,
    pub(super) tempo: Tempo,
    /// As it was written, its plan in the scenario's own time.
    pub(super) prepared: &'a Prepared,
    /// As it is judged.
    pub(super) scenario: &'a Scenario,
    pub(super) cell: Arc<SharedSpace>,
    pub(super) tap: Arc<ServerTap>,
    pub(super) access: Access,
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
    /// Why a failure is not held against it.
    pub(super) doubt: Option<String>,
}

/// A run under way.
pub(super) struct LiveRun<'a, W> {
    context: Context<'a>,
    ledger: Ledger<'a, W>,
    client: ClientSide,
    agenda: Agenda<'a>,
    notes: mpsc::UnboundedReceiver<Note>,
    /// When the scenario began: with the client's first request, once that has come.
    origin: Instant,
    begun: bool,
    lag: Duration,
}

impl<'a, W: Witness> LiveRun<'a, W> {
    pub(super) fn new(
        context: Context<'a>,
        peer: Box<dyn Peer>,
        notes: mpsc::UnboundedReceiver<Note>,
        history: History,
        witness: &'a mut W,
    ) -> Self {
        Self {
            ledger: Ledger::new(history, witness, context.launcher, context.tempo),
            client: ClientSide::new(peer, context.terms.client_timeout),
            agenda: Agenda::of(context.prepared),
            context,
            notes,
            origin: Instant::now(),
            begun: false,
            lag: Duration::ZERO,
        }
    }

    /// Starts the client and goes on until nothing more is to be seen.
    pub(super) async fn run(mut self) -> Result<Ended, PeerError> {
        let stopped = match self.go_on().await {
            Ok(()) => None,
            Err(never @ PeerError::NeverStarted(_)) => return Err(never),
            Err(PeerError::Ended { how, never }) => {
                // What it asked last is among the notes.
                self.take_all();
                if !self.begun {
                    return Err(PeerError::NeverStarted(never));
                }
                Some(how)
            }
            Err(error) => Some(error.how()),
        };
        let broken_off = self.is_endless().then_some(BrokenOff::Endless);
        self.ledger.push(self.origin.elapsed(), What::End);
        let unfired = self.agenda.unfired();
        let unfired = unfired.unwrap_or_else(|| record::unfired(&self.context.cell.lock()));
        self.client.stop().await;
        Ok(Ended {
            history: self.ledger.history,
            unreached: self.context.tap.waiting(),
            unfired,
            broken_off,
            lag: self.lag,
            log: self.client.peer.log(),
            stopped,
            doubt: self.client.doubt,
        })
    }

    async fn go_on(&mut self) -> Result<(), PeerError> {
        self.client.start(&self.context.access).await?;
        let mut patience = Instant::now() + self.context.terms.client_timeout;
        while !self.is_over() {
            let waits = !self.begun || self.ledger.restarting;
            let wake = self.wake();
            tokio::select! {
                biased;
                Some(note) = self.notes.recv() => self.take(note),
                Some(heard) = self.client.next_reply(), if self.client.has_open_replies() => {
                    self.hear(heard)?;
                }
                () = sleep_until(wake) => {
                    if waits && wake > patience {
                        return Err(self.never_asked());
                    }
                    self.lag = self.lag.max(wake.elapsed());
                    if self.begun && self.act_if_due().await? {
                        patience = Instant::now() + self.context.terms.client_timeout;
                    }
                    self.client.read_if_due(self.elapsed());
                }
            }
        }
        Ok(())
    }

    fn never_asked(&self) -> PeerError {
        if self.begun {
            let within = duration::format(self.context.terms.client_timeout);
            return PeerError::Stopped(format!("it asked nothing within {within} of its restart"));
        }
        asked_nothing(self.context.terms.client_timeout, &self.client.peer.log())
    }

    fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    fn scenario_now(&self) -> Duration {
        self.context.tempo.in_scenario(self.elapsed())
    }

    /// When the next thing is to be done.
    fn wake(&self) -> Instant {
        let tempo = self.context.tempo;
        let due = self.agenda.next().filter(|_| self.begun).map(|at| tempo.real(at));
        let look = self.elapsed() + tempo.poll() / 2;
        let next = due.into_iter().chain(self.client.next_read()).min().unwrap_or(look);
        self.origin + next.min(look)
    }

    /// Enters what has happened at the server up to now.
    fn take_all(&mut self) {
        while let Ok(note) = self.notes.try_recv() {
            self.take(note);
        }
    }

    fn take(&mut self, note: Note) {
        match note {
            Note::Begun { there, wall, origin } => {
                (self.begun, self.origin) = (true, origin);
                self.client.read_by(Duration::ZERO);
                self.ledger.history.timing.start = wall;
                for truth in there {
                    self.ledger.truth(Duration::ZERO, &truth, By::Start);
                }
            }
            Note::Handled { at, seq, taken, written } => {
                self.ledger.request(at, seq, *taken, written.as_ref());
            }
            Note::Ended { at, seq, client_left } => {
                self.ledger.request_ended(at, seq, client_left);
                self.client.read_by(self.elapsed());
            }
            Note::Changed { at, truth } => self.ledger.truth(at, &truth, By::Operator),
            Note::Clock { at, millis } => {
                self.ledger.push(at, What::Clock { side: Side::Server, millis });
            }
            Note::Quiet { at, unfired } => {
                self.agenda.faults_ended(unfired);
                self.ledger.push(at, What::Quiet);
            }
            Note::Idle { at, step } => {
                self.ledger.push(at, What::Idle(u32::try_from(step).unwrap_or(u32::MAX)));
            }
            Note::Reached { step, due } => {
                self.agenda.schedule(self.context.tempo.in_scenario(due), step);
            }
        }
    }

    fn hear(&mut self, heard: ClientReply) -> Result<(), PeerError> {
        let pause = self.context.tempo.poll() / 4;
        let Some((mut reading, asked)) = self.client.take(heard, self.elapsed(), pause)? else {
            return Ok(());
        };
        self.take_all();
        if self.begun && !self.ledger.restarting {
            if !self.client.peer.greeting().capabilities.tokens {
                reading.websites.iter_mut().for_each(|(_, held)| held.token = None);
            }
            let ended = self.client.ended_by(asked);
            self.ledger.show(self.elapsed(), &reading, ended);
        }
        Ok(())
    }

    /// Whether there is nothing more to be seen.
    fn is_over(&mut self) -> bool {
        // In this order: what a step did that waits no more is among the notes.
        let waiting = !self.context.tap.waiting().is_empty();
        self.take_all();
        if !self.begun || self.ledger.restarting {
            return false;
        }
        if self.is_endless() {
            return true;
        }
        let now = self.scenario_now();
        let history = &self.ledger.history;
        let limit = agenda::limit(history, self.context.scenario.expect.converged_within);
        if waiting {
            return now > self.agenda.reachable_until(history, limit);
        }
        self.agenda.end_endless_faults();
        if !self.agenda.is_empty() {
            return false;
        }
        let settled = self.agenda.settled(history);
        if now > settled + limit + self.context.tempo.stands_for() {
            return true;
        }
        self.ledger.history.calm_from = self.calm_from(now, settled);
        self.ledger.history.calm_from.is_some()
    }

    fn calm_from(&self, now: Duration, settled: Duration) -> Option<Duration> {
        let history = &self.ledger.history;
        let (agreed, ready) = (history.agreed_from?, history.ready?);
        let from = settled.max(agreed).max(ready);
        let asked = history.requests.iter().rev().take_while(|r| r.sent > from);
        let asked =
            asked.filter(|r| r.is_question() && r.ended.is_some() && !r.quality.is_failure());
        let calm = self.client.is_done_saving()
            && now > from + self.context.tempo.stands_for() * CALM
            && asked.count() >= ALIVE;
        calm.then_some(from)
    }

    fn is_endless(&self) -> bool {
        self.elapsed() > self.context.tempo.real(self.agenda.planned) + LONGEST
            || self.ledger.history.requests.len() > MOST_REQUESTS
    }

    /// Carries out what is due; says whether the client was started anew.
    async fn act_if_due(&mut self) -> Result<bool, PeerError> {
        let mut anew = false;
        while let Some(due) = self.agenda.take(self.scenario_now()) {
            let at = self.elapsed();
            match due {
                Due::Step(step) => anew |= self.act(step).await?,
                Due::ClockEdge(side) => self.ledger.push(at, What::ClockWindow(side)),
                Due::EndFaults => {
                    self.agenda.faults_ended(record::end_faults(&mut self.context.cell.lock()));
                    self.ledger.push(at, What::Quiet);
                }
            }
        }
        Ok(anew)
    }

    async fn act(&mut self, step: usize) -> Result<bool, PeerError> {
        let prepared = self.context.prepared;
        match &prepared.scenario.when[step].deed {
            Deed::ClientSave(websites) => self.order(websites, How::Put).await,
            Deed::ClientUpdate(websites) => self.order(websites, How::Patch).await,
            Deed::Restart(_) => {
                self.client.relaunch(self.context.launcher, &self.context.access).await?;
                self.take_all();
                self.ledger.restarting = true;
                self.client.start(&self.context.access).await?;
                return Ok(true);
            }
            _ => self.context.tap.act(&mut self.context.cell.lock(), step),
        }
        Ok(false)
    }

    async fn order(&mut self, websites: &[(WebsiteId, Value)], how: How) {
        for (id, settings) in websites {
            let at = self.elapsed();
            let ordered = self.scenario_now();
            let history = &mut self.ledger.history;
            let ticket = record::order(history, ordered, *id, settings, how);
            let token = record::token(history, ticket);
            self.ledger.push(at, What::SaveOrdered(ticket));
            self.client.save(ticket, (*id, settings.to_string(), token), how).await;
        }
    }
}
