//! Why a website is missing that was there before the load ended.

use std::time::Duration;

use crisp_mock_server::operation::Operation;

use super::wire::{USUAL_PAGE, about, all, asks_after, items, shown};
use super::{Hazard, rows};
use crate::history::{By, History, Quality, Request, Site, What};

/// Why the load left this website out.
pub(super) fn why(site: Site, at: Duration, history: &History) -> Hazard {
    let ready = history.ready.unwrap_or(at);
    let life =
        history.requests.iter().rev().find(|request| request.sent <= at).map_or(0, |r| r.life);
    let pages: Vec<_> = all(history, Operation::List).filter(|page| page.life == life).collect();
    let loaded: Vec<_> = pages.iter().copied().filter(|page| page.sent <= ready).collect();
    if goes_on(&pages, ready, history) {
        return rows::BEFORE_THE_LOAD;
    }
    if loaded.iter().all(|page| page.page != Some(1)) {
        return rows::NO_FIRST_PAGE;
    }
    if loaded.iter().any(|page| page.quality.is_failure() && !read_later(page, &loaded)) {
        return rows::FAILED_PAGE;
    }
    if unconfigured(site, history) && loaded.iter().any(|page| page.configured_only) {
        return rows::CONFIGURED_ONLY;
    }
    if nothing_is_shown(at, history) && empty_difference(life, ready, history) {
        return rows::EMPTY_DIFFERENCE;
    }
    if let Some(unconfigured) = named(&loaded, history, site) {
        return if unconfigured { rows::NO_SETTINGS } else { rows::ITEM_LOST };
    }
    if loaded.iter().any(|page| page.quality == Quality::Lie) {
        return rows::EMPTY_PAGE;
    }
    if let Some(installed) = installed(site, ready, history) {
        let mut polls = all(history, Operation::Since).filter(|poll| poll.life == life);
        let first = polls.find(|poll| poll.quality == Quality::Good);
        if first.and_then(|poll| asks_after(history, poll, installed)).is_some_and(|by| by >= 0.0) {
            return rows::AFTER_THE_LOAD;
        }
    }
    let moved = history.events.iter().any(|event| {
        matches!(event.what, What::Truth { by: By::Operator, .. }) && event.at <= ready
    });
    match end_of_list(&loaded) {
        Some(early) => early,
        None if moved => rows::PAGES_SHIFTED,
        None => rows::ONE_PAGE,
    }
}

/// Why no load ever ended, where that is seen: the server said more than once that there is no such
/// page, behind one that it had given.
pub(super) fn never_ended(history: &History) -> Option<Hazard> {
    let life = history.requests.last()?.life;
    let pages = || all(history, Operation::List).filter(|page| page.life == life);
    let mut missing = pages().filter(|page| page.quality == Quality::Denied && page.page > Some(1));
    let last = missing.next_back()?.page;
    missing.next()?;
    let is_there =
        |page: &Request| page.page.map(|page| page + 1) == last && page.quality == Quality::Good;
    pages().any(is_there).then_some(rows::MISSING_PAGE)
}

/// Whether the list was not over when the client said that it was ready.
fn goes_on(pages: &[&Request], ready: Duration, history: &History) -> bool {
    let read = |page: &&&Request| page.ended.is_some_and(|ended| ended <= ready);
    let Some(last) = pages.iter().rev().find(read) else {
        return true;
    };
    let next = history.requests.iter().find(|request| {
        request.sent >= last.sent.max(ready)
            && request.is_question()
            && request.ended.is_none_or(|ended| ended > ready)
    });
    next.is_some_and(|next| {
        next.operation == Operation::List && next.page > last.page && !last.quality.is_failure()
    })
}

fn unconfigured(site: Site, history: &History) -> bool {
    let held = history.track(site).truth();
    held.is_some_and(|held| matches!(history.values.text(held.settings), "{}" | "null"))
}

/// Whether a page named the website, and then whether without settings.
fn named(pages: &[&Request], history: &History, site: Site) -> Option<bool> {
    let read = pages.iter().filter(|page| page.ended.is_some());
    read.filter_map(|page| items(page))
        .find_map(|items| about(&items, history, site).next().map(|item| item.unconfigured))
}

fn nothing_is_shown(at: Duration, history: &History) -> bool {
    (0..history.tracks.len() as Site).all(|site| shown(history, site, at).0.is_none())
}

/// Whether a differential without items came with the load.
fn empty_difference(life: u32, ready: Duration, history: &History) -> bool {
    let polls = all(history, Operation::Since);
    let mut polls = polls.filter(|poll| poll.life == life && poll.sent <= ready);
    polls.any(|poll| items(poll).is_some_and(|items| items.is_empty()))
}

/// Whether a page was read well after it had failed.
fn read_later(failed: &Request, pages: &[&Request]) -> bool {
    pages.iter().any(|page| {
        page.page == failed.page && page.sent > failed.sent && !page.quality.is_failure()
    })
}

/// When the website was installed, if that was while the list was read.
fn installed(site: Site, ready: Duration, history: &History) -> Option<Duration> {
    let last = history.track(site).versions.last()?;
    (last.by == By::Operator && last.from <= ready).then_some(last.from)
}

/// What the end of a list looks like that was read to no empty page.
fn end_of_list(pages: &[&Request]) -> Option<Hazard> {
    let last = pages.iter().filter_map(|page| page.page).max();
    if last == Some(1) && pages.len() > 2 {
        return Some(rows::SAME_PAGE);
    }
    let of_last = pages.iter().rev().find(|page| page.page == last);
    let count = of_last.and_then(|page| items(page)).map_or(0, |items| items.len());
    let before = |page: &&&Request| page.page.is_some_and(|page| Some(page + 1) == last);
    let full = pages.iter().rev().find(before).and_then(|page| items(page));
    match (last, count) {
        (_, 0) => None,
        // It was as long as the one before it: there was no sign of an end.
        _ if full.is_some_and(|full| full.len() == count) => Some(rows::ONE_PAGE),
        (Some(1), USUAL_PAGE..) => Some(rows::ONE_PAGE),
        _ => Some(rows::SHORT_PAGE),
    }
}
