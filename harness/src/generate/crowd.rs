//! Many websites, and many changes between two polls.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;

use super::Case;
use super::random::Random;
use crate::scenario::{Anchor, Deed, Step};

/// One case of so many has a crowd: it costs as much as twenty others.
const RARE: u64 = 48;

/// How many websites a crowd has, and how many of them a page lists.
pub(super) fn size(random: &mut Random<'_>) -> Option<(u64, u64)> {
    let sizes = [(60, 5), (60, 20), (60, 100), (130, 10), (220, 20), (500, 50)];
    random.once_in(RARE).then(|| random.one(&sizes))
}

/// Operators save at many websites at once.
pub(super) fn changes(random: &mut Random<'_>, case: &Case) -> Step {
    let count = random.one(&[30, 30, 60, 200]).min(case.websites);
    let from = u32::try_from(random.below(u64::from(case.websites - count) + 1)).unwrap_or(0);
    let settings = case.pool[random.place(case.pool.len())].clone();
    let saved =
        (from + 1..=from + count).map(|number| (WebsiteId::numbered(number), settings.clone()));
    let polls = u32::try_from(random.between(1, 4)).unwrap_or(1);
    let at = case.poll_every * polls + Duration::from_secs(random.between(1, 50));
    Step { anchor: Anchor::At(at), wait: None, deed: Deed::Save(saved.collect()) }
}
