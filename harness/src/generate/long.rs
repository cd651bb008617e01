//! What takes hours: outages and calms, and what happens after them.

use std::time::Duration;

use crisp_mock_server::fault::{Effect, Fault, Target, Window};
use crisp_mock_server::operation::Operation;
use http::StatusCode;

use super::Case;
use super::combinations::{Combination, at, save, website};
use super::random::Random;
use crate::scenario::{Deed, Scenario};

/// One case of so many takes hours: it costs as much as ten others.
pub(super) const RARE: u64 = 24;

const MINUTE: Duration = Duration::from_secs(60);

/// Something happens after hours in which nothing did, or in which everything failed.
pub(super) fn hours(random: &mut Random<'_>, case: &Case, scenario: &mut Scenario) -> Combination {
    let spans = [25, 70, 70, 130];
    let long = MINUTE * random.one(&spans) + Duration::from_secs(random.below(60));
    if random.coin() {
        return (change(random, case, long), None);
    }
    // A list that is due meanwhile would be the one that brings the change.
    scenario.client.relist_every = Some(Duration::from_secs(30 * 86_400));
    let from = case.poll_every + Duration::from_secs(random.between(1, 30));
    let window = Window { from, until: Some(from + long) };
    let broken = Effect::Status(random.one(&[
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::BAD_GATEWAY,
    ]));
    let mut fault = Fault::during(window, broken);
    if random.coin() {
        fault.at = Some(Target::all(Operation::Since));
    }
    let during = from + MINUTE * 2;
    let after = from + long + MINUTE;
    let when = random.one(&[during, after]);
    (change(random, case, when), Some(fault))
}

fn change(random: &mut Random<'_>, case: &Case, when: Duration) -> Vec<crate::scenario::Step> {
    let (id, new) = (website(random, case), save(random, case));
    let saved = at(when, Deed::Save(vec![(id, new)]));
    if random.coin() {
        return vec![saved];
    }
    let (id, new) = (website(random, case), save(random, case));
    vec![saved, at(when + MINUTE * 3, Deed::Save(vec![(id, new)]))]
}
