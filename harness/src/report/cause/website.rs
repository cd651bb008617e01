//! Why the cache shows one website wrongly, or does not show it.

use std::time::Duration;

use crisp_mock_server::operation::Operation;
use serde_json::{Map, Value};

use super::wire::{about, ahead, all, asks_after, handled, items, shown};
use super::{Hazard, load, rows, silence};
use crate::history::{By, History, Quality, Request, Save, Site, State, Version, What, same};
use crate::oracle::Breach;
use crate::scenario::Side;

/// A date that is less ahead than this may be a clock's tick.
const TICK: f64 = 1.0;
/// A client that adds a second to be spared repeats is not one whose clock is ahead.
const BEYOND_A_TICK: f64 = 1.5;
/// A change that lies so close before the date of a poll is a matter of ticks and boundaries.
const EDGE: f64 = 2.0;
/// Time zones differ by multiples of this, in seconds.
const QUARTER: f64 = 900.0;
/// No time zone is as far ahead of another one as this.
const BEYOND_A_ZONE: f64 = 15.0 * 3_600.0;
/// A local time is off by a multiple of [`QUARTER`], less what the client looks back and the time
/// from the last poll to this one.
const LOOKS_BACK: f64 = 300.0;
/// A server that leaves changes out after less than this has not forgotten them.
const MEMORY: f64 = 240.0;

/// The version that the server held at a time.
fn version(site: Site, at: Duration, history: &History) -> Option<Version> {
    history.track(site).versions.iter().rev().find(|version| version.from <= at).copied()
}

/// Whether the cache shows something else than the server holds.
pub(super) fn is_behind(site: Site, at: Duration, history: &History) -> bool {
    let held = version(site, at, history).and_then(|version| version.state);
    !same(shown(history, site, at).0, held)
}

/// Why this website is wrong in the cache at this time, if it can be said.
pub(super) fn why(site: Site, at: Duration, history: &History) -> Option<Hazard> {
    let version = version(site, at, history)?;
    let (seen, ever, since) = shown(history, site, at);
    match (seen, version.state) {
        (None, Some(_)) if ever => {
            Some(dropped(site, since, history).unwrap_or_else(|| load::why(site, at, history)))
        }
        (None, Some(_)) => {
            let loading = history.ready.is_none_or(|ready| version.from <= ready);
            if version.by == By::Start || loading {
                return Some(load::why(site, at, history));
            }
            lost(site, version, ever, history)
        }
        (Some(seen), Some(held)) if seen.settings == held.settings => Some(rows::OLD_TOKEN),
        (Some(seen), Some(_)) if never_held(site, seen, history) => {
            Some(mixture(site, seen, history))
        }
        _ => lost(site, version, ever, history),
    }
}

/// Why the website of a breach is not in the cache any more, if an answer that did not say so
/// took it out.
pub(super) fn dropped_at(breach: &Breach, history: &History) -> Option<Hazard> {
    let site = breach.site?;
    let (seen, ever, since) = shown(history, site, breach.at);
    let dropped = dropped(site, since, history).filter(|_| ever && seen.is_none())?;
    let by_itself =
        [rows::EMPTY_DIFFERENCE, rows::TAKEN_FOR_THE_LIST, rows::EVICTED].contains(&dropped);
    by_itself.then_some(dropped)
}

/// Why a website was dropped that the cache had.
fn dropped(site: Site, when: Duration, history: &History) -> Option<Hazard> {
    let (_, answer) = handled(history, when)?;
    let items = items(answer)?;
    let mine: Vec<_> = about(&items, history, site).collect();
    if answer.operation == Operation::List {
        return Some(match mine.first() {
            Some(item) if item.unconfigured => rows::NO_SETTINGS,
            Some(_) => rows::ITEM_LOST,
            None => rows::DROPPED_BY_A_LIST,
        });
    }
    Some(match &mine[..] {
        [] if evicted(site, when, &items, history) => rows::EVICTED,
        [] if items.is_empty() => rows::EMPTY_DIFFERENCE,
        [] => rows::TAKEN_FOR_THE_LIST,
        [_, _, ..] => rows::SEVERAL_ENTRIES,
        [item] if item.unconfigured && !item.is("removed") => rows::NO_SETTINGS,
        [_] => rows::NOT_APPLIED,
    })
}

/// Whether a website was dropped by the store itself: others that the answer does not name either
/// stay, or an earlier answer like this one, empty or not, has left it alone.
fn evicted(site: Site, when: Duration, items: &[super::wire::Item], history: &History) -> bool {
    let named = |site| about(items, history, site).next().is_some();
    let stays = (0..history.tracks.len() as Site)
        .any(|other| other != site && !named(other) && shown(history, other, when).0.is_some());
    let before = when.saturating_sub(Duration::from_nanos(1));
    let (seen, _, since) = shown(history, site, before);
    let spared = || {
        all(history, Operation::Since).any(|poll| {
            poll.sent >= since
                && poll.ended.is_some_and(|ended| ended < when)
                && poll.life == history.life
                && super::wire::items(poll).is_some_and(|it| {
                    it.is_empty() == items.is_empty() && about(&it, history, site).next().is_none()
                })
        })
    };
    stays || (seen.is_some() && spared())
}

