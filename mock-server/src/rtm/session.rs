//! One socket, from its handshake to its end: frames, heartbeats and events in, frames out.

use std::time::Duration;

use serde_json::{Value, json};

use super::authentication::account;
use super::binding::{Binding, TooManyInstalls};
use super::frame::{EngineIo, In, Out};
use super::heartbeat::{Demand, Heartbeat};
use super::info::SocketInfo;
use super::queue::{Handling, Queue};
use super::step::{End, Step};
use crate::api::{Accounts, Tier};
use crate::bounds;
use crate::clock::Stamp;
use crate::engine::{Outbox, PluginEvent};
use crate::exact;
use crate::quirks::{Quirks, RtmRefusal};

/// Bytes of frames that one step writes; the rest waits for the next, so that a client that does not
/// read makes no server keep what is meant for it.
const STEP: usize = 64 << 10;

/// What faults of the handshake do to the socket that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spoilt {
    /// The server neither asks for nor answers heartbeats.
    pub mute_pings: bool,
    /// Authentication is refused, whatever the credentials are.
    pub refuse_auth: bool,
    /// The connection ends as soon as it is authenticated.
    pub kick: bool,
}

/// What a session needs to know of its space.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    /// Who may authenticate.
    pub accounts: &'a Accounts,
    /// The quirks of the world.
    pub quirks: &'a Quirks,
    /// The number of the newest event: what happened before a socket is authenticated is not for it.
    pub last_seq: u64,
}

#[derive(Debug, Clone)]
enum State {
    /// Engine.IO is open; a client of version 4 has yet to enter the namespace.
    Opening,
    /// It may authenticate; nothing is said until it does.
    Silent,
    /// It hears of events.
    Live { tier: Tier, binding: Binding },
}

/// One socket.
#[derive(Debug, Clone)]
pub struct Session {
    sid: String,
    engine: EngineIo,
    opened: Stamp,
    /// Outside time of its handshake.
    since: Duration,
    /// The number of its handshake in the journal.
    request: u64,
    spoilt: Spoilt,
    state: State,
    heartbeat: Heartbeat,
    /// Outside time by which it has to be authenticated.
    authenticate_by: Duration,
    /// The number of the last event that was looked at.
    cursor: u64,
    queue: Queue,
    out: Vec<String>,
    /// What the next step tells of events.
    taken: Vec<(u64, Handling)>,
    carried: Vec<(usize, u64)>,
    sent: u64,
    end: Option<End>,
}

/// With what a session begins.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    /// The version that the client speaks.
    pub engine: EngineIo,
    /// Outside time.
    pub now: Duration,
    /// What the world's wall clock shows.
    pub wall: Stamp,
    /// The number of the handshake in the journal.
    pub request: u64,
    /// What faults do to it.
    pub spoilt: Spoilt,
}

impl Session {
    /// Opens: the first frames are ready to be taken.
    #[must_use]
    pub fn open(sid: String, opening: Opening, quirks: &Quirks) -> Self {
        let Opening { engine, now, wall, request, spoilt } = opening;
        let (interval, timeout) = (quirks.rtm_ping_interval.0, quirks.rtm_ping_timeout.0);
        let mut session = Self {
            engine,
            opened: wall,
            since: now,
            request,
            spoilt,
            state: State::Opening,
            heartbeat: Heartbeat::new(engine, now, interval, timeout, spoilt.mute_pings),
            authenticate_by: now.saturating_add(quirks.rtm_deadline.0),
            cursor: 0,
            queue: Queue::default(),
            out: Vec::new(),
            taken: Vec::new(),
            carried: Vec::new(),
            sent: 0,
            end: None,
            sid: String::new(),
        };
        session.send(Out::Open {
            sid: &sid,
            ping_interval: interval.as_millis(),
            ping_timeout: timeout.as_millis(),
        });
        if engine == EngineIo::V3 {
            // A client of version 3 does not ask: it waits for this.
            session.send(Out::Connected(&sid));
            session.state = State::Silent;
        }
        session.sid = sid;
        session
    }

    /// Its handshake is answered: heartbeats and the time to authenticate count from now, outside time.
    pub fn begin(&mut self, now: Duration, quirks: &Quirks) {
        self.heartbeat.begin(now);
        self.authenticate_by = now.saturating_add(quirks.rtm_deadline.0);
    }

