//! What is sent next, and when.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};

use super::client::Machine;
use super::event::{Action, Failure, How, Operation};
use super::parts::load::PASSES;
use super::pass::LoadRun;
use super::words::Job;
use crate::WebsiteId;
use crate::mistake::Mistake;

/// A wait of this length is for ever.
const NEVER: Duration = Duration::MAX;

/// A differential's window begins with a second of the server's that is known to the second only.
const WINDOW_EDGE: Duration = Duration::from_secs(2);

/// So many lists in a row may be in doubt before the next ones come more slowly: with the default
/// overlap eight minutes of trouble, after which the set is right within the convergence bound.
const PATIENT: u32 = 3;

/// What could be sent next, before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Candidate {
    Save(usize),
    Account,
    Read(WebsiteId),
    Poll,
    Load,
    StartList,
}

impl Machine {
    /// When [`Event::Tick`](super::Event::Tick) is wanted next, on the scale of
    /// [`Moment::elapsed`](crate::machine::Moment::elapsed); `None`: not before something else happens.
    pub fn next_wake(&self) -> Option<Duration> {
        let deadline = self.flight.next_deadline();
        let patience = self.patience_ends();
        let candidates = self.candidates().into_iter().filter_map(|(due, candidate)| {
            (due != NEVER && self.flight.may_send(self.operation(candidate))).then_some(due)
        });
        let wake = candidates.chain(deadline).chain(patience).min()?;
        Some(wake.max(self.now.elapsed))
    }

    /// Sends the most urgent due request, and others beside it if that is allowed.
    pub(super) fn send_what_is_due(&mut self) {
        self.look_at_the_gap();
        loop {
            let due = self.candidates().into_iter().find(|(due, candidate)| {
                *due <= self.now.elapsed && self.flight.may_send(self.operation(*candidate))
            });
            match due {
                Some((_, candidate)) if self.start(candidate) => {}
                _ => return,
            }
        }
    }

    /// Rule 7: after too long a gap polls are no longer relied on.
    fn look_at_the_gap(&mut self) {
        if self.loaded && !self.recovering && self.cursor.outlived(self.now) {
            self.recover();
        }
        let limit = self.config.longest_gap;
        let now = self.now.elapsed;
        if self.run.as_ref().is_some_and(|run| run.is_older_than(limit, now)) {
            self.run = Some(LoadRun::start());
        }
    }

    /// Lists again, without polls until that is done.
    pub(super) fn recover(&mut self) {
        self.recovering = true;
        // What was doubtful before the gap says nothing of the lists after it.
        self.end_doubt();
        if self.run.is_none() {
            self.start_list();
        }
    }

    pub(super) fn start_list(&mut self) {
        self.suspect = false;
        self.relist_from = self.now.elapsed;
        self.run = Some(LoadRun::start());
    }

    /// All that could be sent, most urgent first, each with the earliest time.
    fn candidates(&self) -> Vec<(Duration, Candidate)> {
        let mut candidates = Vec::with_capacity(5);
        let mut urgent = 0;
        let mut push = |due: Duration, candidate| {
            candidates.push((due.max(self.silent_until), candidate));
        };
        let poll = self.poll_may_start();
        let interval = self.config.poll_every;
        if let Some(due) = poll.filter(|due| self.now.elapsed > due.saturating_add(interval)) {
            // Saves go first, but a flood of them does not silence the polls.
            push(due, Candidate::Poll);
            urgent += 1;
        }
        if self.plugin_id.is_some() {
            if let Some(save) = self.next_save() {
                let repeats = self.config.mistakes.has(Mistake::RepeatsSavesBlindly);
                let due = if repeats { self.lanes.read.not_before } else { Duration::ZERO };
                push(due, Candidate::Save(save));
                urgent += 1;
            }
            let reads = self.reads.iter().filter(|(website, _)| !self.is_being_read(website));
            if let Some((website, read)) = reads.min_by_key(|(_, read)| read.due) {
                push(read.due.max(self.lanes.read.not_before), Candidate::Read(*website));
            }
        } else if self.needs_the_account() {
            push(self.lanes.read.not_before, Candidate::Account);
        }
        if let Some(due) = poll {
            push(due, Candidate::Poll);
        }
        if let Some((due, candidate)) = self.load_may_start() {
            push(due, candidate);
        }
        // A throttled request silences the others, too: the one that failed most comes last, or a read
        // that is refused again and again would keep the polls from ever being asked.
        candidates[urgent..].sort_by_key(|(_, candidate)| self.failures(*candidate));
        candidates
    }

