//! Sockets one after the other, with waits between them, and what is to be bound again.

use std::time::Duration;

use super::frame::Heard;
use super::hints::Hints;
use super::session::{End, Session, Step};
use crate::config::{Listening, Waits};
use crate::machine::chance::Chance;
use crate::machine::socket::{SocketAction, SocketEvent, SocketId, SocketState};
use crate::machine::words::Ids;
use crate::{Config, WebsiteId};

/// The events by which settings, and who is there, may have changed.
pub(in crate::machine) const EVENTS: [&str; 3] = [SAVED, INSTALLATION, PLAN];
const SAVED: &str = "plugin:settings:saved";
/// A website came (`bound`) or left.
const INSTALLATION: &str = "plugin:subscription:updated";
const PLAN: &str = "plan:subscription:updated";

/// Binds the socket to the websites that there are now.
const BIND: &str = "42[\"socket:bind\",{}]";
/// From one bind to the next: Crisp's own client sends none more often (docs/wire.md#rtm).
const BIND_EVERY: Duration = Duration::from_millis(2500);
/// So many websites are remembered as bound; with more a bind is sent that was not needed.
const MOST_NAMED: usize = 10_000;
/// Sets the waits of sockets apart from those of requests, which have the same seed.
const STREAM: u64 = 0x736F_636B_6574;

/// The sockets of a machine that listens.
#[derive(Debug)]
pub(in crate::machine) struct Listener {
    options: Option<Listening>,
    /// None where there are no sockets.
    authentication: Option<SocketAction>,
    refused: Waits,
    chance: Chance,
    stage: Stage,
    /// The number of the newest socket.
    last: u64,
    /// Failures in a row.
    failures: u32,
    /// Since when events arrive, or arrived last.
    live_since: Duration,
    error: Option<String>,
    /// A poll was refused its date: the server may remember less than the rare interval.
    keeps_the_usual_interval: bool,
    binding: Binding,
    pub(in crate::machine) hints: Hints,
}

/// Where the listener is.
#[derive(Debug)]
enum Stage {
    /// Not before this time the address is asked for.
    Down(Duration),
    /// The address is being asked for.
    Discovering,
    /// A socket is being opened; it is given up at this time.
    Opening(Duration),
    /// A socket is open.
    Open(Session),
}

/// Which websites the socket has to be bound to once more.
#[derive(Debug, Default)]
struct Binding {
    wanted: bool,
    last: Duration,
    /// Websites that an event made known, and that are bound since.
    named: Ids<()>,
}

/// What a listener asks of the machine.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::machine) enum Turn<'a> {
    /// This is to be done with the socket.
    Act(SocketAction),
    /// The socket is authenticated: what happened before is not replayed (hazard E1).
    Live,
    /// An event of these arrived.
    Heard(Heard<'a>),
    /// The socket is gone. Whether it was live, and what has to be done with it.
    Lost {
        /// Events had arrived through it.
        was_live: bool,
        /// Whether it has to be closed.
        close: bool,
    },
}

impl Listener {
    pub(in crate::machine) fn new(config: &Config, now: Duration) -> Self {
        let events = &EVENTS[..if config.include_plan { 3 } else { 2 }];
        let authentication = config.listening.map(|_| config.credentials.authentication(events));
        Self {
            options: config.listening,
            authentication: authentication.map(SocketAction::Text),
            refused: config.refused,
            chance: Chance::new(config.seed ^ STREAM),
            stage: Stage::Down(now),
            last: 0,
            failures: 0,
            live_since: now,
            error: None,
            keeps_the_usual_interval: false,
            binding: Binding::default(),
            hints: Hints::new(config.settle, config.overlap),
        }
    }

    /// From one poll to the next while events arrive; `None` when they do not.
    pub(in crate::machine) fn poll_every(&self) -> Option<Duration> {
        let rarely = self.is_live() && !self.keeps_the_usual_interval;
        let options = self.options.filter(|_| rarely)?;
        Some(options.poll_every)
    }

