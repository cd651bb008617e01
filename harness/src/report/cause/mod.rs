//! What a failure looks like: the hazard that would explain it, from what went over the wire.
//!
//! [`guess`] starts from the demand that was not met and the website that it is about; `rows` has the
//! words, `wire` reads the history, `website` and `load` say why one website is wrong or missing,
//! `silence` why nothing is asked any more, `events` what a socket did not tell, or told late.

mod events;
mod load;
mod rows;
mod silence;
mod website;
mod wire;

use std::time::Duration;

use crisp_mock_server::operation::Operation;
use serde::Serialize;

use crate::history::{History, Quality, Site, What};
use crate::judge::Demand;
use crate::oracle::{Breach, NEVER_SAVED, Rule, WIPED};
use crate::scenario::Scenario;

pub(super) use wire::ahead;

/// A known way to lose an update, or to bring one back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hazard {
    /// Its number: `C2`.
    pub number: &'static str,
    /// What it is.
    pub what: &'static str,
    /// What to do instead.
    pub instead: &'static str,
}

impl Hazard {
    /// The command that explains it.
    #[must_use]
    pub fn explained(&self) -> String {
        format!("crisp-mock explain {}", self.number)
    }
}

/// The hazard that would explain a failure, if one comes to mind.
#[must_use]
pub(super) fn guess(
    demand: Demand,
    breach: &Breach,
    history: &History,
    scenario: &Scenario,
) -> Option<Hazard> {
    let seen = from_the_wire(demand, breach, history)?;
    // A clock that the scenario sets wrong by hours is no time zone.
    let clock_is_off = scenario.client.clock.is_some_and(|millis| millis != 0)
        || scenario.server.quirks.0.iter().any(|(name, _)| name == "clock-offset");
    Some(if seen == rows::LOCAL_TIME && clock_is_off { rows::OWN_CLOCK } else { seen })
}

fn from_the_wire(demand: Demand, breach: &Breach, history: &History) -> Option<Hazard> {
    if never_ready(demand, history) {
        return load::never_ended(history);
    }
    let rule = match demand {
        Demand::Oracle(rule) => rule,
        Demand::Expect("websites") => {
            let differs = |site: &Site| !history.track(*site).agrees();
            let site = (0..history.tracks.len() as Site).find(differs)?;
            return website::why(site, history.now(), history);
        }
        Demand::Expect("requests_per_hour") => Rule::Cost,
        Demand::Expect(_) => return None,
    };
    match rule {
        Rule::Converged | Rule::Monotonic | Rule::NoResurrection | Rule::Snapshot
            if let Some(told) = events::told_late(breach, history) =>
        {
            Some(told)
        }
        Rule::Converged => match breach.site {
            // What came later brought the website up to date and says nothing of why it was stale.
            Some(site) if breach.at < history.now() => {
                let mut past = history.until(breach.at);
                past.push(breach.at, What::End);
                events::unheard(site, breach.at, &past)
                    .or_else(|| website::why(site, breach.at, &past))
            }
            Some(site) => events::unheard(site, breach.at, history)
                .or_else(|| website::why(site, breach.at, history)),
            None => events::late(breach.at, history).or_else(|| silence::longest(history)),
        },
        Rule::HonestReady => Some(load::why(breach.site?, breach.at, history)),
        Rule::NoResurrection => Some(rows::RESURRECTED),
        Rule::NoPhantom => Some(phantom(breach, history)),
        // Nothing was written that could be read.
        Rule::ReadYourWrites if breach.word == NEVER_SAVED => None,
        Rule::Snapshot | Rule::Monotonic | Rule::ReadYourWrites
            if let Some(dropped) = website::dropped_at(breach, history) =>
        {
            Some(dropped)
        }
        Rule::Snapshot => snapshot(breach, history),
        Rule::Monotonic => Some(back_in_time(breach, history)),
        Rule::ReadYourWrites if unanswered(breach, history) => Some(rows::TAKEN_FOR_DONE),
        Rule::ReadYourWrites => Some(rows::SAVE_UNDONE),
        Rule::NoLostUpdate if breach.word == WIPED => Some(rows::SENT_WHOLE),
        Rule::NoLostUpdate => Some(rows::SENT_AGAIN),
        Rule::Atomic => Some(rows::HALF_READ),
        Rule::HonestStatus => Some(silence::at_the_end(history).unwrap_or(rows::SAYS_FRESH)),
        Rule::Liveness => Some(silence::before(history, breach.at)),
        Rule::Pacing => Some(rows::ALL_ALIKE),
        Rule::Cost | Rule::Quiet => Some(too_many(history)),
    }
}

/// What a client looks like whose process ended.
pub(super) fn ended(history: &History) -> Hazard {
    let last = wire::handled(history, history.now());
    let odd = last
        .and_then(|(_, answer)| wire::items(answer))
        .is_some_and(|items| items.iter().any(|item| item.unconfigured && !item.is("removed")));
    if odd { rows::NO_SETTINGS } else { rows::PROCESS_ENDED }
}

