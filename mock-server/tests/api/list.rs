//! docs/wire.md#pages: the list, page by page.

use crisp_mock_server::options::WorldOptions;
use serde_json::{Value, json};

use crate::emulator::{Emulator, id, message, options, quirks};

/// So many websites on pages of two.
fn paged(websites: u32, pairs: &[(&str, &str)]) -> Emulator {
    Emulator::with(WorldOptions {
        websites: Some(websites),
        page_size: Some(2),
        quirks: quirks(pairs),
        ..options()
    })
}

fn page(crisp: &mut Emulator, segment: &str) -> String {
    crisp.get(&format!("plugin/connect/websites/all{segment}")).names()
}

#[test]
pub fn s2_03_get_plugin_connect_websites_all_page_lists_oldest_first_until_an_empty_array() {
    let mut crisp = paged(5, &[]);
    assert_eq!(page(&mut crisp, "/1"), "w1 w2");
    assert_eq!(page(&mut crisp, "/2"), "w3 w4");
    assert_eq!(page(&mut crisp, "/3"), "w5");
    let end = crisp.get("plugin/connect/websites/all/4");
    assert_eq!(end.outcome(), "206 listed");
    assert_eq!(end.data, json!([]));
}

#[test]
pub fn s2_03_get_plugin_connect_websites_all_without_a_page_is_the_first_page() {
    let mut crisp = paged(5, &[]);
    for segment in ["", "/", "/0", "/1", "/1/", "/01"] {
        assert_eq!(page(&mut crisp, segment), "w1 w2", "all{segment}");
    }
}

#[test]
fn an_item_has_id_token_price_and_settings_of_the_right_types() {
    let mut crisp = Emulator::new();
    crisp.set_plan("w1", None, Some(65_535));
    let items = crisp.list().data;
    let website = crisp.website("w1").unwrap();
    let settings: Value = serde_json::from_str(website.settings_or_empty()).unwrap();
    let expected = json!({
        "website_id": id("w1"), "token": website.token, "price": 65_535, "settings": settings,
    });
    assert_eq!(items[0], expected);
    assert!(items[0]["price"].is_u64(), "Go fails the whole list otherwise");
    assert_ne!(items[0]["token"], items[1]["token"]);
}

#[test]
fn a_page_that_is_no_number_is_refused_and_an_absurd_one_is_past_the_end() {
    let mut crisp = Emulator::new();
    for segment in ["-1", "abc", "1.5", "1e3", "%31%FF", "%20", "+1", "0x1", "١"] {
        let segment: String =
            percent_encoding::utf8_percent_encode(segment, percent_encoding::CONTROLS).collect();
        let reply = crisp.get(&format!("plugin/connect/websites/all/{segment}"));
        assert_eq!(reply.outcome(), "400 invalid_data", "{segment}");
        assert_eq!(reply.data["namespace"], "params");
    }
    for segment in ["4294967295", "4294967296", "99999999999999999999999999"] {
        let reply = crisp.get(&format!("plugin/connect/websites/all/{segment}"));
        assert_eq!((reply.status, reply.data), (206, json!([])), "{segment}");
    }
}

#[test]
fn filter_configured_keeps_only_websites_whose_settings_were_configured() {
    let mut crisp = Emulator::with(WorldOptions { unconfigured: Some(2), ..options() });
    let mut filtered = |value: &str| page(&mut crisp, &format!("/1?filter_configured={value}"));
    for yes in ["1", "true", "True", "TRUE"] {
        assert_eq!(filtered(yes), "w1", "{yes}");
    }
    for no in ["0", "False", "", "2", "yes", "01"] {
        assert_eq!(filtered(no), "w1 w2 w3", "{no}");
    }
    assert_eq!(page(&mut crisp, "/1"), "w1 w2 w3");
    crisp.save("w3", message("now configured"));
    assert_eq!(page(&mut crisp, "/1?filter_configured=1"), "w1 w3");
    crisp.save("w1", json!({}));
    assert_eq!(page(&mut crisp, "/1?filter_configured=1"), "w3", "`{{}}` is not configured");
}

