//! O6: after a definite save the saved value, or a newer one, is what reads return.

use crisp_mock_server::engine::merge::merge;
use serde_json::Value;

use super::{Breach, Oracle, shown, time};
use crate::history::{By, Event, History, Save, Site, State, What, same};
use crate::scenario::SaveEnd;
use crate::words::How;

/// The verdict on a save that is called done and of which the server knows nothing.
pub(crate) const NEVER_SAVED: &str = "a save that never was";

pub(super) struct ReadYourWrites {
    can: bool,
    judged: bool,
    /// For each website the version that the last definite save made.
    floors: Vec<(Site, usize)>,
}

impl ReadYourWrites {
    pub(super) fn new(can: bool) -> Self {
        Self { can, judged: false, floors: Vec::new() }
    }
}

impl Oracle for ReadYourWrites {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        match event.what {
            What::Restart => {
                self.floors.clear();
                None
            }
            What::SaveEnded(save, SaveEnd::Done) => {
                let saved = history.saves.get(save as usize)?;
                let versions = &history.track(saved.site).versions;
                let Some(written) = versions.iter().rposition(|version| {
                    matches!(version.by, By::Client(index) if saved.attempts.contains(&index))
                }) else {
                    return made_up(history, saved, event);
                };
                self.judged = true;
                self.floors.retain(|(site, _)| *site != saved.site);
                self.floors.push((saved.site, written));
                // It may have been uninstalled meanwhile: the next change says so.
                history.track(saved.site).truth()?;
                let mut reads = history.requests.iter().rev();
                let last = reads.find(|request| request.site == Some(saved.site))?;
                if last.status == Some(404) {
                    return None; // the server itself says that it is gone
                }
                self.check(history, event, saved.site)
            }
            What::Shows { site, .. } => self.check(history, event, site),
            _ => None,
        }
    }

    fn unjudged(&self, _history: &History) -> Option<String> {
        (!self.can).then(|| "this client does not save".to_owned())
    }
}

impl ReadYourWrites {
    fn check(&self, history: &History, event: &Event, site: Site) -> Option<Breach> {
        // Before the first set is there the cache is not read.
        history.ready?;
        let (_, floor) = self.floors.iter().find(|(other, _)| *other == site)?;
        let track = history.track(site);
        let is_seen = |state| match (track.shown, state) {
            // The answer to a save does not carry its token.
            (Some(seen), Some(State { settings, .. })) => seen.settings == settings,
            (seen, state) => same(seen, state),
        };
        if track.versions.iter().skip(*floor).any(|version| is_seen(version.state)) {
            return None;
        }
        if track.shown.is_none() && history.lied {
            return None; // the server itself left it out of an answer
        }
        let saved = track.versions[*floor];
        Some(Breach {
            at: event.at,
            site: Some(site),
            word: "own save undone",
            fact: format!(
                "The client's save of {} was carried out at {}, and it knows.",
                history.name(site),
                time(saved.from)
            ),
            but: format!("At {} its cache shows something older.", time(event.at)),
            expected: Some(shown(history, saved.state)),
            got: Some(shown(history, track.shown)),
        })
    }
}

/// A save that is called done although the server never said so: no save of that website was
/// answered with success since it was ordered, none was carried out, and the server holds
/// something else. Where a view keeps that from being seen, it is not judged.
fn made_up(history: &History, saved: &Save, event: &Event) -> Option<Breach> {
    let success = |status: u16| (200..300).contains(&status);
    let named = history.requests.iter().any(|request| {
        request.is_save()
            && request.site == Some(saved.site)
            && request.sent >= saved.ordered
            && request.status.is_some_and(success)
    });
    let track = history.track(saved.site);
    let truth = track.truth()?;
    let since = |index: usize| track.until(index).is_none_or(|until| until >= saved.ordered);
    let recent = track.versions.iter().enumerate();
    let mut recent = recent.filter(|(index, _)| since(*index));
    let elsewhere = recent.all(|(_, version)| {
        let written = matches!(version.by, By::Client(_)) && version.from >= saved.ordered;
        !written && version.state.is_some_and(|held| lacks(history, saved, held))
    });
    (!named && elsewhere).then(|| Breach {
        at: event.at,
        site: Some(saved.site),
        word: NEVER_SAVED,
        fact: format!(
            "The client was to save {} at {}, and said that it had.",
            history.name(saved.site),
            time(saved.ordered)
        ),
        but: "No request of it was answered with success, and the server never held that."
            .to_owned(),
        expected: Some(history.values.pretty(saved.settings)),
        got: Some(shown(history, Some(truth))),
    })
}

/// Whether the server certainly held something else than what was to be saved: another value of
/// one of its members, which the save would have changed.
fn lacks(history: &History, saved: &Save, held: State) -> bool {
    let object = |value| serde_json::from_str::<Value>(history.values.text(value)).ok();
    let (Some(Value::Object(wanted)), Some(Value::Object(held))) =
        (object(saved.settings), object(held.settings))
    else {
        return false;
    };
    let other = |(name, value): (&String, &Value)| held.get(name).is_some_and(|now| now != value);
    wanted.iter().any(other)
        && (saved.how == How::Put
            || merge(held.clone(), wanted.clone(), history.staleness.merge_depth) != held)
}
