//! O10: no answer stops polling for good.

use std::time::Duration;

use super::{Breach, Oracle, time};
use crate::history::{Event, History, Request, What};

/// Beyond the longest wait that the client's own rules explain.
const SLACK: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Liveness {
    last: Duration,
}

impl Oracle for Liveness {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        match event.what {
            What::Sent(index) | What::Arriving(index) | What::Abandoned(index)
                if history.requests[index as usize].is_handshake() =>
            {
                return None; // a socket that is opened again and again is no poll
            }
            // A client that saves, or waits for the answer to a save, is not silent; that it stopped
            // polling shows when that is over.
            What::Sent(_) | What::Arriving(_) | What::Abandoned(_) => {}
            What::Restart | What::End => {}
            _ => return None,
        }
        let silence = event.at.saturating_sub(self.last);
        let since = std::mem::replace(&mut self.last, event.at);
        // A save may come before the poll that is due, and may have to be waited for.
        let save = match history.saves.is_empty() {
            true => Duration::ZERO,
            false => history.declared.request_timeout,
        };
        let longest = history.longest_silence() + save + SLACK;
        if silence <= longest {
            return None;
        }
        let culprit = |request: &&Request| request.ended.is_some_and(|ended| ended <= event.at);
        let fact = match history.requests.iter().rev().find(culprit) {
            Some(request) if request.quality.is_failure() => {
                let what = request.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
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
