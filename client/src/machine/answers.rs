//! What an answer means, before anything is done with its content.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::client::Machine;
use super::event::{Failure, RequestId};
use super::words::{Exchange, Job, Lane, Setback, Trouble};
use crate::PluginId;
use crate::mistake::Mistake;
use crate::wire::{self, Refused};

impl Machine {
    pub(super) fn answered(&mut self, id: RequestId, response: http::Response<Bytes>) {
        #[cfg(feature = "mistakes")]
        if self.applied_late(id, &response) {
            return;
        }
        let (head, body) = response.into_parts();
        let Some((flight, exchange)) = self.flight.land(id, self.now, Some(&head.headers)) else {
            return;
        };
        if exchange.cached {
            self.ledger.came_from_cache();
        } else if let Some(date) = exchange.date.filter(|_| head.status != StatusCode::NOT_MODIFIED)
        {
            self.server_clock = Some((date, self.now.elapsed));
        }
        if head.status.is_success() && !exchange.cached {
            self.cursor.heard(&exchange);
        }
        let overtaken = self.flight.was_overtaken(&flight);
        match flight.job {
            Job::Save(save) => {
                self.heed_retry_after(head.status, &head.headers);
                self.save_answered(*save, head.status, &body, overtaken);
            }
            job if head.status.is_success() => self.read(job, &exchange, &body),
            job if head.status == StatusCode::NOT_MODIFIED => {
                self.heed_retry_after(head.status, &head.headers);
                if let Some(pass) = self.phase.pass_mut().filter(|_| matches!(job, Job::Page(_))) {
                    pass.turn_address();
                }
                self.set_back(&job, &exchange, Setback::not_modified());
            }
            job => self.refused(job, &exchange, head.status, &head.headers, &body),
        }
    }

    pub(super) fn failed(&mut self, id: RequestId, failure: Failure) {
        let Some((flight, exchange)) = self.flight.land(id, self.now, None) else {
            return;
        };
        match flight.job {
            Job::Save(save) => self.save_failed(*save, failure),
            job => {
                let setback = Setback::of(Trouble::Network, failure);
                self.set_back(&job, &exchange, setback);
            }
        }
    }

    /// A success status: the body decides.
    fn read(&mut self, job: Job, exchange: &Exchange, body: &[u8]) {
        match job {
            Job::Account => self.account_read(&job, exchange, body),
            Job::Poll => self.polled(exchange, body),
            Job::Page(page) => self.page_read(page, exchange, body),
            Job::Verify => self.verified(exchange, body),
            Job::Read(website) => self.website_read(website, exchange, body),
            Job::Endpoints => self.endpoints_read(exchange, body),
            Job::Save(_) => {}
        }
    }

    fn account_read(&mut self, job: &Job, exchange: &Exchange, body: &[u8]) {
        #[derive(Deserialize)]
        struct Account {
            plugin_id: PluginId,
        }
        let account = wire::data(body).and_then(|data| {
            serde_json::from_str::<Account>(data.get())
                .map_err(|e| wire::Unreadable::WrongData { problem: wire::short(e) })
        });
        match account {
            Ok(account) => {
                self.plugin_id = Some(account.plugin_id);
                self.recovered(Lane::Read);
            }
            Err(problem) => {
                self.set_back(job, exchange, Setback::unreadable(problem));
            }
        }
    }

    /// Any other status. Some refusals are news of their own.
    fn refused(
        &mut self,
        job: Job,
        exchange: &Exchange,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) {
        let refused = wire::refusal(status.as_u16(), body);
        self.heed_retry_after(status, headers);
        match (&job, status.as_u16()) {
            (Job::Page(page), 404) if self.page_is_missing(*page, exchange) => return,
            (Job::Read(website), 404) if is_gone(&refused) => {
                return self.website_is_gone(*website);
            }
            // The date is not accepted: too old for what the server remembers (rule 7).
            (Job::Poll, 400 | 410 | 416 | 422)
                if self.polls.may_be_too_old(self.config.refused.cap, self.now.elapsed)
                    || self.asked_from_the_future(&job, exchange) =>
            {
                self.listener.remembers_little();
                self.recover();
            }
            // The server's clock was set back while the pages were read, or an outage since then was
            // longer than what the server remembers: they start anew.
            (Job::Verify, 400 | 410 | 416 | 422)
                if self.asked_from_the_future(&job, exchange) || self.pass_may_be_too_old() =>
            {
                self.start_list();
            }
            _ => {}
        }
        let retry_after = self.wait_asked(headers);
        let trouble = Trouble::of(status);
        self.set_back(&job, exchange, Setback { trouble, error: refused.to_string(), retry_after });
    }

