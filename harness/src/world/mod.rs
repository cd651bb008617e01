//! The world in virtual time: one emulator, one client, one scenario.
//!
//! Nothing waits: time jumps to the next thing that anybody wants to do. Requests go through the
//! emulator's real router; each takes [`LATENCY`] there and back, so that something can happen
//! while it is under way. Among things due at one moment steps of the scenario come first, in the
//! written order, then answers, then the client's own alarms.

pub(crate) mod deeds;
pub(crate) mod hooks;
mod intake;
mod mail;
mod prepared;
pub(crate) mod record;
mod traffic;

use std::time::Duration;

use crisp_mock_server::clock::Stamp;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::space::{Outside, Space};
use jiff::SignedDuration;

pub use prepared::Prepared;

use crate::history::{By, Event, History, RequestIndex, What};
use crate::scenario::Anchor;
use crate::subject::{About, Action, Client, Moment, Setup, Subject};
pub use crate::words::{LATENCY, START};
use crate::words::{RequestId, Side};
use hooks::{Counts, Hooks};
use mail::Mail;

/// The name of the space, from which its credentials follow.
pub(crate) const SPACE: &str = "scenario";
/// Faults without an end are ended this long after the last planned thing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);
/// A run ends this long after the last planned thing, whatever is still going on.
const LONGEST: Duration = Duration::from_secs(3 * 86_400);
/// A client that asks more often than this in one scenario has run away.
pub(crate) const MOST_REQUESTS: usize = 20_000;
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
    /// Something went on going wrong for days.
    Endless,
}

/// What a run leaves behind.
#[derive(Debug)]
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
    let mut world = World::new(prepared, client, witness);
    world.begin();
    world.go_on();
    world.finish()
}

/// What the world itself has to do at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A step of the scenario, by its place in it.
    Step(usize),
    /// Some clock begins or ceases to be wrong.
    ClockEdge(Side),
    /// Faults without an end are ended.
    Quiet,
}

struct World<'a, W> {
    prepared: &'a Prepared,
    client: &'a dyn Client,
    witness: &'a mut W,
    about: About,
    setup: Setup,
    subject: Box<dyn Subject>,
    space: Space,
    history: History,
    now: Duration,
    /// Milliseconds that the client's wall clock is ahead, faults aside.
    client_ahead: i64,
    agenda: Vec<(Duration, Due)>,
    /// Steps that wait for a request.
    hooked: Hooks,
    mail: Mail,
    /// The requests whose end has not reached the client.
    ids: Vec<(RequestId, RequestIndex)>,
    /// The number of the newest change of the server that was noted.
    last_write: u64,
    counts: Counts,
    planned: Duration,
    quiet: bool,
    /// The faults that had never acted when they were taken away.
    unfired: Vec<usize>,
    broken_off: Option<BrokenOff>,
    /// Taken from one event to the next, so that nothing is allocated.
    actions: Vec<Action>,
}

impl<'a, W: Witness> World<'a, W> {
    fn new(prepared: &'a Prepared, client: &'a dyn Client, witness: &'a mut W) -> Self {
        let options = &prepared.scenario.client;
        let about = client.about(options);
        let outside = Outside { elapsed: Duration::ZERO, wall: Stamp::from(START) };
        let space = Space::start(SPACE, prepared.blueprint.clone(), "http://mock", outside);
        let account = &space.accounts().plugin;
        let setup = Setup {
            base: "http://mock/v1/".to_owned(),
            identifier: account.identifier.clone(),
            key: account.key.clone(),
            client: options.clone(),
        };
        let client_ahead = options.clock.unwrap_or(0);
        let subject = client.start(&setup, moment(Duration::ZERO, client_ahead));
        let history = History::new(about.manners, prepared.murk);
        Self {
            prepared,
            client,
            witness,
            about,
            setup,
            subject,
            space,
            history,
            now: Duration::ZERO,
            client_ahead,
            agenda: Vec::new(),
            hooked: Hooks::of(&prepared.scenario.when),
            mail: Mail::default(),
            ids: Vec::new(),
            last_write: 0,
            counts: Counts::default(),
            planned: prepared.planned,
            quiet: false,
            unfired: Vec::new(),
            broken_off: None,
            actions: Vec::new(),
        }
    }

    /// Lays the world out and starts the client.
    fn begin(&mut self) {
        self.populate();
        for (index, step) in self.prepared.scenario.when.iter().enumerate() {
            if let Anchor::At(at) = step.anchor {
                let at = at + step.wait.unwrap_or_default();
                self.agenda.push((at, Due::Step(index)));
            }
        }
        let edges = self.prepared.edges.iter();
        self.agenda.extend(edges.map(|(at, side)| (*at, Due::ClockEdge(*side))));
        self.act_if_due();
        self.tick();
    }