/// Whether a cache is found wanting of a client that never said that it has one: how its loop goes
/// wrong cannot be seen then.
pub(super) fn never_ready(demand: Demand, history: &History) -> bool {
    let about_the_cache = matches!(
        demand,
        Demand::Oracle(Rule::Converged) | Demand::Expect("websites" | "ready_within")
    );
    about_the_cache && history.ready.is_none()
}

/// What to look at when a client never said that it was ready; `client` is how the command line
/// names it.
pub(super) fn unready(client: &str, history: &History) -> String {
    let asked = |operation| history.requests.iter().any(|request| request.operation == operation);
    let next = if client.starts_with("--run ") {
        "Does the address of --read answer 200, with JSON, once all websites are loaded?"
    } else if client.starts_with("--client-cmd ") || client.starts_with("--client-url ") {
        "Is `read` replied to with `\"ready\": true` once all websites are loaded?"
    } else {
        "It has to say so once all websites are loaded."
    };
    let asked = if asked(Operation::List) {
        ""
    } else {
        " It never asked for the list of websites, either."
    };
    format!(
        "the client never said that it was ready, and its cache counts as empty until then.{asked} {next}"
    )
}

/// What two websites look like that the server never held together.
fn snapshot(breach: &Breach, history: &History) -> Option<Hazard> {
    let site = breach.site?;
    let (shown, ..) = wire::shown(history, site, breach.at);
    if shown.is_none() {
        return website::why(site, breach.at, history);
    }
    let (arrived, answer) = wire::handled(history, breach.at)?;
    let items = wire::items(answer).unwrap_or_default();
    let together =
        items.iter().map(|item| &item.website).collect::<std::collections::BTreeSet<_>>();
    if answer.quality.is_failure() {
        return Some(rows::HALF_READ);
    }
    let at_once = breach.at <= arrived + history.timing.at_once;
    if together.len() > 1 && at_once && agrees_soon(history, breach.at) {
        return Some(rows::STEP_BY_STEP);
    }
    // One of them is behind: why it is, explains both.
    let behind = (0..history.tracks.len() as Site).find_map(|site| {
        website::is_behind(site, breach.at, history)
            .then(|| website::why(site, breach.at, history))
            .flatten()
    });
    behind.or(Some(if together.len() > 1 { rows::HALF_APPLIED } else { rows::STEP_BY_STEP }))
}

/// Whether the cache was whole again before anything else reached the client.
fn agrees_soon(history: &History, at: Duration) -> bool {
    let next = history.events.iter().find_map(|event| match event.what {
        What::Arriving(_) if event.at > at => Some(event.at),
        _ => None,
    });
    let until =
        next.unwrap_or_else(|| history.now()).saturating_sub(Duration::from_nanos(1)).max(at);
    (0..history.tracks.len() as Site).all(|site| !website::is_behind(site, until, history))
}

/// What an older state looks like after a newer one.
fn back_in_time(breach: &Breach, history: &History) -> Hazard {
    let overwrote = history.saves.iter().any(|save| Some(save.site) == breach.site);
    let patience = history.declared.request_timeout;
    let given_up = |answer: &crate::history::Request| {
        !patience.is_zero() && answer.ended.is_some_and(|ended| ended > answer.sent + patience)
    };
    match wire::handled(history, breach.at) {
        Some((_, answer)) if given_up(answer) => rows::OUTLIVED,
        Some((_, answer)) if answer.is_save() => rows::LATE_SAVE,
        Some((_, answer)) if answer.quality == Quality::Stale => rows::OUT_OF_A_CACHE,
        _ if overwrote => rows::OLDER_POLL,
        _ => rows::ARRIVAL_ORDER,
    }
}

/// What a state looks like that the server never had.
fn phantom(breach: &Breach, history: &History) -> Hazard {
    let Some(site) = breach.site else {
        return rows::ALTERED;
    };
    let (shown, ..) = wire::shown(history, site, breach.at);
    let ordered = |save: &&crate::history::Save| {
        save.site == site
            && save.ordered <= breach.at
            && shown.is_some_and(|it| it.settings == save.settings)
    };
    if history.saves.iter().any(|save| ordered(&save)) {
        return if unanswered(breach, history) { rows::TAKEN_FOR_DONE } else { rows::SHOWN_BEFORE };
    }
    match shown {
        Some(shown) if website::is_guessed(site, shown, breach.at, history) => rows::GUESSED_MERGE,
        Some(shown) => website::mixture(site, shown, history),
        None => rows::ALTERED,
    }
}

/// Whether the last save of this website before the breach had got no answer, or none that says
/// how it ended.
fn unanswered(breach: &Breach, history: &History) -> bool {
    let tried = history.requests.iter().rev().find(|request| {
        request.is_save() && request.site == breach.site && request.sent <= breach.at
    });
    tried.is_some_and(|request| {
        request.quality.is_failure() && request.ended.is_some_and(|ended| ended <= breach.at)
    })
}

/// What too many requests look like.
fn too_many(history: &History) -> Hazard {
    let failed = history.requests.iter().filter(|request| request.quality.is_failure()).count();
    if failed * 2 > history.requests.len() { rows::NO_BACK_OFF } else { rows::TOO_DEAR }
}