/// Whether these settings are of no version of the website, and of no save.
fn never_held(site: Site, seen: State, history: &History) -> bool {
    let held = history.track(site).versions.iter().filter_map(|version| version.state);
    let ordered = history.saves.iter().filter(|save| save.site == site);
    held.map(|state| state.settings)
        .chain(ordered.map(|save| save.settings))
        .all(|it| it != seen.settings)
}

/// What settings look like that the server never had: members of several versions, or altered ones.
pub(super) fn mixture(site: Site, seen: State, history: &History) -> Hazard {
    let object = |state: State| match serde_json::from_str(history.values.text(state.settings)) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    };
    let versions: Vec<_> =
        history.track(site).versions.iter().filter_map(|version| object(version.state?)).collect();
    let Some(seen) = object(seen) else {
        return rows::ALTERED;
    };
    let known = |(key, value): (&String, &Value)| {
        versions.iter().any(|version| version.get(key) == Some(value))
    };
    let all_known = seen.iter().all(known);
    let is_more = versions.iter().any(|version| seen.len() > version.len());
    if all_known && is_more { rows::MERGED_SETTINGS } else { rows::ALTERED }
}

/// Whether a state that the server never had is one with the members of a partial save that the
/// server has confirmed by then.
pub(super) fn is_guessed(site: Site, shown: State, at: Duration, history: &History) -> bool {
    let object =
        |value| serde_json::from_str::<Map<String, Value>>(history.values.text(value)).ok();
    let Some(seen) = object(shown.settings) else { return false };
    let confirmed = |save: &&Save| {
        let mut attempts = save.attempts.iter().map(|index| &history.requests[*index as usize]);
        save.site == site
            && attempts.any(|request| {
                request.operation == Operation::UpdateSettings
                    && request.quality == Quality::Good
                    && request.ended.is_some_and(|ended| ended <= at)
            })
    };
    let has = |(key, value): (&String, &Value)| {
        seen.get(key).is_some_and(|it| it == value || value.is_object() && it.is_object())
    };
    let last = history.saves.iter().rev().find(confirmed);
    last.and_then(|save| object(save.settings)).is_some_and(|saved| saved.iter().all(has))
}

/// Why a change was never seen.
fn lost(site: Site, changed: Version, ever: bool, history: &History) -> Option<Hazard> {
    let since = changed.from;
    let polls = || all(history, Operation::Since).filter(|poll| poll.life == history.life);
    let told = polls().find(|poll| poll.sent >= since && names(poll, history, site));
    if let Some(poll) = told {
        return Some(not_applied(poll, site, changed, ever, history));
    }
    if let Some(silent) = silence::at_the_end(history) {
        let none = polls().next().is_none() && history.ready.is_some();
        return Some(if none { rows::NEVER_POLLS } else { silent });
    }
    let configured_only = polls().any(|poll| poll.sent >= since && poll.configured_only);
    let emptied = changed
        .state
        .is_some_and(|held| matches!(history.values.text(held.settings), "{}" | "null"));
    if configured_only && emptied {
        return Some(if ever { rows::EMPTIED } else { rows::CONFIGURED_ONLY });
    }
    if changed.state.is_none() && listed_since(since, history) {
        return Some(rows::MERGED_LIST);
    }
    let clocks = || history.events.iter().filter(|event| event.at <= since.max(history.disturbed));
    let stepped = clocks().any(|event| matches!(event.what, What::Clock { .. }));
    let windowed = history.server_clock_moved
        || clocks().any(|event| matches!(event.what, What::ClockWindow(Side::Client)));
    let next = polls().find(|poll| poll.sent >= since && poll.quality == Quality::Good)?;
    let from_the_future =
        polls().filter(|poll| poll.sent >= since).filter_map(ahead).find(|by| *by > TICK);
    let from_the_future = from_the_future.or_else(|| ahead_of_the_last(next, history));
    if let Some(by) =
        from_the_future.filter(|_| asks_after(history, next, since).is_some_and(|by| by >= 0.0))
    {
        return Some(match by {
            _ if stepped || windowed => rows::CLOCK_STEPPED,
            _ if by > BEYOND_A_ZONE => rows::CALENDAR,
            _ if is_local_time(by) => rows::LOCAL_TIME,
            _ => rows::OWN_CLOCK,
        });
    }
    if polls().any(|poll| poll.sent >= since && poll.quality == Quality::Stale) {
        return Some(rows::OUT_OF_A_CACHE);
    }
    let by = asks_after(history, next, since)?;
    if by < 0.0 {
        return asked_and_not_told(next, -by, history);
    }
    if stepped || windowed {
        return Some(rows::CLOCK_STEPPED);
    }
    Some(cursor(since, next, &polls().collect::<Vec<_>>()))
}

