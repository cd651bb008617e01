//! docs/wire.md#quota: the daily quota and the limit at the edge.

use crisp_mock_server::api::Tier;
use crisp_mock_server::options::WorldOptions;
use serde_json::json;

use crate::emulator::{Emulator, message, options, quirks};

fn limited(quota: u64, pairs: &[(&str, &str)]) -> Emulator {
    Emulator::with(WorldOptions { quota: Some(quota.into()), quirks: quirks(pairs), ..options() })
}

fn used(crisp: &mut Emulator) -> u64 {
    let (now, reset) = (crisp.moment().wall, crisp.space.world.quirks.quota_reset);
    crisp.space.world.quota.used(now, reset)
}

#[test]
fn a_spent_quota_is_429_until_midnight_utc() {
    let mut crisp = limited(2, &[]);
    crisp.seconds(86_399);
    for _ in 0..2 {
        assert_eq!(crisp.list().status, 206);
    }
    let refused = crisp.list();
    assert_eq!(refused.outcome(), "429 too_many_requests");
    assert_eq!(refused.data, json!({}));
    assert_eq!(refused.header("retry-after"), None);
    let why = "the daily quota of 2 requests is spent until 2026-01-02T00:00:00.000Z: ask less \
               often, or `crisp-mock ctl quota N` allows more";
    assert_eq!(crisp.explanation(), why);
    crisp.millis(999);
    assert_eq!(crisp.list().status, 429);
    crisp.millis(1);
    assert_eq!(crisp.list().status, 206);
}

#[test]
fn a_write_over_the_quota_changes_nothing() {
    let mut crisp = limited(1, &[]);
    crisp.list();
    let before = crisp.website("w1").unwrap();
    assert_eq!(crisp.write("PUT", "w1", message("late")).status, 429);
    assert_eq!(crisp.website("w1").unwrap(), before);
}

#[test]
fn the_quota_is_the_plugins_and_the_users_requests_do_not_touch_it() {
    let mut crisp = limited(1, &[]);
    for _ in 0..3 {
        assert_eq!(crisp.user_get("plugins/subscription").status, 200);
    }
    assert_eq!(used(&mut crisp), 0);
    assert_eq!(crisp.list().status, 206);
    assert_eq!(crisp.list().status, 429);
    assert_eq!(crisp.user_get("plugins/subscription").status, 200);
}

#[test]
fn refused_requests_count_but_for_401_and_what_never_got_to_a_route() {
    let mut crisp = limited(100, &[]);
    let counted = |crisp: &mut Emulator, act: &dyn Fn(&mut Emulator) -> u16| {
        let before = used(crisp);
        let status = act(crisp);
        (status, used(crisp) - before)
    };
    let bad_date = |crisp: &mut Emulator| crisp.since_with("never", "").status;
    assert_eq!(counted(&mut crisp, &bad_date), (400, 1));
    let not_subscribed = |crisp: &mut Emulator| {
        let path = crisp.of("w9", "/settings");
        crisp.get(&path).status
    };
    assert_eq!(counted(&mut crisp, &not_subscribed), (404, 1));
    let restricted = |crisp: &mut Emulator| crisp.get("plugins/subscription").status;
    assert_eq!(counted(&mut crisp, &restricted), (403, 1));
    let bad_key = |crisp: &mut Emulator| {
        let mut request = crisp.request(Tier::Plugin, "GET", "plugin/connect/account");
        let headers = request.headers_mut().unwrap();
        headers.insert("authorization", "Basic bm9ib2R5OnRoZXJl".parse().unwrap());
        crisp.raw(&request.body(Default::default()).unwrap()).status
    };
    assert_eq!(counted(&mut crisp, &bad_key), (401, 0));
    let unmatched = |crisp: &mut Emulator| crisp.get("plugin/connect/nothing").status;
    assert_eq!(counted(&mut crisp, &unmatched), (404, 0));
    let head = |crisp: &mut Emulator| {
        crisp.ask(Tier::Plugin, "HEAD", "plugin/connect/session", None).status
    };
    assert_eq!(counted(&mut crisp, &head), (200, 1));
}

#[test]
fn requests_beyond_the_quota_do_not_push_its_end_away() {
    let mut crisp = limited(1, &[("quota-reset", "rolling-24h")]);
    crisp.list();
    for _ in 0..24 {
        crisp.seconds(3_599);
        assert_eq!(crisp.list().status, 429);
    }
    crisp.seconds(24);
    assert_eq!(crisp.list().status, 206);
}

