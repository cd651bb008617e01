//! The envelope: within which behaviour of the server `crisp-sync` promises to pass.
//!
//! Crisp publishes no contract for these details, so each is a quirk of the emulator, and a client
//! has to live with every value that a server might reasonably have. The table of quirks says of each
//! which values are drawn and why others are not; here stands what is outside besides: faults, and
//! things that are outside only together. `crisp-mock replay` may leave the envelope; [`outside`]
//! gives the reasons for a scenario.

use std::time::Duration;

use crate::scenario::{Deed, Scenario, Side};
use crisp_mock_server::fault::{Effect, Fault};
use crisp_mock_server::operation::Operation;
use crisp_mock_server::quirks::TABLE;

/// A list of so many websites has few pages.
const A_FEW: u32 = 20;

/// Two things that are inside alone and outside together.
#[derive(Debug, Clone, Copy)]
pub struct Conflict {
    /// The quirk that gives way.
    pub quirk: &'static str,
    /// Whether a scenario has both.
    pub has_both: fn(&Scenario) -> bool,
    /// Why no client can live with both.
    pub why: &'static str,
}

/// Faults that are not drawn, and why.
pub const FAULTS: &[(&str, &str)] = &[
    (
        "`status: 404` but for the differential",
        "it would be news: after the last page of the list that it ends (`past-the-end`), for one \
         website that it has uninstalled",
    ),
    (
        "`stale` by more than 30 s",
        "no cache may be older than the overlap: what was asked for from then on is not asked again",
    ),
    (
        "a `Retry-After` of less than 5 s",
        "it is shorter than a client's own waits, which then decide, as without one",
    ),
    (
        "`empty_page`, `short_page` and `repeat_page` more than once in a row",
        "nothing marks them, so a careful client believes an answer that comes twice",
    ),
    (
        "a server clock that is for a while more than 30 s behind",
        "what is saved meanwhile is dated before the overlap, and a client that did not ask \
         meanwhile never learns that the clock was wrong; a step that moves it for good is drawn",
    ),
    (
        "statuses below 300",
        "a success without the API's envelope is drawn as `garbage`, `html` and the like",
    ),
];

/// What is outside only together.
pub const CONFLICTS: &[Conflict] = &[
    Conflict {
        quirk: "re-added",
        has_both: |scenario| {
            quirk_is(scenario, "re-added", "removed-and-added") && has_invented_404(scenario)
        },
        why: BOTH_GONE_AND_THERE,
    },
    Conflict {
        quirk: "collapse",
        has_both: |scenario| {
            quirk_is(scenario, "collapse", "every-change") && has_invented_404(scenario)
        },
        why: BOTH_GONE_AND_THERE,
    },
    Conflict {
        quirk: "horizon",
        has_both: |scenario| {
            let gap = scenario.client.longest_gap.unwrap_or(Duration::MAX);
            quirk_is(scenario, "horizon", "partial:10m") && gap > Duration::from_secs(300)
        },
        why: "the server forgets sooner than the client lists again, and does not say so",
    },
    Conflict {
        quirk: "date-header",
        has_both: |scenario| {
            quirk_is(scenario, "date-header", "none")
                && (clocks_differ(scenario) || has(scenario, "clock-offset"))
        },
        why: "without a Date in the answers a client has its own clock only, and it is wrong",
    },
    Conflict {
        quirk: "date-header",
        has_both: |scenario| {
            let as_date = |fault: &Fault| fault.retry_after_as.is_some();
            quirk_is(scenario, "date-header", "none") && scenario.faults.faults.iter().any(as_date)
        },
        why: "without a Date in the answers nothing says from when a date in Retry-After counts",
    },
    Conflict {
        quirk: "edge-limit",
        has_both: |scenario| has(scenario, "edge-limit") && scenario.start.generates() > A_FEW,
        why: "each list of many pages meets the edge: there is no calm in which it could be judged",
    },
    Conflict {
        quirk: "horizon",
        has_both: |scenario| has(scenario, "horizon") && server_clock_moves(scenario),
        why: "the server forgets by its own clock: when that jumps, it forgets what was just now",
    },
    Conflict {
        quirk: "collapse",
        has_both: |scenario| has(scenario, "collapse") && server_clock_moves(scenario),
        why: "every change is reported in the order of dates, and those went back",
    },
    Conflict {
        quirk: "collapse",
        has_both: |scenario| has(scenario, "collapse") && has_lie(scenario),
        why: "an answer without its last change shows the one before it, and nothing marks it",
    },
    Conflict {
        quirk: "list-lag",
        has_both: |scenario| has(scenario, "list-lag") && has_lie(scenario),
        why: "an old list is set right by the differential, which leaves out just that",
    },
];

