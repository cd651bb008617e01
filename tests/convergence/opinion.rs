//! A second opinion on convergence, beside the oracles: it knows no history, no bound and no
//! schedule. It adds a change when all is calm, long after everything else, and compares the
//! machine's set with the emulator's directory at the end. It has convicted the oracles' own
//! bookkeeping.

use std::collections::BTreeMap;
use std::time::Duration;

use crisp_harness::history::{History, Quality};
use crisp_harness::scenario::{Anchor, Deed, Scenario, Step};
use crisp_harness::world::BrokenOff;
use crisp_harness::world::Run;
use crisp_mock_server::engine::Plan;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::space::Space;
use crisp_sync::machine::Snapshot;
use serde_json::{Value, json};

/// From the last planned thing to the change when all is calm: longer than any bound.
const CALM: Duration = Duration::from_secs(900);
/// A list that lies without a mark is set right by the next full one, which may meet a lie too.
const RELIST: Duration = Duration::from_secs(600);
const AFTER_A_LIE: Duration = Duration::from_secs(4 * 600);

/// The scenario with a change of w1 when all is calm: a client that has stopped for good misses it.
pub fn with_probe(case: &Scenario) -> Scenario {
    let mut case = case.clone();
    let lies = case.faults.faults.iter().any(|fault| {
        matches!(fault.effect.key(), "empty_page" | "short_page" | "repeat_page" | "clock")
    });
    if lies {
        case.client.relist_every = case.client.relist_every.or(Some(RELIST)).min(Some(RELIST));
    }
    let steps = case.when.iter().map(|step| match step.anchor {
        Anchor::At(at) => at + step.wait.unwrap_or_default(),
        Anchor::After(_) | Anchor::During(_) => step.wait.unwrap_or_default(),
    });
    let windows = case.faults.faults.iter().filter_map(|fault| fault.window?.until);
    let last = steps.chain(windows).max().unwrap_or_default();
    let calm = last + if lies { AFTER_A_LIE } else { CALM };
    let w1 = WebsiteId::numbered(1);
    let probe = json!({ "message": "a change when all is calm" });
    let at = |at, deed| Step { anchor: Anchor::At(at), wait: None, deed };
    // One of the two is refused, whether the website is there or not.
    case.when.push(at(calm, Deed::Install(vec![(w1, Some(json!({ "message": "back" })))])));
    case.when.push(at(calm + Duration::from_secs(1), Deed::Save(vec![(w1, probe)])));
    case
}

/// Whether the run left the cache time to come to rest.
pub fn came_to_rest(run: &Run) -> bool {
    let relist = run.about.declared.relist_every.unwrap_or_default();
    let lie = last_lie(&run.history);
    run.broken_off != Some(BrokenOff::Endless)
        && lie.is_none_or(|at| run.history.now() > at + relist + CALM)
}

fn last_lie(history: &History) -> Option<Duration> {
    let lies = history.requests.iter().filter(|request| request.quality == Quality::Lie);
    lies.filter_map(|request| request.ended).max()
}

/// A website as one side holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    pub settings: Value,
    pub token: Option<String>,
    pub price: Option<u32>,
    /// The plan's name; a plan that is not named counts as the free one.
    pub plan: String,
}

/// What the emulator holds, by the text of the website's id.
pub fn held(space: &Space) -> BTreeMap<String, Held> {
    let websites = space.world.directory().installed().iter().map(|website| {
        let held = Held {
            settings: serde_json::from_str(website.settings_or_empty()).unwrap(),
            token: Some(website.token.to_string()),
            price: Some(website.price.into()),
            plan: website.plan.name.clone(),
        };
        (website.id.to_string(), held)
    });
    websites.collect()
}

/// What the cache shows.
pub fn shown(snapshot: &Snapshot) -> BTreeMap<String, Held> {
    let websites = snapshot.websites.iter().map(|website| {
        let plan = website.plan.as_ref().and_then(|plan| plan.name.clone());
        let held = Held {
            settings: website.settings.parse().unwrap(),
            token: website.token.as_deref().map(str::to_owned),
            price: website.price,
            plan: plan.unwrap_or_else(|| Plan::free().name),
        };
        (website.id.to_string(), held)
    });
    websites.collect()
}

/// Whether the cache has converged to the server.
pub fn converged(
    case: &Scenario,
    held: &BTreeMap<String, Held>,
    shown: Option<&BTreeMap<String, Held>>,
) -> Result<(), String> {
    let shown = shown.ok_or("not converged: not even ready")?;
    let silent = |(name, value): &(String, String)| name == "plan-change" && value == "silent";
    let plans_are_told = !case.server.quirks.0.iter().any(silent);
    for (id, held) in held {
        let Some(shown) = shown.get(id) else {
            return Err(format!("lost update: {id} is missing"));
        };
        let mut shown = shown.clone();
        if !plans_are_told {
            shown.plan.clone_from(&held.plan);
        }
        if shown != *held {
            return Err(format!("lost update: {id} shows {shown:?} and not {held:?}"));
        }
    }
    match shown.keys().find(|id| !held.contains_key(*id)) {
        Some(id) => Err(format!("came back from the dead: {id}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_difference_is_told() {
        let website = Held {
            settings: json!({ "message": "new" }),
            token: Some("token".to_owned()),
            price: Some(3),
            plan: "Plus".to_owned(),
        };
        let (case, one) = (Scenario::default(), |website: &Held| {
            BTreeMap::from([("w1".to_owned(), website.clone())])
        });
        let held = one(&website);
        assert_eq!(converged(&case, &held, Some(&held)), Ok(()));
        let wrong = [
            Held { settings: json!({ "message": "old" }), ..website.clone() },
            Held { token: None, ..website.clone() },
            Held { price: None, ..website.clone() },
            Held { plan: "Free".to_owned(), ..website.clone() },
        ];
        for shown in wrong {
            let verdict = converged(&case, &held, Some(&one(&shown)));
            assert!(verdict.unwrap_err().starts_with("lost update: w1 shows"), "{shown:?}");
        }
        let nothing = BTreeMap::new();
        let missing = converged(&case, &held, Some(&nothing)).unwrap_err();
        assert_eq!(missing, "lost update: w1 is missing");
        let ghost = converged(&case, &nothing, Some(&held)).unwrap_err();
        assert_eq!(ghost, "came back from the dead: w1");
        let unready = converged(&case, &held, None).unwrap_err();
        assert_eq!(unready, "not converged: not even ready");
    }
}
