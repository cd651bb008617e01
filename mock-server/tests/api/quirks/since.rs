//! Quirks of the differential.

super::cases! {
    since_status "since-status" on super::plain {
        "200" => "200 listed",
        "206" => "206 listed",
    }
    since_boundary "since-boundary" on super::plain {
        "inclusive" => "before: updated w1; at: updated w1; after: ",
        "exclusive" => "before: updated w1; at: ; after: ",
    }
    since_granularity "since-granularity" on super::plain {
        "1ms" => "changed at .500; .000: updated w1; .400: updated w1; .600: ",
        "1s-floor" => "changed at .500; .000: updated w1; .400: updated w1; .600: updated w1",
        "1s-ceil" => "changed at .500; .000: updated w1; .400: ; .600: ",
    }
    missing_date "missing-date" on super::plain {
        "refused" => "400 invalid_data",
        "epoch" => "200 listed added w1, added w3, added w2",
        "now" => "200 listed updated w2",
        "empty" => "200 listed ",
    }
    malformed_date "malformed-date" on super::plain {
        "refused" => "400 invalid_data",
        "epoch" => "200 listed added w1, added w3, added w2",
        "now" => "200 listed updated w2",
        "empty" => "200 listed ",
    }
    future_date "future-date" on super::plain {
        "empty" => "200 listed",
        "refused" => "400 invalid_data",
    }
    horizon "horizon" on super::plain {
        "unlimited" => "10d: updated w1, updated w2; 7d: updated w2; all: added w3, added w1, added w2",
        "refuse:7d" => "10d: 400 invalid_data; 7d: updated w2; all: 400 invalid_data",
        "partial:7d" => "10d: updated w2; 7d: updated w2; all: updated w2",
    }
    collapse "collapse" on super::plain {
        "net" => "added w4 b, updated w1 b, removed w5",
        "last-change" => "updated w4 b, updated w1 b, removed w5",
        "every-change" => "added w4, updated w4 a, updated w1 a, updated w4 b, updated w1 b, added w5, removed w5",
    }
    re_added "re-added" on super::plain {
        "added" => "added w1",
        "updated" => "updated w1",
        "removed-and-added" => "removed w1, added w1",
    }
    removed_payload "removed-payload" on super::plain {
        "id-only" => r#"{"difference":"removed"}"#,
        "last-known" => r#"{"token":"T","price":3,"settings":{"message":"Hi"},"difference":"removed"}"#,
        "nulls" => r#"{"token":null,"price":null,"settings":null,"difference":"removed"}"#,
    }
    unconfigured_under_filter "unconfigured-under-filter" on super::plain {
        "absent" => "updated w2",
        "removed" => "removed w1, updated w2",
    }
    first_configured "first-configured" on super::plain {
        "updated" => "updated w3, updated w2",
        "added" => "added w3, updated w2",
    }
    plan_change "plan-change" on super::plain {
        "updated" => "updated w1, updated w2",
        "silent" => "",
    }
    since_lag "since-lag" on super::plain {
        "0s" => "seen after 0ms",
        "1500ms" => "seen after 1500ms",
        "5s" => "seen after 5000ms",
    }
}

mod scenes {
    use serde_json::{Value, json};

    use crate::emulator::{Emulator, START, differences, message};

    pub fn since_status(crisp: &mut Emulator) -> String {
        crisp.since_with(START, "").outcome()
    }

    pub fn since_boundary(crisp: &mut Emulator) -> String {
        crisp.seconds(1);
        crisp.save("w1", message("Hi"));
        crisp.seconds(1);
        let before = crisp.since("2026-01-01T00:00:00.999Z");
        let at = crisp.since("2026-01-01T00:00:01.000Z");
        format!("before: {before}; at: {at}; after: {}", crisp.since("2026-01-01T00:00:01.001Z"))
    }

    pub fn since_granularity(crisp: &mut Emulator) -> String {
        crisp.millis(500);
        crisp.save("w1", message("Hi"));
        crisp.seconds(1);
        let asked = ["000", "400", "600"].map(|fraction| {
            format!(".{fraction}: {}", crisp.since(&format!("2026-01-01T00:00:00.{fraction}Z")))
        });
        format!("changed at .500; {}", asked.join("; "))
    }

