//! O10: no answer stops polling for good.

use std::time::Duration;

use crisp_mock_server::operation::Operation;

use super::{Breach, Oracle, Rule, time};
use crate::history::{Event, History, Request, What};

/// Beyond the longest wait that the client's own rules explain.
const SLACK: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Liveness {
    last: Duration,
}

impl Oracle for Liveness {
    fn rule(&self) -> Rule {
        Rule::Liveness
    }

    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        match event.what {
            What::Sent(index) => {
                let request = &history.requests[index as usize];
                if request.operation == Operation::GetSettings && request.quality.is_failure() {
                    // It tries something else first and is refused: that is no silence.
                    self.last = event.at;
                    return None;
                }
                if !matches!(request.operation, Operation::Since | Operation::List) {
                    return None;
                }
            }
            What::Arriving(index) | What::Abandoned(index) => {
                let request = &history.requests[index as usize];
                if !matches!(request.operation, Operation::Since | Operation::List) {
                    // A client that has one request in flight waits for this one: no silence.
                    self.last += event.at.saturating_sub(request.sent.max(self.last));
                    if request.retry_after.is_some() {
                        self.last = event.at; // It is asked to be silent from here on.
                    }
                }
                return None;
            }
            What::Restart | What::End => {}
            _ => return None,
        }
        let silence = event.at.saturating_sub(self.last);
        let since = std::mem::replace(&mut self.last, event.at);
        let longest = history.longest_silence() + SLACK;
        if silence <= longest {
            return None;
        }
        let culprit = |request: &&Request| request.ended.is_some_and(|ended| ended <= event.at);
        let fact = match history.requests.iter().rev().find(culprit) {
            Some(request) if request.quality.is_failure() => {
                let what = request
                    .status
                    .map_or_else(|| "no answer".to_owned(), |s| s.to_string());
                format!(
                    "{} got {what} at {}.",
                    request.spot(),
                    time(request.ended.unwrap_or(since))
                )
            }
            _ => format!("The client polled at {}.", time(since)),
        };
        let ended = event.what == What::End;
        Some(Breach {
            at: event.at,
            site: None,
            word: "stopped polling",
            fact,
            but: format!(
                "It asked nothing from then {} {}.",
                if ended { "to the end at" } else { "until" },
                time(event.at)
            ),
            expected: Some(format!("a request within {}", time(longest))),
            got: Some(format!("{} of silence", time(silence))),
        })
    }
}
