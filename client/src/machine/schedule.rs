//! What is sent next, and when.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};

use super::budget::Budget;
use super::client::Machine;
use super::event::{Action, Failure, How, Operation};
use super::pass::Pass;
use super::words::{Job, Lane};
use crate::WebsiteId;
use crate::mistake::Mistake;

/// A wait of this length is for ever.
const NEVER: Duration = Duration::MAX;

/// What could be sent next, before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Candidate {
    /// The order at this place.
    Save(usize, Operation),
    Account,
    Read(WebsiteId),
    Poll,
    Load,
    StartList,
    /// Ask where the RTM API is.
    Endpoints,
}

impl Machine {
    /// When [`Event::Tick`](super::Event::Tick) is wanted next, on the scale of
    /// [`Moment::elapsed`](crate::machine::Moment::elapsed); `None`: not before something else happens.
    pub fn next_wake(&self) -> Option<Duration> {
        let deadline = self.flight.next_deadline();
        let patience = self.patience_ends();
        let candidates = (!self.flight.is_full()).then(|| self.candidates());
        let candidates = candidates.into_iter().flatten().flatten();
        let candidates = candidates.filter_map(|(due, candidate)| {
            (due != NEVER && self.flight.may_send(self.operation(candidate))).then_some(due)
        });
        let listener = self.listener.next_wake();
        let wake = candidates.chain(deadline).chain(patience).chain(listener).min()?;
        Some(wake.max(self.now.elapsed))
    }

    /// Sends the most urgent due request, and others beside it if that is allowed.
    pub(super) fn send_what_is_due(&mut self) {
        self.look_at_the_gap();
        while let Some(candidate) = self.due() {
            if !self.start(candidate) {
                return;
            }
        }
    }

    /// Rule 7: after too long a gap polls are no longer relied on.
    fn look_at_the_gap(&mut self) {
        if self.phase.polls() && self.cursor.outlived(self.now) {
            self.recover();
        }
        let (limit, now) = (self.config.longest_gap, self.now.elapsed);
        if self.phase.pass().is_some_and(|pass| pass.is_older_than(limit, now)) {
            self.phase.begin(Pass::start());
        }
    }

    /// Lists again, without polls until that is done.
    pub(super) fn recover(&mut self) {
        // What was doubtful before the gap says nothing of the lists after it.
        self.lists.end_doubt();
        if self.phase.pass().is_none() {
            self.start_list();
        }
        self.phase.suspend_polls();
    }

    pub(super) fn start_list(&mut self) {
        self.lists.begin(self.now.elapsed);
        self.phase.begin(Pass::start());
    }

    /// All that could be sent, each with the earliest time; the first two go before the others.
    fn candidates(&self) -> [Option<(Duration, Candidate)>; 6] {
        let poll = self.poll_may_start().map(|due| (due, Candidate::Poll));
        // Saves go first, but a flood of them does not silence the polls.
        let interval = self.config.poll_every;
        let overdue = poll.filter(|(due, _)| self.now.elapsed > due.saturating_add(interval));
        let known = self.plugin_id.is_some();
        let save = known.then(|| self.save_may_start()).flatten();
        let read = match known {
            true => self.read_may_start(),
            false => self
                .needs_the_account()
                .then(|| (self.waits.not_before(Lane::Read), Candidate::Account)),
        };
        // A first list goes before: a server that does not answer this would keep the cache empty.
        let endpoints = self.listener.may_discover().filter(|_| self.phase.is_loaded());
        let endpoints = endpoints
            .map(|due| (due.max(self.waits.not_before(Lane::Listen)), Candidate::Endpoints));
        let silent_until = self.waits.silent_until();
        [overdue, save, read, poll, endpoints, self.load_may_start()]
            .map(|candidate| candidate.map(|(due, candidate)| (due.max(silent_until), candidate)))
    }