const BOTH_GONE_AND_THERE: &str = "an answer that calls a website both gone and there is settled by reading the website alone, \
     and an invented 404 settles it wrongly";

/// The conflict that a scenario has, if it has one.
#[must_use]
pub fn conflict(scenario: &Scenario) -> Option<&'static Conflict> {
    CONFLICTS.iter().find(|conflict| (conflict.has_both)(scenario))
}

/// Takes the quirks out that conflict with something else.
pub(super) fn give_way(scenario: &mut Scenario) {
    while let Some(conflict) = conflict(scenario) {
        let quirks = &mut scenario.server.quirks.0;
        let before = quirks.len();
        quirks.retain(|(name, _)| name != conflict.quirk);
        if quirks.len() == before {
            return; // it is the default that conflicts, and there is nothing to take out
        }
    }
}

/// Why a scenario is outside the envelope; nothing when it is inside.
///
/// # Examples
///
/// ```
/// use crisp_harness::generate::envelope::outside;
/// use crisp_harness::scenario::Scenario;
///
/// let text = "
/// name: the server has no patience with strangers
/// server: { quirks: { unknown-agent: refused } }
/// ";
/// let scenario = Scenario::parse("stranger.yaml", text).unwrap();
/// assert!(outside(&scenario)[0].starts_with("unknown-agent=refused: "));
/// ```
#[must_use]
pub fn outside(scenario: &Scenario) -> Vec<String> {
    let mut reasons = Vec::new();
    for (name, value) in &scenario.server.quirks.0 {
        let quirk = TABLE.iter().find(|quirk| quirk.name == name);
        let why = quirk.and_then(|quirk| quirk.excluded(value));
        reasons.extend(why.map(|why| format!("{name}={value}: {why}")));
    }
    let conflicts = CONFLICTS.iter().filter(|both| (both.has_both)(scenario));
    reasons.extend(conflicts.map(|both| format!("{}: {}", both.quirk, both.why)));
    reasons
}

fn has(scenario: &Scenario, name: &str) -> bool {
    let quirks = &scenario.server.quirks.0;
    quirks.iter().any(|(other, _)| other == name)
}

fn quirk_is(scenario: &Scenario, name: &str, value: &str) -> bool {
    let quirks = &scenario.server.quirks.0;
    quirks.iter().any(|(other, is)| other == name && is == value)
}

/// Whether some answer leaves something out of the differential without a mark.
fn has_lie(scenario: &Scenario) -> bool {
    let lies = |fault: &Fault| {
        matches!(fault.effect, Effect::ShortPage(_) | Effect::EmptyPage(_))
            && fault.at.is_none_or(|target| target.operation != Operation::List)
    };
    scenario.faults.faults.iter().any(lies)
}

/// Whether a website that is read alone may be denied although it is there.
fn has_invented_404(scenario: &Scenario) -> bool {
    let invents = |fault: &Fault| {
        let not_found = http::StatusCode::NOT_FOUND;
        fault.effect == Effect::Status(not_found)
            && fault.at.is_none_or(|target| target.operation == Operation::GetSettings)
    };
    scenario.faults.faults.iter().any(invents)
}

fn clocks_differ(scenario: &Scenario) -> bool {
    scenario.client.clock.is_some() || moves(scenario, |_| true)
}

fn server_clock_moves(scenario: &Scenario) -> bool {
    moves(scenario, |side| side == Side::Server)
}

fn moves(scenario: &Scenario, whose: impl Fn(Side) -> bool) -> bool {
    let step = scenario.when.iter().any(|step| match step.deed {
        Deed::Clock { side, .. } => whose(side),
        _ => false,
    });
    let fault = scenario.faults.faults.iter().any(|fault| match fault.effect {
        Effect::Clock(side) => whose(side),
        _ => false,
    });
    step || fault
}
