//! The envelope: within which behaviour of the server `crisp-sync` promises to pass.
//!
//! Crisp publishes no contract for these details, so each is a quirk of the emulator, and a client
//! has to live with every value that a server might reasonably have. The generator draws what is
//! inside; `crisp-mock replay` may leave it. What is outside is outside for a reason, and the reason
//! is written here; [`outside`] says them for a scenario.

use std::time::Duration;

use crate::scenario::{Deed, Scenario, Side};
use crisp_mock_server::fault::Effect;
use crisp_mock_server::operation::Operation;

/// A quirk, and how the generator treats it.
#[derive(Debug, Clone, Copy)]
pub struct Quirk {
    /// Its name, as in docs/quirks.md.
    pub name: &'static str,
    /// How it is treated.
    pub stance: Stance,
}

/// How the generator treats a quirk.
#[derive(Debug, Clone, Copy)]
pub enum Stance {
    /// These values are drawn, beside the default. Others that the emulator's table names are left
    /// out, each for a reason.
    Inside(&'static [&'static str], &'static [(&'static str, &'static str)]),
    /// No value makes a difference to a client that caches settings, and why.
    Unmet(&'static str),
    /// Values other than the default are outside, and why.
    Outside(&'static str),
}

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

use Stance::{Inside, Outside, Unmet};

const fn quirk(name: &'static str, stance: Stance) -> Quirk {
    Quirk { name, stance }
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
        "nothing marks them, so what is told twice is what a careful client believes",
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

/// Every quirk of the emulator.
pub const TABLE: &[Quirk] = &[
    quirk("tier-refusal-status", Unmet("a plugin's client asks with the plugin tier")),
    quirk("list-status", Inside(&["200"], &[])),
    quirk("since-status", Inside(&["206"], &[])),
    quirk("write-reason", Inside(&["resolved", "any_text"], &[])),
    quirk("page-size", Unmet("every case draws `server.page_size`, from 1 to 5")),
    quirk(
        "page-zero",
        Outside(
            "a client that reads pages from 1 on cannot know that the list begins at 0; the other \
             values meet nobody who starts at 1",
        ),
    ),
    quirk("past-the-end", Inside(&["not-found"], &[])),
    quirk("list-order", Inside(&["newest-first", "by-id", "snapshot"], &[])),
    quirk("since-boundary", Inside(&["exclusive"], &[])),
    quirk("since-granularity", Inside(&["1s-floor", "1s-ceil"], &[])),
    quirk("missing-date", Unmet("a client that sends no date asks nothing")),
    quirk("malformed-date", Unmet("a client that is judged writes dates")),
    quirk("future-date", Inside(&["refused"], &[])),
    quirk(
        "horizon",
        Inside(
            &["refuse:10m", "refuse:1d", "partial:1d"],
            &[
                ("refuse:7d", "no case goes on for a day, so `refuse:1d` is the same"),
                ("partial:7d", "no case goes on for a day, so `partial:1d` is the same"),
            ],
        ),
    ),
    quirk("collapse", Inside(&["last-change", "every-change"], &[])),
    quirk("re-added", Inside(&["updated", "removed-and-added"], &[])),
    quirk("removed-payload", Inside(&["last-known", "nulls"], &[])),
    quirk("unconfigured-under-filter", Unmet("it shows only to a client that filters")),
    quirk("first-configured", Unmet("it shows only to a client that filters")),
    quirk("configured-means", Unmet("it shows only to a client that filters")),
    quirk("unconfigured-settings", Inside(&["null", "absent"], &[])),
    quirk("plan-change", Inside(&["silent"], &[])),
    quirk("free-plan", Inside(&["null", "absent"], &[])),
    quirk("reinstall-token", Inside(&["same"], &[])),
    quirk("reinstall-settings", Inside(&["kept"], &[])),
    quirk("merge-depth", Inside(&["deep", "rfc7396"], &[])),
    quirk("invalid-save-status", Inside(&["422"], &[])),
    quirk("invalid-save-reason", Inside(&["invalid_settings", "any_text"], &[])),
    quirk("schema-draft", Unmet("the sample schema means the same in all")),
    quirk("schema-formats", Unmet("the sample schema has no format")),
    quirk("body-limit", Inside(&["100KiB", "1KiB"], &[])),
    quirk("unchanged-save", Inside(&["silent"], &[])),
    quirk("own-write-echo", Unmet("a client that polls sees no events")),
    quirk(
        "quota-status",
        Unmet("no case has a quota: when it is spent, the rest of the day is silence"),
    ),
    quirk("edge-status", Inside(&["429"], &[])),
    quirk(
        "edge-limit",
        Inside(
            &["10/s"],
            &[(
                "1/s",
                "every list meets its refusals, and each is a disturbance: with a list every few \
                 minutes a run is never calm for long enough to end",
            )],
        ),
    ),
    quirk(
        "quota-reset",
        Unmet("no case has a quota: when it is spent, the rest of the day is silence"),
    ),
    quirk("refused-count", Unmet("no case has a quota")),
    quirk("retry-after", Inside(&["seconds", "date"], &[])),
    quirk("get-cache", Inside(&["busted:5s", "kept:5s"], &[])),
    quirk("since-lag", Inside(&["1500ms", "5s"], &[])),
    quirk(
        "list-lag",
        Inside(
            &["1500ms"],
            &[(
                "5s",
                "a list that is further behind than the differential looks like a website that left",
            )],
        ),
    ),
    quirk("missing-tier", Unmet("a plugin's client sends its tier")),
    quirk("session-refusal-status", Unmet("no case has a wrong key")),
    quirk("clock-offset", Inside(&["-60s", "90s"], &[])),
    quirk("date-header", Inside(&["none"], &[])),
    quirk(
        "unknown-agent",
        Outside("a client names itself, and a server that refuses the name refuses the client"),
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
        match quirk.map(|quirk| quirk.stance) {
            Some(Outside(why)) => reasons.push(format!("{name}={value}: {why}")),
            Some(Inside(_, left_out)) => {
                let why = left_out.iter().find(|(other, _)| other == value);
                reasons.extend(why.map(|(_, why)| format!("{name}={value}: {why}")));
            }
            Some(Unmet(_)) | None => {}
        }
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
    let lies = |fault: &crisp_mock_server::fault::Fault| {
        matches!(fault.effect, Effect::ShortPage(_) | Effect::EmptyPage(_))
            && fault.at.is_none_or(|target| target.operation != Operation::List)
    };
    scenario.faults.faults.iter().any(lies)
}

/// Whether a website that is read alone may be denied although it is there.
fn has_invented_404(scenario: &Scenario) -> bool {
    let invents = |fault: &crisp_mock_server::fault::Fault| {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quirk_of_the_emulator_is_in_the_table() {
        let known: Vec<_> =
            crisp_mock_server::quirks::TABLE.iter().map(|about| about.name).collect();
        let treated: Vec<_> = TABLE.iter().map(|quirk| quirk.name).collect();
        assert_eq!(treated, known);
    }

    #[test]
    fn every_value_that_the_emulator_names_is_drawn_or_left_out_for_a_reason() {
        for (about, quirk) in crisp_mock_server::quirks::TABLE.iter().zip(TABLE) {
            if let Inside(drawn, left_out) = quirk.stance {
                let mut treated = drawn.iter().chain(left_out.iter().map(|(value, _)| value));
                for value in about.alternatives {
                    assert!(treated.clone().any(|other| other == value), "{}={value}", quirk.name);
                }
                assert!(treated.all(|value| !value.is_empty()));
            }
        }
    }

    #[test]
    fn every_value_inside_is_one_that_the_quirk_can_have() {
        for quirk in TABLE {
            if let Inside(values, _) = quirk.stance {
                for value in values {
                    let mut quirks = crisp_mock_server::quirks::Quirks::default();
                    let set = quirks.set(quirk.name, value);
                    assert!(set.is_ok(), "{}={value}: {set:?}", quirk.name);
                }
            }
        }
    }
}
