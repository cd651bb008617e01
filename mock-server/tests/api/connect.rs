//! What a plugin asks about itself (docs/wire.md#subscription, docs/wire.md#endpoints).

use crisp_mock_server::api::Tier;
use crisp_mock_server::options::{Blueprint, WorldOptions};
use crisp_mock_server::space::Space;
use serde_json::json;

use crate::emulator::{Emulator, options};

#[test]
pub fn s2_01_get_plugin_connect_account_tells_the_plugins_own_id() {
    let mut crisp = Emulator::new();
    let reply = crisp.get("plugin/connect/account");
    assert_eq!(reply.outcome(), "200 resolved");
    assert_eq!(reply.data, json!({"plugin_id": crisp.space.plugin().id}));
}

#[test]
pub fn s2_02_head_plugin_connect_session_is_200_without_a_body() {
    let mut crisp = Emulator::new();
    let reply = crisp.ask(Tier::Plugin, "HEAD", "plugin/connect/session", None);
    assert_eq!(reply.status, 200, "Ruby takes nothing but exactly 200");
    assert!(reply.body.is_empty());
}

#[test]
fn the_session_check_is_401_for_a_bad_key_and_405_for_get() {
    let mut crisp = Emulator::new();
    let request = http::Request::head("/v1/plugin/connect/session").body(Default::default());
    assert_eq!(crisp.raw(&request.unwrap()).status, 401);
    assert_eq!(crisp.get("plugin/connect/session").outcome(), "405 method_not_allowed");
}

#[test]
pub fn s2_05_get_plugin_connect_endpoints_has_socket_and_rescue_as_node_nests_them() {
    let mut crisp = Emulator::new();
    let reply = crisp.get("plugin/connect/endpoints");
    assert_eq!(reply.outcome(), "200 resolved");
    let expected = json!({
        "socket": {"app": "ws://127.0.0.1:8420/p/68/"},
        "rescue": {"socket": {"app": "ws://127.0.0.1:8420/p/69/"}},
    });
    assert_eq!(reply.data, expected);
}

#[test]
fn endpoints_follow_the_public_address_and_never_lead_to_crisp() {
    let blueprint = Blueprint::new(WorldOptions { ..options() }).unwrap();
    let outside =
        crisp_mock_server::space::Outside { elapsed: Default::default(), wall: Default::default() };
    let url = "https://mock.example:444/";
    let mut crisp = Emulator { space: Space::start("s", blueprint.into(), url, outside) };
    let data = crisp.get("plugin/connect/endpoints").data;
    assert_eq!(data["socket"]["app"], "wss://mock.example:444/p/68/s/");
    assert!(!data.to_string().contains("crisp.chat"));
}