    fn populate(&mut self) {
        for id in deeds::populate(&mut self.space, self.prepared, Stamp::from(START)) {
            self.note_truth(id, By::Start);
        }
    }

    /// From one thing to the next, until nothing more is to be seen.
    fn go_on(&mut self) {
        let mut wakes = 0;
        loop {
            let end = self.end();
            let wake = self.subject.next_wake().map(|wake| wake.max(self.now));
            let due = self.agenda.iter().map(|(at, _)| *at).min();
            let next = [wake, due, self.mail.next()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else {
                if self.hush() {
                    continue;
                }
                self.now = self.now.max(end);
                break;
            };
            wakes = if next == self.now { wakes + 1 } else { 0 };
            self.now = self.now.max(next);
            if self.act_if_due() {
                continue;
            }
            if let Some(letter) = self.mail.take(self.now) {
                self.deliver(letter);
            } else {
                self.tick();
            }
            if self.now > self.planned + LONGEST {
                self.broken_off = Some(BrokenOff::Endless);
                break;
            }
            if wakes > MOST_WAKES || self.history.requests.len() > MOST_REQUESTS {
                self.broken_off = Some(BrokenOff::Restless);
                break;
            }
        }
    }

    /// When there will be nothing more to see.
    fn end(&self) -> Duration {
        let settled = self.planned.max(self.history.disturbed);
        let allowed = self.prepared.scenario.expect.converged_within.unwrap_or_default();
        let bound = self.history.bound().max(allowed);
        let tail = self.about.manners.poll_every * 4;
        let end = settled + bound + tail;
        if self.hooked.is_empty() {
            return end;
        }
        // Something may still come: the next full list, for example.
        let relist = self.about.manners.relist_every.unwrap_or_default();
        end.max(self.planned + relist + bound)
    }

    /// Ends what would go on for ever; says whether there was anything.
    fn hush(&mut self) -> bool {
        if self.quiet || !self.prepared.endless {
            return false;
        }
        self.now = self.now.max(self.planned);
        self.quieten();
        true
    }

    /// Carries out the first step that is due; says whether there was one.
    fn act_if_due(&mut self) -> bool {
        if self.prepared.endless && !self.quiet && self.hooked.is_empty() {
            let patience = self.planned + PATIENCE;
            if self.now >= patience {
                self.quieten();
                return true;
            }
            if !self.agenda.iter().any(|(_, due)| *due == Due::Quiet) {
                self.agenda.push((patience, Due::Quiet));
            }
        }
        let due = self.agenda.iter().enumerate().filter(|(_, (at, _))| *at <= self.now);
        let Some((position, _)) = due.min_by_key(|(position, (at, _))| (*at, *position)) else {
            return false;
        };
        let (_, due) = self.agenda.remove(position);
        match due {
            Due::Step(index) => self.act(index),
            Due::ClockEdge(side) => self.push(What::ClockWindow(side)),
            Due::Quiet => {}
        }
        true
    }

    fn push(&mut self, what: What) {
        let event = self.history.push(self.now, what);
        self.witness.see(&self.history, &event);
    }

    fn moment(&self) -> Moment {
        let step =
            if self.quiet { 0 } else { prepared::client_step(&self.prepared.scenario, self.now) };
        moment(self.now, self.client_ahead.saturating_add(step))
    }

    /// Notes what the server holds of a website now.
    fn note_truth(&mut self, id: WebsiteId, by: By) {
        let state = self.space.world.website(id).and_then(|website| {
            let values = &mut self.history.values;
            let settings = self.client.view(website.settings.as_deref())?;
            Some(crate::history::State {
                settings: values.json(&settings),
                token: Some(values.plain(&website.token.to_string())),
            })
        });
        let site = self.history.site(id);
        self.push(What::Truth { site, state, by });
    }

    fn finish(mut self) -> Run {
        self.push(What::End);
        let unfired = if self.quiet { self.unfired } else { record::unfired(&self.space) };
        let unable = !self.about.abilities.saves && self.prepared.scenario.wants_saves();
        Run {
            history: self.history,
            about: self.about,
            unreached: self.hooked.left().to_vec(),
            unable,
            unfired,
            broken_off: self.broken_off,
        }
    }
}

fn moment(elapsed: Duration, ahead: i64) -> Moment {
    let offset = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::ZERO)
        + SignedDuration::from_millis(ahead);
    Moment { elapsed, wall: START.checked_add(offset).unwrap_or(START) }
}
