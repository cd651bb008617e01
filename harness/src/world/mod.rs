//! The world in virtual time: one emulator, one client, one scenario.
//!
//! A discrete-event simulation: time advances to the earliest of what the agenda, the answers under
//! way and the client's own timers have scheduled. Requests go through the emulator's real router;
//! each takes [`LATENCY`] there and back, so that something can happen
//! while it is under way. Among things due at one moment steps of the scenario come first, in the
//! written order, then answers, then the client's own alarms.

pub(crate) mod agenda;
mod calm;
mod intake;
mod mail;
mod prepared;
pub(crate) mod record;
pub(crate) mod server_side;
mod socket;
pub(crate) mod steps;
mod traffic;

use std::sync::LazyLock;
use std::time::Duration;

use crisp_mock_server::clock::Stamp;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::space::{Identity, Outside, Space};
use jiff::{SignedDuration, Timestamp};

pub use prepared::Prepared;
pub(crate) use prepared::longest_retry_after;

use crate::history::{By, Event, History, RequestIndex, What};
use crate::subject::{About, Action, Client, Moment, Setup, Subject};
use crate::words::RequestId;
pub use crate::words::{LATENCY, START};
use agenda::{Agenda, Due};
use mail::Mail;
use server_side::ServerSide;
use socket::Socket;

/// The name of the space, from which its credentials follow.
pub(crate) const SPACE: &str = "scenario";
/// Who the plugin of every scenario is.
static IDENTITY: LazyLock<Identity> = LazyLock::new(|| Identity::of(SPACE));
/// What the server calls itself in every run.
pub(crate) const ADDRESS: &str = "http://mock";
/// A client that asks more often than this in one scenario has run away.
pub(crate) const MOST_REQUESTS: usize = 20_000;
/// So many polls are looked at after everything has settled.
const TAIL: u32 = 4;
/// A client that is woken more often than this at one moment never rests.
const MOST_WAKES: u32 = 1_000;

/// Who watches a run.
pub trait Witness {
    /// Something happened; `history` has it already.
    fn see(&mut self, history: &History, event: &Event);
}

impl Witness for () {
    fn see(&mut self, _history: &History, _event: &Event) {}
}

/// Why a run was broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokenOff {
    /// The client asked, or woke, without an end.
    Restless,
    /// Something went on going wrong for hours.
    Endless,
}

/// What a run leaves behind.
#[derive(Debug, Default)]
pub struct Run {
    /// Everything that happened.
    pub history: History,
    /// Who was judged.
    pub about: About,
    /// Steps of the scenario that never came about, by their place in it.
    pub unreached: Vec<usize>,
    /// Faults that never acted, by their place in the plan.
    pub unfired: Vec<usize>,
    /// Whether the scenario wants the client to save, and it cannot.
    pub unable: bool,
    /// Whether the run was broken off, and why.
    pub broken_off: Option<BrokenOff>,
}

/// Runs a scenario against a client.
pub fn run(prepared: &Prepared, client: &dyn Client, witness: &mut impl Witness) -> Run {
    run_and_keep(prepared, client, witness).0
}

/// The same, and the emulator as the run left it: for a check that does not rely on the history.
pub fn run_and_keep(
    prepared: &Prepared,
    client: &dyn Client,
    witness: &mut impl Witness,
) -> (Run, Space) {
    let mut world = World::new(prepared, client, witness);
    world.begin();
    world.go_on();
    world.finish()
}

struct World<'a, W> {
    prepared: &'a Prepared,
    client: &'a dyn Client,
    witness: &'a mut W,
    about: About,
    setup: Setup,
    subject: Box<dyn Subject>,
    /// When it wants to be woken, as it said after the last that it heard.
    wake: Option<Duration>,
    space: Space,
    history: History,
    now: Duration,
    /// Milliseconds that the client's wall clock is ahead, faults aside.
    client_ahead: i64,
    agenda: Agenda<'a>,
    server: ServerSide,
    mail: Mail,
    /// The client's socket of the RTM API, from its handshake to its end.
    socket: Option<Socket>,
    /// The requests whose end has not reached the client.
    ids: Vec<(RequestId, RequestIndex)>,
    broken_off: Option<BrokenOff>,
    /// Taken from one event to the next, so that nothing is allocated.
    actions: Vec<Action>,
}

