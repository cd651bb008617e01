//! What requests can make the server keep is bounded, and a refusal names the bound.

use crisp_mock_server::bounds;
use crisp_mock_server::options::WorldOptions;
use serde_json::{Value, json};

use crate::talk::{control, emulator, plugin};

fn open_schema() -> WorldOptions {
    WorldOptions { schema: Some(json!({"type": "object"})), ..Default::default() }
}

#[tokio::test]
async fn settings_of_a_website_grow_by_patches_only_up_to_the_bound() {
    let emulator = emulator(WorldOptions { websites: Some(1), ..open_schema() });
    let info = emulator.info();
    let path = |plugin: &str| format!("plugins/subscription/w1/{plugin}/settings");
    let (_, websites) = control(&emulator, "GET /_mock/websites", Value::Null).await;
    let id = websites["websites"].as_object().unwrap().keys().next().unwrap().clone();
    let path = path(&info.plugin_id).replace("w1", &id);
    let part = |name: &str| json!({ name: "x".repeat(bounds::SETTINGS_OF_A_WEBSITE / 2) });
    let patch = format!("PATCH {path}");
    assert_eq!(plugin(&emulator, info, &patch, part("a")).await.0, 200);
    let (status, answer) = plugin(&emulator, info, &patch, part("b")).await;
    assert_eq!((status, &answer["reason"]), (413, &json!("payload_too_large")));
    let (_, journal) = control(&emulator, "GET /_mock/requests?limit=1", Value::Null).await;
    let why = journal["requests"][0]["explanation"].as_str().unwrap();
    assert!(why.contains("the emulator keeps 2097152"), "{why}");
    let (_, after) = plugin(&emulator, info, &format!("GET {path}"), Value::Null).await;
    assert_eq!(after["data"]["settings"].get("b"), None, "nothing was changed");
}

#[tokio::test]
async fn settings_of_a_world_are_bounded_and_smaller_ones_are_always_taken() {
    let emulator = emulator(WorldOptions { websites: Some(0), ..open_schema() });
    let large = json!({"a": "x".repeat(bounds::SETTINGS_OF_A_WEBSITE - 100)});
    let fit = bounds::SETTINGS_OF_A_WORLD / bounds::SETTINGS_OF_A_WEBSITE;
    {
        let space = emulator.spaces().default_space();
        let mut space = space.lock();
        let now = space.now(std::time::Duration::ZERO);
        for _ in 0..fit {
            let id = space.world.next_website();
            let settings = Some(large.clone());
            let how = crisp_mock_server::engine::Installation { settings, ..Default::default() };
            space.world.install(now, id, how).unwrap();
        }
    }
    let (status, answer) =
        control(&emulator, "POST /_mock/websites", json!({"settings": large})).await;
    assert_eq!(status, 413, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("all settings of this world"), "{answer}");
    let small = json!({"a": 1});
    let (status, answer) = control(&emulator, "PUT /_mock/websites/w1/settings", small).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn websites_of_all_spaces_and_the_spaces_themselves_are_bounded() {
    let emulator = emulator(WorldOptions { websites: Some(1), ..Default::default() });
    let body = json!({"websites": bounds::WEBSITES});
    let (status, answer) = control(&emulator, "POST /_mock/spaces", body).await;
    assert_eq!(status, 409, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("more than 1000000"), "{answer}");
    for _ in 0..bounds::SPACES {
        let made = control(&emulator, "POST /_mock/spaces", json!({"websites": 0})).await;
        assert_eq!(made.0, 201);
    }
    let (status, answer) = control(&emulator, "POST /_mock/spaces", json!({"websites": 0})).await;
    assert_eq!(status, 409, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("there are 1000 spaces"), "{answer}");
}

#[tokio::test]
async fn armed_faults_are_bounded() {
    let emulator = emulator(WorldOptions::default());
    let plan: Vec<_> =
        (1..=5_000).map(|n| json!({"at": format!("list#{n}"), "status": 503})).collect();
    for expected in [201, 201, 413] {
        let (status, answer) = control(&emulator, "POST /_mock/faults", json!(plan)).await;
        assert_eq!(status, expected, "{answer}");
        if expected == 413 {
            let hint = answer["hint"].as_str().unwrap();
            assert!(hint.contains("DELETE /_mock/faults") && !hint.contains("reset"), "{answer}");
        }
    }
}
