//! O11: retries are spaced out and grow, a success resets them, and `Retry-After` silences the
//! whole client.

use std::collections::VecDeque;
use std::time::Duration;

use crisp_mock_server::operation::Operation;
use jiff::Timestamp;

use super::{Breach, Oracle, time};
use crate::history::{Event, History, Quality, Request, Site, What};

/// A repeat that comes sooner than this after a failure was not spaced out.
const TOO_SOON: Duration = Duration::from_millis(250);
/// One such repeat may be chance.
const TOO_OFTEN: u32 = 3;
/// After so many failures in a row the waits must have grown.
const LONG: usize = 10;
/// So many differentials that failed are remembered, the newest.
const REMEMBERED: usize = 64;
/// Dates have a resolution of a second.
const SLACK: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Pacing {
    declared: bool,
    silent_until: Duration,
    /// Why it is silent: the answer that asked for it.
    asked: Option<(String, Duration)>,
    streaks: Vec<Streak>,
    /// A first failure of the differential after a success, and nothing since.
    first: Option<Duration>,
    since_was_good: bool,
    /// Whether a page was read, and no differential since.
    listed: bool,
    /// So many good differentials are to come before a wait is judged: when the check of a list
    /// failed, one may be a poll and the next that check, which a client may count apart.
    held: u8,
    /// From when the differentials asked that failed, until one that asks the same is good: the check
    /// of a list waits on after its own failures, however good the polls between them are.
    unanswered: VecDeque<Box<str>>,
}

/// Failures in a row of one operation and page.
#[derive(Debug)]
struct Streak {
    operation: Operation,
    page: Option<u32>,
    site: Option<Site>,
    failed_at: Duration,
    failing: bool,
    hasty: u32,
    gaps: Vec<Duration>,
    /// When the last one was sent and from when it asked, if it asks from a date.
    since: Option<(Duration, Timestamp)>,
}

impl Streak {
    /// Whether this request asks from another date than the last one, by more than the time between
    /// them: a poll and the check of a list take turns, and a client may count them apart.
    fn turns(&mut self, request: &Request) -> bool {
        let asked: Option<Timestamp> = request.asks_from().and_then(|date| date.parse().ok());
        let since = asked.map(|asked| (request.sent, asked));
        let last = std::mem::replace(&mut self.since, since);
        let (Some((before, last)), Some((now, since))) = (last, since) else {
            return false;
        };
        // Some ask from a while before now, whatever failed: their dates go on with the time.
        let passed = now.saturating_sub(before);
        since < last - SLACK || since > last + passed + SLACK
    }
}

impl Pacing {
    pub(super) fn new(declared: bool) -> Self {
        Self { declared, ..Self::default() }
    }
}

impl Oracle for Pacing {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        match event.what {
            What::Restart => {
                *self = Self::new(self.declared);
                None
            }
            What::Arriving(index) | What::Abandoned(index) => {
                self.ended(history, &history.requests[index as usize], event.at);
                None
            }
            What::Sent(index) => self.sent(history, &history.requests[index as usize], event.at),
            _ => None,
        }
    }
}

impl Pacing {
    /// Whether a differential from the same date has failed, and none from it was good since.
    fn asked_before(&mut self, request: &Request, failed: bool) -> bool {
        let Some(asked) = request.since.as_deref() else { return false };
        let before = self.unanswered.iter().position(|date| **date == *asked);
        match before {
            Some(position) if !failed => drop(self.unanswered.remove(position)),
            None if failed => {
                self.unanswered.truncate(REMEMBERED - 1);
                self.unanswered.push_front(asked.into());
            }
            _ => {}
        }
        before.is_some()
    }

