//! O7: a save never undoes an operator's: neither by a retry over a later one, nor by a partial save
//! that is sent whole, with what the client believed the other members to be.

use std::time::Duration;

use crisp_mock_server::operation::Operation;
use serde_json::{Map, Value};

use super::{Breach, Oracle, shown, time};
use crate::history::{By, Event, History, Quality, Request, Save, Site, Val, Version, What};
use crate::words::How;

/// The word for a partial save that undid an operator's change.
pub(crate) const WIPED: &str = "undid an edit";

pub(super) struct NoLostUpdate {
    /// Whether the client saves.
    pub(super) can: bool,
}

impl Oracle for NoLostUpdate {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        let What::Truth { site, state, by: By::Client(index) } = event.what else {
            return None;
        };
        let request = &history.requests[index as usize];
        let save = history.saves.get(request.save? as usize)?;
        let first = *save.attempts.first()?;
        if save.how == How::Patch && request.operation == Operation::SaveSettings {
            return wiped(history, site, request, save);
        }
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

/// An operator's change of a member that the client was not asked to save, and that its PUT undid.
fn wiped(history: &History, site: Site, request: &Request, save: &Save) -> Option<Breach> {
    let object = |settings: Val| match serde_json::from_str(history.values.text(settings)) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let held = |version: &Version| version.state.map(|state| object(state.settings));
    let asked = object(save.settings);
    let [earlier @ .., before, now] = &history.track(site).versions[..] else { return None };
    let (was, is) = (held(before)?, held(now)?);
    let undone = was.iter().map(|(key, _)| key).chain(is.keys());
    let mut undone =
        undone.filter(|key| !asked.contains_key(*key) && was.get(*key) != is.get(*key));
    let key = undone.next()?;
    // Who gave it the value that is gone.
    let versions = earlier.iter().chain([before]).rev();
    let same = |version: &&Version| held(version).is_some_and(|it| it.get(key) == was.get(key));
    let change = versions.take_while(same).last()?;
    if change.by != By::Operator {
        return None;
    }
    if was_not_told(history, site, (Duration::ZERO, request.sent), change.from) {
        return None;
    }
    let name = history.name(site);
    Some(Breach {
        at: now.from,
        site: Some(site),
        word: WIPED,
        fact: format!("An operator changed `{key}` of {name} at {}.", time(change.from)),
        but: format!(
            "The client was to save {} alone at {}, and sent all members with what it had.",
            asked.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", "),
            time(save.ordered)
        ),
        expected: Some(shown(history, before.state)),
        got: Some(shown(history, now.state)),
    })
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
