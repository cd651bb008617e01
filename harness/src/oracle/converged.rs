//! O1: after a change and a fault the cache becomes equal to the server, within the bound that the
//! client's own figures give: at the end, and in each calm that is longer than the bound.

use std::time::Duration;

use crisp_mock_server::operation::Operation;

use super::{Breach, MISSING, Oracle, shown, time};
use crate::history::{By, Event, History, Quality, Request, Site, Track, Version, What, same};
use crate::words::Side;

pub(super) struct Converged {
    wanted: Option<Duration>,
    unjudged: Option<String>,
    /// When the calm began that lasts up to now.
    calm_from: Duration,
    /// Since when the cache had been equal to the server before this event.
    agreed_from: Option<Duration>,
}

impl Converged {
    pub(super) fn new(wanted: Option<Duration>) -> Self {
        Self { wanted, unjudged: None, calm_from: Duration::ZERO, agreed_from: None }
    }

    /// Judges the calm that this event ends, if it outlasted the bound: an update that a later one
    /// hides was stale all the same.
    fn calm(&mut self, history: &History, event: &Event) -> Option<Breach> {
        let from = self.calm_from.max(history.ready.unwrap_or_default());
        let agreed = std::mem::replace(&mut self.agreed_from, history.agreed_from);
        if history.disturbed <= self.calm_from {
            return None;
        }
        self.calm_from = history.disturbed;
        let limit = history.bound();
        let due = from + limit;
        if event.at <= due || history.lied {
            return None;
        }
        let until = calm_until(history, event, from);
        if until <= due {
            return None;
        }
        match agreed {
            Some(at) if at <= due => None,
            Some(at) => Some(late(from, at, due, limit)),
            // A restart empties the cache: which website differed before is not known any more.
            None if event.what == What::Restart => Some(late(from, event.at, due, limit)),
            None => Some(stale(history, until, limit)),
        }
    }

    /// Judges the end of the run.
    fn end(&mut self, history: &History, event: &Event) -> Option<Breach> {
        let limit = self.wanted.unwrap_or_else(|| history.bound());
        let due = history.disturbed + limit;
        if event.at < due && history.calm_from.is_none() {
            self.unjudged = Some("the run ended while something was still going on".to_owned());
            return None;
        }
        if history.lied && self.wanted.is_none() {
            let why = "the server left websites out of an answer, and no time is demanded";
            self.unjudged = Some(why.to_owned());
            return None;
        }
        match history.agreed_from {
            Some(at) if at <= due => None,
            Some(at) => Some(late(history.disturbed, at, due, limit)),
            None => Some(never(history, event, limit)),
        }
    }
}

/// Until when nothing was wrong: a request that met a fault disturbs from its sending on.
fn calm_until(history: &History, event: &Event, from: Duration) -> Duration {
    let disturbs =
        |request: &&Request| request.met_fault() && request.ended.is_none_or(|ended| ended > from);
    let sent = history.requests.iter().filter(disturbs).map(|request| request.sent);
    sent.min().map_or(event.at, |sent| sent.min(event.at))
}

impl Oracle for Converged {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        let breach = match event.what {
            What::End => self.end(history, event),
            _ => self.calm(history, event),
        };
        if breach.is_some() && changed_between_two_moves_of_the_clock(history) {
            let why = "the server's clock was moved twice and nothing asked between: no differential \
                       tells what changed there";
            self.unjudged = Some(why.to_owned());
            return None;
        }
        breach
    }

    fn unjudged(&self, _history: &History) -> Option<String> {
        self.unjudged.clone()
    }
}

/// Whether something changed between two moves of the server's clock, while no answer reached the
/// client: its stamp may lie before all that the client asks for, and no date ever shows that.
fn changed_between_two_moves_of_the_clock(history: &History) -> bool {
    let mut hidden = None;
    for event in &history.events {
        match event.what {
            What::Clock { side: Side::Server, .. } | What::ClockWindow(Side::Server) => {
                if hidden == Some(true) {
                    return true;
                }
                hidden = Some(false);
            }
            What::Truth { by, .. } if by != By::Start && hidden.is_some() => hidden = Some(true),
            What::Sent(index) => {
                let quality = history.requests.get(index as usize).map(|request| request.quality);
                hidden = hidden.filter(|_| quality != Some(Quality::Good));
            }
            _ => {}
        }
    }
    false
}

fn late(from: Duration, at: Duration, due: Duration, limit: Duration) -> Breach {
    Breach {
        at,
        site: None,
        word: "converged too late",
        fact: format!("Nothing changed or went wrong after {}.", time(from)),
        but: format!("The cache equals the server only since {}.", time(at)),
        expected: Some(format!("equal by {} ({} after)", time(due), time(limit))),
        got: Some(format!("equal from {} on", time(at))),
    }
}

