//! Quirks of the list.

use crisp_mock_server::options::WorldOptions;

use crate::emulator::{Emulator, options, quirks};

/// A stage with four websites on pages of two.
fn two_pages(name: &str, value: &str) -> Emulator {
    let quirks = quirks(&[(name, value)]);
    Emulator::with(WorldOptions { websites: Some(4), page_size: Some(2), quirks, ..options() })
}

/// A stage with more websites than the largest page holds.
fn many(name: &str, value: &str) -> Emulator {
    let quirks = quirks(&[(name, value)]);
    Emulator::with(WorldOptions { websites: Some(120), quirks, ..options() })
}

/// A stage with one website, unconfigured.
fn unconfigured(name: &str, value: &str) -> Emulator {
    let quirks = quirks(&[(name, value)]);
    Emulator::with(WorldOptions { websites: Some(1), unconfigured: Some(1), quirks, ..options() })
}

super::cases! {
    list_status "list-status" on super::plain {
        "206" => "206 listed",
        "200" => "200 listed",
    }
    page_size "page-size" on many {
        "20" => "20 websites",
        "1" => "1 websites",
        "100" => "100 websites",
    }
    page_zero "page-zero" on two_pages {
        "as-first" => "all: w1 w2; all/0: w1 w2; all/1: w1 w2",
        "not-found" => "all: 404 not_found; all/0: 404 not_found; all/1: w1 w2",
        "empty" => "all: ; all/0: ; all/1: w1 w2",
        "zero-based" => "all: w1 w2; all/0: w1 w2; all/1: w3 w4",
    }
    past_the_end "past-the-end" on two_pages {
        "empty" => "206 listed, page 99 206 listed",
        "not-found" => "404 not_found, page 99 404 not_found",
    }
    list_order "list-order" on two_pages {
        "oldest-first" => "w1 w2, w1 leaves, w4",
        "newest-first" => "w4 w3, w1 leaves, w2",
        "by-id" => "w2 w4, w1 leaves, w3",
        "snapshot" => "w1 w2, w1 leaves, w3 w4",
    }
    configured_means "configured-means" on super::plain {
        "saved" => "w1 w2",
        "schema-valid" => "w1 w2 w3",
        "non-empty" => "w2",
    }
    unconfigured_settings "unconfigured-settings" on unconfigured {
        "empty" => "list {}, settings {}",
        "null" => "list null, settings null",
        "absent" => "list absent, settings absent",
    }
    free_plan "free-plan" on super::plain {
        "named" => r#"{"id":"free","name":"Free","trialing":false}, paid Mini"#,
        "null" => "null, paid Mini",
        "absent" => "absent, paid Mini",
    }
    list_lag "list-lag" on super::plain {
        "0s" => "seen after 0ms",
        "1500ms" => "seen after 1500ms",
        "5s" => "seen after 5000ms",
    }
}

mod scenes {
    use serde_json::{Value, json};

    use crate::emulator::Emulator;

    fn page(crisp: &mut Emulator, segment: &str) -> String {
        let reply = crisp.get(&format!("plugin/connect/websites/{segment}"));
        if reply.error { reply.outcome() } else { reply.names() }
    }

    fn member(of: &Value, name: &str) -> String {
        of.get(name).map_or_else(|| "absent".to_owned(), Value::to_string)
    }

    pub fn list_status(crisp: &mut Emulator) -> String {
        crisp.list().outcome()
    }

    pub fn page_size(crisp: &mut Emulator) -> String {
        format!("{} websites", crisp.list().data.as_array().map_or(0, Vec::len))
    }

    pub fn page_zero(crisp: &mut Emulator) -> String {
        let pages = ["all", "all/0", "all/1"];
        pages.map(|segment| format!("{segment}: {}", page(crisp, segment))).join("; ")
    }

    pub fn past_the_end(crisp: &mut Emulator) -> String {
        let next = crisp.get("plugin/connect/websites/all/3").outcome();
        let far = crisp.get("plugin/connect/websites/all/99").outcome();
        format!("{next}, page 99 {far}")
    }

    pub fn list_order(crisp: &mut Emulator) -> String {
        let first = page(crisp, "all/1");
        crisp.uninstall("w1");
        format!("{first}, w1 leaves, {}", page(crisp, "all/2"))
    }

    pub fn configured_means(crisp: &mut Emulator) -> String {
        crisp.save("w1", json!({"message": "", "list": [], "object": {}, "nothing": null}));
        crisp.save("w2", json!({"message": "Hi"}));
        crisp.save("w3", json!({}));
        page(crisp, "all/1?filter_configured=1")
    }

    pub fn unconfigured_settings(crisp: &mut Emulator) -> String {
        let listed = member(&crisp.list().data[0], "settings");
        let path = crisp.of("w1", "/settings");
        let told = member(&crisp.get(&path).data, "settings");
        format!("list {listed}, settings {told}")
    }

    pub fn free_plan(crisp: &mut Emulator) -> String {
        crisp.set_plan("w1", Some("Free"), None);
        crisp.set_plan("w2", Some("Mini"), None);
        let items = crisp.get("plugin/connect/websites/all/1?include_plan=1").data;
        let paid = items[1]["plan"]["name"].as_str().unwrap_or("none");
        format!("{}, paid {paid}", member(&items[0], "plan"))
    }

    pub fn list_lag(crisp: &mut Emulator) -> String {
        crisp.seconds(60);
        crisp.install("w4");
        let mut waited = 0;
        while crisp.list().names() != "w1 w2 w3 w4" {
            assert_eq!(crisp.list().names(), "w1 w2 w3");
            crisp.millis(100);
            waited += 100;
        }
        format!("seen after {waited}ms")
    }
}
