//! What a person does on the page, from the link on.

use serde_json::json;

use super::Page;

#[tokio::test]
async fn a_newcomer_installs_a_website_edits_its_settings_and_sees_a_fault_meet_the_next_poll() {
    let Some(page) = Page::open("journal", &["--websites", "3"]).await else {
        return;
    };
    let browser = &page.browser;
    browser.says("Nothing was asked yet").await;

    page.press("Websites").await;
    browser.says("1 to 3, 3 have the plugin").await;
    page.press("Install the plugin on a website").await;
    page.press("Install").await;
    browser.until("document.querySelector('h1').textContent === 'w4'").await;

    page.fill("message", "Bienvenue à tous").await;
    browser.says("crisp-mock ctl save w4 'message=Bienvenue à tous'").await;
    page.press("Save").await;
    browser.says("Saved at").await;
    let settings = page.world.website("w4").await["settings"].take();
    assert_eq!(settings, json!({"message": "Bienvenue à tous"}));

    page.press("History").await;
    browser.says("updated by the control API").await;

    page.press("Faults").await;
    browser.says("crisp-mock ctl fault 'since#1' status=503 retry_after=20s").await;
    page.press("Arm").await;
    browser.says("not met yet").await;

    let path = "plugin/connect/websites/since?date_since=2026-01-01T00:00:00Z&wrong=1";
    assert_eq!(page.plugin_asks(path).await, 503);
    browser.says("met 1×").await;

    page.press("Journal").await;
    browser.says("since#1").await;
    let row = browser.text(".row").await;
    for part in ["since#1", "503", "status 503", "my-plugin/1.0"] {
        assert!(row.contains(part), "{part} is not in {row}");
    }
    browser.click(".row").await;
    for part in ["Faults that met it", "date_since=2026", "curl -H", "Copy as scenario step"] {
        browser.says(part).await;
    }
}

#[tokio::test]
async fn the_journal_is_live_filtered_searched_and_paused() {
    let Some(page) = Page::open("journal", &["--websites", "3"]).await else {
        return;
    };
    let browser = &page.browser;
    let rows = "document.querySelectorAll('.row').length";
    for path in ["plugin/connect/account", "plugin/connect/websites/all/1", "plugin/nowhere"] {
        page.plugin_asks(path).await;
    }
    browser.until(&format!("{rows} === 3")).await;
    page.press("Refused").await;
    browser.until(&format!("{rows} === 1")).await;
    page.press("Refused").await;
    page.fill("Search the journal", "page 1").await;
    browser.until(&format!("{rows} === 1")).await;
    page.fill("Search the journal", "").await;
    browser
        .evaluate("document.querySelector('[type=search]').dispatchEvent(new Event('input'))")
        .await;
    browser.until(&format!("{rows} === 3")).await;

    page.press("Pause").await;
    page.plugin_asks("plugin/connect/account").await;
    // Two beats of the frame go on, and the stream stands still.
    let clock = browser.text("#clock").await;
    browser
        .until(&format!("document.querySelector('#clock').textContent !== {}", json!(clock)))
        .await;
    assert_eq!(browser.evaluate(&format!("return {rows}")).await, json!(3));
    page.press("Go on").await;
    browser.until(&format!("{rows} === 4")).await;

    page.world.control(reqwest::Method::POST, "/reset", None).await;
    browser.says("Nothing was asked yet").await;
}

#[tokio::test]
async fn a_web_hook_is_in_the_stream_with_its_attempts() {
    let hook = "http://127.0.0.1:9/hook"; // nothing listens there
    let options = ["--websites", "1", "--hook", hook, "--clock", "manual"];
    let Some(page) = Page::open("journal", &options).await else {
        return;
    };
    page.world.operator_saves("w1", json!({"message": "Hi"})).await;
    page.browser.says("hook#1").await;
    let step = json!({"advance": "70s"});
    page.world.control(reqwest::Method::POST, "/clock", Some(step)).await;
    page.browser.says("3 attempts").await;
    page.press("Hooks").await;
    page.browser.click(".row").await;
    page.browser.says("Delivery 1: failed").await;
    page.browser.says("plugin:settings:saved").await;
    page.browser.says("time stands still").await;
}

