//! O6: after a definite save the saved value, or a newer one, is what reads return.

use super::{Breach, Oracle, Rule, shown, time};
use crate::history::{By, Event, History, Site, What, same};
use crate::scenario::SaveEnd;

pub(super) struct ReadYourWrites {
    can: bool,
    judged: bool,
    /// For each website the version that the last definite save made.
    floors: Vec<(Site, usize)>,
}

impl ReadYourWrites {
    pub(super) fn new(can: bool) -> Self {
        Self {
            can,
            judged: false,
            floors: Vec::new(),
        }
    }
}

impl Oracle for ReadYourWrites {
    fn rule(&self) -> Rule {
        Rule::ReadYourWrites
    }

    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        match event.what {
            What::Restart => {
                self.floors.clear();
                None
            }
            What::SaveEnded(save, SaveEnd::Done) => {
                let saved = history.saves.get(save as usize)?;
                let versions = &history.track(saved.site).versions;
                let written = versions.iter().rposition(|version| {
                    matches!(version.by, By::Client(index) if saved.attempts.contains(&index))
                })?;
                self.judged = true;
                self.floors.retain(|(site, _)| *site != saved.site);
                self.floors.push((saved.site, written));
                // Somebody may have uninstalled it meanwhile: the next change will tell.
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
        // Before the first set is there nobody reads.
        history.ready?;
        let (_, floor) = self.floors.iter().find(|(other, _)| *other == site)?;
        let track = history.track(site);
        let is_seen = |state| match (track.shown, state) {
            // Its token is told by nobody in the answer to a save.
            (Some(seen), Some(crate::history::State { settings, .. })) => seen.settings == settings,
            (seen, state) => same(seen, state),
        };
        if track
            .versions
            .iter()
            .skip(*floor)
            .any(|version| is_seen(version.state))
        {
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