#[test]
fn a_quota_of_nothing_refuses_everything_at_any_time() {
    for reset in ["00:00", "rolling-24h", "09:00"] {
        let mut crisp = limited(0, &[("quota-reset", reset), ("retry-after", "date")]);
        assert_eq!(crisp.list().status, 429);
        for wall in [i64::MAX, i64::MIN] {
            let wall = crisp_mock_server::clock::Stamp(wall);
            crisp.space.clock.set(wall, Default::default());
            assert_eq!(crisp.list().status, 429, "{reset}");
        }
    }
}

#[test]
fn answers_from_the_cache_do_not_count() {
    let mut crisp = limited(1, &[("get-cache", "kept:1h")]);
    for _ in 0..5 {
        assert_eq!(crisp.list().status, 206);
    }
    assert_eq!(used(&mut crisp), 1);
    assert_eq!(crisp.get("plugin/connect/account").status, 429);
}

#[test]
fn the_edge_counts_everybody_and_comes_before_the_credentials() {
    let mut crisp = Emulator::quirky(&[("edge-limit", "2/s")]);
    assert_eq!(crisp.list().status, 206);
    assert_eq!(crisp.user_get("plugins/subscription").status, 200);
    let request = http::Request::get("/v1/plugin/connect/account").body(Default::default());
    let refused = crisp.raw(&request.unwrap());
    assert_eq!(refused.outcome(), "420 enhance_your_calm");
    assert!(crisp.explanation().contains("quirk edge-limit"));
    crisp.seconds(1);
    assert_eq!(crisp.list().status, 206);
}

#[test]
fn a_session_check_does_not_empty_the_cache_as_a_write_does() {
    let mut crisp = Emulator::quirky(&[("get-cache", "busted:1h")]);
    assert_eq!(crisp.list().header("bloom-status"), Some("MISS"));
    crisp.ask(Tier::Plugin, "HEAD", "plugin/connect/session", None);
    assert_eq!(crisp.list().header("bloom-status"), Some("HIT"));
    let written = crisp.write("PUT", "w1", message("Hi"));
    assert_eq!(written.header("bloom-status"), Some("DIRECT"));
    assert_eq!(crisp.list().header("bloom-status"), Some("MISS"));
}

#[test]
fn a_refused_write_leaves_the_cache_and_another_query_is_another_answer() {
    let mut crisp = Emulator::quirky(&[("get-cache", "busted:1h")]);
    crisp.list();
    assert_eq!(crisp.write("PUT", "w1", json!([])).status, 400);
    assert_eq!(crisp.list().header("bloom-status"), Some("HIT"));
    let other = crisp.get("plugin/connect/websites/all/1?include_plan=1");
    assert_eq!(other.header("bloom-status"), Some("MISS"));
    let user = crisp.of("w1", "/settings");
    assert_eq!(crisp.get(&user).header("bloom-status"), Some("MISS"));
    assert_eq!(crisp.user_get(&user).header("bloom-status"), Some("MISS"), "not another's answer");
}

#[test]
fn a_cached_answer_does_not_open_to_a_wrong_key() {
    let mut crisp = Emulator::quirky(&[("get-cache", "kept:1h")]);
    crisp.list();
    let request = http::Request::get("/v1/plugin/connect/websites/all/1")
        .header("x-crisp-tier", "plugin")
        .body(Default::default());
    assert_eq!(crisp.raw(&request.unwrap()).status, 401);
}

#[test]
fn a_page_that_a_fault_repeated_is_not_kept_in_the_cache() {
    let mut crisp = Emulator::with(WorldOptions {
        page_size: Some(1),
        quirks: quirks(&[("get-cache", "kept:1h")]),
        faults: Some(json!([{"at": "list/2#1", "repeat_page": true}])),
        ..options()
    });
    crisp.get("plugin/connect/websites/all/1");
    assert_eq!(crisp.get("plugin/connect/websites/all/2").names(), "w1", "the fault");
    assert_eq!(crisp.get("plugin/connect/websites/all/2").names(), "w2", "the truth again");
}

#[test]
fn a_stale_answer_is_as_old_as_the_fault_says_even_behind_a_cache() {
    let mut crisp = Emulator::with(WorldOptions {
        quirks: quirks(&[("get-cache", "kept:1h")]),
        faults: Some(json!([{"at": "list#2", "stale": "60s"}])),
        ..options()
    });
    crisp.seconds(100);
    crisp.install("w4");
    crisp.seconds(10);
    assert_eq!(crisp.list().names(), "w1 w2 w3 w4");
    assert_eq!(crisp.list().names(), "w1 w2 w3");
}
