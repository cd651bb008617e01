//! A whole day on the default quota.

use std::time::Duration;

use crisp_harness::history::{Request, What};
use crisp_harness::scenario::{Anchor, Client, Deed, Scenario, Server, Start, Step};
use crisp_harness::world::{Prepared, run_and_keep};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use crisp_sync::Quota;
use serde_json::json;

use crate::client::{Circumstances, Reference};

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn a_day_with_ten_thousand_websites_stays_inside_the_default_quota() {
    let hourly = |hour: u32| {
        let saved = (WebsiteId::numbered(hour + 1), json!({ "message": format!("hour {hour}") }));
        Step { anchor: Anchor::At(HOUR * hour), wait: None, deed: Deed::Save(vec![saved]) }
    };
    let day = Scenario {
        server: Server { page_size: Some(20), quota: Some(5_000), ..Server::default() },
        client: Client { quota: Some(5_000), ..Client::default() },
        start: Start { generated: Some(10_000), ..Start::default() },
        when: (0..=24).map(hourly).collect(),
        ..Scenario::default()
    };
    let prepared = Prepared::new(day.into()).unwrap();
    let client = Reference::new(Circumstances { knows_plugin: true, ..Default::default() })
        .configured(|config| config.quota = Quota::Assumed(5_000));
    let (run, space) = run_and_keep(&prepared, &client, &mut ());
    let history = &run.history;
    for hour in 0..24 {
        let text = format!(r#"{{"message":"hour {hour}"}}"#);
        let shows = history.events.iter().find(|event| match event.what {
            What::Shows { state: Some(state), .. } => history.values.text(state.settings) == text,
            _ => false,
        });
        let late = shows.unwrap().at.saturating_sub(HOUR * hour);
        assert!(late <= Duration::from_secs(180), "hour {hour} is shown {late:?} late");
    }
    let of_the_day = |request: &&Request| request.sent < HOUR * 24;
    let sent: Vec<_> = history.requests.iter().filter(of_the_day).collect();
    assert!(sent.iter().all(|request| request.status != Some(429)), "the quota was spent");
    assert!((3_000..4_500).contains(&sent.len()), "{} requests", sent.len());
    assert!(space.journal.counts()[&Operation::List]["206"] > 1_500, "lists go on");
}
