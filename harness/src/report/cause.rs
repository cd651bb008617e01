//! What a failure looks like: the hazard that would explain it.

use std::time::Duration;

use crisp_mock_server::operation::Operation;
use jiff::Timestamp;
use serde::Serialize;

use crate::history::{By, History, Quality, Request, Site, What};
use crate::judge::Demand;
use crate::oracle::{Breach, NEVER_SAVED, Rule};
use crate::scenario::Side;

/// A known way to lose an update, or to bring one back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hazard {
    /// Its number: `C2`.
    pub number: &'static str,
    /// What it is.
    pub what: &'static str,
    /// What to do instead.
    pub instead: &'static str,
}

impl Hazard {
    /// Where it is explained.
    #[must_use]
    pub fn link(&self) -> String {
        format!("docs/hazards.md#{}", self.number.to_lowercase())
    }
}

const fn hazard(number: &'static str, what: &'static str, instead: &'static str) -> Hazard {
    Hazard { number, what, instead }
}

/// The hazard that would explain a failure, if one comes to mind.
#[must_use]
pub(super) fn guess(demand: Demand, breach: &Breach, history: &History) -> Option<Hazard> {
    let Demand::Oracle(rule) = demand else {
        return None;
    };
    if never_ready(demand, history) {
        return None;
    }
    let overwrote = history.saves.iter().any(|save| Some(save.site) == breach.site);
    Some(match rule {
        Rule::Converged => return converged(breach.site?, history),
        Rule::Monotonic if overwrote => hazard(
            "W1",
            "a poll that was sent before a save brings the old settings back",
            "After a save leave that website alone in answers to earlier requests, and read it.",
        ),
        Rule::Monotonic => hazard(
            "A7",
            "answers applied in the order of arrival",
            "One poll in flight at a time; drop an answer that is older than the last applied.",
        ),
        Rule::NoResurrection => hazard(
            "P10",
            "a website that left comes back from an older answer",
            "Let a full list replace the cache, and number the answers.",
        ),
        Rule::NoPhantom if overwrote => hazard(
            "W7",
            "a save shown before the API confirmed it",
            "Change the cache only after success, and read back when the result is unclear.",
        ),
        Rule::NoPhantom => hazard(
            "A1",
            "settings merged instead of replaced",
            "An item is the whole state of a website: replace, token included.",
        ),
        // Nothing was written that could be read.
        Rule::ReadYourWrites if breach.word == NEVER_SAVED => return None,
        Rule::ReadYourWrites => hazard(
            "W1",
            "an answer from before a save undoes it in the cache",
            "After a save leave that website alone in answers to earlier requests, and read it.",
        ),
        Rule::NoLostUpdate => hazard(
            "W5",
            "a save of unknown outcome is sent again",
            "Read back before deciding; never send an old full object again.",
        ),
        Rule::Snapshot if breach.word == "missing website" => hazard(
            "P6",
            "a website dropped that was never removed",
            "Remove only what a difference, or two full lists, say is gone.",
        ),
        Rule::Snapshot => hazard(
            "A8",
            "a part of an answer was applied",
            "Validate all, apply all to a copy, then swap.",
        ),
        Rule::HonestReady => return Some(load(history)),
        Rule::Atomic => hazard(
            "A8",
            "an answer that cannot be read was applied in part",
            "Validate all, apply all to a copy, then swap.",
        ),
        Rule::HonestStatus | Rule::Liveness => hazard(
            "F5",
            "the loop stopped unnoticed",
            "A deadline for each call, no answer that ends the loop, and the age of the last good poll as a metric.",
        ),
        Rule::Pacing => hazard(
            "F1",
            "all errors treated alike",
            "Back off with jitter to a cap, reset after success, and let Retry-After silence every request.",
        ),
        Rule::Cost | Rule::Quiet => hazard(
            "F2",
            "more requests than the quota can bear",
            "Poll with one differential for all websites, and list again rarely.",
        ),
    })
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

fn converged(site: Site, history: &History) -> Option<Hazard> {
    let track = history.track(site);
    let last = track.versions.last()?;
    if last.by == By::Start
        || (track.shown.is_none() && last.state.is_some() && in_load(history, last.from))
    {
        return Some(load(history));
    }
    if let (Some(shown), Some(held)) = (track.shown, last.state)
        && shown.settings == held.settings
    {
        return Some(hazard(
            "A2",
            "a website that came back kept its old token",
            "`added` for a known website replaces all of it, token included.",
        ));
    }
    lost(history, last.from, site)
}

fn in_load(history: &History, at: Duration) -> bool {
    history.ready.is_none_or(|ready| at <= ready)
}

fn load(history: &History) -> Hazard {
    let pages = || history.requests.iter().filter(|request| request.operation == Operation::List);
    if pages().any(|page| page.quality.is_failure()) {
        return hazard(
            "P5",
            "a failed page was taken for the end of the list",
            "Tell failed from empty: retry the page, and publish nothing half.",
        );
    }
    if pages().any(|page| page.quality == Quality::Lie) {
        return hazard(
            "P6",
            "an empty page before the end was taken for the end",
            "Ask one page further after an empty one.",
        );
    }
    let moved = history.events.iter().any(|event| {
        matches!(event.what, What::Truth { by: By::Operator, .. }) && in_load(history, event.at)
    });
    if moved {
        hazard(
            "P1",
            "the pages shifted while they were read",
            "After the load ask the differential over its whole window, and list again if it shows that websites came or went.",
        )
    } else {
        hazard("P4", "not all pages were read", "Read pages from the first on until an empty one.")
    }
}

/// Why a change at this time was never seen.
fn lost(history: &History, changed: Duration, site: Site) -> Option<Hazard> {
    let moved_clock = |event: &crate::history::Event| {
        matches!(event.what, What::Clock { side: Side::Client, .. } | What::ClockWindow(_))
    };
    let polls = || history.requests.iter().filter(|request| request.operation == Operation::Since);
    let named = polls().find(|poll| poll.sent >= changed && names(poll, history, site));
    if named.is_some() {
        let removed = history.track(site).truth().is_none();
        return Some(if removed {
            hazard(
                "A3",
                "a `removed` was not applied",
                "Remove the website, and read nothing of the item but its id.",
            )
        } else {
            hazard(
                "A1",
                "a difference that named the website was not applied",
                "`added` and `updated` mean the same: this is now its whole state.",
            )
        });
    }
    if history.events.iter().any(moved_clock) || history.server_clock_moved {
        return Some(hazard(
            "C3",
            "the cursor follows a clock that is not the server's",
            "Keep the cursor in server time, from the Date of the answers.",
        ));
    }
    let cached = polls().any(|poll| poll.sent >= changed && poll.quality == Quality::Stale);
    if cached {
        return Some(hazard(
            "C8",
            "an answer out of a cache was taken for the present",
            "Bloom-Status: HIT may be old: let it not move the cursor.",
        ));
    }
    let next = polls().find(|poll| poll.sent >= changed && poll.quality == Quality::Good)?;
    let asked: Timestamp = next.since.as_deref()?.parse().ok()?;
    if history.timing.since_start(asked) < changed.as_secs_f64() {
        return None;
    }
    let before = polls().rfind(|poll| poll.sent <= changed);
    match before {
        None => Some(hazard(
            "C1",
            "the cursor was taken after the load",
            "Take it before the first page, and poll once after the last.",
        )),
        Some(poll) if poll.ended.is_none_or(|ended| ended >= changed) => Some(hazard(
            "C2",
            "the cursor was taken after the answer",
            "Take it before the request, minus an overlap.",
        )),
        Some(_) => {
            let failed = polls().any(|poll| {
                poll.sent >= changed && poll.sent < next.sent && poll.quality.is_failure()
            });
            Some(if failed {
                hazard(
                    "F4",
                    "the cursor moved although the poll had failed",
                    "Move it only after an answer was wholly applied.",
                )
            } else {
                hazard(
                    "C6",
                    "the change lies at the very edge of two polls",
                    "Subtract an overlap from every cursor.",
                )
            })
        }
    }
}

/// Whether the answer to this poll names the website.
fn names(poll: &Request, history: &History, site: Site) -> bool {
    let id = history.sites[site as usize].to_string();
    let body = poll.body.as_deref().and_then(|body| std::str::from_utf8(body).ok());
    poll.quality == Quality::Good && body.is_some_and(|body| body.contains(&id))
}