    /// What is to be sent now, the most urgent of all.
    fn due(&self) -> Option<Candidate> {
        if self.flight.is_full() {
            return None;
        }
        let is_due = |(due, candidate): &(Duration, Candidate)| {
            *due <= self.now.elapsed && self.flight.may_send(self.operation(*candidate))
        };
        let [overdue, save, others @ ..] = self.candidates();
        let urgent = [overdue, save].into_iter().flatten().find(is_due);
        // A throttled request silences the others, too: the one that failed most comes last, or a read
        // that is refused again and again would keep the polls from ever being asked.
        let others = others.into_iter().flatten().filter(is_due);
        let next = urgent.or_else(|| others.min_by_key(|(_, candidate)| self.failures(*candidate)));
        next.map(|(_, candidate)| candidate)
    }

    fn save_may_start(&self) -> Option<(Duration, Candidate)> {
        let (place, save) = self.saves.next(&self.flight)?;
        let repeats = self.config.mistakes.has(Mistake::RepeatsSavesBlindly);
        let due = if repeats { self.waits.not_before(Lane::Read) } else { Duration::ZERO };
        Some((due, Candidate::Save(place, save.operation())))
    }

    fn read_may_start(&self) -> Option<(Duration, Candidate)> {
        let (website, due) = self.saves.next_read(&self.flight)?;
        Some((due.max(self.waits.not_before(Lane::Read)), Candidate::Read(website)))
    }

    /// How often in a row a request like this one has failed.
    fn failures(&self, candidate: Candidate) -> u32 {
        self.waits.failures(match candidate {
            Candidate::Save(..) => return 0,
            Candidate::Account | Candidate::Read(_) => Lane::Read,
            Candidate::Poll => Lane::Poll,
            Candidate::Load | Candidate::StartList => Lane::Load,
            Candidate::Endpoints => Lane::Listen,
        })
    }

    fn poll_may_start(&self) -> Option<Duration> {
        let polls = self.phase.polls() && self.cursor.ask().is_some();
        let due = polls.then(|| {
            let usual = || self.pacing.poll_interval(&self.ledger.clone().at(self.server_now()));
            let hinted = self.listener.hints.due(usual);
            hinted.map_or(self.polls.due, |hinted| hinted.min(self.polls.due))
        });
        due.map(|due| due.max(self.waits.not_before(Lane::Poll)))
    }

    fn load_may_start(&self) -> Option<(Duration, Candidate)> {
        let pages_on_the_way =
            self.flight.count(|job| matches!(job, Job::Page(_) | Job::Verify)) > 0;
        if pages_on_the_way {
            return None;
        }
        // While polls fail, a re-list that could wait would only double the load on a sick server.
        let sick = self.phase.polls() && self.waits.failures(Lane::Poll) > 0;
        if sick {
            return None;
        }
        if self.phase.pass().is_some() {
            let [page, list] = [Lane::Load, Lane::List].map(|lane| self.waits.not_before(lane));
            return Some((page.max(list), Candidate::Load));
        }
        let budget = self.ledger.clone().at(self.server_now());
        let now = self.now.elapsed;
        let due = self.lists.due(self.pacing.relist_interval(&budget), now);
        let affords = self.pacing.affords_relist(&budget);
        let due = if affords { due } else { due.max(now + budget.until_reset) };
        Some((due, Candidate::StartList))
    }

    /// Whether the day's budget has room for one more list.
    pub(super) fn affords_list(&mut self) -> bool {
        let budget = self.budget();
        self.pacing.affords_relist(&budget)
    }

    fn needs_the_account(&self) -> bool {
        self.saves.are_waiting() && self.flight.count(|job| matches!(job, Job::Account)) == 0
    }

    fn operation(&self, candidate: Candidate) -> Operation {
        match candidate {
            Candidate::Save(_, operation) => operation,
            Candidate::Account => Operation::Account,
            Candidate::Endpoints => Operation::Endpoints,
            Candidate::Read(website) => Operation::GetSettings(website),
            Candidate::Poll => Operation::Since,
            Candidate::StartList => Operation::List(1),
            Candidate::Load => match self.phase.pass().and_then(Pass::wants_page) {
                Some(page) => Operation::List(page),
                None => Operation::Since,
            },
        }
    }