impl<'a, W: Witness> World<'a, W> {
    fn new(prepared: &'a Prepared, client: &'a dyn Client, witness: &'a mut W) -> Self {
        let options = &prepared.scenario.client;
        let about = client.about(options);
        let outside = Outside { elapsed: Duration::ZERO, wall: Stamp::from(prepared.begins) };
        let blueprint = prepared.blueprint.clone();
        let space = Space::start_as(&IDENTITY, SPACE, blueprint, ADDRESS, outside);
        let account = &space.accounts().plugin;
        let setup = Setup {
            base: format!("{ADDRESS}/v1/"),
            identifier: account.identifier.clone(),
            key: account.key.clone(),
            client: options.clone(),
        };
        let client_ahead = options.clock.unwrap_or(0);
        let began = moment(prepared.begins, Duration::ZERO, client_ahead);
        let subject = client.start(&setup, began);
        let mut history = History::new(about.declared, prepared.staleness);
        history.own_page = about.abilities.own_page;
        history.timing.start = prepared.begins;
        Self {
            prepared,
            client,
            witness,
            about,
            setup,
            wake: subject.next_wake(),
            subject,
            space,
            history,
            now: Duration::ZERO,
            client_ahead,
            agenda: Agenda::of(prepared),
            server: ServerSide::new(&prepared.scenario.when),
            mail: Mail::default(),
            socket: None,
            ids: Vec::new(),
            broken_off: None,
            actions: Vec::new(),
        }
    }

    /// Lays the world out and starts the client.
    fn begin(&mut self) {
        for id in steps::populate(&mut self.space, self.prepared, Stamp::from(self.prepared.begins))
        {
            self.note_truth(id, By::Start);
        }
        self.act_if_due();
        self.tick();
    }

    /// From one thing to the next, until nothing more is to be seen.
    fn go_on(&mut self) {
        let mut wakes = 0;
        while !self.is_calm() {
            let limit = self.limit();
            let end = self.end(limit);
            let wake = self.wake.map(|wake| wake.max(self.now));
            let next = [wake, self.agenda.next(), self.mail.next(), self.socket_due()];
            let next = next.into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else {
                if self.agenda.is_endless() {
                    self.now = self.now.max(self.agenda.planned);
                    self.end_faults();
                    continue;
                }
                self.now = self.now.max(end);
                break;
            };
            wakes = if next == self.now { wakes + 1 } else { 0 };
            self.now = self.now.max(next);
            if self.act_if_due() {
                self.follow_socket();
                continue;
            }
            if let Some(letter) = self.mail.take(self.now) {
                self.deliver(letter);
            } else if !self.arrive_on_socket() && wake.is_some_and(|wake| wake <= self.now) {
                self.tick();
            }
            self.follow_socket();
            if self.now > self.agenda.planned + self.longest() + limit * 2 + self.tail() {
                self.broken_off = Some(BrokenOff::Endless);
                break;
            }
            if wakes > MOST_WAKES || self.history.requests.len() > MOST_REQUESTS {
                self.broken_off = Some(BrokenOff::Restless);
                break;
            }
        }
    }

    /// Within this time after everything has settled the cache has to be right.
    fn limit(&self) -> Duration {
        agenda::limit(&self.history, self.prepared.scenario.expect.converged_within)
    }

    /// How long a run may go on after the last planned thing. A step may wait for the next full list.
    fn longest(&self) -> Duration {
        let list = match self.server.waiting().is_empty() {
            true => Duration::ZERO,
            false => self.about.declared.relist_every.unwrap_or_default().min(prepared::A_DAY),
        };
        self.prepared.longest.max(list)
    }

