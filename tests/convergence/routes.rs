//! The plain REST client against every route of the emulator.

use std::collections::BTreeSet;

use crisp_mock_server::api::ROUTES;
use crisp_mock_server::operation::Operation;
use crisp_sync::rest::{Advice, ApiError, ChannelMessage, ListOptions, PluginEvent, UsageBill};
use crisp_sync::{Client, Config, Credentials, PluginId, Settings};
use serde_json::json;

use crate::stage::{Stage, serve, w, world};

const ALL: ListOptions = ListOptions { configured_only: false };

fn plugin(stage: &Stage) -> (Client, PluginId) {
    let plugin = stage.server.info().plugin_id.to_string().parse().unwrap();
    (Client::new(&stage.config()).unwrap(), plugin)
}

fn operator(stage: &Stage) -> Client {
    let info = stage.server.info();
    let pair = Credentials::new(info.user_identifier.clone(), info.user_key.clone());
    let mut config = Config::new(pair);
    config.base = stage.config().base;
    Client::new(&config).unwrap().with_tier(crisp_sync::rest::Tier::User)
}

fn settings(value: &serde_json::Value) -> Settings {
    Settings::from_value(value).unwrap()
}

#[tokio::test]
async fn every_route_of_the_emulator_is_a_typed_call() {
    let stage = serve(world(3)).await;
    let (client, plugin) = plugin(&stage);
    let operator = operator(&stage);

    assert_eq!(client.account().await.unwrap(), plugin);
    assert!(client.session().await.unwrap());
    assert_eq!(client.websites(1, ALL).await.unwrap().len(), 3);
    assert_eq!(client.websites(2, ALL).await.unwrap().len(), 0);
    let long_ago = "2020-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(client.since(long_ago, ALL).await.unwrap().len(), 3);
    assert!(client.endpoints().await.unwrap().socket.app.starts_with("ws"));

    client.save_settings(w(1), plugin, &settings(&json!({"v": 1}))).await.unwrap();
    client.update_settings(w(1), plugin, &settings(&json!({"w": 2}))).await.unwrap();
    let held = client.settings(w(1), plugin).await.unwrap();
    assert_eq!(held.settings, settings(&json!({"v": 1, "w": 2})));
    assert_eq!((held.website_id, held.plugin_id), (Some(w(1)), Some(plugin)));

    let bill = UsageBill { name: "Messages".into(), units: 3, price: 0.5 };
    client.report_usage(w(1), plugin, &bill).await.unwrap();
    assert_eq!(client.usage_bills(w(1), plugin).await.unwrap(), [bill]);
    let payload = json!({"a": 1});
    let message = ChannelMessage { namespace: "x".into(), identifier: None, payload };
    client.send_channel(w(1), plugin, &message).await.unwrap();
    let event = PluginEvent { name: "order:paid".into(), data: json!({}) };
    client.send_event(w(1), plugin, &event).await.unwrap();

    // These are the operator's.
    assert_eq!(operator.subscription(w(1), plugin).await.unwrap().website_id, Some(w(1)));
    let attested = operator.provenance(w(1), plugin).await.unwrap();
    assert_eq!(attested.payload.website.website_id, w(1));
    assert_eq!(operator.subscriptions_of(w(1)).await.unwrap().len(), 1);
    assert!(!operator.subscriptions().await.unwrap().is_empty());
    operator.unsubscribe(w(1), plugin).await.unwrap();
    operator.subscribe(w(1), plugin).await.unwrap();

    let known: BTreeSet<Operation> = ROUTES.iter().map(|route| route.operation).collect();
    let asked: BTreeSet<Operation> =
        known.iter().copied().filter(|operation| stage.asked(*operation) > 0).collect();
    assert_eq!(asked, known);
    stage.with(|space, _| {
        let all = Default::default();
        let misread: Vec<_> = space
            .journal
            .entries(&all)
            .filter(|entry| !entry.unread.query.is_empty() || !entry.unread.body.is_empty())
            .map(|entry| entry.path.clone())
            .collect();
        assert_eq!(misread, [""; 0], "the emulator does not know what was sent");
    });
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let stage = serve(world(1)).await;
    let (client, plugin) = plugin(&stage);
    let gone = client.settings(w(9), plugin).await.unwrap_err();
    assert!(matches!(gone, ApiError::NotSubscribed(_)), "{gone}");
    let wrong = settings(&json!({"v": "no number"}));
    let invalid = client.save_settings(w(1), plugin, &wrong).await.unwrap_err();
    assert!(matches!(invalid, ApiError::Invalid(_)), "{invalid}");
    let tier = client.subscriptions().await.unwrap_err();
    assert!(matches!(tier, ApiError::NotAllowed(_)), "{tier}");

    let mut config = stage.config();
    config.credentials = Credentials::new("nobody", "nothing");
    let nobody = Client::new(&config).unwrap();
    assert!(!nobody.session().await.unwrap());
    let refused = nobody.account().await.unwrap_err();
    assert!(matches!(refused, ApiError::Credentials(_)), "{refused}");

    stage.arm(&json!({"at": "list", "throttle": 420, "retry_after": "7s"}));
    let throttled = client.websites(1, ALL).await.unwrap_err();
    assert_eq!(throttled.advice(), Advice::RepeatAfter(std::time::Duration::from_secs(7)));
    stage.arm(&json!({"at": "save_settings", "lose_answer": true}));
    let lost = client.save_settings(w(1), plugin, &settings(&json!({}))).await.unwrap_err();
    assert!(lost.may_have_been_carried_out(), "{lost}");
}
