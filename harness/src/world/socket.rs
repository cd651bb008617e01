//! The client's socket of the RTM API: text frames in virtual time.
//!
//! A handshake is a request like any other: it goes through the router, faults meet it, and its answer
//! is among the letters. A frame of the client is dealt with in the moment in which it is sent; a frame
//! of the server takes [`LATENCY`], as an answer does, and none overtakes another. The session itself
//! is the emulator's ([`Space::socket`](crisp_mock_server::space::Space::socket)).

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::rtm::{Handling, Step};
use http::{Request, StatusCode};

use super::mail::{Content, Letter};
use super::server_side::{self, Occurrence};
use super::{Witness, World};
use crate::history::{Notice, NoticeIndex, Quality, RequestIndex, SocketState, What};
use crate::subject::{Event, SocketAction, SocketEvent};
use crate::words::LATENCY;

/// What reaches the client.
#[derive(Debug)]
enum Arrival {
    /// A frame, and the event that it carries.
    Frame(String, Option<u64>),
    /// The end.
    End { by_reset: bool },
}

/// The one socket that a client has.
#[derive(Debug)]
pub(super) struct Socket {
    /// Its handshake, while that has not been answered.
    handshake: Option<RequestIndex>,
    /// Its session at the server, while there is one.
    sid: Option<String>,
    /// What is on its way to the client, in this order.
    wire: VecDeque<(Duration, Arrival)>,
    /// When the session wants to be asked again.
    due: Option<Duration>,
    /// The number of the newest event that the session has looked at.
    seen: u64,
    /// Events that the client has yet to get, by their numbers.
    open: Vec<(u64, NoticeIndex)>,
}

