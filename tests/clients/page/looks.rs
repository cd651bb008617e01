//! Whether the page can be used by all: axe-core, the keyboard, 360 pixels, and pictures for the README.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Page;
use crate::install::{node_modules, repository};
use crate::want::or_skip;

const VIEWS: [&str; 8] =
    ["journal", "websites", "websites/w1", "schema", "faults", "events", "world", "lanes"];

/// A page whose journal has something of everything.
async fn busy_page() -> Option<Page> {
    let page = Page::open("journal", &["--websites", "25"]).await?;
    let fault = json!([{"at": "since#2", "status": 503, "retry_after": "20s"}, {"at": "list/2", "delay": "50ms"}]);
    page.world.control(reqwest::Method::POST, "/faults", Some(fault)).await;
    let schema = json!({
        "type": "object",
        "required": ["message"],
        "properties": {
            "message": {"type": "string", "title": "Message", "description": "Shown to each visitor", "maxLength": 60},
            "color": {"enum": ["blue", "green", "red"], "title": "Colour", "default": "blue"},
            "delay": {"type": "integer", "title": "Delay in seconds", "minimum": 0, "maximum": 60, "default": 5},
            "is_shown": {"type": "boolean", "title": "Shown on every page"},
            "team": {"type": ["string", "null"], "title": "Team"},
            "links": {"type": "array", "title": "Links", "items": {"type": "string"}},
        },
    });
    page.world.control(reqwest::Method::PUT, "/schema", Some(schema)).await;
    let settings = json!({"message": "Welcome back", "color": "green", "is_shown": true, "team": null, "links": ["/help"], "old": 1});
    page.world.operator_saves("w1", settings).await;
    for path in [
        "plugin/connect/account",
        "plugin/connect/websites/all/1",
        "plugin/connect/websites/all/2",
        "plugin/connect/website",
        "plugin/connect/websites/since?date_since=2026-01-01T09:00:00Z",
        "plugin/connect/websites/since?date_since=2026-01-01T09:00:20Z&filter=1",
        "plugin/connect/websites/since?date_since=2026-01-01T09:00:40Z",
    ] {
        page.plugin_asks(path).await;
    }
    Some(page)
}

/// Waits for what each view is to show.
async fn settle(page: &Page, view: &str) {
    let shown = match view {
        "journal" => "document.querySelectorAll('.row').length === 7",
        "websites" => "document.querySelectorAll('tbody tr').length === 25",
        "websites/w1" => "document.querySelector('.form input')",
        "schema" => "document.querySelector('textarea').value",
        "faults" => "document.querySelectorAll('.faults li').length === 2",
        "events" => "document.querySelector('textarea').value",
        "world" => "document.querySelector('.quirks li') && document.querySelector('.secrets dd')",
        _ => "document.querySelector('.lanes tbody tr')",
    };
    page.browser.until(shown).await;
}

#[tokio::test]
async fn axe_finds_nothing_in_either_colour_scheme() {
    let Some(modules) = or_skip(node_modules("tests/clients/page")) else {
        return;
    };
    let axe =
        std::fs::read_to_string(modules.join("axe-core/axe.min.js")).expect("axe-core is there");
    let Some(page) = busy_page().await else {
        return;
    };
    for view in VIEWS {
        page.visit(view).await;
        settle(&page, view).await;
        page.browser.evaluate(&format!("{axe}; window.axe = axe;")).await;
        page.browser.evaluate("document.querySelector('.row')?.click(); document.querySelectorAll('details').forEach((one) => { one.open = true; })").await;
        for scheme in ["light", "dark"] {
            page.browser.prefer(scheme).await;
            page.browser.evaluate("window.found = null; axe.run().then(({ violations }) => { window.found = violations; })").await;
            page.browser.until("window.found").await;
            let script = "return found.map((one) => [one.id, one.nodes.map((node) => node.html + ' ' + node.failureSummary).join('\\n')])";
            let found = page.browser.evaluate(script).await;
            assert_eq!(found, json!([]), "{view}, {scheme}");
        }
    }
}

#[tokio::test]
async fn nothing_is_wider_than_a_phone_of_360_pixels() {
    let Some(page) = busy_page().await else {
        return;
    };
    page.browser.resize(360, 740).await;
    for view in VIEWS {
        page.visit(view).await;
        settle(&page, view).await;
        page.browser.evaluate("document.querySelector('.row')?.click(); document.querySelectorAll('details').forEach((one) => { one.open = true; })").await;
        let script =
            "const all = document.documentElement; return all.scrollWidth - all.clientWidth";
        assert_eq!(page.browser.evaluate(script).await, json!(0), "{view}");
    }
}

#[tokio::test]
async fn a_save_needs_no_mouse() {
    const TAB: char = '\u{e004}';
    const ENTER: char = '\u{e007}';
    let Some(page) = Page::open("journal", &["--websites", "1"]).await else {
        return;
    };
    let to = async |what: &str| {
        for _ in 0..60 {
            page.browser.press(&TAB.to_string()).await;
            let script = format!(
                "const at = document.activeElement; return (at.textContent.trim() || at.ariaLabel || at.labels?.[0]?.textContent) === {}",
                json!(what)
            );
            if page.browser.evaluate(&script).await == json!(true) {
                return;
            }
        }
        panic!("no stop at `{what}` in 60 steps");
    };
    to("Websites").await;
    page.browser.press(&ENTER.to_string()).await;
    page.browser.until("document.querySelector('tbody a')").await;
    to("w1").await;
    page.browser.press(&ENTER.to_string()).await;
    page.browser.until("document.querySelector('.form')").await;
    to("message").await;
    page.browser.press("\u{e009}a").await; // Control and a: all of it
    page.browser.press("\u{e000}keys").await;
    page.browser.press(&ENTER.to_string()).await;
    page.browser.says("Saved at").await;
    let settings = page.world.website("w1").await["settings"].take();
    assert!(settings["message"].as_str().is_some_and(|text| text.ends_with("keys")), "{settings}");
}

#[tokio::test]
async fn the_pictures_of_the_readme_show_the_views_as_they_are() {
    let Some(page) = busy_page().await else {
        return;
    };
    let blessing = std::env::var_os("CRISP_MOCK_BLESS").is_some();
    let pictures = [("journal", "light"), ("websites/w1", "light"), ("journal", "dark")];
    for (view, scheme) in pictures {
        page.browser.resize(1080, 720).await;
        page.browser.prefer(scheme).await;
        page.visit(view).await;
        settle(&page, view).await;
        if view == "journal" {
            page.browser.evaluate("document.querySelector('.row[data-tone=bad]').click()").await;
            page.browser.says("Faults that met it").await;
        }
        let name = format!("docs/page/{}-{scheme}.webp", view.replace("/w1", ""));
        let file = repository(&name);
        if blessing {
            let picture = STANDARD.decode(page.browser.screenshot().await).expect("base64");
            std::fs::create_dir_all(repository("docs/page")).expect("a folder can be made");
            std::fs::write(&file, picture).expect("a picture can be written");
        }
        let bytes = std::fs::read(&file)
            .unwrap_or_else(|_| panic!("{name} is missing: CRISP_MOCK_BLESS=1 makes it"));
        assert!(
            bytes.starts_with(b"RIFF") && bytes.len() < 80_000,
            "{name}: {} bytes",
            bytes.len()
        );
    }
}
