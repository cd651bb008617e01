//! What the server held of one website, one after the other.

use std::time::Duration;

use super::event::{By, State};

/// One version of a website.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// From when on.
    pub from: Duration,
    /// What; none: it does not have the plugin.
    pub state: Option<State>,
    /// Whose doing.
    pub by: By,
}

/// All versions of a website. The first is what was there before the start.
#[derive(Debug, Clone, Default)]
pub struct Track {
    /// Oldest first; never empty once the website is known.
    pub versions: Vec<Version>,
    /// What the cache shows; none: nothing.
    pub shown: Option<State>,
}

impl Track {
    /// What the server holds now.
    #[must_use]
    pub fn truth(&self) -> Option<State> {
        self.versions.last().and_then(|version| version.state)
    }

    /// Whether the cache shows what the server holds, as far as the client tells.
    #[must_use]
    pub fn agrees(&self) -> bool {
        same(self.shown, self.truth())
    }

    /// Until when a version was the truth; none: it still is.
    #[must_use]
    pub fn until(&self, index: usize) -> Option<Duration> {
        self.versions.get(index + 1).map(|next| next.from)
    }

    /// Whether the server had this website, whatever its settings, from before then until now. One that
    /// came at that very instant may have come after what else happened in it.
    #[must_use]
    pub fn present_since(&self, then: Duration) -> bool {
        let relevant = self
            .versions
            .iter()
            .enumerate()
            .filter(|(index, _)| self.until(*index).is_none_or(|until| until >= then));
        let mut any = false;
        for (_, version) in relevant {
            any = true;
            if version.state.is_none() {
                return false;
            }
        }
        any
    }
}

/// Whether what is shown is what is held; a token that the client does not tell is not compared.
#[must_use]
pub fn same(shown: Option<State>, held: Option<State>) -> bool {
    match (shown, held) {
        (None, None) => true,
        (Some(shown), Some(held)) => {
            shown.settings == held.settings
                && (shown.token.is_none() || held.token.is_none() || shown.token == held.token)
        }
        _ => false,
    }
}