    /// Its name.
    #[must_use]
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// When its handshake came, in outside time: the order of sockets, whatever became of the journal.
    pub(super) fn since(&self) -> Duration {
        self.since
    }

    /// The number of its handshake in the journal.
    #[must_use]
    pub fn request(&self) -> u64 {
        self.request
    }

    /// Whether it is authenticated and goes on.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::Live { .. }) && self.end.is_none()
    }

    /// Another world took the place of the one before, whose events ended with this number: the socket is
    /// bound to its websites, and what it had yet to get is gone.
    pub(super) fn follow_another_world(&mut self, last_seq: u64) {
        self.cursor = last_seq;
        self.queue = Queue::default();
        if let State::Live { binding, .. } = &mut self.state {
            binding.bind(&Value::Null);
        }
    }

    /// No entry of the journal is its handshake.
    pub fn forget_request(&mut self) {
        self.request = 0;
    }

    /// Takes a frame of the client; `now` is outside time.
    pub fn receive(&mut self, frame: &str, now: Duration, access: Access<'_>) {
        match In::parse(frame) {
            Err(error) => self.close(error.to_string()),
            Ok(In::Ping(text)) => {
                if self.heartbeat.asked(now) {
                    self.send(Out::Pong(&text));
                }
            }
            Ok(In::Pong) => self.heartbeat.answered(now),
            Ok(In::Close | In::Disconnect) => self.close("the client closed it"),
            Ok(In::Connect(namespace)) => self.connect(&namespace),
            Ok(In::Event(name, payload)) => self.event(&name, &payload, access),
            Ok(In::Other) => {}
        }
    }

    fn connect(&mut self, namespace: &str) {
        if namespace != "/" {
            self.send(Out::NoNamespace(namespace));
        } else if matches!(self.state, State::Opening) {
            self.state = State::Silent;
            let sid = self.sid.clone();
            self.send(Out::Connected(&sid));
        }
    }

    fn event(&mut self, name: &str, payload: &Value, access: Access<'_>) {
        match (name, &mut self.state) {
            (_, State::Opening) => {
                self.close("an event came before the client entered a namespace")
            }
            ("authentication", _) => self.authenticate(payload, access),
            ("socket:bind", State::Live { binding, .. }) => binding.bind(payload),
            ("socket:bind:push", State::Live { binding, .. }) => binding.push(payload),
            ("socket:bind:pop", State::Live { binding, .. }) => binding.pop(payload),
            _ => {}
        }
    }

    fn authenticate(&mut self, payload: &Value, access: Access<'_>) {
        let account = if self.spoilt.refuse_auth {
            Err("a fault refuses every authentication (refuse_auth)".to_owned())
        } else {
            account(payload, access.accounts)
        };
        let account = match account {
            Ok(account) => account,
            Err(why) => return self.refuse(&why, access.quirks),
        };
        let trusted = access.quirks.development_token.0;
        let trusted = trusted.filter(|_| access.accounts.is_development(account));
        let binding = Binding::new(payload, trusted);
        self.state = State::Live { tier: account.tier, binding };
        self.cursor = access.last_seq;
        self.queue = Queue::default();
        self.send(Out::Event("authenticated", "true"));
        if self.spoilt.kick {
            self.close("a fault ends it once it is authenticated (kick)");
        }
    }

    fn refuse(&mut self, why: &str, quirks: &Quirks) {
        if quirks.rtm_refusal == RtmRefusal::Told {
            let message = json!({"message": quirks.rtm_refusal_message.0}).to_string();
            self.send(Out::Event("unauthorized", &message));
            self.send(Out::Disconnect);
        }
        self.close(format!("authentication was refused: {why}"));
    }

    /// Looks at the events since the last time, and lets `handle` say what becomes of each that is for
    /// this socket; `elapsed` is the time of the world.
    pub fn follow(
        &mut self,
        outbox: &Outbox,
        quirks: &Quirks,
        elapsed: Duration,
        mut handle: impl FnMut(&PluginEvent) -> Handling,
    ) {
        let State::Live { binding, .. } = &mut self.state else { return };
        let mut events = outbox.events_after(self.cursor).peekable();
        let oldest = outbox.events_after(0).next().map_or(u64::MAX, |event| event.seq);
        let missed = events.peek().is_some_and(|event| event.seq != self.cursor + 1);
        if missed || self.queue.oldest().is_some_and(|waiting| waiting < oldest) {
            let why = "it fell behind: events that it had yet to get are no longer kept (the newest \
                       1,000 are, and 8 MiB of them)";
            return self.close(why);
        }
        for event in events {
            self.cursor = event.seq;
            match binding.takes(event, quirks) {
                Ok(true) => {
                    let handling = handle(event);
                    self.queue.push(event.seq, handling, elapsed);
                    self.taken.push((event.seq, handling));
                }
                Ok(false) => {}
                Err(TooManyInstalls) => {
                    let why = format!(
                        "{} websites were installed since it was bound, and no more are remembered: \
                         emit `socket:bind` after installs",
                        bounds::RTM_INSTALLS
                    );
                    return self.close(why);
                }
            }
        }
    }

    /// What is to be done now: `now` is outside time, `elapsed` that of the world.
    pub fn step(&mut self, outbox: &Outbox, now: Duration, elapsed: Duration) -> Step {
        if self.end.is_none() {
            match self.heartbeat.demand(now) {
                Some(Demand::Ping) => self.send(Out::Ping),
                Some(Demand::GiveUp) => self.close("no heartbeat came from the client in time"),
                None => {}
            }
            if !matches!(self.state, State::Live { .. }) && now >= self.authenticate_by {
                self.close("it was not authenticated in time (quirk rtm-deadline)");
            }
            self.send_events(outbox, elapsed);
        }
        let live = matches!(self.state, State::Live { .. });
        let authenticate_by = (!live).then_some(self.authenticate_by);
        Step {
            frames: std::mem::take(&mut self.out),
            taken: std::mem::take(&mut self.taken),
            carried: std::mem::take(&mut self.carried),
            end: self.end.clone(),
            due: self.heartbeat.due().into_iter().chain(authenticate_by).min(),
            elapsed_due: self.queue.due(elapsed),
        }
    }

    fn send_events(&mut self, outbox: &Outbox, elapsed: Duration) {
        let mut bytes = 0;
        while bytes < STEP && self.end.is_none() {
            let Some(next) = self.queue.next(elapsed) else { return };
            match next.handling {
                Handling::End { by_reset } => {
                    let why = "a fault ends it in place of an event".to_owned();
                    self.end = Some(End { by_reset, why });
                }
                Handling::Drop => {}
                Handling::Send { times, .. } => {
                    let Some(event) = event(outbox, next.seq) else {
                        return self.close(
                            "it fell behind: an event that was held back is no longer kept",
                        );
                    };
                    // A value that was read from JSON has JSON.
                    let data = exact::json(&event.data).unwrap_or_default();
                    let frame = Out::Event(&event.event, &data).write(self.engine);
                    bytes += frame.len() * times;
                    self.sent += times as u64;
                    let first = self.out.len();
                    self.carried.extend((first..first + times).map(|frame| (frame, next.seq)));
                    self.out.extend(std::iter::repeat_n(frame, times));
                }
            }
        }
    }

    /// Ends it; only the first reason counts.
    pub fn close(&mut self, why: impl Into<String>) {
        self.end.get_or_insert(End { by_reset: false, why: why.into() });
    }

    fn send(&mut self, frame: Out<'_>) {
        self.out.push(frame.write(self.engine));
    }

    /// What is to be told of it.
    #[must_use]
    pub fn info(&self) -> SocketInfo {
        let (state, tier, events, rooms) = match &self.state {
            State::Opening => ("opening", None, Vec::new(), Vec::new()),
            State::Silent => ("silent", None, Vec::new(), Vec::new()),
            State::Live { tier, binding } => {
                let rooms = binding.rooms.iter().copied().collect();
                ("live", Some(tier.name()), binding.events.iter().cloned().collect(), rooms)
            }
        };
        SocketInfo {
            sid: self.sid.clone(),
            request: self.request,
            engine_io: self.engine.number(),
            opened: self.opened,
            state,
            tier,
            events,
            rooms,
            cursor: self.cursor,
            waiting: self.queue.len(),
            sent: self.sent,
        }
    }
}

/// The event with this number, if it is still kept.
fn event(outbox: &Outbox, seq: u64) -> Option<&PluginEvent> {
    outbox.events_after(seq.saturating_sub(1)).next().filter(|event| event.seq == seq)
}
