//! Requests to the server, answers to the client.

use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::journal::Filter;
use crisp_mock_server::operation::Operation;

use super::mail::{Content, LATENCY, Letter};
use super::{Due, Witness, World, intake};
use crate::history::{By, Quality, Request, RequestIndex, What};
use crate::scenario::{Anchor, Spot};
use crate::subject::{Action, Event, How, Moment, RequestId, Subject};

impl<W: Witness> World<'_, W> {
    /// Tells the client something, and does what it wants done.
    pub(super) fn tell(&mut self, event: Event) {
        self.hear(|subject, now, actions| subject.handle(now, event, actions));
    }

    fn hear(&mut self, tell: impl FnOnce(&mut dyn Subject, Moment, &mut Vec<Action>)) {
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
    }

    /// The client's alarm goes off, or it has just been started.
    pub(super) fn tick(&mut self) {
        self.tell(Event::Tick);
        self.ask_status();
    }

    /// Hears what the client says of itself.
    pub(super) fn ask_status(&mut self) {
        if let Some(told) = self.subject.told(self.moment()) {
            self.push(What::Status {
                standing: told.standing,
                age: told.age,
            });
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Send(id, request) => self.send(id, &request),
            Action::Abandon(id) => self.abandon(id),
            Action::Shows(id, held) => {
                let site = self.history.site(id);
                let values = &mut self.history.values;
                let state = held.map(|held| crate::history::State {
                    settings: values.json(&held.settings),
                    token: held.token.map(|token| values.plain(&token)),
                });
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

    fn send(&mut self, id: RequestId, request: &http::Request<Bytes>) {
        let handled = self.space.handle(self.now, request);
        let index = self.note(&handled, request);
        if self.history.requests[index as usize].is_save() {
            self.note_write(index);
        }
        self.push(What::Sent(index));
        let spot = self.history.requests[index as usize].spot();
        let arrives = self
            .mail
            .post(self.now, index, id, handled.operation, handled.delivery);
        self.ids.push((id, index));
        let flight = arrives.map_or(LATENCY, |at| at.saturating_sub(self.now));
        // Between the computing of the answer and its arrival, whatever happens to it.
        let halfway = Duration::from_millis((flight.as_millis() as u64 / 2).max(1));
        self.reach(spot, halfway, |anchor| match anchor {
            Anchor::During(spot) => Some(spot),
            _ => None,
        });
    }

    /// Puts the steps that waited for this request on the agenda.
    fn reach(&mut self, spot: Spot, after: Duration, aim: impl Fn(Anchor) -> Option<Spot>) {
        let (any_page, this_page) = self.numbers(spot);
        let steps = &self.prepared.scenario.when;
        let meets = |index: &usize| {
            aim(steps[*index].anchor).is_some_and(|wanted| {
                wanted.operation == spot.operation
                    && match wanted.page {
                        None => wanted.number == any_page,
                        Some(page) => Some(page) == spot.page && wanted.number == this_page,
                    }
            })
        };
        if !self.hooked.iter().any(meets) {
            return;
        }
        let reached: Vec<usize> = self.hooked.iter().copied().filter(meets).collect();
        self.hooked.retain(|index| !reached.contains(index));
        for index in reached {
            let at = self.now + after + steps[index].wait.unwrap_or_default();
            self.agenda.push((at, Due::Step(index)));
            self.planned = self.planned.max(at);
        }
    }

    /// The number of the request among all of its operation, and among those of its page.
    fn numbers(&self, spot: Spot) -> (u64, u64) {
        let of_page = |request: &&Request| request.spot() == spot;
        let request = self.history.requests.iter().rev().find(of_page);
        request.map_or((0, 0), |request| (request.number, request.page_number))
    }

    fn note(
        &mut self,
        handled: &crisp_mock_server::space::Handled,
        request: &http::Request<Bytes>,
    ) -> RequestIndex {
        let filter = Filter::default();
        let entry = self.space.journal.entries(&filter).next_back();
        let (fired, website, carried_out) = entry.map_or((Vec::new(), None, false), |entry| {
            (entry.faults.clone(), entry.website, entry.carried_out)
        });
        let site = website.map(|id| self.history.site(id));
        let operation = handled.operation;
        let page = (operation == Operation::List).then(|| page_of(request.uri().path()));
        self.counts[operation as usize] += 1;
        let response = handled.delivery.outcome.response();
        let noted = Request {
            operation,
            page,
            site,
            number: self.counts[operation as usize],
            page_number: page.map_or(0, |page| self.count_page(page)),
            life: self.history.life,
            sent: self.now,
            ended: None,
            quality: intake::quality(&handled.delivery, operation, &fired),
            status: response.map(|response| response.status().as_u16()),
            retry_after: intake::retry_after(response),
            carried_out,
            since: intake::asked_since(request.uri().query()),
            faults: fired.iter().map(|fired| fired.fault.effect.key()).collect(),
            save: None,
            body: response.map(|response| response.body().clone()),
        };
        let index =
            RequestIndex::try_from(self.history.requests.len()).unwrap_or(RequestIndex::MAX);
        self.history.requests.push(noted);
        if operation == Operation::SaveSettings || operation == Operation::UpdateSettings {
            self.attribute(index, request.body());
        }
        index
    }

    fn count_page(&mut self, page: u32) -> u64 {
        match self
            .page_counts
            .iter_mut()
            .find(|(known, _)| *known == page)
        {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.page_counts.push((page, 1));
                1
            }
        }
    }

    /// Finds the order that a save's request carries out: the oldest that is still open, else the
    /// latest that had the same content.
    fn attribute(&mut self, index: RequestIndex, body: &Bytes) {
        let settings = std::str::from_utf8(body).map(|text| self.history.values.json(text));
        let request = &self.history.requests[index as usize];
        let how = match request.operation {
            Operation::SaveSettings => How::Put,
            _ => How::Patch,
        };
        let (Ok(settings), Some(site)) = (settings, request.site) else {
            return;
        };
        let fits = |save: &crate::history::Save| {
            save.site == site && save.how == how && save.settings == settings
        };
        let saves = &self.history.saves;
        let open = saves
            .iter()
            .position(|save| fits(save) && save.end.is_none());
        let Some(save) = open.or_else(|| saves.iter().rposition(fits)) else {
            return;
        };
        self.history.saves[save].attempts.push(index);
        self.history.requests[index as usize].save = u32::try_from(save).ok();
    }

    /// A write of the client may have changed the truth.
    fn note_write(&mut self, index: RequestIndex) {
        let request = &self.history.requests[index as usize];
        let Some(site) = request.site.filter(|_| request.carried_out) else {
            return;
        };
        let id = self.history.sites[site as usize];
        let Some(website) = self.space.world.website(id) else {
            return;
        };
        // Only a write that was carried out at this moment makes a version of this moment.
        let written = website.changed.seq > self.last_write;
        self.last_write = self.last_write.max(website.changed.seq);
        if written {
            self.note_truth(id, By::Client(index));
        }
    }

    pub(super) fn deliver(&mut self, letter: Letter) {
        let spot = self.history.requests[letter.request as usize].spot();
        self.push(What::Arriving(letter.request));
        self.reach(spot, Duration::ZERO, |anchor| match anchor {
            Anchor::After(spot) => Some(spot),
            _ => None,
        });
        while self.act_if_due() {}
        // A step may have ended the client's life.
        if self.history.requests[letter.request as usize].life != self.history.life {
            return;
        }
        self.ids.retain(|(id, _)| *id != letter.id);
        match letter.content {
            Content::Whole(response) => self.tell(Event::Answer(letter.id, response)),
            Content::Begun(begun) => self.hear(|subject, now, actions| {
                subject.broke_off(now, letter.id, begun, actions);
                subject.handle(now, Event::Failed(letter.id), actions);
            }),
            Content::Nothing => self.tell(Event::Failed(letter.id)),
        }
        self.push(What::Handled(letter.request));
        self.ask_status();
    }

    fn abandon(&mut self, id: RequestId) {
        self.mail.forget(id);
        let Some(position) = self.ids.iter().position(|(known, _)| *known == id) else {
            return;
        };
        let (_, index) = self.ids.remove(position);
        let request = &mut self.history.requests[index as usize];
        request.quality = Quality::Broken;
        request.body = None;
        let spot = request.spot();
        self.push(What::Abandoned(index));
        self.reach(spot, Duration::ZERO, |anchor| match anchor {
            Anchor::After(spot) => Some(spot),
            _ => None,
        });
    }
}

/// The page in the path of a list; without one, the first.
fn page_of(path: &str) -> u32 {
    let last = path.rsplit('/').next().unwrap_or_default();
    last.parse().unwrap_or(1).max(1)
}