#[tokio::test]
async fn an_event_is_sent_from_each_template_with_members_that_crisps_have() {
    let Some(page) = Page::open("events", &["--websites", "2"]).await else {
        return;
    };
    let browser = &page.browser;
    browser.says("crisp-mock ctl emit message:send 'content=Is anybody there?'").await;
    page.fill("Members of its payload, as JSON", "{").await;
    page.press("Emit").await;
    browser.says("Write a JSON object").await;

    page.fill("Website", "w2").await;
    let options =
        "return [...document.querySelector('main select').options].map((one) => one.textContent)";
    let options = browser.evaluate(options).await;
    for option in options.as_array().expect("texts") {
        page.choose("What happens", option.as_str().expect("a text")).await;
        page.press("Emit").await;
        browser.says("was sent").await;
        let events = page.world.control(reqwest::Method::GET, "/events", None).await;
        let sent = events["events"].as_array().and_then(|all| all.last()).expect("an event");
        browser.says(&format!("Event {} was sent", sent["seq"])).await;
        let bare = json!({"event": sent["event"], "website_id": "w2"});
        let typical = page.world.control(reqwest::Method::POST, "/events", Some(bare)).await;
        let names = |event: &serde_json::Value| {
            let members = event["data"].as_object().expect("a payload");
            members.keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(names(sent), names(&typical), "{option}");
    }
    page.choose("What happens", "The visitor's address is known").await;
    browser.says("crisp-mock ctl emit session:set_email w2 email=jane@example.com").await;
}

#[tokio::test]
async fn a_schema_is_tested_before_it_is_saved() {
    let Some(page) = Page::open("schema", &["--websites", "1"]).await else {
        return;
    };
    let browser = &page.browser;
    let save = "[...document.querySelectorAll('button')].find((one) => one.textContent === 'Save Settings')";
    browser.until("document.querySelector('textarea').value.includes('message')").await;
    page.fill("Settings schema", r#"{"type": "objekt"}"#).await;
    page.press("Test Settings").await;
    browser.says("`objekt` is not a type").await;
    browser.says("did you mean `object`?").await;
    browser.until(&format!("{save}.disabled")).await;

    let schema = json!({"type": "object", "properties": {"color": {"type": "string", "enum": ["red", "blue"]}}});
    page.fill("Settings schema", &schema.to_string()).await;
    page.press("Test Settings").await;
    browser.says("Settings that fit it").await;
    page.press("Save Settings").await;
    browser.says("Saved.").await;
    let saved = page.world.control(reqwest::Method::GET, "/schema", None).await;
    assert_eq!(saved, schema);

    // What is edited after the test has to be tested again.
    page.press("Test Settings").await;
    browser.until(&format!("!{save}.disabled")).await;
    page.fill("Settings schema", "{}").await;
    browser.until(&format!("{save}.disabled")).await;
}

#[tokio::test]
async fn clock_quota_quirks_and_spaces_are_changed_by_clicking() {
    let Some(page) = Page::open("world", &["--websites", "1", "--clock", "manual"]).await else {
        return;
    };
    let browser = &page.browser;
    browser.says("Time stands still until it is moved. 0 s have passed").await;
    page.press("+20s").await;
    browser.says("20 s have passed").await;

    page.fill("Requests a day", "500").await;
    page.press("Set").await;
    browser.says("500 a day").await;
    let quota = page.world.control(reqwest::Method::GET, "/quota", None).await;
    assert_eq!(quota["limit"], 500);

    page.press("Quirks: what Crisp leaves undocumented").await;
    page.choose("since-boundary", "exclusive").await;
    browser
        .until("document.querySelector('.quirks .changed code')?.textContent === 'since-boundary'")
        .await;
    let quirks = page.world.control(reqwest::Method::GET, "/quirks", None).await;
    assert_eq!(quirks["since-boundary"], "exclusive");

    page.fill("Name", "second").await;
    page.press("Make a space").await;
    page.press("Look at second").await;
    browser.says("second (looked at)").await;
    browser.says("crisp-mock ctl clock advance 20s --url").await;
    browser.says("--space second").await;
    page.world.control(reqwest::Method::DELETE, "/spaces/second", None).await;
    browser.says("The space is gone").await;
}

#[tokio::test]
async fn a_plan_of_faults_is_armed_whole_or_refused_with_its_line() {
    let Some(page) = Page::open("faults", &["--websites", "1"]).await else {
        return;
    };
    let browser = &page.browser;
    page.fill("Plan", "- { at: since, status: 503 }\n- { at: sinze, reset: true }\n").await;
    page.press("Arm the plan").await;
    browser.says("plan:2:").await;
    browser.says("did you mean `since`?").await;
    browser.says("Nothing is armed").await;
    page.fill("Plan", "- { at: since, status: 503 }\n- { at: list, reset: true }\n").await;
    page.press("Arm the plan").await;
    browser.says("Armed: fault 1, 2").await;
    page.press("Disarm fault 1").await;
    browser.says("Disarmed fault 1").await;
    page.press("Disarm all").await;
    browser.says("Nothing is armed").await;
}