    /// Whether the date of the list's first page may be one that has become too old. Right after the
    /// pages it is not, and another list would be refused its date just so.
    fn pass_may_be_too_old(&self) -> bool {
        let (waited, now) = (self.config.refused.cap, self.now.elapsed);
        self.phase.pass().is_some_and(|pass| pass.is_older_than(waited, now))
    }

    /// A `Retry-After` on a refusal silences the whole client (rule 6).
    fn heed_retry_after(&mut self, status: StatusCode, headers: &HeaderMap) {
        if status.is_success() {
            return;
        }
        if matches!(Trouble::of(status), Trouble::Throttled) {
            self.counters.throttled += 1;
            self.ledger.throttled();
        }
        if let Some(asked) = self.wait_asked(headers) {
            self.waits.obey(asked, self.now.elapsed);
        }
    }

    /// How long the headers ask to wait.
    fn wait_asked(&self, headers: &HeaderMap) -> Option<Duration> {
        #[cfg(feature = "mistakes")]
        if let Some(wrong) = super::mistaken::words::wait_asked(self.config.mistakes, headers) {
            return wrong;
        }
        wire::retry_after(headers, self.server_now())
    }

    /// A request failed: count, wait, and keep everything as it is.
    pub(super) fn set_back(&mut self, job: &Job, exchange: &Exchange, setback: Setback) {
        let Setback { trouble, error, retry_after } = setback;
        self.counters.failures += 1;
        if matches!(job, Job::Endpoints) {
            // The cache is as good as without a socket, so this is no error of the polls.
            self.waits.failed(Lane::Listen, trouble, retry_after, self.now.elapsed);
            return self.listener.failed(format!("endpoints: {error}"), self.now.elapsed);
        }
        self.last_error = Some(format!("{}: {error}", job.operation().name()));
        if trouble == Trouble::Cached {
            self.counters.cached_answers += 1;
            self.polls.was_cached();
        }
        self.counters.over_bound += u64::from(trouble == Trouble::OverBound);
        let Some(lane) = job.lane() else { return };
        self.waits.failed(lane, trouble, retry_after, self.now.elapsed);
        match job {
            Job::Poll => {
                if self.config.mistakes.has(Mistake::CursorMovesOnFailure) {
                    self.cursor.advance(exchange);
                }
                self.polls.due = self.now.elapsed;
            }
            Job::Page(page) => {
                // A page out of a cache, or one that the edge refused, says nothing yet: it is
                // asked for until it is fresh. An edge that refuses every second request would
                // never let two in a row through.
                let mute = matches!(trouble, Trouble::Cached | Trouble::Throttled);
                if let Some(pass) = self.phase.pass_mut().filter(|_| !mute) {
                    pass.forget_probe();
                }
                if self.config.mistakes.has(Mistake::HalfAList) {
                    self.pages_ended(*page, exchange);
                }
            }
            _ => {}
        }
    }

    /// A request of this lane was answered as it should be.
    pub(super) fn recovered(&mut self, lane: Lane) {
        self.waits.succeeded(lane);
        self.ledger.let_through();
        let others = [Lane::Poll, Lane::Load].map(|lane| self.waits.failures(lane));
        if others == [0, 0] {
            self.last_error = self.list_error.clone();
        }
    }
}

/// Whether a 404 says that this website does not have the plugin (docs/wire.md#reasons); another
/// reason, or none, may be a proxy's or a fault's.
fn is_gone(refused: &Refused) -> bool {
    matches!(refused.reason.as_str(), "not_subscribed" | "website_not_found")
}
