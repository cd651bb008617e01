//! What is demanded in real time: what samples and a busy machine could explain is left out, and
//! said to be.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use serde_json::Value;

use crate::history::{History, Murk};
use crate::judge::{Demand, Finding};
use crate::oracle::{Breach, Rule, Verdict};
use crate::peer::{Greeting, Launcher};
use crate::scenario::{Expect, Holds, SaveEnd, Scenario};
use crate::subject::Manners;

use super::Tempo;

/// So many polls may pass until the cache is right.
const POLLS: u32 = 20;
/// An answer that never comes is withheld for so many polls.
const WITHHELD: u32 = 10;
/// What the machine may take for itself.
const TOLERANCE: Duration = Duration::from_secs(2);

/// Oracles that real time cannot judge, each with the reason.
pub(super) const UNJUDGED: [(Rule, &str); 5] = [
    (Rule::HonestStatus, TIME),
    (Rule::Pacing, TIME),
    (Rule::Cost, TIME),
    (
        Rule::Atomic,
        "samples do not show which answer changed the cache",
    ),
    (Rule::Quiet, TIME),
];
const TIME: &str = "in real time the machine's own delays would be judged";

/// How a client has to behave in real time, told in the scenario's own time: within 20 polls and
/// 2 s everything is right again, and a client that says that it waits longer may do so.
pub(super) fn manners(greeting: &Greeting, tempo: Tempo) -> Manners {
    let withheld = tempo.poll() * WITHHELD;
    let timeout = greeting.timeout.unwrap_or_default().min(withheld);
    let waits = timeout + greeting.backoff_max.unwrap_or_default();
    // The 20 polls have room for as many as an answer is withheld for.
    let longer = tempo.told(waits.saturating_sub(withheld));
    Manners {
        poll_every: tempo.stands_for(),
        longest_poll: tempo.told(tempo.poll() * POLLS + TOLERANCE),
        retry_cap: longer,
        refused_cap: longer,
        longest_retry_after: Duration::MAX,
        relist_every: greeting.relist.map(|relist| tempo.told(relist)),
        ..Manners::default()
    }
}

/// What the server hides, in the scenario's own time: lags are the scenario's, the lives of caches
/// are not.
pub(super) fn murk(murk: Murk, tempo: Tempo) -> Murk {
    Murk {
        cache: tempo.told(murk.cache),
        ..murk
    }
}

/// The scenario as it is judged: as the client's view shows it, with times that can be held.
pub(super) fn judged(
    scenario: &Scenario,
    launcher: &dyn Launcher,
    history: &History,
    longest_asked: Duration,
) -> Scenario {
    let bound = history.bound() + longest_asked;
    let longer = |time: Duration| time.max(bound);
    let expect = &scenario.expect;
    let hides = launcher.view(None).is_none();
    let bare = |settings: &Value| settings.as_object().is_some_and(serde_json::Map::is_empty);
    let seen = |websites: &[(WebsiteId, Value)]| {
        let seen = websites.iter().filter_map(|(id, settings)| {
            let text = settings.to_string();
            let text = launcher.view((!bare(settings)).then_some(text.as_str()))?;
            Some((*id, serde_json::from_str(&text).ok()?))
        });
        seen.collect::<Vec<_>>()
    };
    let mut judged = scenario.clone();
    judged.expect = Expect {
        converged_within: expect.converged_within.map(longer),
        ready_within: expect.ready_within.map(longer),
        websites: match &expect.websites {
            // Emptied or never configured: a view that hides the one may show the other.
            Some(Holds::Settings(websites))
                if hides && websites.iter().any(|(_, settings)| bare(settings)) =>
            {
                None
            }
            Some(Holds::Settings(websites)) => Some(Holds::Settings(seen(websites))),
            Some(Holds::Websites(_)) if hides => None,
            websites => websites.clone(),
        },
        requests: expect
            .requests
            .iter()
            .copied()
            .filter(|(operation, _)| {
                matches!(
                    operation,
                    Operation::SaveSettings | Operation::UpdateSettings
                )
            })
            .collect(),
        requests_per_hour: None,
        never_seen: seen(&expect.never_seen),
        status: None,
        saves: None,
        off: expect.off.clone(),
    };
    judged
}

/// Findings about what the judged scenario does not demand any more.
pub(super) fn left_out(scenario: &Scenario, judged: &Scenario) -> Vec<Finding> {
    let (before, after) = (&scenario.expect, &judged.expect);
    let fewer = before.requests.len() > after.requests.len();
    let left_out = [
        (
            "websites",
            before.websites.is_some() && after.websites.is_none(),
            "under this view nobody can say which websites are to be there",
        ),
        ("requests", fewer && after.requests.is_empty(), TIME),
        (
            "requests_per_hour",
            before.requests_per_hour.is_some(),
            TIME,
        ),
        ("status", before.status.is_some(), TIME),
    ];
    let left_out = left_out.into_iter().filter(|(_, left_out, _)| *left_out);
    let finding = |(key, _, why): (_, _, &str)| Finding {
        demand: Demand::Expect(key),
        verdict: Verdict::NotJudged(why.to_owned()),
    };
    left_out.map(finding).collect()
}

/// How saves ended. Time-outs decide what a client can know, so that it does not know is never
/// held against it; that it knows the contrary is.
pub(super) fn saves(wanted: &[SaveEnd], history: &History) -> Finding {
    let contrary = wanted.iter().zip(&history.saves).find(|(wanted, save)| {
        matches!(
            (wanted, save.end),
            (SaveEnd::Done, Some(SaveEnd::Refused)) | (SaveEnd::Refused, Some(SaveEnd::Done))
        )
    });
    let verdict = contrary.map_or(Verdict::Pass, |(wanted, save)| {
        let word = |end: SaveEnd| format!("{end:?}").to_lowercase();
        let (wanted, got) = (word(*wanted), save.end.map_or_else(String::new, word));
        Verdict::Fail(Box::new(Breach {
            at: history.now(),
            site: Some(save.site),
            word: "saves ended otherwise",
            fact: format!("The scenario expects the save to be {wanted}."),
            but: format!("The client says that it was {got}."),
            expected: Some(wanted),
            got: Some(got),
        }))
    });
    Finding {
        demand: Demand::Expect("saves"),
        verdict,
    }
}
