//! O7: a retry of a save never overwrites a later change.

use std::time::Duration;

use crisp_mock_server::operation::Operation;

use super::{Breach, Oracle, shown, time};
use crate::history::{By, Event, History, Quality, Site, What};

pub(super) struct NoLostUpdate {
    /// Whether the client saves.
    pub(super) can: bool,
}

impl Oracle for NoLostUpdate {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        let What::Truth { site, state, by: By::Client(index) } = event.what else {
            return None;
        };
        let save = history.requests[index as usize].save?;
        let first = *history.saves.get(save as usize)?.attempts.first()?;
        if first == index {
            return None;
        }
        let first = history.requests[first as usize].sent;
        let versions = &history.track(site).versions;
        let earlier = &versions[..versions.len() - 1];
        let overwritten = earlier.iter().rev().find(|version| {
            version.by == By::Operator && version.state.is_some() && version.from > first
        })?;
        if was_not_told(history, site, (first, event.at), overwritten.from) {
            return None;
        }
        let name = history.name(site);
        Some(Breach {
            at: event.at,
            site: Some(site),
            word: "lost update",
            fact: format!(
                "An operator saved {name} at {}, after the client's save of {}.",
                time(overwritten.from),
                time(first)
            ),
            but: format!(
                "The client sent its older save once more at {}, over the operator's.",
                time(event.at)
            ),
            expected: Some(shown(history, overwritten.state)),
            got: Some(shown(history, state)),
        })
    }

    fn unjudged(&self, _history: &History) -> Option<String> {
        (!self.can).then(|| "this client does not save".to_owned())
    }
}

/// A client that repeats a save this soon after it read the website relies on what it read.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Whether the client looked before it repeated its save, and the operator saved after that look was
/// on its way: what it had not been told is no guilt.
fn was_not_told(
    history: &History,
    site: Site,
    (first, now): (Duration, Duration),
    saved: Duration,
) -> bool {
    history.requests.iter().rev().any(|request| {
        let relied_on = |ended: Duration| ended <= now && now - ended <= AT_ONCE;
        request.operation == Operation::GetSettings
            && request.site == Some(site)
            && request.quality == Quality::Good
            && (first..=saved).contains(&request.sent)
            && request.ended.is_some_and(relied_on)
    })
}
