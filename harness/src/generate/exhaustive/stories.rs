//! All that can happen in a case, and all that can go wrong: each story and each set of faults once.

use super::alphabet::{Change, Doing, KINDS, REQUESTS, TIMES, Trouble, Website};

/// Deeds in the order in which they happen.
pub(super) type Story = Vec<Doing>;

/// Every story of so many deeds. A deed is in it only where it changes something, no deed is earlier
/// than the one before it, and of two orders that come to the same there is one.
pub(super) fn stories(deeds: usize) -> Vec<Story> {
    let mut all = Vec::new();
    extend(&mut Vec::with_capacity(deeds), deeds, &mut all);
    all
}

fn extend(story: &mut Story, left: usize, all: &mut Vec<Story>) {
    if left == 0 {
        all.push(story.clone());
        return;
    }
    for website in Website::ALL {
        for change in Change::possible(is_installed(story, website)) {
            let earliest = story.last().map_or(0, |last| last.time);
            for time in earliest..TIMES.len() {
                let doing = Doing { website, change: *change, time };
                if !comes_to_the_same(story, doing) {
                    story.push(doing);
                    extend(story, left - 1, all);
                    story.pop();
                }
            }
        }
    }
}

fn is_installed(story: &[Doing], website: Website) -> bool {
    let last = story.iter().rev().find(|doing| doing.website == website);
    last.map_or(website == Website::There, |last| last.change.leaves_it_installed())
}

/// Two deeds at one moment that concern two websites may be swapped: the story in which the website
/// that was there comes first stands for both.
fn comes_to_the_same(story: &[Doing], next: Doing) -> bool {
    story.last().is_some_and(|last| last.time == next.time && last.website > next.website)
}

/// Every set of so many faults, of which no two meet one request.
pub(super) fn troubles(faults: usize) -> Vec<Vec<Trouble>> {
    let mut all = vec![Vec::new()];
    for _ in 0..faults {
        all = all.iter().flat_map(|set| with_one_more(set)).collect();
    }
    all
}

fn with_one_more(set: &[Trouble]) -> Vec<Vec<Trouble>> {
    let first = set.last().map_or(0, |last| last.request + 1);
    let places = (first..REQUESTS.len())
        .flat_map(|request| (0..KINDS.len()).map(move |kind| Trouble { request, kind }));
    let acting = places.filter(|trouble| trouble.acts());
    acting.map(|trouble| [set, &[trouble]].concat()).collect()
}
