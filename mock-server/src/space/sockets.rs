//! The sockets of a space: opened by a handshake, driven a frame or a moment at a time.

use std::time::Duration;

use http::Method;

use super::Space;
use crate::clock::Moment;
use crate::engine::PluginEvent;
use crate::fault::{ArmedFaults, Decision, Effect, HOLD_ORDER_AT_MOST, RequestFacts};
use crate::operation::Operation;
use crate::rtm::{Access, EngineIo, Handling, HandshakeRefusal, Opening, Session, Spoilt, Step};

impl Space {
    /// Opens a socket for the handshake that the journal is about to have as its next entry.
    pub(super) fn open_socket(
        &mut self,
        engine: EngineIo,
        outside: Duration,
        now: Moment,
        spoilt: Spoilt,
    ) -> String {
        let request = self.journal.next_seq();
        let opening = Opening { engine, now: outside, wall: now.wall, request, spoilt };
        self.sockets.open(&self.name, opening, &self.world.quirks)
    }

    /// The handshake of a socket is answered: its times count from now, outside time.
    pub fn begin_socket(&mut self, outside: Duration, sid: &str) {
        if let Some(session) = self.sockets.get_mut(sid) {
            session.begin(outside, &self.world.quirks);
        }
    }

    /// Drives a socket: takes a frame of its client, if one came, and answers with what is to be sent
    /// now and when to ask again. `outside` is the time by which heartbeats run; events that faults
    /// hold back wait by the world's clock. None when there is no such socket.
    pub fn socket(&mut self, outside: Duration, sid: &str, frame: Option<&str>) -> Option<Step> {
        let now = self.now(outside);
        let (faults, world) = (&mut self.faults, &self.world);
        let session = self.sockets.get_mut(sid)?;
        let mut handle = |event: &PluginEvent| handling(faults, event, now);
        // What happened before the frame came is told by the binding that it may change.
        session.follow(&world.outbox, &world.quirks, now.elapsed, &mut handle);
        if let Some(frame) = frame {
            let access = Access {
                accounts: &self.accounts,
                quirks: &world.quirks,
                last_seq: world.outbox.last_seq(),
            };
            session.receive(frame, outside, access);
        }
        Some(session.step(&world.outbox, outside, now.elapsed))
    }

    /// Takes a socket out that goes on in another space, and says so in the journal.
    pub fn hand_over_socket(&mut self, sid: &str, why: &str) -> Option<Session> {
        let session = self.sockets.remove(sid)?;
        self.journal.explain(session.request(), format!("socket {sid} went on: {why}"));
        Some(session)
    }

    /// Goes on with a socket of another space; one too many is closed.
    pub fn take_over_socket(&mut self, mut session: Session) {
        session.forget_request();
        if !self.sockets.has_room() {
            session.close(HandshakeRefusal::FULL.explanation);
        }
        self.sockets.take_over(session);
    }

    /// Closes a socket and notes the reason in the journal, with its handshake.
    pub fn close_socket(&mut self, sid: &str, why: &str) {
        if let Some(session) = self.sockets.remove(sid) {
            let sent = session.info().sent;
            let events = if sent == 1 { "event" } else { "events" };
            let text = format!("socket {sid} closed after {sent} {events}: {why}");
            self.journal.explain(session.request(), text);
        }
    }
}

/// What faults of its handshake do to a socket.
pub(super) fn spoilt(decision: &Decision) -> Spoilt {
    let mut spoilt = Spoilt::default();
    for fired in decision.fired() {
        match fired.fault.effect {
            Effect::MutePings(_) => spoilt.mute_pings = true,
            Effect::RefuseAuth(_) => spoilt.refuse_auth = true,
            Effect::Kick(_) => spoilt.kick = true,
            _ => {}
        }
    }
    spoilt
}

/// What faults do to an event on its way to a socket.
fn handling(faults: &mut ArmedFaults, event: &PluginEvent, now: Moment) -> Handling {
    let decision = faults.decide(&RequestFacts {
        operation: Operation::RtmEvent,
        page: None,
        website: Some(event.website_id),
        method: &Method::GET,
        elapsed: now.elapsed,
    });
    let met = decision.of_event();
    match met.end_by_reset {
        Some(by_reset) => Handling::End { by_reset },
        None if met.is_dropped => Handling::Drop,
        None => Handling::Send {
            times: if met.is_duplicated { 2 } else { 1 },
            hold: met.delay,
            after_next: met.is_held.then_some(HOLD_ORDER_AT_MOST),
        },
    }
}
