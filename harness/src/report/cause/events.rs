//! What a socket of the RTM API did not tell, or told late, of a client that listens.

use std::time::Duration;

use super::wire::shown;
use super::{Hazard, rows};
use crate::history::{By, History, Notice, Site, SocketState, What, same};
use crate::oracle::Breach;

/// Why the cache shows an older state, if it shows it since an event arrived that speaks of this
/// website: what the event carried was older than what the cache had.
pub(super) fn told_late(breach: &Breach, history: &History) -> Option<Hazard> {
    let site = breach.site?;
    let (seen, _, since) = shown(history, site, breach.at);
    let notice = arrived(site, since, history)?;
    let versions = &history.track(site).versions;
    // What it shows is what the server held when the event happened.
    let carried = versions.iter().rev().find(|version| version.from <= notice.sent)?;
    let newest = versions.iter().rev().find(|version| version.from <= breach.at)?;
    if !same(seen, carried.state) || same(seen, newest.state) {
        return None;
    }
    Some(match seen_again(site, since, history) {
        true => rows::EVENT_TWICE,
        false => rows::OLDER_EVENT,
    })
}

/// Why a client that listens never heard of the last change of this website, if that was no matter of
/// its polls alone.
pub(super) fn unheard(site: Site, at: Duration, history: &History) -> Option<Hazard> {
    let versions = &history.track(site).versions;
    let changed = versions.iter().rev().find(|version| version.from <= at)?;
    let listens = history.events.iter().any(|event| event.what == What::Socket(SocketState::Live));
    if changed.by == By::Start || !listens {
        return None;
    }
    let of_it = |notice: &&Notice| notice.site == site && notice.sent == changed.from;
    if let Some(notice) = history.notices.iter().find(of_it) {
        let lost = notice.fault.is_some() && notice.arrived.is_none();
        return lost.then_some(rows::NOT_HEARD);
    }
    match was_live(changed.from, history) {
        false => Some(rows::NOT_HEARD),
        true if installed_since_the_bind(site, changed.from, history) => Some(rows::NOT_BOUND),
        true => None,
    }
}

/// Why a cache was right too late of a client that listens: the first website whose change it never
/// heard of.
pub(super) fn late(at: Duration, history: &History) -> Option<Hazard> {
    (0..history.tracks.len() as Site).find_map(|site| unheard(site, at, history))
}

/// The event about this website that was handed to the client at a time.
fn arrived(site: Site, at: Duration, history: &History) -> Option<&Notice> {
    let mut arrivals = history.events.iter().rev().filter(|event| event.at == at);
    arrivals.find_map(|event| match event.what {
        What::EventArriving(index) => {
            history.notices.get(index as usize).filter(|notice| notice.site == site)
        }
        _ => None,
    })
}

/// Whether the event that was handed over at a time had been handed over before.
fn seen_again(site: Site, at: Duration, history: &History) -> bool {
    arrived(site, at, history).is_some_and(|notice| notice.arrived.is_some_and(|first| first < at))
}

/// Whether the client's socket was authenticated at a time.
fn was_live(at: Duration, history: &History) -> bool {
    let mut live = false;
    for event in history.events.iter().take_while(|event| event.at <= at) {
        match event.what {
            What::Socket(SocketState::Live) => live = true,
            What::Socket(_) if event.what != What::Socket(SocketState::Bound) => live = false,
            What::Kicked | What::Restart => live = false,
            _ => {}
        }
    }
    live
}

/// Whether a website was installed since the client bound its socket last.
fn installed_since_the_bind(site: Site, at: Duration, history: &History) -> bool {
    let binds =
        |what| matches!(what, What::Socket(SocketState::Live) | What::Socket(SocketState::Bound));
    let past = history.events.iter().take_while(|event| event.at <= at);
    let bound = past.filter(|event| binds(event.what)).last().map(|event| event.at);
    let versions = &history.track(site).versions;
    let pairs = versions.windows(2).filter(|pair| pair[1].from <= at);
    let mut installs = pairs.filter(|pair| pair[0].state.is_none() && pair[1].state.is_some());
    installs.next_back().is_some_and(|pair| bound.is_some_and(|bound| pair[1].from >= bound))
}
