//! How far a cache has got in what the server held of one website.

use crate::history::{Event, History, Site, State, Val, What};

/// One field, apart from the others: a save's answer tells the settings and not the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Settings,
    Token,
}

impl Field {
    fn of(self, state: State) -> Option<Val> {
        match self {
            Self::Settings => Some(state.settings),
            Self::Token => state.token,
        }
    }
}

/// A step backwards.
pub(super) struct Backwards {
    pub(super) site: Site,
    pub(super) field: Field,
    /// The version that had been reached.
    pub(super) reached: usize,
    /// The version that is shown now.
    pub(super) shown: usize,
    /// Whether the cache showed nothing before.
    pub(super) from_nothing: bool,
    /// Whether it shows nothing now.
    pub(super) to_nothing: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Position {
    reached: [usize; 2],
    /// Whether it was shown before, and shown as absent now.
    absent: bool,
}

/// The positions of all websites.
#[derive(Debug, Default)]
pub(super) struct Order {
    positions: Vec<Position>,
}

impl Order {
    /// Follows a cache. A value that occurs several times counts as the earliest that is not
    /// before the position; one that never occurred is another oracle's concern.
    pub(super) fn follow(&mut self, history: &History, event: &Event) -> Option<Backwards> {
        match event.what {
            What::Restart => {
                self.positions.clear();
                None
            }
            What::Shows { site, state } => self.step(history, site, state),
            _ => None,
        }
    }

    fn step(&mut self, history: &History, site: Site, state: Option<State>) -> Option<Backwards> {
        let index = site as usize;
        if self.positions.len() <= index {
            self.positions.resize(index + 1, Position::default());
        }
        let position = &mut self.positions[index];
        let from_nothing = position.absent;
        position.absent = state.is_none();
        let versions = &history.track(site).versions;
        let mut back = None;
        for (slot, field) in [Field::Settings, Field::Token].into_iter().enumerate() {
            let wanted = state.map(|state| field.of(state));
            if wanted == Some(None) {
                continue; // the client does not tell its tokens
            }
            let matches = |version: &crate::history::Version| {
                version.state.map(|state| field.of(state)) == wanted
            };
            let reached = position.reached[slot];
            if let Some(ahead) = versions.iter().skip(reached).position(matches) {
                position.reached[slot] = reached + ahead;
            } else if let Some(shown) = versions.iter().take(reached).rposition(matches) {
                back.get_or_insert(Backwards {
                    site,
                    field,
                    reached,
                    shown,
                    from_nothing,
                    to_nothing: state.is_none(),
                });
            }
        }
        back
    }
}
