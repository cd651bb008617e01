//! The page under `/_mock/ui`, in a real browser, as a person uses it.

mod commands;
mod flows;
mod form;
mod looks;
mod report;
mod safety;
mod steadfast;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::emulator::{World, http};
use crate::webdriver::Browser;

/// A browser that looks at a view of the page, and the emulator behind it.
struct Page {
    browser: Browser,
    world: World,
}

impl Page {
    /// Opens a view of an emulator with these options; nothing without a browser.
    async fn open(view: &str, options: &[&str]) -> Option<Self> {
        let browser = Browser::start().await?;
        let options = [&["--listen", "127.0.0.1:0"], options].concat();
        let world = World::served_with(&options).await;
        let page = Self { browser, world };
        page.visit(view).await;
        Some(page)
    }

    /// Goes to a view: `journal`, `websites/w1`.
    async fn visit(&self, view: &str) {
        self.browser.open("about:blank").await; // a change of the fragment alone loads nothing
        self.browser.open(&format!("{}/ui#/{view}", self.world.fact("control_url"))).await;
        self.browser.until("document.querySelector('main > section') && document.querySelector('#clock').textContent").await;
    }

    /// What the plugin asks, as its client does; the status.
    async fn plugin_asks(&self, path: &str) -> StatusCode {
        let url = format!("{}{path}", self.world.fact("rest_url"));
        let request = http()
            .get(&url)
            .basic_auth(self.world.fact("identifier"), Some(self.world.fact("key")))
            .header("X-Crisp-Tier", "plugin")
            .header("User-Agent", "my-plugin/1.0");
        request.send().await.expect("the emulator answers").status()
    }

    /// Writes into a field that a label names.
    async fn fill(&self, label: &str, text: &str) {
        self.browser.fill(&self.labelled(label).await, text).await;
    }

    /// Chooses an option, by what it is called, of a select that a label names.
    async fn choose(&self, label: &str, option: &str) {
        let (css, option) = (json!(self.labelled(label).await), json!(option));
        let script = format!(
            "const select = document.querySelector({css});
             const option = [...select.options].find((one) => one.textContent === {option});
             select.value = option.value;
             select.dispatchEvent(new Event('input', {{ bubbles: true }}));
             select.dispatchEvent(new Event('change', {{ bubbles: true }}));"
        );
        self.browser.evaluate(&script).await;
    }

    /// A selector of the field that a label names, or that is called so.
    async fn labelled(&self, label: &str) -> String {
        let text = json!(label);
        let find = format!(
            "[...document.querySelectorAll('label, legend')].find((label) => label.firstChild?.textContent === {text})?.htmlFor
             || [...document.querySelectorAll('[aria-label]')].find((one) => one.ariaLabel === {text})"
        );
        self.browser.until(&find).await;
        let script = format!(
            "const id = [...document.querySelectorAll('label')].find((label) => label.firstChild?.textContent === {text})?.htmlFor;
             return id || null;"
        );
        match self.browser.evaluate(&script).await {
            Value::String(id) => format!("[id='{id}']"),
            _ => format!("[aria-label='{label}']"),
        }
    }

    /// Clicks on a button, link or tab by what stands on it, or by what it is called.
    async fn press(&self, name: &str) {
        let name = json!(name);
        let find = format!(
            "[...document.querySelectorAll('button, a, summary')].find((one) =>
                (one.textContent.trim() === {name} || one.ariaLabel === {name}) && one.getClientRects().length > 0 && !one.disabled)"
        );
        // Found and clicked in one step: the page may draw itself anew in between.
        self.browser.until(&format!("((one) => one && (one.click(), true))({find})")).await;
    }
}