    /// The server refused a poll its date, which may be older than what it remembers: from now on polls
    /// come at the usual interval, or each rare one would end in a list.
    pub(in crate::machine) fn remembers_little(&mut self) {
        self.keeps_the_usual_interval = true;
    }

    pub(in crate::machine) fn is_live(&self) -> bool {
        matches!(&self.stage, Stage::Open(session) if session.is_live())
    }

    /// What is told of it.
    pub(in crate::machine) fn state(&self, now: Duration) -> SocketState {
        match &self.stage {
            _ if self.options.is_none() => SocketState::Off,
            Stage::Down(until) => SocketState::Down { retry_in: until.saturating_sub(now) },
            Stage::Open(session) if session.is_live() => SocketState::Live,
            _ => SocketState::Connecting,
        }
    }

    /// Why the last socket ended, or could not be had; `None` while events arrive.
    pub(in crate::machine) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// The newest socket.
    pub(in crate::machine) fn socket(&self) -> SocketId {
        SocketId(self.last)
    }

    /// When the address may be asked for; `None` when it is not needed.
    pub(in crate::machine) fn may_discover(&self) -> Option<Duration> {
        match self.stage {
            Stage::Down(until) if self.options.is_some() => Some(until),
            _ => None,
        }
    }

    /// The address is asked for.
    pub(in crate::machine) fn discovers(&mut self) {
        self.stage = Stage::Discovering;
    }

    /// The address was told: a socket is to be opened there.
    pub(in crate::machine) fn discovered(&mut self, url: String, now: Duration) -> SocketAction {
        let patience = self.options.map_or(Duration::ZERO, |options| options.connect_timeout);
        self.last += 1;
        self.stage = Stage::Opening(now.saturating_add(patience));
        SocketAction::Open { url }
    }

    /// There is no socket to be had, for this reason.
    pub(in crate::machine) fn failed(&mut self, why: String, now: Duration) {
        let waits = self.options.map_or(self.refused, |options| options.reconnect);
        self.wait(waits, why, now);
    }

