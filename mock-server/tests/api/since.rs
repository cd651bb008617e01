//! docs/wire.md#differential: the differential, as seed guide and clients use it.

use crisp_mock_server::clock::Stamp;
use crisp_mock_server::options::WorldOptions;
use serde_json::json;
use std::time::Duration;

use crate::emulator::{Emulator, START, differences, id, message, options};

const FAR_BACK: &str = "2000-01-01T00:00:00Z";

#[test]
pub fn s2_04_get_plugin_connect_websites_since_reports_added_updated_and_removed() {
    let mut crisp = Emulator::new();
    crisp.seconds(10);
    crisp.save("w2", message("Hi"));
    crisp.seconds(1);
    crisp.uninstall("w3");
    crisp.seconds(1);
    crisp.install("w4");
    let reply = crisp.since_with(START, "");
    assert_eq!(reply.outcome(), "200 listed");
    let (w2, w4) = (crisp.website("w2").unwrap(), crisp.website("w4").unwrap());
    let expected = json!([
        {"website_id": id("w2"), "token": w2.token, "price": w2.price,
            "settings": {"message": "Hi"}, "difference": "updated"},
        {"website_id": id("w3"), "difference": "removed"},
        {"website_id": id("w4"), "token": w4.token, "price": 0, "settings": {},
            "difference": "added"},
    ]);
    assert_eq!(reply.data, expected);
}

#[test]
fn nothing_changed_is_an_empty_array() {
    let mut crisp = Emulator::new();
    assert_eq!(crisp.since(START), "");
    assert_eq!(crisp.since_with(START, "").data, json!([]));
}

#[test]
fn websites_from_before_the_start_were_added_thirty_days_ago() {
    let mut crisp = Emulator::new();
    assert_eq!(crisp.since(FAR_BACK), "added w1, added w2, added w3");
    assert_eq!(crisp.since("2025-12-02T00:00:00Z"), "added w1, added w2, added w3");
    assert_eq!(crisp.since("2025-12-02T00:00:00.001Z"), "");
}

#[test]
fn the_boundary_is_inclusive_to_the_millisecond() {
    let mut crisp = Emulator::new();
    crisp.millis(500);
    crisp.save("w1", message("Hi"));
    crisp.seconds(60);
    assert_eq!(crisp.since("2026-01-01T00:00:00.499Z"), "updated w1");
    assert_eq!(crisp.since("2026-01-01T00:00:00.500Z"), "updated w1");
    assert_eq!(crisp.since("2026-01-01T00:00:00.500999999Z"), "updated w1", "cut, not rounded");
    assert_eq!(crisp.since("2026-01-01T00:00:00.501Z"), "");
}

#[test]
fn one_website_is_one_item_with_its_net_state() {
    let mut crisp = Emulator::new();
    crisp.seconds(1);
    crisp.install("w4");
    for text in ["a", "b", "c"] {
        crisp.seconds(1);
        crisp.save("w1", message(text));
        crisp.save("w4", message(text));
    }
    crisp.uninstall("w2");
    assert_eq!(crisp.since(START), "updated w1, added w4, removed w2");
    let items = crisp.since_with(START, "").data;
    assert_eq!(items[0]["settings"], message("c"));
    assert_eq!(items[1]["settings"], message("c"));
}

#[test]
fn installed_before_the_date_and_changed_after_it_is_updated() {
    let mut crisp = Emulator::new();
    crisp.seconds(1);
    crisp.install("w4");
    crisp.seconds(10);
    crisp.save("w4", message("Hi"));
    assert_eq!(crisp.since("2026-01-01T00:00:01Z"), "added w4");
    assert_eq!(crisp.since("2026-01-01T00:00:02Z"), "updated w4");
}

#[test]
fn installed_and_gone_within_the_window_is_removed() {
    let mut crisp = Emulator::new();
    crisp.seconds(1);
    crisp.install("w4");
    crisp.seconds(1);
    crisp.uninstall("w4");
    assert_eq!(crisp.since(START), "removed w4");
}

#[test]
fn removed_and_back_within_the_window_is_added_with_a_new_token_and_no_settings() {
    let mut crisp = Emulator::new();
    let before = crisp.website("w1").unwrap().token;
    crisp.seconds(1);
    crisp.uninstall("w1");
    crisp.seconds(1);
    crisp.install("w1");
    assert_eq!(crisp.since(START), "added w1");
    let item = crisp.since_with(START, "").data[0].clone();
    assert_ne!(item["token"], json!(before));
    assert_eq!(item["settings"], json!({}));
}

