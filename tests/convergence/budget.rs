//! A whole day on the default quota.

use crisp_mock_server::operation::Operation;
use crisp_sync::Quota;
use serde_json::json;

use crate::case::{Case, Deed};
use crate::world::{World, secs};

const HOUR: u64 = 3_600;

#[test]
fn a_day_with_ten_thousand_websites_stays_inside_the_default_quota() {
    let case = Case { websites: 10_000, ..Case::default() };
    let mut world = World::of(&case);
    world.space.world.quirks.page_size.0 = 20;
    world.space.world.quota.limit = Some(5_000);
    world.config.quota = Quota::Assumed(5_000);
    for hour in 0..24 {
        world.deed(Deed::Operator(hour + 1, json!({"v": 5_000 + hour})));
        world.run(secs(u64::from(hour) * HOUR + 180));
        let shown = world.machine.as_ref().unwrap().snapshot().clone();
        let settings = &shown.websites.get(&crate::world::w(hour + 1)).unwrap().settings;
        assert_eq!(settings.as_json(), json!({"v": 5_000 + hour}).to_string());
        world.run(secs((u64::from(hour) + 1) * HOUR));
    }
    let counts = world.space.journal.counts();
    let refused = counts.values().any(|statuses| statuses.contains_key("429"));
    assert!(!refused, "{counts:?}");
    let sent = world.sent.len();
    assert!((3_000..4_500).contains(&sent), "{sent} requests");
    assert!(world.space.journal.counts()[&Operation::List]["206"] > 1_500, "lists go on");
}