    /// Sends the candidate's request; says whether there was one.
    fn start(&mut self, candidate: Candidate) -> bool {
        match candidate {
            Candidate::Save(place, _) => {
                let Some(save) = self.saves.take(place) else { return false };
                if self.config.mistakes.has(Mistake::NoRollBack) {
                    self.show(&save);
                }
                self.send(Job::Save(Box::new(save)))
            }
            Candidate::Account => self.send(Job::Account),
            Candidate::Read(website) => self.send(Job::Read(website)),
            Candidate::Endpoints => {
                self.listener.discovers();
                self.send(Job::Endpoints)
            }
            Candidate::Poll => {
                self.polls.due = self.now.elapsed + self.poll_interval();
                let usual = self.usual_interval();
                self.listener.hints.polls(self.now.elapsed, usual);
                self.send(Job::Poll)
            }
            Candidate::StartList => {
                let budget = self.budget();
                let interval = self.pacing.relist_interval(&budget);
                self.lists.begin_due(interval, self.now.elapsed);
                self.phase.begin(Pass::start());
                self.start(Candidate::Load)
            }
            Candidate::Load => match self.phase.pass().and_then(Pass::wants_page) {
                Some(page) => self.send(Job::Page(page)),
                None => self.send(Job::Verify),
            },
        }
    }

    pub(super) fn poll_interval(&mut self) -> Duration {
        let budget = self.budget();
        let interval = self.interval(&budget);
        #[cfg(feature = "mistakes")]
        if self.config.mistakes.has(Mistake::PollsSeldomWhenIdle)
            && self.memory.is_idle(self.now.elapsed)
        {
            return interval * 10;
        }
        interval
    }

    /// From one poll to the next within this budget: rarely while events arrive and the set is beyond
    /// doubt, which polls alone can show.
    pub(super) fn interval(&self, budget: &Budget) -> Duration {
        let usual = self.pacing.poll_interval(budget);
        let rare = self.listener.poll_every().filter(|_| self.lists.is_verified());
        // A poll that comes after a gap which is too long for it would be a whole list.
        let most = self.config.longest_gap / 2;
        rare.map_or(usual, |rare| rare.min(most).max(usual))
    }

    /// From one poll to the next without events.
    pub(super) fn usual_interval(&mut self) -> Duration {
        let budget = self.budget();
        self.pacing.poll_interval(&budget)
    }

    fn send(&mut self, job: Job) -> bool {
        let Some(request) = self.request(&job) else {
            return false;
        };
        self.ledger.sent();
        self.counters.requests += 1;
        let mut timeout = self.config.request_timeout;
        if let (Job::Endpoints, Some(listening)) = (&job, &self.config.listening) {
            // Polls and saves wait for it.
            timeout = timeout.min(listening.connect_timeout);
        }
        let operation = job.operation();
        let id = self.flight.send(job, self.now, timeout);
        // Most steps send one request and do nothing else.
        self.actions.reserve_exact(1);
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
            #[cfg(feature = "mistakes")]
            let date = super::mistaken::calendar::written(mistakes, date, self.server_now());
            self.requests.since(date, mistakes.has(Mistake::PollsConfiguredOnly))
        };
        Some(match job {
            Job::Account => self.requests.account(),
            Job::Endpoints => self.requests.endpoints(),
            Job::Poll => since(self.poll_asks()?),
            Job::Verify => since(self.verify_asks()?),
            Job::Page(page) => {
                let page = page + u32::from(mistakes.has(Mistake::WrongFirstPage));
                let turned = self.phase.pass().is_some_and(Pass::is_turned);
                self.requests.list(page, mistakes.has(Mistake::LoadsConfiguredOnly), turned)
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
            #[cfg(feature = "mistakes")]
            let outlived = (self.flight.job(id))
                .and_then(|job| super::mistaken::outlived(self.config.mistakes, id, job));
            #[cfg(feature = "mistakes")]
            if let Some(outlived) = outlived {
                self.memory.outlives(outlived);
                self.failed(id, Failure::Timeout);
                continue;
            }
            self.actions.push(Action::Abandon { id });
            self.failed(id, Failure::Timeout);
        }
        self.end_patience();
    }
}
