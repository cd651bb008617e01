//! O8: when the client says that it is ready, no website that was there all along is missing.

use std::time::Duration;

use super::{Breach, Oracle, time};
use crate::history::{Event, History, Site, What};

#[derive(Default)]
pub(super) struct HonestReady {
    unjudged: Option<&'static str>,
    /// When a website came or went last.
    moved: Option<Duration>,
}

impl Oracle for HonestReady {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        match event.what {
            What::Truth { site, state, .. } => {
                let versions = &history.track(site).versions;
                let before = versions.iter().rev().nth(1).and_then(|version| version.state);
                if versions.len() > 1 && before.is_some() != state.is_some() {
                    self.moved = Some(event.at);
                }
            }
            What::Ready => return self.check(history, event.at),
            What::End if history.ready.is_none() && history.life == 0 => {
                self.unjudged = Some("the client never said that it was ready");
            }
            _ => {}
        }
        None
    }

    fn unjudged(&self, _history: &History) -> Option<String> {
        self.unjudged.map(str::to_owned)
    }
}

impl HonestReady {
    fn check(&mut self, history: &History, now: Duration) -> Option<Breach> {
        if history.lied {
            self.unjudged = Some("the server left websites out of an answer");
            return None;
        }
        let staleness = history.staleness.longest();
        // What happened before this life counts as long as an answer of this life may hide it.
        let hidden = |moved| moved + staleness > history.born;
        if !staleness.is_zero() && self.moved.is_some_and(hidden) {
            // While the answers lag no client can be both ready at once and complete.
            self.unjudged = Some("websites came or went while the server's answers lag");
            return None;
        }
        // What was installed just before the start may be hidden as long as answers lag.
        let all_along = history.born.saturating_sub(staleness);
        let missing = |(_, track): &(usize, &crate::history::Track)| {
            track.shown.is_none() && track.present_since(all_along)
        };
        let (site, _) = history.tracks.iter().enumerate().find(missing)?;
        let name = history.name(site as Site);
        Some(Breach {
            at: now,
            site: Some(site as Site),
            word: "ready too early",
            fact: format!("{name} had the plugin from before the client's start."),
            but: format!("The client said at {} that it was ready, without it.", time(now)),
            expected: Some(format!("{name} in the cache")),
            got: Some("nothing".to_owned()),
        })
    }
}
