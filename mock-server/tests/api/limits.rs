//! docs/wire.md#quota: the daily quota and the limit at the edge.

use bytes::Bytes;
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
fn the_edge_counts_all_requests_and_comes_before_the_credentials() {
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

#[test]
fn the_quota_is_the_plugins_whichever_of_its_tokens_asks() {
    let mut crisp = limited(2, &[]);
    assert_eq!(crisp.get("plugin/connect/account").status, 200);
    assert_eq!(crisp.develop("plugin/connect/account").status, 200);
    assert_eq!(used(&mut crisp), 2);
    assert_eq!(crisp.develop("plugin/connect/account").status, 429);
    assert_eq!(crisp.get("plugin/connect/account").status, 429);
}

#[test]
fn a_development_token_is_like_any_other_by_default() {
    let mut crisp = Emulator::new();
    assert_eq!(crisp.develop("plugin/connect/websites/all/1").data, crisp.list().data);
    for _ in 0..500 {
        assert_eq!(crisp.develop("plugin/connect/account").status, 200);
    }
}

#[test]
fn a_development_token_sees_only_trusted_websites() {
    let mut crisp = Emulator::quirky(&[("development-token", "trusted:2")]);
    let listed = crisp.develop("plugin/connect/websites/all/1").data;
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(crisp.list().data.as_array().unwrap().len(), 3, "another token sees all");
    let since = crisp.develop("plugin/connect/websites/since?date_since=2000-01-01T00:00:00Z").data;
    assert_eq!(since.as_array().unwrap().len(), 2);
    let (trusted, other) = (crisp.of("w2", "/settings"), crisp.of("w3", "/settings"));
    assert_eq!(crisp.develop(&trusted).status, 200);
    assert_eq!(crisp.develop(&other).outcome(), "404 not_subscribed");
    assert!(crisp.explanation().contains("w3 is not trusted"), "{}", crisp.explanation());
}

#[test]
fn a_development_token_has_400_requests_a_day_whatever_the_reset() {
    for reset in ["00:00", "rolling-24h"] {
        let quirks = [("development-token", "trusted:2"), ("quota-reset", reset)];
        let mut crisp = Emulator::quirky(&quirks);
        for _ in 0..400 {
            assert_eq!(crisp.develop("plugin/connect/account").status, 200);
        }
        assert_eq!(crisp.develop("plugin/connect/account").status, 429, "{reset}");
        assert!(crisp.explanation().contains("quota of 400"), "{}", crisp.explanation());
        assert_eq!(crisp.get("plugin/connect/account").status, 200, "the other token has no limit");
        crisp.advance(std::time::Duration::from_secs(24 * 3600));
        assert_eq!(crisp.develop("plugin/connect/account").status, 200, "{reset}");
    }
}

#[test]
fn a_quota_at_the_top_of_its_range_does_not_wrap() {
    let mut crisp = limited(u64::MAX, &[]);
    let (now, reset) = (crisp.moment().wall, crisp.space.world.quirks.quota_reset);
    crisp.space.world.quota.set_used(u64::MAX, now, reset);
    assert_eq!(crisp.get("plugin/connect/account").status, 429);
    assert_eq!(used(&mut crisp), u64::MAX);
}

#[test]
fn the_cache_tags_its_answers_and_says_304_to_a_client_that_knows_them() {
    let mut crisp = Emulator::quirky(&[("get-cache", "busted:5s")]);
    let list = "plugin/connect/websites/all/1";
    let first = crisp.get(list);
    let tag = first.header("etag").unwrap().to_owned();
    assert_eq!(first.header("vary"), Some("authorization"));
    let known = |crisp: &Emulator, tags: &str| {
        let request = crisp.request(Tier::Plugin, "GET", list).header("if-none-match", tags);
        request.body(Bytes::new()).unwrap()
    };
    for tags in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let request = known(&crisp, &tags);
        let again = crisp.raw(&request);
        assert_eq!((again.status, again.body.len()), (304, 0), "{tags}");
        assert_eq!(again.header("etag"), Some(&*tag));
    }
    let request = known(&crisp, "\"other\"");
    assert_eq!(crisp.raw(&request).status, 206);
    assert_ne!(crisp.develop(list).header("bloom-status"), Some("HIT"), "keyed by the credentials");
    crisp.save("w1", json!({"message": "new"}));
    let request = known(&crisp, &tag);
    assert_eq!(crisp.raw(&request).status, 206, "what changed has another tag");
}

#[test]
fn without_the_cache_there_are_no_tags() {
    let mut crisp = Emulator::new();
    assert_eq!(crisp.list().header("etag"), None);
}

#[test]
fn an_answer_of_256_000_bytes_is_not_kept() {
    let mut crisp = Emulator::quirky(&[("get-cache", "kept:5s")]);
    let list = "plugin/connect/websites/all/1";
    crisp.save("w1", json!({"message": "x".repeat(256_000)}));
    assert_eq!(crisp.get(list).header("bloom-status"), Some("MISS"));
    assert_eq!(crisp.get(list).header("bloom-status"), Some("MISS"));
}
