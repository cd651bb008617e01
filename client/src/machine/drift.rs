//! The signs that websites moved between the pages of a list while they were read.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::parts::load::Evidence;
use super::words::Ids;
use crate::wire::{Item, ItemKind};
use crate::{Website, WebsiteId, Websites};

/// What a differential last said of a website.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    token: Option<Box<str>>,
    /// A digest, so that what is remembered of many websites stays small.
    settings: u64,
    /// Whether it came or left in that answer.
    moved: bool,
}

impl Told {
    /// Said by this item, in an answer in which its website came or left, or did not.
    pub(super) fn by(item: &Item, moved: bool) -> Self {
        let mut digest = DefaultHasher::new();
        item.website.settings.as_json().hash(&mut digest);
        Self { token: item.website.token.clone(), settings: digest.finish(), moved }
    }
}

/// Websites that came back, with what was said of them.
type Rejoined = Vec<(WebsiteId, Told)>;

/// The signs of drift in a differential, against the set that the pages gave; and the websites
/// that came back, with what was said of them.
///
/// What an earlier differential explains is no sign. Beside a cache that polls kept it is the token
/// that counts. Where the list is the only word on who is there (`afresh`), all has to be the same:
/// a website that was saved before the first pass may leave and come back in the second.
///
/// `counts` says which mere updates of known websites are signs, too. Where the list is the only
/// word on who is there, an update may be a website that left and came back with the token that
/// it had, while a page was read without it. Beside a cache that polls kept, a website that such a
/// shift hides is missed from the cache ([`vanished`](super::pass::Pass::vanished)), and a mere save
/// costs no second pass.
pub(super) fn signs(
    items: &[Item],
    listed: &Websites,
    explained: &Ids<Told>,
    learnt: &Ids<()>,
    afresh: bool,
    counts: impl Fn(&Item, &Website) -> bool,
) -> (Evidence, Rejoined) {
    let mut evidence = Evidence::default();
    let mut rejoined = Rejoined::new();
    let mut said: Vec<(WebsiteId, usize)> =
        items.iter().enumerate().map(|(position, item)| (item.id, position)).collect();
    said.sort_unstable();
    for group in said.chunk_by(|one, two| one.0 == two.0) {
        let (id, last) = group[group.len() - 1];
        let Some(known) = listed.get(&id).filter(|_| !learnt.contains_key(&id)) else {
            continue;
        };
        let item = &items[last];
        if item.difference == ItemKind::Removed {
            evidence.removed += 1;
            continue;
        }
        let news = |&(_, position): &(WebsiteId, usize)| {
            matches!(items[position].difference, ItemKind::Added | ItemKind::Removed)
        };
        let token = &item.website.token;
        let renewed = token.is_some() && *token != known.token;
        let moved = group.iter().any(news);
        let told = Told::by(item, moved);
        let explains = |earlier: &Told| match afresh {
            true => *earlier == told,
            false => earlier.token == *token,
        };
        let sign = match (renewed || moved, counts(item, known)) {
            (false, false) => continue,
            _ if explained.get(&id).is_some_and(explains) => &mut evidence.explained,
            (true, _) => &mut evidence.rejoined,
            (false, true) => &mut evidence.updated,
        };
        *sign += 1;
        rejoined.push((id, told));
    }
    (evidence, rejoined)
}
