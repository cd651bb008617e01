//! Requests to the server, answers to the client.

use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::operation::Operation;

use super::mail::{Content, Letter};
use super::record::Taken;
use super::server_side::{self, Occurrence};
use super::{Witness, World};
use crate::history::{By, Quality, Request, RequestIndex, What};
use crate::scenario::Anchor;
use crate::subject::{Action, Event, Moment, Subject};
use crate::words::{LATENCY, RequestId, Spot};

impl<W: Witness> World<'_, W> {
    /// Hands the client an event and carries out its actions.
    pub(super) fn tell(&mut self, event: Event) {
        self.hear(|subject, now, actions| subject.handle(now, event, actions));
    }

    pub(super) fn hear(&mut self, tell: impl FnOnce(&mut dyn Subject, Moment, &mut Vec<Action>)) {
        let now = self.moment();
        let mut actions = std::mem::take(&mut self.actions);
        tell(&mut *self.subject, now, &mut actions);
        let mut shown = false;
        for action in actions.drain(..) {
            let shows = matches!(action, Action::Shows(..));
            if shown && !shows {
                self.push(What::Step);
            }
            shown = shows;
            self.carry_out(action);
        }
        if shown {
            self.push(What::Step);
        }
        self.actions = actions;
        self.wake = self.subject.next_wake();
    }

    /// The client's alarm goes off, or it has just been started.
    pub(super) fn tick(&mut self) {
        self.tell(Event::Tick);
        self.ask_status();
    }

    /// Notes the status that the client reports.
    pub(super) fn ask_status(&mut self) {
        if let Some(status) = self.subject.status(self.moment()) {
            self.push(What::Status { standing: status.standing, age: status.age });
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Send(id, request) => self.send(Some(id), &request),
            Action::Socket(action) => self.on_socket(action),
            Action::Abandon(id) => self.abandon(id),
            Action::Shows(id, held) => {
                let site = self.history.site(id);
                let values = &mut self.history.values;
                let state = held.map(|held| values.state(&held.settings, held.token.as_deref()));
                if self.history.track(site).shown != state {
                    self.push(What::Shows { site, state });
                }
            }
            Action::Ready => self.push(What::Ready),
            Action::SaveEnded(ticket, end) => {
                if let Ok(save) = u32::try_from(ticket) {
                    self.push(What::SaveEnded(save, end));
                }
            }
        }
    }

    /// Has a request dealt with; without a name at the client it is the handshake of a socket.
    pub(super) fn send(&mut self, id: Option<RequestId>, request: &http::Request<Bytes>) {
        let handled = self.space.handle(self.now, request);
        let taken = Taken::of(&self.space, &mut self.server, &handled, request);
        let written = self.server.written(&self.space, &taken);
        let index = taken.enter(&mut self.history, self.now);
        if let Some(website) = written {
            self.note_truth(website, By::Client(index));
        }
        self.push(What::Sent(index));
        let arrives = self.mail.post(self.now, index, id, handled.operation, handled.delivery);
        self.ids.extend(id.map(|id| (id, index)));
        if handled.operation == Operation::Rtm {
            self.await_handshake(index, handled.socket);
        }
        self.reach_under_way(index, arrives);
    }

    /// Puts the steps on the agenda that happen while the answer to a request is under way.
    fn reach_under_way(&mut self, index: RequestIndex, arrives: Option<Duration>) {
        let flight = arrives.map_or(LATENCY, |at| at.saturating_sub(self.now));
        // Between the computing of the answer and its arrival, whatever happens to it.
        let halfway = Duration::from_millis((flight.as_millis() as u64 / 2).max(1));
        self.reach(index, halfway, server_side::during);
    }

    /// Puts the steps that waited for this request on the agenda.
    pub(super) fn reach(
        &mut self,
        index: RequestIndex,
        after: Duration,
        aim: fn(Anchor) -> Option<Spot>,
    ) {
        let request = &self.history.requests[index as usize];
        let Request { operation, page, number, page_number, .. } = *request;
        self.reach_at(Occurrence { operation, page, number, page_number }, after, aim);
    }

    /// The same for what is no request, too: an event on its way to a socket.
    pub(super) fn reach_at(
        &mut self,
        which: Occurrence,
        after: Duration,
        aim: fn(Anchor) -> Option<Spot>,
    ) {
        let steps = &self.prepared.scenario.when;
        for index in self.server.reached(steps, which, aim) {
            let at = self.now + after + steps[index].wait.unwrap_or_default();
            self.agenda.schedule(at, index);
        }
    }

    pub(super) fn deliver(&mut self, letter: Letter) {
        if self.wake.is_some_and(|wake| wake <= self.now) {
            // What it does of itself at this moment it does without knowing the answer.
            self.hear(|subject, now, actions| subject.before_answer(now, actions));
            let awaited = |id| self.ids.iter().any(|(known, _)| *known == id);
            if letter.id.is_some_and(|id| !awaited(id)) {
                return; // it gave the request up
            }
        }
        self.push(What::Arriving(letter.request));
        self.reach(letter.request, Duration::ZERO, server_side::after);
        // Steps after an answer: what happens at Crisp happens before the client can ask again, what
        // the client is to do is left to it until it knows the answer.
        while self.is_due_at_crisp() {
            self.act_if_due();
        }
        let index = letter.request;
        match letter.id {
            Some(id) if !self.awaits_handshake(index) => self.hand_over(id, letter.content),
            _ => self.shake(letter),
        }
        self.push(What::Handled(index));
        self.ask_status();
    }

    pub(super) fn hand_over(&mut self, id: RequestId, content: Content) {
        self.ids.retain(|(known, _)| *known != id);
        match content {
            Content::Whole(response) => self.tell(Event::Answer(id, response)),
            Content::Begun(begun) => self.hear(|subject, now, actions| {
                subject.broke_off(now, id, begun, actions);
                subject.handle(now, Event::Failed(id), actions);
            }),
            Content::Nothing => self.tell(Event::Failed(id)),
        }
    }

    fn abandon(&mut self, id: RequestId) {
        self.mail.forget(id);
        let Some(position) = self.ids.iter().position(|(known, _)| *known == id) else {
            return;
        };
        let (_, index) = self.ids.remove(position);
        self.give_up_handshake(index);
        let request = &mut self.history.requests[index as usize];
        request.quality = Quality::Broken;
        request.body = None;
        self.push(What::Abandoned(index));
        self.reach(index, Duration::ZERO, server_side::after);
    }
}
