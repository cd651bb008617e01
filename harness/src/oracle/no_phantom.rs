//! O5: the cache never shows a value that the server never held.

use std::time::Duration;

use super::{Breach, Oracle, shown, time};
use crate::history::{Event, History, Site, State, What};

#[derive(Default)]
pub(super) struct NoPhantom {
    /// Values of saves that are still under way: the server may come to hold them.
    pending: Vec<(Duration, Site, State)>,
}

impl Oracle for NoPhantom {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        match event.what {
            What::Shows { site, state: Some(state) } if !held(history, site, state) => {
                if history.saves.iter().any(|save| save.site == site && save.end.is_none()) {
                    self.pending.push((event.at, site, state));
                    return None;
                }
                Some(breach(history, event.at, site, state))
            }
            What::End => {
                let lost =
                    self.pending.iter().find(|(_, site, state)| !held(history, *site, *state));
                lost.map(|(at, site, state)| breach(history, *at, *site, *state))
            }
            _ => None,
        }
    }
}

fn held(history: &History, site: Site, state: State) -> bool {
    let versions = &history.track(site).versions;
    let settings = versions.iter().flat_map(|version| version.state);
    let mut tokens = settings.clone();
    settings.clone().any(|held| held.settings == state.settings)
        && (state.token.is_none() || tokens.any(|held| held.token == state.token))
}

fn breach(history: &History, at: Duration, site: Site, state: State) -> Breach {
    let track = history.track(site);
    let name = history.name(site);
    let known = track.versions.iter().any(|version| version.state.is_some());
    let fact = if known {
        let held = track.versions.iter().filter(|version| version.state.is_some()).count();
        let versions =
            if held == 1 { "one version".to_owned() } else { format!("{held} versions") };
        format!("The server held {versions} of {name}, and this was none of them.")
    } else {
        format!("The server never had a website {name}.")
    };
    Breach {
        at,
        site: Some(site),
        word: "never happened",
        fact,
        but: format!("The cache showed it at {}.", time(at)),
        expected: Some(shown(history, track.truth())),
        got: Some(shown(history, Some(state))),
    }
}