    /// How often in a row a request like this one has failed.
    fn failures(&self, candidate: Candidate) -> u32 {
        match candidate {
            Candidate::Save(_) => 0,
            Candidate::Account | Candidate::Read(_) => self.lanes.read.failures,
            Candidate::Poll => self.lanes.poll.failures,
            Candidate::Load | Candidate::StartList => self.lanes.load.failures,
        }
    }

    fn poll_may_start(&self) -> Option<Duration> {
        let polls = self.loaded && !self.recovering && self.cursor.ask().is_some();
        polls.then(|| self.poll_due.max(self.lanes.poll.not_before))
    }

    fn load_may_start(&self) -> Option<(Duration, Candidate)> {
        let pages_on_the_way =
            self.flight.count(|job| matches!(job, Job::Page(_) | Job::Verify)) > 0;
        if pages_on_the_way {
            return None;
        }
        // While polls fail, a re-list that could wait would only double the load on a sick server.
        let sick = self.loaded && !self.recovering && self.lanes.poll.failures > 0;
        match &self.run {
            Some(_) if sick => None,
            Some(_) => Some((self.lanes.load.not_before, Candidate::Load)),
            None if sick || !self.loaded => None,
            None => {
                let budget = self.ledger.clone().at(self.server_now());
                let due = self.list_due(self.pacing.relist_interval(&budget));
                let affords = self.pacing.affords_relist(&budget);
                let due =
                    if affords { due } else { due.max(self.now.elapsed + budget.until_reset) };
                Some((due, Candidate::StartList))
            }
        }
    }

    /// When the next list begins, if it can be afforded: when the net has it, or earlier when the
    /// set is in doubt. The first passes after a doubt begin at once. When they are used up, what
    /// made them doubtful (a list that lags, a website that leaves and comes back) is likely to
    /// go on for a while: a list follows when nothing of it is in the differential's window any
    /// more, with passes of its own. After [`PATIENT`] such lists in a row the time doubles.
    fn list_due(&self, interval: Duration) -> Duration {
        let net = self.relist_from.saturating_add(interval);
        if !self.suspect {
            return net;
        }
        if self.passes_in_doubt < PASSES {
            return self.now.elapsed;
        }
        let calm = self.config.overlap.saturating_add(WINDOW_EDGE);
        let doubled = 2_u32.saturating_pow(self.late_lists.saturating_sub(PATIENT).min(20));
        let wait = calm.saturating_mul(doubled);
        self.relist_from.saturating_add(wait).min(net)
    }

    /// Nothing of an earlier doubt counts any more.
    pub(super) fn end_doubt(&mut self) {
        (self.passes_in_doubt, self.late_lists) = (0, 0);
        self.explained.clear();
    }

    fn is_being_read(&self, website: &WebsiteId) -> bool {
        self.flight.count(|job| matches!(job, Job::Read(other) if other == website)) > 0
    }

    fn needs_the_account(&self) -> bool {
        let waiting = !self.saves.is_empty() || !self.reads.is_empty();
        waiting && self.flight.count(|job| matches!(job, Job::Account)) == 0
    }

