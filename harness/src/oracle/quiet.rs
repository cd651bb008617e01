//! O14: after convergence the client settles to one poll per interval.

use std::time::Duration;

use crisp_mock_server::operation::Operation;

use super::{Breach, Oracle, time};
use crate::history::{Event, History, Quality, SocketState, What};

pub(super) struct Quiet;

/// Fewer intervals than this show nothing.
const ENOUGH: u32 = 3;

impl Oracle for Quiet {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        if event.what != What::End {
            return None;
        }
        let (from, length) = calm(history)?;
        let declared = &history.declared;
        // An answer from a cache is not counted against the quota (docs/wire.md#quota).
        let tail = history
            .requests
            .iter()
            .filter(|request| request.sent > from && request.quality != Quality::Stale)
            .filter(|request| !request.is_about_a_socket());
        let (polls, others): (Vec<_>, Vec<_>) =
            tail.partition(|request| request.operation == Operation::Since);
        // A list that was read again while its differential still told of the last change is
        // confirmed by another one when that is out of the differential's window.
        let (late, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|request| request.sent <= from + declared.overlap);
        let times = |every: Duration| {
            u64::try_from(length.as_millis() / every.as_millis().max(1)).unwrap_or(u64::MAX)
        };
        let relists = declared.relist_every.filter(|every| *every <= event.at);
        let relists = relists.map_or(0, |every| times(every) + 1);
        let pages = history.requests.iter().filter_map(|request| request.page).max().unwrap_or(1);
        // A socket that is back is a reason to poll, until what may appear late has appeared.
        let back =
            |event: &&Event| event.at > from && event.what == What::Socket(SocketState::Live);
        let back = history.events.iter().filter(back).count() as u64;
        // A list that shows signs of drift is read twice, and each reading ends with a differential.
        let allowed_polls =
            times(declared.poll_every) + 1 + 2 * relists + u64::from(!late.is_empty()) + 4 * back;
        // An end that is a 404 is looked at twice, and so is the page before it.
        let allowed_others = relists * (2 * u64::from(pages) + 6);
        if polls.len() as u64 <= allowed_polls && others.len() as u64 <= allowed_others {
            return None;
        }
        let first = others.first().or(polls.first()).map(|request| request.spot().to_string());
        Some(Breach {
            at: event.at,
            word: "does not settle",
            fact: format!(
                "Nothing changed or went wrong after {}, and the cache is equal to the server.",
                time(history.disturbed)
            ),
            but: format!(
                "In the {} after {} the client sent {} polls and {} other requests ({}, …).",
                time(length),
                time(from),
                polls.len(),
                others.len(),
                first.unwrap_or_default()
            ),
            expected: Some(format!("{allowed_polls} polls, {allowed_others} others at most")),
            got: Some(format!("{} polls, {} others", polls.len(), others.len())),
            ..Breach::default()
        })
    }

    fn unjudged(&self, history: &History) -> Option<String> {
        calm(history).is_none().then(|| "there was no calm at the end of the run".to_owned())
    }
}

/// The calm at the end of a run: from when, and for how long.
fn calm(history: &History) -> Option<(Duration, Duration)> {
    let from = history.calm_from.unwrap_or_else(|| history.disturbed + history.bound());
    let length = history.now().checked_sub(from)?;
    let long = length >= history.declared.poll_every * ENOUGH;
    (long && history.agreed_from.is_some()).then_some((from, length))
}
