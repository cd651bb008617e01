//! Pages of the list as they were last written, for as long as nothing changes.
//!
//! A client that polls asks for the same pages again and again. Writing one costs more than all
//! else that the emulator does for a request, so the text is kept, with its envelope.

use std::collections::HashMap;

use crate::api::envelope::Answer;
use crate::engine::{Filter, Page};

/// How many pages are kept; when there are more, all go.
const MOST: usize = 64;

/// How many bytes a page may have to be kept: eight times a usual one.
const LARGEST: usize = 64 * 1024;

/// What a page's text depends on besides the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) page: Page,
    pub(super) filter: Filter,
    pub(super) include_plan: bool,
}

/// The pages of one version of a world.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    version: u64,
    kept: HashMap<Asked, Answer, foldhash::fast::FixedState>,
}

impl Pages {
    /// The page as it was last written, if it is what would be written now.
    pub(super) fn get(&self, version: u64, asked: Asked) -> Option<Answer> {
        let current = self.version == version;
        self.kept.get(&asked).filter(|_| current).cloned()
    }

    /// Keeps a page, and forgets those of other versions.
    pub(super) fn keep(&mut self, version: u64, asked: Asked, answer: &mut Answer) {
        if answer.seal() > LARGEST {
            return;
        }
        if self.version != version || self.kept.len() >= MOST {
            self.kept.clear();
            self.version = version;
        }
        self.kept.insert(asked, answer.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(number: u32) -> Asked {
        Asked { page: Page::Number(number), filter: Filter::default(), include_plan: false }
    }

    fn answer(data: &str) -> Answer {
        Answer::new(206, "listed", data.to_owned())
    }

    #[test]
    fn a_page_is_forgotten_when_the_world_changes() {
        let mut pages = Pages::default();
        pages.keep(7, asked(1), &mut answer("[]"));
        assert!(pages.get(7, asked(1)).is_some());
        assert!(pages.get(7, asked(2)).is_none());
        assert!(pages.get(8, asked(1)).is_none());
        pages.keep(8, asked(2), &mut answer("[]"));
        assert!(pages.get(8, asked(1)).is_none());
    }

    #[test]
    fn memory_is_bounded_by_number_and_by_size() {
        let mut pages = Pages::default();
        for number in 0..1_000 {
            pages.keep(0, asked(number), &mut answer("[]"));
            assert!(pages.kept.len() <= MOST);
        }
        let large = format!("[\"{}\"]", "x".repeat(LARGEST));
        pages.keep(0, asked(2_000), &mut answer(&large));
        assert!(pages.get(0, asked(2_000)).is_none());
    }
}