    fn odd_date(crisp: &mut Emulator, query: &str) -> String {
        crisp.seconds(1);
        crisp.save("w2", message("Hi"));
        let reply = crisp.get(&format!("plugin/connect/websites/since{query}"));
        if reply.error {
            return reply.outcome();
        }
        format!("{} {}", reply.outcome(), differences(&reply.data))
    }

    pub fn missing_date(crisp: &mut Emulator) -> String {
        odd_date(crisp, "?filter_configured=0")
    }

    pub fn malformed_date(crisp: &mut Emulator) -> String {
        odd_date(crisp, "?date_since=1767225600000")
    }

    pub fn future_date(crisp: &mut Emulator) -> String {
        crisp.since_with("2026-01-01T00:00:00.001Z", "").outcome()
    }

    pub fn horizon(crisp: &mut Emulator) -> String {
        crisp.save("w1", message("Hi"));
        crisp.seconds(10 * 86_400);
        crisp.save("w2", message("Hi"));
        let asked = [
            ("10d", "2026-01-01T00:00:00Z"),
            ("7d", "2026-01-04T00:00:00Z"),
            ("all", "2000-01-01T00:00:00Z"),
        ];
        let answers = asked.map(|(name, date)| {
            let reply = crisp.since_with(date, "");
            let seen = if reply.error { reply.outcome() } else { differences(&reply.data) };
            format!("{name}: {seen}")
        });
        answers.join("; ")
    }

    pub fn collapse(crisp: &mut Emulator) -> String {
        crisp.seconds(1);
        crisp.install("w4");
        for text in ["a", "b"] {
            crisp.save("w4", message(text));
            crisp.save("w1", message(text));
        }
        crisp.install("w5");
        crisp.uninstall("w5");
        let items = crisp.since_with(START, "").data;
        let items = items.as_array().expect("an array").iter().map(|item| {
            let text = item["settings"]["message"].as_str().unwrap_or_default();
            format!("{} {text}", differences(&json!([item]))).trim().to_owned()
        });
        items.collect::<Vec<_>>().join(", ")
    }

    pub fn re_added(crisp: &mut Emulator) -> String {
        crisp.seconds(1);
        crisp.uninstall("w1");
        crisp.seconds(1);
        crisp.install("w1");
        crisp.since(START)
    }

    pub fn removed_payload(crisp: &mut Emulator) -> String {
        crisp.set_plan("w1", None, Some(3));
        crisp.save("w1", message("Hi"));
        let token = crisp.website("w1").unwrap().token.to_string();
        crisp.uninstall("w1");
        let items = crisp.since_with(START, "").data;
        let item = items[0].as_object().expect("an item").clone();
        let item = item.into_iter().filter(|(name, _)| name != "website_id").collect();
        Value::Object(item).to_string().replace(&token, "T")
    }

    pub fn unconfigured_under_filter(crisp: &mut Emulator) -> String {
        crisp.seconds(1);
        crisp.save("w1", json!({}));
        crisp.save("w2", message("Hi"));
        differences(&crisp.since_with(START, "&filter_configured=1").data)
    }

    pub fn first_configured(crisp: &mut Emulator) -> String {
        crisp.save("w3", json!({}));
        crisp.seconds(1);
        let cursor = crisp.now();
        crisp.save("w3", message("Hi"));
        crisp.save("w2", message("Hi"));
        differences(&crisp.since_with(&cursor, "&filter_configured=1").data)
    }

    pub fn plan_change(crisp: &mut Emulator) -> String {
        crisp.seconds(1);
        crisp.set_plan("w1", Some("Mini"), None);
        crisp.set_plan("w2", None, Some(5));
        crisp.since(START)
    }

    pub fn since_lag(crisp: &mut Emulator) -> String {
        crisp.seconds(60);
        crisp.save("w1", message("Hi"));
        let mut waited = 0;
        while crisp.since(START) != "updated w1" {
            assert_eq!(crisp.since(START), "");
            crisp.millis(100);
            waited += 100;
        }
        format!("seen after {waited}ms")
    }
}