/// How many seconds a poll asks after the moment at which the answer before it arrived, if it is
/// more than a client could have meant: its clock is ahead by less than the time between two polls.
fn ahead_of_the_last(poll: &Request, history: &History) -> Option<f64> {
    let before =
        |last: &&Request| last.is_question() && last.ended.is_some_and(|it| it <= poll.sent);
    let last = history.requests.iter().rev().filter(|last| last.sent < poll.sent).find(before)?;
    let by = asks_after(history, poll, last.ended?)? / history.timing.stretch;
    (by > BEYOND_A_TICK && ahead(poll)? < -TICK).then_some(by)
}

/// Whether the dates are off by hours, as those of a time zone are.
fn is_local_time(ahead: f64) -> bool {
    let zones = (ahead / QUARTER).ceil();
    zones >= 2.0 && zones * QUARTER - ahead < LOOKS_BACK
}

/// Why a poll was not told of a change so many seconds after the date that it asked from.
fn asked_and_not_told(poll: &Request, later: f64, history: &History) -> Option<Hazard> {
    let span = -ahead(poll)? * history.timing.stretch;
    if later < EDGE && history.staleness.since_lag.is_zero() {
        return Some(rows::AT_THE_EDGE);
    }
    if !history.staleness.longest().is_zero() {
        return Some(rows::VISIBLE_LATER);
    }
    (span > MEMORY).then_some(rows::FORGOTTEN)
}

/// Why the date of a poll lies behind a change.
fn cursor(changed: Duration, next: &Request, polls: &[&Request]) -> Hazard {
    let before = polls.iter().rfind(|poll| poll.sent <= changed);
    let failed: Vec<_> = polls
        .iter()
        .filter(|poll| poll.sent >= changed && poll.sent < next.sent && poll.quality.is_failure())
        .collect();
    match before {
        None => rows::AFTER_THE_LOAD,
        Some(poll) if poll.ended.is_none_or(|ended| ended >= changed) => rows::AFTER_THE_ANSWER,
        Some(_) if failed.is_empty() => rows::AT_THE_EDGE,
        Some(_) if failed.iter().any(|poll| poll.quality == Quality::Unreadable) => {
            rows::ERROR_UNDER_200
        }
        Some(_) => rows::MOVED_BY_A_FAILURE,
    }
}

/// Whether this poll's answer names the website.
fn names(poll: &Request, history: &History, site: Site) -> bool {
    let whole = matches!(poll.quality, Quality::Good | Quality::Lie) && poll.ended.is_some();
    whole && items(poll).is_some_and(|items| about(&items, history, site).next().is_some())
}

/// Why a difference that names the website did not change the cache.
fn not_applied(
    poll: &Request,
    site: Site,
    changed: Version,
    ever: bool,
    history: &History,
) -> Hazard {
    let items = items(poll).unwrap_or_default();
    let mine: Vec<_> = about(&items, history, site).collect();
    let odd = |item: &super::wire::Item| item.unconfigured && !item.is("removed");
    if mine.len() > 1 {
        return rows::SEVERAL_ENTRIES;
    }
    if mine.iter().any(|item| odd(item)) || items.iter().any(odd) {
        return rows::NO_SETTINGS;
    }
    let asked_later =
        history.requests.iter().any(|request| request.is_question() && request.sent > poll.sent);
    if !asked_later && silence::at_the_end(history).is_some() {
        return rows::LOOP_ENDED;
    }
    if changed.state.is_none() {
        return rows::REMOVAL_IGNORED;
    }
    if others_applied(poll, site, &items, history) {
        return rows::HALF_APPLIED;
    }
    if ever && mine.iter().any(|item| item.is("added")) {
        rows::ADDED_IGNORED
    } else {
        rows::NOT_APPLIED
    }
}

/// Whether the answer changed another website that it names.
fn others_applied(
    poll: &Request,
    site: Site,
    items: &[super::wire::Item],
    history: &History,
) -> bool {
    let Some(ended) = poll.ended else {
        return false;
    };
    let until = ended + history.timing.at_once;
    history.events.iter().any(|event| match event.what {
        What::Shows { site: other, .. } if other != site => {
            event.at >= ended && event.at <= until && about(items, history, other).next().is_some()
        }
        _ => false,
    })
}

/// Whether a whole list was read after a change.
fn listed_since(changed: Duration, history: &History) -> bool {
    let pages = || all(history, Operation::List).filter(|page| page.sent >= changed);
    let good = |page: &Request| page.quality == Quality::Good && page.ended.is_some();
    pages().any(|page| page.page == Some(1) && good(page))
        && pages().any(|page| good(page) && items(page).is_some_and(|items| items.is_empty()))
}