    /// When something is due by itself.
    pub(in crate::machine) fn next_wake(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Down(_) | Stage::Discovering => None,
            Stage::Opening(deadline) => Some(*deadline),
            Stage::Open(session) => {
                let bind = self.binding.due().filter(|_| session.is_live());
                Some(bind.map_or(session.deadline(), |bind| bind.min(session.deadline())))
            }
        }
    }

    /// What is due by itself.
    pub(in crate::machine) fn tick(&mut self, now: Duration) -> Option<Turn<'static>> {
        let why = match &self.stage {
            Stage::Opening(deadline) if now >= *deadline => "it was not open in time".to_owned(),
            Stage::Open(session) if now >= session.deadline() => session.overdue(),
            Stage::Open(session) if session.is_live() => {
                let due = self.binding.due().is_some_and(|due| due <= now);
                return due.then(|| self.bind(now));
            }
            _ => return None,
        };
        Some(self.lose(End::Broken(why), true, now))
    }

    /// Takes in what happened to a socket.
    pub(in crate::machine) fn receive<'a>(
        &mut self,
        id: SocketId,
        event: &'a SocketEvent,
        now: Duration,
    ) -> Option<Turn<'a>> {
        if id != self.socket() {
            return None;
        }
        match (event, &mut self.stage) {
            (SocketEvent::Opened, Stage::Opening(deadline)) => {
                self.stage = Stage::Open(Session::new(*deadline));
                None
            }
            (SocketEvent::Closed(why), Stage::Opening(_) | Stage::Open(_)) => {
                let why = crate::wire::short(why);
                Some(self.lose(End::Broken(why), false, now))
            }
            (SocketEvent::Text(text), Stage::Open(session)) => {
                let step = session.receive(text, now);
                self.follow(step, now)
            }
            _ => None,
        }
    }

    fn follow<'a>(&mut self, step: Step<'a>, now: Duration) -> Option<Turn<'a>> {
        let say = |text: &str| Some(Turn::Act(SocketAction::Text(text.to_owned())));
        match step {
            Step::Nothing => None,
            Step::Pong => say("3"),
            Step::Join => say("40"),
            Step::Authenticate => self.authentication.clone().map(Turn::Act),
            Step::Live => {
                (self.error, self.live_since) = (None, now);
                self.binding = Binding { last: now, ..Binding::default() };
                Some(Turn::Live)
            }
            Step::Heard(heard) => {
                EVENTS.contains(&heard.name.as_str()).then_some(Turn::Heard(heard))
            }
            Step::End(end) => Some(self.lose(end, true, now)),
        }
    }

    /// An event arrived. `knows`: whether the cache has a website. An unknown one, and one that was
    /// installed, is bound before more is heard of it.
    pub(in crate::machine) fn heard(
        &mut self,
        heard: &Heard<'_>,
        knows: impl Fn(&WebsiteId) -> bool,
    ) {
        let subject = heard.subject();
        let came = heard.name == INSTALLATION && subject.bound == Some(true);
        match subject.website_id {
            // A website that left is not there to be bound to.
            Some(_) if heard.name == INSTALLATION && !came => {}
            Some(id) if came || !knows(&id) => {
                if self.binding.named.len() < MOST_NAMED {
                    self.binding.named.insert(id, ());
                }
                self.binding.wanted = true;
            }
            Some(_) => {}
            None => self.binding.wanted = true,
        }
    }

    /// The cache has this website from now on, or with another token: it was installed. Where no event
    /// told of that, the socket is not bound to it.
    pub(in crate::machine) fn came(&mut self, id: &WebsiteId) {
        let is_open = matches!(self.stage, Stage::Open(_));
        if is_open && self.binding.named.remove(id).is_none() {
            self.binding.wanted = true;
        }
    }

    fn bind(&mut self, now: Duration) -> Turn<'static> {
        (self.binding.wanted, self.binding.last) = (false, now);
        Turn::Act(SocketAction::Text(BIND.to_owned()))
    }

    /// Whether this text binds the socket anew.
    pub(in crate::machine) fn is_bind(action: &SocketAction) -> bool {
        matches!(action, SocketAction::Text(text) if text == BIND)
    }

    /// The socket is lost. After one that lived long the next one is tried soon.
    fn lose<'a>(&mut self, end: End, close: bool, now: Duration) -> Turn<'a> {
        let was_live = self.is_live();
        let reconnect = self.options.map_or(self.refused, |options| options.reconnect);
        if was_live && now.saturating_sub(self.live_since) >= reconnect.cap {
            self.failures = 0;
        }
        let (waits, why) = match end {
            End::Broken(why) => (reconnect, why),
            End::Refused(message) => {
                let why = format!(
                    "the RTM API refused the authentication ({message}): check the plugin's token"
                );
                (self.refused, why)
            }
        };
        self.wait(waits, why, now);
        Turn::Lost { was_live, close }
    }

    /// Waits, longer after each failure in a row.
    fn wait(&mut self, waits: Waits, why: String, now: Duration) {
        let doubled = 2_u32.saturating_pow(self.failures.min(20));
        self.failures = self.failures.saturating_add(1);
        let ceiling = waits.base.saturating_mul(doubled).min(waits.cap);
        let floor = (waits.base / 2).min(ceiling);
        let wait = floor + (ceiling - floor).mul_f64(self.chance.next());
        self.stage = Stage::Down(now.saturating_add(wait));
        self.error = Some(why);
    }
}

impl Binding {
    fn due(&self) -> Option<Duration> {
        self.wanted.then(|| self.last.saturating_add(BIND_EVERY))
    }
}
