//! O9: while polls fail, the status says so, with an age that is never too young.

use std::time::Duration;

use crisp_mock_server::operation::Operation;

use super::{Breach, Oracle, time};
use crate::history::{Event, History, Quality, What};
use crate::scenario::Standing;

/// A status may be rounded.
const SLACK: Duration = Duration::from_secs(1);
/// So many failures in a row and the cache is not fresh, however young.
const MANY: u32 = 3;

pub(super) struct HonestStatus {
    can: bool,
    /// When the last request was sent that brought knowledge.
    known: Option<Duration>,
    failures: u32,
}

impl HonestStatus {
    pub(super) fn new(can: bool) -> Self {
        Self { can, known: None, failures: 0 }
    }
}

impl Oracle for HonestStatus {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        match event.what {
            What::Restart => (self.known, self.failures) = (None, 0),
            What::Handled(index) | What::Abandoned(index) => {
                let request = &history.requests[index as usize];
                let tells = matches!(request.operation, Operation::Since | Operation::List);
                if tells
                    && !request.quality.is_failure()
                    && !matches!(request.quality, Quality::Stale | Quality::Denied)
                {
                    self.known = self.known.max(Some(request.sent));
                }
                if request.operation == Operation::Since {
                    let failed = request.quality.is_failure();
                    self.failures = if failed { self.failures + 1 } else { 0 };
                }
            }
            What::Status { standing, age } => return self.check(history, event.at, standing, age),
            _ => {}
        }
        None
    }

    fn unjudged(&self, _history: &History) -> Option<String> {
        (!self.can).then(|| "this client does not say how current it is".to_owned())
    }
}

impl HonestStatus {
    fn check(
        &self,
        history: &History,
        now: Duration,
        standing: Standing,
        age: Option<Duration>,
    ) -> Option<Breach> {
        let truly = self.known.map(|known| now.saturating_sub(known));
        let breach = |word, fact: String, but: String| {
            Some(Breach { at: now, word, fact, but, ..Breach::default() })
        };
        let last = || {
            self.known.map_or_else(
                || "No request has brought anything yet.".to_owned(),
                |known| {
                    format!("The last request that brought anything was sent at {}.", time(known))
                },
            )
        };
        // While it loads nothing is claimed for the set, whose age could be too young.
        if let Some(age) = age
            && standing != Standing::Loading
            && truly.is_none_or(|truly| age + SLACK < truly)
        {
            let but = format!("At {} the status claims an age of {}.", time(now), time(age));
            return breach("claims to be younger", last(), but);
        }
        if standing != Standing::Fresh {
            return None;
        }
        let declared = &history.declared;
        let polls = if history.is_live { declared.rarest_poll() } else { declared.longest_poll };
        let overdue = polls * 2 + declared.request_timeout + SLACK;
        if truly.is_none_or(|truly| truly > overdue) {
            return breach(
                "claims to be fresh",
                last(),
                format!("At {} the status says fresh.", time(now)),
            );
        }
        let due = polls + declared.request_timeout + SLACK;
        if self.failures >= MANY && truly.is_none_or(|truly| truly > due) {
            let fact = format!("The last {} polls failed.", self.failures);
            return breach(
                "claims to be fresh",
                fact,
                format!("At {} the status says fresh.", time(now)),
            );
        }
        None
    }
}
