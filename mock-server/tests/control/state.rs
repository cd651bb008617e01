//! Dumps: taken, put back, started from, refused.

use crisp_mock_server::clock::Mode;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::InProcess;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::talk::{control, emulator, plugin, settings_path};

async fn dump(emulator: &InProcess) -> Value {
    let (status, dump) = control(emulator, "GET /_mock/state", Value::Null).await;
    assert_eq!(status, 200);
    dump
}

/// What the plugin sees of everything since the beginning, and of the first page.
async fn seen(emulator: &InProcess) -> Value {
    let mut seen = Vec::new();
    for path in [
        "plugin/connect/websites/all/1?include_plan=1",
        "plugin/connect/websites/since?date_since=2025-01-01T00:00:00Z&include_plan=1",
        "plugin/connect/websites/since?date_since=2026-01-01T12:00:01Z&filter_configured=1",
    ] {
        let (_, body) =
            plugin(emulator, emulator.info(), &format!("GET {path}"), Value::Null).await;
        seen.push(body);
    }
    seen.into()
}

#[derive(Debug, Clone)]
enum Step {
    Call(String, Value),
    Ask,
}

fn step() -> impl Strategy<Value = Step> {
    let website = 1..6_u32;
    let settings = prop_oneof![
        Just(json!({})),
        "[ -~\u{e9}\u{1f600}]{0,12}".prop_map(|message| json!({"message": message})),
    ];
    let call = |call: String, body| Step::Call(call, body);
    prop_oneof![
        (website.clone(), settings).prop_map(move |(website, settings)| {
            call(format!("PUT /_mock/websites/w{website}/settings"), settings)
        }),
        website.clone().prop_map(move |website| {
            call(format!("DELETE /_mock/websites/w{website}"), Value::Null)
        }),
        website.clone().prop_map(move |website| {
            let id: crisp_mock_server::id::WebsiteId = format!("w{website}").parse().unwrap();
            call("POST /_mock/websites".into(), json!({"website_id": id}))
        }),
        (website, 0..300_u16).prop_map(move |(website, price)| {
            let plan = json!({"plan": "Plus", "price": price});
            call(format!("PATCH /_mock/websites/w{website}"), plan)
        }),
        (0..90_000_u32).prop_map(move |seconds| {
            let step = json!({"advance": format!("{seconds}s")});
            call("POST /_mock/clock".into(), step)
        }),
        (-90_000..90_000_i32).prop_map(move |seconds| {
            call("POST /_mock/clock".into(), json!({"skew": format!("{seconds:+}s")}))
        }),
        (0..50_u32).prop_map(move |limit| {
            call("PUT /_mock/quota".into(), json!({"limit": limit, "used": limit / 2}))
        }),
        prop_oneof![Just("exclusive"), Just("inclusive")].prop_map(move |boundary| {
            call("PUT /_mock/quirks".into(), json!({"since-boundary": boundary}))
        }),
        Just(Step::Ask),
    ]
}