#[test]
fn a_tombstone_outlives_everything_and_goes_when_the_website_comes_back() {
    let mut crisp = Emulator::new();
    crisp.seconds(1);
    crisp.uninstall("w1");
    crisp.seconds(400 * 86_400);
    assert_eq!(crisp.since(START), "removed w1");
    crisp.install("w1");
    assert_eq!(crisp.since(START), "added w1");
    crisp.seconds(1);
    crisp.uninstall("w1");
    assert_eq!(crisp.since(START), "removed w1");
}

#[test]
fn items_come_by_time_of_the_last_change_and_among_equal_stamps_in_order_of_happening() {
    let mut crisp = Emulator::new();
    crisp.seconds(1);
    crisp.save("w3", message("first"));
    crisp.save("w1", message("first"));
    crisp.uninstall("w2");
    assert_eq!(crisp.since(START), "updated w3, updated w1, removed w2");
    crisp.seconds(1);
    crisp.save("w3", message("second"));
    assert_eq!(crisp.since(START), "updated w1, removed w2, updated w3");
}

#[test]
fn a_plan_a_price_and_an_unchanged_save_are_updates() {
    let mut crisp = Emulator::new();
    crisp.save("w3", message("same"));
    crisp.seconds(1);
    crisp.set_plan("w1", Some("Mini"), None);
    crisp.set_plan("w2", None, Some(9));
    crisp.save("w3", message("same"));
    let items = crisp.since_with("2026-01-01T00:00:01Z", "&include_plan=1").data;
    assert_eq!(differences(&items), "updated w1, updated w2, updated w3");
    assert_eq!(items[0]["plan"]["name"], "Mini");
    assert_eq!(items[1]["price"], 9);
}

#[test]
fn under_the_filter_removed_is_always_sent_and_unconfigured_is_silently_absent() {
    let mut crisp = Emulator::with(WorldOptions { unconfigured: Some(2), ..options() });
    crisp.seconds(1);
    crisp.install("w4");
    crisp.save("w2", message("first"));
    crisp.uninstall("w3");
    crisp.save("w1", json!({}));
    let filtered = crisp.since_with(START, "&filter_configured=1").data;
    assert_eq!(differences(&filtered), "updated w2, removed w3");
    assert_eq!(crisp.since(START), "added w4, updated w2, removed w3, updated w1");
}

#[test]
fn every_form_of_date_that_clients_send_is_understood() {
    let mut crisp = Emulator::new();
    crisp.seconds(3_600);
    crisp.save("w1", message("Hi"));
    crisp.seconds(3_600);
    let forms = [
        ("Go", "date_since=2026-01-01T01%3A00%3A00Z&filter_configured=0&include_plan=0"),
        ("Go, nanoseconds", "date_since=2026-01-01T00%3A59%3A59.123456789Z&filter_configured=0"),
        ("Node", "filter_configured=0&include_plan=0&date_since=2026-01-01T01:00:00Z"),
        ("Node, a Date", "date_since=%222026-01-01T01%3A00%3A00.000Z%22"),
        ("Python, raw plus", "date_since=2026-01-01T01:00:00+00:00&filter_configured=False"),
        ("Python, isoformat", "date_since=2026-01-01T01:00:00.000000+00:00"),
        ("Python, encoded plus", "date_since=2026-01-01T01:00:00%2B00:00"),
        ("an offset", "date_since=2025-12-31T23:00:00-02:00"),
        ("a blank for the T", "date_since=2026-01-01%2001:00:00Z"),
    ];
    for (who, query) in forms {
        let reply = crisp.get(&format!("plugin/connect/websites/since?{query}"));
        assert_eq!((reply.status, differences(&reply.data).as_str()), (200, "updated w1"), "{who}");
        assert!(crisp.journal().unread.is_empty(), "{who}");
    }
}

#[test]
fn gos_zero_time_reports_everything() {
    let mut crisp = Emulator::new();
    crisp.seconds(1);
    crisp.uninstall("w2");
    let query = "date_since=0001-01-01T00%3A00%3A00Z&filter_configured=0&include_plan=0";
    let reply = crisp.get(&format!("plugin/connect/websites/since?{query}"));
    assert_eq!(differences(&reply.data), "added w1, added w3, removed w2");
}

