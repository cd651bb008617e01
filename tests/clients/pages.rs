//! Loading all websites, page by page (docs/wire.md#pages).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::official::{Bench, Official, claims_of_every_client};

claims_of_every_client!(
    every_page_is_loaded_until_an_empty_one,
    every_website_comes_with_its_token_settings_and_price,
    only_configured_websites_come_when_only_they_are_asked_for,
    page_zero_is_the_first_page,
    an_emulator_without_websites_gives_an_empty_first_page,
);

async fn every_page_is_loaded_until_an_empty_one(official: Official) {
    let options = json!({"websites": 5, "page_size": 2});
    let Some(mut bench) = Bench::start(official, options).await else {
        return;
    };
    let pages = bench.all_pages(false).await;
    let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 2, 1, 0]);
    let seen: BTreeSet<String> = pages.iter().flatten().map(website_id).collect();
    let truth: BTreeSet<String> = bench.world.websites().await.keys().cloned().collect();
    assert_eq!(seen, truth);
    for request in bench.world.requests("list").await {
        assert_eq!(request.get("unread"), None, "all that a client sends means something");
    }
}

async fn every_website_comes_with_its_token_settings_and_price(official: Official) {
    let Some(mut bench) = Bench::start(official, json!({"websites": 3})).await else {
        return;
    };
    let websites = bench.page(1, false).await.expect("a page is given");
    let truth = bench.world.websites().await;
    for website in websites {
        let truth = &truth[&website_id(&website)];
        for member in ["token", "settings", "price"] {
            assert_eq!(website[member], truth[member], "{member}");
        }
    }
}

async fn only_configured_websites_come_when_only_they_are_asked_for(official: Official) {
    let options = json!({"websites": 5, "unconfigured": 2});
    let Some(mut bench) = Bench::start(official, options).await else {
        return;
    };
    let all = bench.page(1, false).await.expect("a page is given");
    let empty = all.iter().filter(|website| website["settings"] == json!({}));
    assert_eq!((all.len(), empty.count()), (5, 2));
    let configured = bench.page(1, true).await.expect("a page is given");
    assert_eq!(configured.len(), 3);
    assert!(configured.iter().all(|website| website["settings"] != json!({})));
}

async fn page_zero_is_the_first_page(official: Official) {
    let options = json!({"websites": 3, "page_size": 2});
    let Some(mut bench) = Bench::start(official, options).await else {
        return;
    };
    // Crisp's Node example asked for page 0 in 2021, and a TypeScript client does.
    assert_eq!(bench.page(0, false).await, bench.page(1, false).await);
}

async fn an_emulator_without_websites_gives_an_empty_first_page(official: Official) {
    let Some(mut bench) = Bench::start(official, json!({"websites": 0})).await else {
        return;
    };
    assert_eq!(bench.all_pages(false).await, [Vec::<Value>::new()]);
}

#[tokio::test]
async fn pythons_own_true_means_configured() {
    let options = json!({"websites": 5, "unconfigured": 2});
    let Some(mut bench) = Bench::start(Official::Python, options).await else {
        return;
    };
    let page = bench.call("list_all_connect_websites", json!([1, true])).await;
    let page: Vec<Value> = serde_json::from_value(page.expect("a page is given")).expect("a list");
    assert_eq!(page.len(), 3);
    let sent = &bench.world.requests("list").await[0]["query"];
    assert_eq!(sent, "filter_configured=True");
}

#[tokio::test]
async fn node_is_told_the_plan_of_each_website_when_it_asks() {
    for official in [Official::Node11, Official::Node10] {
        let Some(mut bench) = Bench::start(official, json!({"websites": 1})).await else {
            return;
        };
        let page = bench.call("listAllConnectWebsites", json!([1, false, true])).await;
        let plan = &page.expect("a page is given")[0]["plan"];
        assert_eq!(plan, &bench.world.website("w1").await["plan"]);
    }
}

fn website_id(website: &Value) -> String {
    website["website_id"].as_str().expect("a website has an id").to_owned()
}