    fn tail(&self) -> Duration {
        self.about.declared.poll_every * TAIL
    }

    /// Whether enough was seen, with nothing under way and nothing left to come.
    fn is_calm(&mut self) -> bool {
        let idle = self.agenda.is_empty()
            && !self.agenda.is_endless()
            && self.mail.next().is_none()
            && self.socket_due().is_none()
            && self.server.waiting().is_empty();
        if !idle {
            return false;
        }
        let settled = self.agenda.settled(&self.history);
        let calm_from = calm::calm_from(&self.history, settled);
        // A fault that has met nothing yet may stand for a later request.
        self.history.calm_from = calm_from.filter(|_| record::unfired(&self.space).is_empty());
        self.history.calm_from.is_some()
    }

    /// When there will be nothing more to see.
    fn end(&self, limit: Duration) -> Duration {
        let end = self.agenda.settled(&self.history) + limit + self.tail();
        // A request may yet come with the next full list; what happens on a socket does not wait for it.
        let steps = &self.prepared.scenario.when;
        let waits = |index: &usize| !steps[*index].anchor.is_on_a_socket();
        if !self.server.waiting().iter().any(waits) {
            return end;
        }
        end.max(self.agenda.reachable_until(&self.history, limit))
    }

    /// Carries out the first step that is due; says whether there was one.
    fn act_if_due(&mut self) -> bool {
        if self.server.waiting().is_empty() {
            self.agenda.end_endless_faults();
        }
        match self.agenda.take(self.now) {
            Some(Due::Step(index)) => self.act(index),
            Some(Due::ClockEdge(side)) => self.push(What::ClockWindow(side)),
            Some(Due::EndFaults) if self.agenda.is_quiet() => {}
            Some(Due::EndFaults) => self.end_faults(),
            None => return false,
        }
        true
    }

    /// Whether the first thing that is due concerns the server alone.
    fn is_due_at_crisp(&self) -> bool {
        match self.agenda.due(self.now) {
            Some(Due::Step(index)) => self.prepared.scenario.when[index].deed.is_at_crisp(),
            Some(Due::ClockEdge(_) | Due::EndFaults) => true,
            None => false,
        }
    }

    fn push(&mut self, what: What) {
        let event = self.history.push(self.now, what);
        self.witness.see(&self.history, &event);
    }

    fn moment(&self) -> Moment {
        let step = match self.agenda.is_quiet() {
            true => 0,
            false => prepared::client_step(&self.prepared.scenario, self.now),
        };
        moment(self.prepared.begins, self.now, self.client_ahead.saturating_add(step))
    }

    /// Notes what the server holds of a website now.
    fn note_truth(&mut self, id: WebsiteId, by: By) {
        let state = self.space.world.website(id).and_then(|website| {
            let values = &mut self.history.values;
            let settings = self.client.view(website.settings.as_deref())?;
            Some(values.state(&settings, Some(&website.token.to_string())))
        });
        let site = self.history.site(id);
        self.push(What::Truth { site, state, by });
    }

    fn finish(mut self) -> (Run, Space) {
        self.push(What::End);
        let unfired = self.agenda.unfired().unwrap_or_else(|| record::unfired(&self.space));
        let unable = !self.about.abilities.saves && self.prepared.scenario.wants_saves();
        let run = Run {
            history: self.history,
            about: self.about,
            unreached: self.server.waiting().to_vec(),
            unable,
            unfired,
            broken_off: self.broken_off,
        };
        (run, self.space)
    }
}

fn moment(begins: Timestamp, elapsed: Duration, ahead: i64) -> Moment {
    let offset = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::ZERO)
        + SignedDuration::from_millis(ahead);
    Moment { elapsed, wall: begins.checked_add(offset).unwrap_or(begins) }
}