#[test]
fn a_date_that_is_missing_or_cannot_be_read_is_refused_with_the_problem() {
    let mut crisp = Emulator::new();
    for query in ["", "?date_since=", "?filter_configured=1"] {
        let reply = crisp.get(&format!("plugin/connect/websites/since{query}"));
        assert_eq!(reply.outcome(), "400 invalid_data", "{query}");
        assert_eq!(reply.data, json!({"namespace": "query", "message": "date_since is missing"}));
    }
    for text in ["yesterday", "1767225600000", "2026-01-01", "2026-02-30T00:00:00Z", "null"] {
        let reply = crisp.since_with(text, "");
        assert_eq!(reply.outcome(), "400 invalid_data", "{text}");
        assert!(reply.data["message"].as_str().unwrap().contains(text));
        assert!(crisp.explanation().contains("2026-01-31T09:00:00.000Z"), "shows how to write it");
    }
}

#[test]
fn of_two_dates_the_last_counts() {
    let mut crisp = Emulator::new();
    let query = format!("date_since={FAR_BACK}&date_since={START}");
    let reply = crisp.get(&format!("plugin/connect/websites/since?{query}"));
    assert_eq!(reply.data, json!([]));
}

#[test]
fn a_date_in_the_future_brings_nothing_and_this_very_moment_is_no_future() {
    let mut crisp = Emulator::new();
    crisp.seconds(5);
    crisp.save("w1", message("Hi"));
    let now = crisp.now();
    assert_eq!(crisp.since(&now), "updated w1");
    assert_eq!(crisp.since("2026-01-01T00:00:05.001Z"), "");
    assert_eq!(crisp.since("9999-12-30T00:00:00Z"), "");
}

#[test]
fn what_happens_after_the_clock_was_set_back_lies_before_the_last_poll() {
    let mut crisp = Emulator::new();
    crisp.seconds(100);
    crisp.save("w1", message("before"));
    let cursor = crisp.now();
    crisp.space.clock.skew(-60_000);
    crisp.save("w2", message("after"));
    assert_eq!(crisp.since(&cursor), "", "the cursor lies in the future now");
    crisp.seconds(61);
    assert_eq!(crisp.since(&cursor), "updated w1", "and w2 is lost to it");
    assert_eq!(crisp.since(START), "updated w2, updated w1", "stamps order, not the sequence");
}

#[test]
fn one_website_changed_again_after_the_clock_was_set_back_moves_back() {
    let mut crisp = Emulator::new();
    crisp.seconds(100);
    crisp.save("w1", message("before"));
    crisp.space.clock.skew(-60_000);
    crisp.save("w1", message("after"));
    crisp.seconds(120);
    assert_eq!(crisp.since("2026-01-01T00:00:50Z"), "");
    assert_eq!(crisp.since("2026-01-01T00:00:40Z"), "updated w1");
    assert_eq!(crisp.settings("w1"), message("after"));
}

#[test]
fn absurd_clocks_and_quirks_do_not_break_it() {
    let granularities = ["1ms", "1s-floor", "1s-ceil"];
    for granularity in granularities {
        for boundary in ["inclusive", "exclusive"] {
            let mut crisp = Emulator::quirky(&[
                ("missing-date", "epoch"),
                ("since-granularity", granularity),
                ("since-boundary", boundary),
            ]);
            let all = crisp.get("plugin/connect/websites/since");
            assert_eq!(differences(&all.data), "added w1, added w2, added w3");
            for wall in [i64::MAX, i64::MIN] {
                crisp.space.clock.set(Stamp(wall), Duration::ZERO);
                crisp.save("w1", message("at the end of time"));
                assert_eq!(crisp.since_with(START, "").status, 200);
                assert_eq!(crisp.get("plugin/connect/websites/since").status, 200);
                assert_eq!(crisp.list().status, 206);
            }
        }
    }
}

#[test]
fn with_every_change_reported_what_is_older_than_memory_is_still_reported_as_added() {
    let mut crisp = Emulator::quirky(&[("collapse", "every-change")]);
    crisp.seconds(1);
    crisp.save("w2", message("Hi"));
    assert_eq!(crisp.since(FAR_BACK), "added w1, added w2, added w3, updated w2");
    assert_eq!(crisp.since(START), "updated w2");
}

#[test]
fn a_removed_item_with_its_last_state_is_of_the_subscription_that_ended() {
    let mut crisp =
        Emulator::quirky(&[("re-added", "removed-and-added"), ("removed-payload", "last-known")]);
    let ended = crisp.website("w1").unwrap().token;
    crisp.seconds(1);
    crisp.uninstall("w1");
    crisp.seconds(1);
    crisp.install("w1");
    let items = crisp.since_with(START, "").data;
    assert_eq!(differences(&items), "removed w1, added w1");
    assert_eq!(items[0]["token"], json!(ended));
    assert_ne!(items[1]["token"], json!(ended));
}
