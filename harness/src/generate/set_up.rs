//! How a case is set up: the server, the client, and what is there before anything happens.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::quirks::TABLE;

use super::Case;
use super::calendar;
use super::envelope;
use super::random::Random;
use super::settings;
use crate::scenario::{Client, Deed, Known, Scenario, Server, Start};

/// How the server behaves.
pub(super) fn server(random: &mut Random<'_>, case: &Case) -> Server {
    let mut server = Server { page_size: Some(case.page_size), ..Server::default() };
    if case.swarm.quirks {
        for quirk in TABLE {
            let values = quirk.drawn();
            if !values.is_empty() && random.once_in(6) {
                let value = random.one(values);
                let pair = (quirk.name.to_owned(), value.to_owned());
                server.quirks.0.push(pair);
            }
        }
    }
    server
}

/// How the client is set up.
pub(super) fn client(random: &mut Random<'_>, case: &Case) -> Client {
    let mut client =
        Client { seed: random.coin().then(|| random.below(1000)), ..Client::default() };
    // The safety net is taken away in half of the cases: a full list heals what differences broke.
    client.relist_every = match random.below(4) {
        0 | 1 => Some(Duration::from_secs(30 * 86_400)),
        2 => Some(Duration::from_secs(300)),
        _ => None,
    };
    if case.swarm.tuned {
        client.poll_every = (case.poll_every != Case::POLL_EVERY).then_some(case.poll_every);
        client.overlap = random.once_in(3).then(|| Duration::from_secs(60));
        client.longest_gap = random.once_in(4).then(|| Duration::from_secs(300));
        let timeout = random.once_in(4);
        client.request_timeout =
            timeout.then(|| Duration::from_secs(random.one(&[10, 20, 30, 120])));
    }
    if case.swarm.clocks && random.coin() {
        client.clock = Some(random.one(&[90_000, -60_000, 600_000]));
    }
    client
}

/// What is there before anything happens.
pub(super) fn start(random: &mut Random<'_>, case: &Case) -> Start {
    let date = calendar::date(random);
    if case.crowded || !random.once_in(3) {
        return Start { generated: Some(case.websites), date, ..Start::default() };
    }
    let mut start = Start { date, ..Start::default() };
    for number in 1..=case.websites {
        let id = WebsiteId::numbered(number);
        if random.once_in(5) {
            start.unconfigured.push(id);
        } else {
            let settings = settings::of(random, &case.pool, number, case.swarm.rich);
            start.websites.push((id, settings));
        }
    }
    if case.websites == 0 {
        start.generated = Some(0);
    }
    start
}

/// Takes out what does not fit together: see [`envelope::CONFLICTS`]; and steps about websites that
/// are never there.
pub(super) fn settle(scenario: &mut Scenario) {
    let known = Known::of(scenario);
    scenario.when.retain(|step| known.stranger(&step.deed).is_none());
    // A file with faults that can never meet anything is refused.
    let orders = |order: fn(&Deed) -> bool| scenario.when.iter().any(|step| order(&step.deed));
    let puts = orders(|deed| matches!(deed, Deed::ClientSave(_)));
    let patches = orders(|deed| matches!(deed, Deed::ClientUpdate(_)));
    scenario.faults.faults.retain(|fault| match fault.at.map(|target| target.operation) {
        Some(Operation::SaveSettings) => puts,
        Some(Operation::UpdateSettings) => patches,
        _ => true,
    });
    envelope::give_way(scenario);
}