#[test]
fn filtered_pages_are_full_pages_of_what_is_left() {
    let mut crisp = paged(6, &[]);
    crisp.save("w2", json!({}));
    crisp.save("w3", json!({}));
    assert_eq!(page(&mut crisp, "/1?filter_configured=1"), "w1 w4");
    assert_eq!(page(&mut crisp, "/2?filter_configured=1"), "w5 w6");
}

#[test]
fn include_plan_adds_the_plan_and_only_when_asked() {
    let mut crisp = Emulator::new();
    crisp.set_plan("w1", Some("Mini"), None);
    crisp.set_plan("w2", Some("Free"), None);
    let plain = crisp.get("plugin/connect/websites/all/1?include_plan=0").data;
    assert!(plain[0].get("plan").is_none());
    for asked in ["include_plan=1", "filter_configured=0&include_plan=1", "include_plan=True"] {
        let items = crisp.get(&format!("plugin/connect/websites/all/1?{asked}")).data;
        assert_eq!(items[0]["plan"], json!({"id": "Mini", "name": "Mini", "trialing": false}));
        assert_eq!(items[1]["plan"]["name"], "Free");
    }
}

#[test]
fn an_unconfigured_website_has_empty_settings_not_none() {
    let mut crisp = Emulator::with(WorldOptions { unconfigured: Some(3), ..options() });
    assert_eq!(crisp.list().data[0]["settings"], json!({}));
}

#[test]
fn a_website_that_leaves_between_two_pages_makes_another_one_slip_through() {
    let mut crisp = paged(5, &[]);
    assert_eq!(page(&mut crisp, "/1"), "w1 w2");
    crisp.uninstall("w1");
    assert_eq!(page(&mut crisp, "/2"), "w4 w5", "w3 moved onto the page already read");
}

#[test]
fn under_newest_first_an_install_between_two_pages_shows_a_website_twice() {
    let mut crisp = paged(4, &[("list-order", "newest-first")]);
    assert_eq!(page(&mut crisp, "/1"), "w4 w3");
    crisp.install("w9");
    assert_eq!(page(&mut crisp, "/2"), "w3 w2");
    assert_eq!(page(&mut crisp, "/1"), "w9 w4");
}

#[test]
fn under_snapshot_the_pages_after_the_first_do_not_move() {
    let mut crisp = paged(5, &[("list-order", "snapshot")]);
    assert_eq!(page(&mut crisp, "/1"), "w1 w2");
    crisp.uninstall("w1");
    crisp.install("w9");
    assert_eq!(page(&mut crisp, "/2"), "w3 w4");
    assert_eq!(page(&mut crisp, "/3"), "w5");
    assert_eq!(page(&mut crisp, "/1"), "w2 w3", "page 1 takes a new snapshot");
    assert_eq!(page(&mut crisp, "/3"), "w9");
}

#[test]
fn a_website_that_comes_back_goes_to_the_end_of_the_list() {
    let mut crisp = Emulator::new();
    crisp.uninstall("w1");
    crisp.seconds(1);
    crisp.install("w1");
    assert_eq!(crisp.list().names(), "w2 w3 w1");
}

#[test]
fn under_by_id_the_order_is_that_of_the_ids_whatever_happens() {
    let mut crisp = Emulator::quirky(&[("list-order", "by-id")]);
    crisp.uninstall("w2");
    crisp.install("w2");
    let items = crisp.list().data;
    let ids: Vec<_> = items.as_array().unwrap().iter().map(|item| &item["website_id"]).collect();
    assert!(ids.is_sorted_by_key(|id| id.as_str()));
    assert_eq!(ids.len(), 3);
}

#[test]
fn an_empty_world_has_an_empty_first_page() {
    let mut crisp = paged(0, &[("past-the-end", "not-found")]);
    assert_eq!(crisp.list().data, json!([]));
}

#[test]
fn twenty_websites_are_a_page() {
    let mut crisp = Emulator::with(WorldOptions { websites: Some(25), ..options() });
    assert_eq!(crisp.list().data.as_array().unwrap().len(), 20);
    let second = crisp.get("plugin/connect/websites/all/2").data;
    assert_eq!(second.as_array().unwrap().len(), 5);
}