/// At the end the cache differs.
fn never(history: &History, event: &Event, limit: Duration) -> Breach {
    let differs = |(_, track): &(usize, &Track)| !track.agrees();
    let site = history.tracks.iter().enumerate().find(differs).map_or(0, |(site, _)| site as Site);
    let last = history.track(site).versions.last().copied();
    differing(history, site, last, event.at, limit)
}

/// A calm has ended, and the cache differed through all of it.
fn stale(history: &History, until: Duration, limit: Duration) -> Breach {
    let at = until.saturating_sub(Duration::from_millis(1));
    let held = |track: &Track| {
        let mut versions = track.versions.iter().rev();
        versions.find(|version| version.from <= at).copied()
    };
    let differs = |(_, track): &(usize, &Track)| {
        !same(track.shown, held(track).and_then(|version| version.state))
    };
    let site = history.tracks.iter().enumerate().find(differs).map_or(0, |(site, _)| site as Site);
    let was = held(history.track(site));
    differing(history, site, was, at, limit)
}

/// A website differs: what the server held, and what the cache still shows.
fn differing(
    history: &History,
    site: Site,
    last: Option<Version>,
    now: Duration,
    limit: Duration,
) -> Breach {
    let track = history.track(site);
    let name = history.name(site);
    let (held, seen) = (last.and_then(|version| version.state), track.shown);
    let since = last.map_or(Duration::ZERO, |version| version.from);
    let what = match last.map(|version| version.by) {
        Some(By::Operator) => format!("An operator saved {name}"),
        Some(By::Client(_)) => format!("The client itself saved {name}"),
        _ => format!("{name} changed"),
    };
    let (word, fact) = match (seen, held) {
        (Some(_), None) => ("ghost", format!("{name} uninstalled the plugin at {}.", time(since))),
        (None, _)
            if track.versions.iter().all(|version| version.state.is_some())
                && since_start(track) =>
        {
            (MISSING, format!("{name} had the plugin all along."))
        }
        (None, _) if !was_shown(history, site) => {
            (MISSING, format!("{name} installed the plugin, and has it since {}.", time(since)))
        }
        (Some(seen), Some(held)) if seen.settings == held.settings => {
            ("old token", format!("{name} has a new token since {}.", time(since)))
        }
        _ => ("lost update", format!("{what} at {}.", time(since))),
    };
    let cache = match (seen, held) {
        (None, _) => "does not have it",
        (Some(_), None) => "still shows it",
        _ => "still shows what was there before",
    };
    let but = format!(
        "The client polled {} and {cache} at {}.{}{}",
        times(good_polls(history, since).count()),
        time(now),
        reach(history, since),
        refusals(history)
    );
    let tokens = word == "old token";
    let text = |state: Option<crate::history::State>| match state.and_then(|state| state.token) {
        Some(token) if tokens => format!("token {}", history.values.text(token)),
        _ => shown(history, state),
    };
    Breach {
        at: now,
        site: Some(site),
        word,
        fact,
        but: format!("{but} It had {} after the last change and the last fault.", time(limit)),
        expected: Some(text(held)),
        got: Some(text(seen)),
    }
}

/// Whether a website was there when everything began.
fn since_start(track: &Track) -> bool {
    let first = track.versions.first();
    first.is_none_or(|version| version.by == By::Start)
}

/// The polls after a change that were answered as they should be.
fn good_polls(history: &History, since: Duration) -> impl Iterator<Item = &Request> {
    history.requests.iter().filter(move |request| {
        request.operation == Operation::Since
            && request.sent >= since
            && request.quality == Quality::Good
    })
}

fn times(count: usize) -> String {
    match count {
        0 => "not once after it".to_owned(),
        1 => "once after it".to_owned(),
        count => format!("{count} times after it"),
    }
}

/// Whether those polls asked far enough back, for a change that has a date.
fn reach(history: &History, since: Duration) -> &'static str {
    if since.is_zero() || history.server_clock_moved {
        return "";
    }
    let dates = good_polls(history, since).filter_map(|poll| {
        let asked: jiff::Timestamp = poll.asks_from()?.parse().ok()?;
        Some(history.timing.since_start(asked))
    });
    match dates.min_by(f64::total_cmp) {
        Some(earliest) if earliest > since.as_secs_f64() => {
            " None of those polls asked far enough back to see it."
        }
        _ => "",
    }
}

/// That the client asks for ever what is refused.
fn refusals(history: &History) -> String {
    let mut last = history.requests.iter().rev();
    let since = Operation::Since;
    let last = last.find(|request| request.operation == since && request.is_own_refusal());
    match last.filter(|_| history.refuses_itself()) {
        Some(request) => format!(
            " {} of its last polls were refused for what they ask ({} with {}), and no fault did that.",
            history.own_refusals,
            request.spot(),
            request.status.unwrap_or_default()
        ),
        None => String::new(),
    }
}

fn was_shown(history: &History, site: Site) -> bool {
    let shows = |event: &Event| matches!(event.what, What::Shows { site: other, state: Some(_) } if other == site);
    history.events.iter().any(shows)
}
