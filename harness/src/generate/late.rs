//! Answers that come after the client has given their request up.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use serde_json::Value;

use super::Case;
use super::combinations::{Combination, at, polls, save, slow, website};
use super::random::Random;
use crate::scenario::{Deed, Scenario};

/// A poll is given up, and answered when later ones have brought something newer.
pub(super) fn poll(random: &mut Random<'_>, case: &Case, scenario: &mut Scenario) -> Combination {
    let timeout = Duration::from_secs(random.one(&[5, 10, 20]));
    scenario.client.request_timeout = Some(timeout);
    let number = polls(random);
    let asked = case.poll_every * number;
    let id = website(random, case);
    let (older, newer) = (save(random, case), save(random, case));
    let steps = vec![
        at(asked.saturating_sub(Duration::from_secs(5)), Deed::Save(vec![(id, older)])),
        at(asked + timeout / 2, Deed::Save(vec![(id, newer)])),
    ];
    let late = timeout + Duration::from_secs(random.between(5, 15));
    (steps, Some(slow(Operation::Since, u64::from(number) + 1, late)))
}

/// A save is given up; it was carried out, and what an operator has saved since is newer.
pub(super) fn own_save(
    random: &mut Random<'_>,
    case: &Case,
    scenario: &mut Scenario,
) -> Combination {
    after_ours(random, case, scenario, Deed::ClientSave, Operation::SaveSettings)
}

/// The reading after a partial save is given up, and an operator saves before it is tried again.
pub(super) fn reading(
    random: &mut Random<'_>,
    case: &Case,
    scenario: &mut Scenario,
) -> Combination {
    after_ours(random, case, scenario, Deed::ClientUpdate, Operation::GetSettings)
}

/// The client saves, a request of that is answered too late, and an operator saves meanwhile.
fn after_ours(
    random: &mut Random<'_>,
    case: &Case,
    scenario: &mut Scenario,
    ours: fn(Vec<(WebsiteId, Value)>) -> Deed,
    answered_late: Operation,
) -> Combination {
    let timeout = Duration::from_secs(random.one(&[5, 10, 20]));
    scenario.client.request_timeout = Some(timeout);
    let saved = case.poll_every * polls(random) + Duration::from_secs(random.between(2, 20));
    let id = website(random, case);
    let (mine, theirs) = (save(random, case), save(random, case));
    let steps = vec![
        at(saved, ours(vec![(id, mine)])),
        at(saved + timeout / 2, Deed::Save(vec![(id, theirs)])),
    ];
    let late = timeout + Duration::from_secs(random.between(5, 15));
    (steps, Some(slow(answered_late, 1, late)))
}