    fn operation(&self, candidate: Candidate) -> Operation {
        match candidate {
            Candidate::Save(index) => self.saves[index].operation(),
            Candidate::Account => Operation::Account,
            Candidate::Read(website) => Operation::GetSettings(website),
            Candidate::Poll => Operation::Since,
            Candidate::StartList => Operation::List(1),
            Candidate::Load => match self.run.as_ref().and_then(LoadRun::wants_page) {
                Some(page) => Operation::List(page),
                None => Operation::Since,
            },
        }
    }

    /// Sends the candidate's request; says whether there was one.
    fn start(&mut self, candidate: Candidate) -> bool {
        match candidate {
            Candidate::Save(index) => {
                let Some(save) = self.saves.remove(index) else {
                    return false;
                };
                if self.config.mistakes.has(Mistake::NoRollBack) {
                    self.show(&save);
                }
                self.send(Job::Save(Box::new(save)))
            }
            Candidate::Account => self.send(Job::Account),
            Candidate::Read(website) => self.send(Job::Read(website)),
            Candidate::Poll => {
                self.poll_due = self.now.elapsed + self.poll_interval();
                self.send(Job::Poll)
            }
            Candidate::StartList => {
                let interval = {
                    let budget = self.budget();
                    self.pacing.relist_interval(&budget)
                };
                if !self.suspect || self.now.elapsed >= self.relist_from.saturating_add(interval) {
                    // The net's turn: a new count.
                    self.end_doubt();
                } else if self.passes_in_doubt >= PASSES {
                    self.passes_in_doubt = 0;
                    self.late_lists = self.late_lists.saturating_add(1);
                }
                self.start_list();
                self.start(Candidate::Load)
            }
            Candidate::Load => match self.run.as_ref().and_then(LoadRun::wants_page) {
                Some(page) => self.send(Job::Page(page)),
                None => self.send(Job::Verify),
            },
        }
    }

    pub(super) fn poll_interval(&mut self) -> Duration {
        let budget = self.budget();
        self.pacing.poll_interval(&budget)
    }

    fn send(&mut self, job: Job) -> bool {
        let Some(request) = self.request(&job) else {
            return false;
        };
        self.ledger.sent();
        self.counters.requests += 1;
        let timeout = self.config.request_timeout;
        let operation = job.operation();
        let id = self.flight.send(job, self.now, timeout);
        self.actions.push(Action::Send { id, operation, request, timeout });
        true
    }

    /// The request for a job; `None` when something it needs is not known, which the candidates
    /// have ruled out.
    fn request(&self, job: &Job) -> Option<Request<Bytes>> {
        let mistakes = self.config.mistakes;
        let since = |date| {
            #[cfg(feature = "mistakes")]
            let date = match mistakes.has(Mistake::LocalTimeAsUtc) {
                true => super::mistaken::as_local_time(date),
                false => date,
            };
            self.requests.since(date, mistakes.has(Mistake::PollsConfiguredOnly))
        };
        Some(match job {
            Job::Account => self.requests.account(),
            Job::Poll => since(self.poll_asks()?),
            Job::Verify => since(self.verify_asks()?),
            Job::Page(page) => {
                let page = page + u32::from(mistakes.has(Mistake::WrongFirstPage));
                self.requests.list(page, mistakes.has(Mistake::LoadsConfiguredOnly))
            }
            Job::Read(website) => {
                self.requests.settings(Method::GET, *website, self.plugin_id?, None)
            }
            Job::Save(save) => {
                let method = if save.how == How::Put { Method::PUT } else { Method::PATCH };
                self.requests.settings(method, save.website, self.plugin_id?, Some(&save.settings))
            }
        })
    }

    /// Gives up what has taken too long.
    pub(super) fn expire(&mut self) {
        let now = self.now.elapsed;
        while let Some(id) = self.flight.expired(now) {
            self.actions.push(Action::Abandon { id });
            self.failed(id, Failure::Timeout);
        }
        self.end_patience();
    }
}