async fn live(emulator: &InProcess, steps: &[Step]) {
    for step in steps {
        match step {
            // Some are refused, such as a second installation; then nothing happens.
            Step::Call(call, body) => drop(control(emulator, call, body.clone()).await),
            Step::Ask => drop(seen(emulator).await),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_world_that_comes_from_a_dump_is_the_one_that_was_dumped(
        steps in proptest::collection::vec(step(), 0..25),
        later in proptest::collection::vec(step(), 0..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let original = emulator(WorldOptions::default());
            live(&original, &steps).await;
            let taken = dump(&original).await;
            // Started from, through the text that a file would hold.
            let taken: Value = serde_json::from_str(&taken.to_string()).unwrap();
            let options = WorldOptions { state: Some(taken.clone()), ..WorldOptions::default() };
            let started = InProcess::new(options.into()).unwrap();
            prop_assert_eq!(&dump(&started).await, &taken);
            // Put into a world with another past.
            let other = emulator(WorldOptions::default());
            live(&other, &later).await;
            let reset = control(&other, "PUT /_mock/state", taken.clone()).await;
            prop_assert_eq!(reset.0, 200);
            prop_assert_eq!(&dump(&other).await, &taken);
            // And they stay the same whatever happens to them from here on.
            for emulator in [&original, &started, &other] {
                let lift = json!({"limit": null, "used": 0});
                control(emulator, "PUT /_mock/quota", lift).await;
                live(emulator, &later).await;
                control(emulator, "PUT /_mock/quota", json!({"limit": null, "used": 0})).await;
            }
            let expected = (dump(&original).await, seen(&original).await);
            for emulator in [&started, &other] {
                prop_assert_eq!(&(dump(emulator).await, seen(emulator).await), &expected);
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_dump_written_by_hand_needs_little() {
    let state = json!({
        "version": 1,
        "clock": {"now": "2026-02-01T10:00:00Z", "mode": "manual"},
        "websites": {
            "w1": {"settings": {"message": "Hi"}, "price": 45},
            "8c842203-7ed8-4e29-a608-7cf78a7d2fcc": null,
            "w3": {"removed_at": "2026-02-01T09:00:00Z"},
        },
    });
    let options = WorldOptions { state: Some(state), ..WorldOptions::default() };
    let emulator = InProcess::new(options.into()).unwrap();
    let (_, all) = control(&emulator, "GET /_mock/websites", Value::Null).await;
    assert_eq!(all["websites"].as_object().unwrap().len(), 2);
    let path = format!("GET {}", settings_path(emulator.info(), "w1"));
    let (_, body) = plugin(&emulator, emulator.info(), &path, Value::Null).await;
    assert_eq!(body["data"]["settings"], json!({"message": "Hi"}));
    let since = "GET plugin/connect/websites/since?date_since=2026-02-01T08:00:00Z";
    let (_, body) = plugin(&emulator, emulator.info(), since, Value::Null).await;
    assert_eq!(body["data"][0]["difference"], "removed", "{body}");
    // The same tokens as if they had been generated.
    let (_, generated) =
        control(&self::emulator(WorldOptions::default()), "GET /_mock/websites/w1", Value::Null)
            .await;
    let (_, loaded) = control(&emulator, "GET /_mock/websites/w1", Value::Null).await;
    assert_eq!(generated["token"], loaded["token"]);
}

#[tokio::test]
async fn a_reset_goes_back_to_the_dump_and_a_space_starts_from_it_too() {
    let state = json!({"version": 1, "websites": {"w7": {}}});
    let options = WorldOptions { state: Some(state.clone()), ..WorldOptions::default() };
    let emulator = InProcess::new(options.into()).unwrap();
    let names = async |base: &str| {
        let (_, body) = control(&emulator, &format!("GET {base}/websites"), Value::Null).await;
        let names = body["websites"].as_object().unwrap().keys();
        names
            .filter_map(|id| id.parse::<crisp_mock_server::id::WebsiteId>().ok()?.number())
            .collect::<Vec<_>>()
    };
    control(&emulator, "DELETE /_mock/websites/w7", Value::Null).await;
    assert_eq!(names("/_mock").await, [] as [u32; 0]);
    control(&emulator, "POST /_mock/reset", Value::Null).await;
    assert_eq!(names("/_mock").await, [7]);
    control(&emulator, "POST /_mock/spaces", json!({"name": "same"})).await;
    control(&emulator, "POST /_mock/spaces", json!({"name": "fresh", "websites": 2})).await;
    let own = json!({"name": "own", "state": {"version": 1, "websites": {"w9": {}}}});
    control(&emulator, "POST /_mock/spaces", own).await;
    assert_eq!(names("/_mock/spaces/same").await, [7]);
    assert_eq!(names("/_mock/spaces/fresh").await.len(), 2);
    assert_eq!(names("/_mock/spaces/own").await, [9]);
}

#[tokio::test]
async fn options_win_over_the_dump_and_those_that_make_websites_contradict_it() {
    let state = json!({"version": 1, "quota": {"limit": 5, "used": 2}, "quirks": {"page-size": 1}});
    let with = |options: WorldOptions| {
        InProcess::new(WorldOptions { state: Some(state.clone()), ..options }.into())
    };
    let emulator =
        with(WorldOptions { quota: Some(9.into()), page_size: Some(3), ..Default::default() });
    let dumped = dump(&emulator.unwrap()).await;
    assert_eq!(dumped["quota"], json!({"limit": 9, "used": 2}));
    assert_eq!(dumped["quirks"]["page-size"], "3");
    for options in [
        WorldOptions { websites: Some(3), ..Default::default() },
        WorldOptions { seed: Some(3), ..Default::default() },
    ] {
        let error = with(options).err().unwrap().to_string();
        assert!(error.contains("leave one of the two out"), "{error}");
    }
}

#[tokio::test]
async fn a_real_clock_goes_on_and_is_never_set_back() {
    let real = || emulator(WorldOptions { clock: Some(Mode::Real), ..Default::default() });
    let past = json!({"version": 1, "clock": {"now": "2025-01-01T00:00:00Z"}});
    let future = json!({"version": 1, "clock": {"now": "2030-01-01T00:00:00Z"}});
    for (state, begins) in [(past, "2026-01-01T12:00"), (future, "2030-01-01T00:00")] {
        let emulator = real();
        control(&emulator, "PUT /_mock/state", state).await;
        let (_, clock) = control(&emulator, "GET /_mock/clock", Value::Null).await;
        assert!(clock["now"].as_str().unwrap().starts_with(begins), "{clock}");
    }
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_with_its_place_and_changes_nothing() {
    let emulator = emulator(WorldOptions::default());
    let before = dump(&emulator).await;
    for (document, place, word) in [
        (json!([]), "", "is none"),
        (json!({"websites": {}}), "/version", "no dump"),
        (json!({"version": 2, "writen": 1}), "/version", "version 2 cannot be read"),
        (json!({"version": "1"}), "/version", "version \"1\""),
        (json!({"version": 1, "websits": {}}), "/websits", "did you mean `websites`?"),
        (json!({"version": 1, "clock": {"now": "noon"}}), "/clock/now", "`noon` is not a date"),
        (json!({"version": 1, "quota": {"used": -1}}), "/quota", "-1"),
        (json!({"version": 1, "quirks": {"list-odrer": "x"}}), "/quirks", "list-order"),
        (json!({"version": 1, "schema": {"type": "objekt"}}), "/schema/type", "objekt"),
        (json!({"version": 1, "changes": u64::MAX}), "/changes", "too large"),
        (json!({"version": 1, "websites": {"W1": {}}}), "/websites/W1", "is not a website"),
        (json!({"version": 1, "websites": {"w1": {"settings": []}}}), "/websites/w1", "map"),
        (json!({"version": 1, "websites": {"w1": {"colour": 1}}}), "/websites/w1", "colour"),
        (json!({"version": 1, "websites": {"w1": {"left": {}}}}), "/websites/w1", "removed_at"),
        (
            json!({"version": 1, "websites": {"w1": {"website_id": "8c842203-7ed8-4e29-a608-7cf78a7d2fcc"}}}),
            "/websites/w1",
            "and not the website_id",
        ),
        (
            json!({"version": 1, "websites": {
                "w1": {"seq": {"installed": 1, "changed": 1}},
                "w2": {"seq": {"installed": 1, "changed": 2}},
            }}),
            "/websites/w2",
            "change 1 is another's",
        ),
    ] {
        let (status, answer) = control(&emulator, "PUT /_mock/state", document.clone()).await;
        assert_eq!(status, 400, "{document}");
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with(place) && error.contains(word), "{document}: {error}");
    }
    assert_eq!(dump(&emulator).await, before);
}
