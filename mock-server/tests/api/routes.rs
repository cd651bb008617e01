//! Every route has its test: the specification's table against the tests named after it.

use std::collections::{BTreeSet, HashSet};

use crisp_mock_server::api::ROUTES;
use crisp_mock_server::operation::Operation;
use http::Method;

use crate::emulator::answered_during;
use crate::{connect, events, list, settings, since, subscription};

/// Every route, in the order of the specification, with the test named after its row.
const TESTS: &[(&str, fn())] = &[
    (
        "GET plugin/connect/account",
        connect::s2_01_get_plugin_connect_account_tells_the_plugins_own_id,
    ),
    (
        "HEAD plugin/connect/session",
        connect::s2_02_head_plugin_connect_session_is_200_without_a_body,
    ),
    (
        "GET plugin/connect/websites/all",
        list::s2_03_get_plugin_connect_websites_all_without_a_page_is_the_first_page,
    ),
    (
        "GET plugin/connect/websites/all/{page}",
        list::s2_03_get_plugin_connect_websites_all_page_lists_oldest_first_until_an_empty_array,
    ),
    (
        "GET plugin/connect/websites/since",
        since::s2_04_get_plugin_connect_websites_since_reports_added_updated_and_removed,
    ),
    (
        "GET plugin/connect/endpoints",
        connect::s2_05_get_plugin_connect_endpoints_has_socket_and_rescue_as_node_nests_them,
    ),
    (
        "GET plugins/subscription",
        subscription::s2_06_get_plugins_subscription_lists_every_subscription_to_the_user,
    ),
    (
        "GET plugins/subscription/{website}",
        subscription::s2_06_get_plugins_subscription_website_lists_the_websites_subscriptions,
    ),
    (
        "GET plugins/subscription/{website}/{plugin}",
        subscription::s2_07_get_plugins_subscription_website_plugin_has_every_member_of_its_type,
    ),
    (
        "POST plugins/subscription/{website}",
        subscription::s2_08_post_plugins_subscription_website_installs_the_plugin,
    ),
    (
        "DELETE plugins/subscription/{website}/{plugin}",
        subscription::s2_09_delete_plugins_subscription_website_plugin_uninstalls_it,
    ),
    (
        "GET plugins/subscription/{website}/{plugin}/settings",
        settings::s2_10_get_settings_has_schema_settings_token_and_addresses,
    ),
    (
        "PUT plugins/subscription/{website}/{plugin}/settings",
        settings::s2_11_put_settings_replaces_all_with_the_bare_object,
    ),
    (
        "PATCH plugins/subscription/{website}/{plugin}/settings",
        settings::s2_12_patch_settings_merges_top_level_members,
    ),
    (
        "GET plugins/subscription/{website}/{plugin}/bill/usage",
        subscription::s2_13_get_bill_usage_lists_the_open_bills,
    ),
    (
        "POST plugins/subscription/{website}/{plugin}/bill/usage",
        subscription::s2_14_post_bill_usage_adds_a_bill_for_the_plugin_only,
    ),
    (
        "GET plugins/subscription/{website}/{plugin}/attest/provenance",
        subscription::s2_15_get_attest_provenance_is_signed_with_the_plugins_secret,
    ),
    (
        "POST plugins/subscription/{website}/{plugin}/channel",
        events::s2_16_post_channel_forwards_to_the_plugins_channel,
    ),
    (
        "POST plugins/subscription/{website}/{plugin}/event",
        events::s2_17_post_event_dispatches_with_the_plugins_urn,
    ),
];

#[test]
fn every_route_of_the_table_is_exercised_by_the_test_named_after_it() {
    let mut tests = TESTS.iter();
    for route in ROUTES {
        let name = format!("{} {}", route.method, route.pattern);
        let (tested, test) = tests.next().expect("a test for every route");
        assert_eq!(*tested, name, "the tests are in the order of the routes");
        let answered: BTreeSet<_> = answered_during(test).into_iter().collect();
        assert!(answered.contains(&name), "{name} never answered; these did: {answered:?}");
    }
    assert_eq!(tests.len(), 0, "a test for a route that is gone");
}

#[test]
fn the_table_of_operations_agrees_with_the_routes() {
    for operation in Operation::ALL {
        let routes = || ROUTES.iter().filter(|route| route.operation == operation);
        let with_head = |method: &Method| match *method {
            Method::GET => vec![Method::GET, Method::HEAD],
            _ => vec![method.clone()],
        };
        let methods: HashSet<_> = routes().flat_map(|route| with_head(&route.method)).collect();
        assert_eq!(operation.methods().iter().cloned().collect::<HashSet<_>>(), methods);
        if routes().next().is_some() {
            let named = routes().any(|route| route.pattern.contains("{website}"));
            assert_eq!(operation.names_a_website(), named, "{operation}");
            let paged = routes().any(|route| route.pattern.contains("{page}"));
            assert_eq!(operation.has_pages(), paged, "{operation}");
        }
    }
}
