//! O12: requests stay under a budget, also during an outage.

use std::time::Duration;

use crisp_mock_server::operation::Operation;

use super::{Breach, Oracle, time};
use crate::history::{Event, History, Quality, Request, What};

/// A client of another shape may ask for half as much again: it reads each list twice, or each
/// change alone, where the count below has one for both, and what is left over is still far from one
/// request for each website or one a second.
const LEEWAY: (u64, u64) = (3, 2);

pub(super) struct Cost;

impl Oracle for Cost {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        if event.what != What::End {
            return None;
        }
        let exactly = allowed(history, event.at);
        let leeway = history.declared.leeway;
        let allowed = if leeway { exactly * LEEWAY.0 / LEEWAY.1 } else { exactly };
        let sent = history.requests.iter().filter(|it| !it.is_handshake()).count() as u64;
        if sent <= allowed {
            return None;
        }
        let websites = history.tracks.len();
        Some(Breach {
            at: event.at,
            word: "asked too much",
            fact: format!(
                "{} and {websites} websites need at most {allowed} requests.",
                time(event.at)
            ),
            but: format!("The client sent {sent}: {}.", by_operation(history)),
            expected: Some(format!("at most {allowed} requests")),
            got: Some(format!("{sent}")),
            ..Breach::default()
        })
    }
}

/// What polls, lists, saves and troubles may cost together.
fn allowed(history: &History, now: Duration) -> u64 {
    let declared = &history.declared;
    let times = |every: Duration| match every.as_millis() {
        0 => 0,
        millis => u64::try_from(now.as_millis() / millis).unwrap_or(u64::MAX),
    };
    let lives = u64::from(history.life) + 1;
    let polls = times(declared.poll_every) + 2 * lives;
    let changes = history.events.iter().filter(|event| {
        matches!(event.what, What::Truth { by, .. } if by != crate::history::By::Start)
            || matches!(event.what, What::Clock { .. } | What::ClockWindow(_))
    });
    let changes = changes.count() as u64;
    let odd = |request: &&Request| {
        matches!(request.quality, Quality::Stale | Quality::Lie | Quality::Invented)
    };
    let odd = history.requests.iter().filter(odd).count() as u64;
    let lists = lives
        + declared.relist_every.map_or(0, times)
        + changes * lists_a_change(history)
        + 2 * odd
        + u64::from(history.requests.iter().any(|request| request.quality.is_failure()));
    let pages = history.requests.iter().filter_map(|request| request.page).max().unwrap_or(1);
    let pages = u64::from(pages).min(history.tracks.len() as u64 + 2);
    let saves = history.saves.len() as u64;
    // Each event, and each new socket, is a reason to ask once, and once more if that fails.
    let sockets = history.requests.iter().filter(|request| request.is_handshake()).count();
    let hints = 2 * (history.notices.len() + sockets) as u64;
    hints + polls + lists * (pages + 4) + 3 * changes + 6 * saves + 2 * odd + trouble(history) + 3
}

/// How often a change may have everything listed again: once to see it and once to confirm it, and
/// once more where the list and the differential lag, since they contradict each other meanwhile.
fn lists_a_change(history: &History) -> u64 {
    if history.staleness.longest() > Duration::ZERO { 3 } else { 2 }
}

/// What failures may cost: a repeat each, but no more than waits that grow would make.
fn trouble(history: &History) -> u64 {
    let mut streaks: Vec<(Operation, u64, Duration, Duration)> = Vec::new();
    let mut total = 0;
    let worth = |count: u64, from: Duration, until: Duration| {
        let patient = 12 + until.saturating_sub(from).as_secs() / 2;
        (2 * count + 2).min(patient)
    };
    for request in history.requests.iter().filter(|request| !request.is_handshake()) {
        let known = streaks.iter().position(|(operation, ..)| *operation == request.operation);
        match (known, request.quality.is_failure()) {
            (Some(at), true) => {
                streaks[at].1 += 1;
                streaks[at].3 = request.sent;
            }
            (None, true) => streaks.push((request.operation, 1, request.sent, request.sent)),
            (Some(at), false) => {
                let (_, count, from, until) = streaks.swap_remove(at);
                total += worth(count, from, until);
            }
            (None, false) => {}
        }
    }
    total + streaks.iter().map(|(_, count, from, until)| worth(*count, *from, *until)).sum::<u64>()
}

fn by_operation(history: &History) -> String {
    let counts = Operation::ALL.into_iter().filter_map(|operation| {
        let of_it = history.requests.iter().filter(|request| request.operation == operation);
        let count = of_it.count();
        (count > 0).then(|| format!("{count} {operation}"))
    });
    counts.collect::<Vec<_>>().join(", ")
}