    fn ended(&mut self, history: &History, request: &Request, at: Duration) {
        let refused = request.quality == Quality::Refusal;
        let asks = refused && !request.is_handshake();
        if let Some(asked) = request.retry_after.filter(|_| asks) {
            let declared = &history.declared;
            let obeyed = if self.declared {
                declared.longest_retry_after
            } else {
                Duration::from_secs(3600)
            };
            let until = at + asked.min(obeyed);
            if until > self.silent_until {
                self.silent_until = until;
                self.asked = Some((request.spot().to_string(), asked));
            }
        }
        if request.is_save() {
            return;
        }
        let failed = request.quality.is_failure();
        if request.operation == Operation::Since {
            let plain = match request.quality {
                Quality::Broken | Quality::Unreadable => true,
                Quality::Refusal => request.status.is_some_and(|status| status >= 500),
                _ => false,
            };
            let gated = self.silent_until > at;
            let again = self.asked_before(request, failed);
            let first = plain && self.since_was_good && self.held == 0 && !gated && !again;
            self.first = first.then_some(at);
            self.since_was_good = request.quality == Quality::Good;
            let listed = std::mem::take(&mut self.listed);
            self.held = match self.since_was_good {
                true => self.held.saturating_sub(1),
                false if listed => 2,
                false => self.held,
            };
        } else if request.operation == Operation::List && !failed {
            self.listed = true;
            // As far as the client can tell the server is well again: the count may begin anew.
            let since = |streak: &&mut Streak| streak.operation == Operation::Since;
            for streak in self.streaks.iter_mut().filter(since) {
                streak.gaps.clear();
            }
        }
        let known = |streak: &&mut Streak| {
            streak.operation == request.operation
                && streak.page == request.page
                && streak.site == request.site
        };
        match self.streaks.iter_mut().find(known) {
            Some(streak) if failed => (streak.failed_at, streak.failing) = (at, true),
            Some(streak) => {
                (streak.failing, streak.hasty) = (false, 0);
                streak.gaps.clear();
            }
            None if failed => self.streaks.push(Streak {
                operation: request.operation,
                page: request.page,
                site: request.site,
                failed_at: at,
                failing: true,
                hasty: 0,
                gaps: Vec::new(),
                since: None,
            }),
            None => {}
        }
    }

    fn sent(&mut self, history: &History, request: &Request, at: Duration) -> Option<Breach> {
        if at + SLACK < self.silent_until && !request.is_handshake() {
            let (spot, asked) = self.asked.clone().unwrap_or_default();
            return Some(Breach {
                at,
                word: "ignored Retry-After",
                fact: format!("The answer to {spot} asked for {} of silence.", time(asked)),
                but: format!(
                    "The client sent {} at {}, {} too early.",
                    request.spot(),
                    time(at),
                    time(self.silent_until - at)
                ),
                ..Breach::default()
            });
        }
        let first = if request.is_handshake() { None } else { self.first.take() };
        let streak = self.streaks.iter_mut().find(|streak| {
            streak.failing
                && streak.operation == request.operation
                && streak.page == request.page
                && streak.site == request.site
        })?;
        let gap = at.saturating_sub(streak.failed_at);
        streak.failing = false;
        if streak.turns(request) {
            streak.gaps.clear();
        } else if self.silent_until <= streak.failed_at {
            // A wait of which the server said how long says nothing of the client.
            streak.gaps.push(gap);
        }
        streak.hasty = if gap < TOO_SOON { streak.hasty + 1 } else { 0 };
        if streak.hasty >= TOO_OFTEN {
            return Some(Breach {
                at,
                word: "retried without a pause",
                fact: format!("{} failed {} times in a row.", request.operation, streak.gaps.len()),
                but: format!("It was sent again {} ms after the last failure.", gap.as_millis()),
                ..Breach::default()
            });
        }
        if !self.declared || request.is_handshake() {
            return None;
        }
        let declared = &history.declared;
        let late = streak.gaps.iter().rev().take(6);
        if streak.gaps.len() >= LONG && late.clone().all(|gap| *gap < declared.first_retry * 3 / 2)
        {
            return Some(Breach {
                at,
                word: "waits did not grow",
                fact: format!("{} failed {} times in a row.", request.operation, streak.gaps.len()),
                but: format!("The last wait was {}, like the first.", time(gap)),
                ..Breach::default()
            });
        }
        let longest = declared.first_retry + SLACK;
        if first.is_some() && request.operation == Operation::Since && gap > longest {
            return Some(Breach {
                at,
                word: "waits were not reset",
                fact: format!(
                    "The poll before the one that failed at {} was good.",
                    time(streak.failed_at)
                ),
                but: format!("The client waited {} before it asked again.", time(gap)),
                expected: Some(format!("at most {}", time(longest))),
                got: Some(time(gap)),
                ..Breach::default()
            });
        }
        None
    }
}