impl<W: Witness> World<'_, W> {
    /// Does what the client does with its socket.
    pub(super) fn on_socket(&mut self, action: SocketAction) {
        match action {
            SocketAction::Open(target) => self.open_socket(&target),
            SocketAction::Text(frame) => {
                if frame.starts_with("42[\"socket:bind\"") {
                    self.push(What::Socket(SocketState::Bound));
                }
                self.step_socket(Some(&frame));
            }
            SocketAction::Close => self.hang_up(),
        }
    }

    fn open_socket(&mut self, target: &str) {
        self.hang_up();
        let host = if target.starts_with('/') { super::ADDRESS } else { "" };
        let request = Request::get(format!("{host}{target}"))
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")
            .body(Bytes::new());
        let Ok(request) = request else {
            return self.tell(Event::Socket(SocketEvent::Refused));
        };
        self.send(None, &request);
    }

    /// The answer to this handshake is under way; any other socket is over.
    pub(super) fn await_handshake(&mut self, index: RequestIndex, sid: Option<String>) {
        self.hang_up();
        self.socket = Some(Socket {
            handshake: Some(index),
            sid,
            wire: VecDeque::new(),
            due: None,
            seen: 0,
            open: Vec::new(),
        });
    }

    /// Whether this is the handshake whose answer is under way.
    pub(super) fn awaits_handshake(&self, index: RequestIndex) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.handshake == Some(index))
    }

    /// The client does not want the answer to this request any more.
    pub(super) fn give_up_handshake(&mut self, index: RequestIndex) {
        if self.awaits_handshake(index) {
            self.end_session("the client left");
            self.socket = None;
        }
    }

    /// The answer to the handshake has arrived, or will not.
    pub(super) fn shake(&mut self, letter: Letter) {
        let index = letter.request;
        let Some(socket) = self.socket.as_mut().filter(|it| it.handshake == Some(index)) else {
            return;
        };
        let switches = matches!(&letter.content, Content::Whole(response)
            if response.status() == StatusCode::SWITCHING_PROTOCOLS);
        socket.handshake = None;
        let sid = socket.sid.clone().filter(|_| switches);
        let opens = sid.is_some();
        match sid {
            Some(sid) => {
                self.space.begin_socket(self.now, &sid);
                self.push(What::Socket(SocketState::Opened));
                self.step_socket(None);
            }
            None => {
                self.end_session("its handshake got no whole answer");
                self.socket = None;
                self.push(What::Socket(SocketState::Refused));
            }
        }
        match letter.id {
            Some(id) => self.hand_over(id, letter.content),
            None if opens => self.tell(Event::Socket(SocketEvent::Opened)),
            None => self.tell(Event::Socket(SocketEvent::Refused)),
        }
    }

    /// The client closes its socket, or its process is gone.
    pub(super) fn hang_up(&mut self) {
        let Some(socket) = &self.socket else { return };
        let handshake = socket.handshake;
        self.end_session("the client left");
        self.socket = None;
        match handshake {
            Some(index) => {
                self.mail.forget_request(index);
                let request = &mut self.history.requests[index as usize];
                (request.quality, request.body) = (Quality::Broken, None);
                self.push(What::Abandoned(index));
                self.reach(index, Duration::ZERO, server_side::after);
            }
            None => self.push(What::Socket(SocketState::Closed { by_client: true })),
        }
    }

    fn end_session(&mut self, why: &str) {
        if let Some(sid) = self.socket.as_mut().and_then(|socket| socket.sid.take()) {
            self.space.close_socket(&sid, why);
        }
    }

    /// When something is to be done about the socket.
    pub(super) fn socket_due(&self) -> Option<Duration> {
        let socket = self.socket.as_ref()?;
        let arrives = socket.wire.front().map(|(at, _)| *at);
        arrives.into_iter().chain(socket.due).min()
    }

    /// Asks the session where an event has happened, or its time has come.
    pub(super) fn follow_socket(&mut self) {
        let Some(socket) = &self.socket else { return };
        let news = self.space.world.outbox.last_seq() > socket.seen;
        if news || socket.due.is_some_and(|due| due <= self.now) {
            self.step_socket(None);
        }
    }

    /// All sockets end, as by a network that fails; says whether there was one.
    pub(super) fn kick(&mut self) -> bool {
        if self.space.sockets.kick_all() == 0 {
            return false;
        }
        self.push(What::Kicked);
        self.step_socket(None);
        true
    }

    /// Hands the session a frame of the client, if there is one, and puts what it answers on the wire.
    fn step_socket(&mut self, frame: Option<&str>) {
        let Some(socket) = &mut self.socket else { return };
        let Some(sid) = socket.sid.clone().filter(|_| socket.handshake.is_none()) else { return };
        socket.seen = self.space.world.outbox.last_seq();
        let Some(step) = self.space.socket(self.now, &sid, frame) else { return };
        let ends = step.end.as_ref().map(|end| end.why.clone());
        self.take_in(step);
        if let Some(why) = ends {
            self.end_session(&why);
        }
    }

    fn take_in(&mut self, step: Step) {
        for (seq, handling) in step.taken {
            self.notice(seq, handling);
        }
        let Some(socket) = &mut self.socket else { return };
        let arrives = self.now + LATENCY;
        for (place, frame) in step.frames.into_iter().enumerate() {
            let carried = step.carried.iter().find(|(frame, _)| *frame == place);
            let frame = Arrival::Frame(frame, carried.map(|(_, seq)| *seq));
            socket.wire.push_back((arrives, frame));
        }
        if let Some(end) = &step.end {
            socket.wire.push_back((arrives, Arrival::End { by_reset: end.by_reset }));
            socket.due = None;
        } else {
            socket.due = step.due.into_iter().chain(step.elapsed_due).min();
        }
    }

    /// Notes an event that is for the socket.
    fn notice(&mut self, seq: u64, handling: Handling) {
        let event = self.space.world.outbox.events_after(seq.saturating_sub(1)).next();
        let Some(event) = event.filter(|event| event.seq == seq) else { return };
        let (website, name) = (event.website_id, event.event.as_str().into());
        let which = self.server.count(Operation::RtmEvent, None);
        let notice = Notice {
            number: which.number,
            site: self.history.site(website),
            event: name,
            sent: self.now,
            arrived: None,
            fault: fault(handling),
        };
        let index = NoticeIndex::try_from(self.history.notices.len()).unwrap_or(NoticeIndex::MAX);
        self.history.notices.push(notice);
        if let Some(socket) = &mut self.socket {
            socket.open.push((seq, index));
        }
        self.push(What::EventSent(index));
        self.reach_at(which, LATENCY / 2, server_side::during);
        if !matches!(handling, Handling::Send { .. }) {
            self.reach_at(which, LATENCY, server_side::after);
        }
    }

    /// Hands the client what arrives on its socket by now; says whether something did.
    pub(super) fn arrive_on_socket(&mut self) -> bool {
        let Some(socket) = &mut self.socket else { return false };
        let now = self.now;
        let Some((_, arrival)) = socket.wire.pop_front_if(|(at, _)| *at <= now) else {
            return false;
        };
        match arrival {
            Arrival::End { by_reset } => {
                self.socket = None;
                self.push(What::Socket(SocketState::Closed { by_client: false }));
                self.tell(Event::Socket(SocketEvent::Closed { by_reset }));
            }
            Arrival::Frame(frame, event) => {
                if let Some(seq) = event {
                    self.announce(seq);
                } else if frame.starts_with("42[\"authenticated\"") {
                    self.push(What::Socket(SocketState::Live));
                }
                self.tell(Event::Socket(SocketEvent::Text(frame)));
            }
        }
        self.ask_status();
        true
    }

    /// An event is about to be handed to the client.
    fn announce(&mut self, seq: u64) {
        let open = self.socket.as_ref().map(|socket| &socket.open[..]).unwrap_or_default();
        let Some((_, index)) = open.iter().find(|(other, _)| *other == seq).copied() else {
            return;
        };
        let notice = &self.history.notices[index as usize];
        let which = Occurrence::of_event(notice.number);
        self.push(What::EventArriving(index));
        self.reach_at(which, Duration::ZERO, server_side::after);
        while self.is_due_at_crisp() {
            self.act_if_due();
        }
    }
}

/// The fault that met an event, by its key.
fn fault(handling: Handling) -> Option<&'static str> {
    match handling {
        Handling::Send { after_next: Some(_), .. } => Some("hold_order"),
        Handling::Send { hold, .. } if !hold.is_zero() => Some("delay"),
        Handling::Send { times, .. } => (times > 1).then_some("duplicate"),
        Handling::Drop => Some("drop"),
        Handling::End { by_reset } => Some(if by_reset { "reset" } else { "kick" }),
    }
}
