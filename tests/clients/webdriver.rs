//! A real browser, driven over WebDriver's own HTTP calls.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::emulator::http;
use crate::lines::{PATIENCE, Program};
use crate::want::{Missing, or_skip, program};

/// The key under which WebDriver names an element; the standard fixes it.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How often a page is looked at that is to come into a state.
const BETWEEN_LOOKS: Duration = Duration::from_millis(40);

/// Headless, without an old profile, and without traffic except to the page's server.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    // A browser of a distribution may have a start page elsewhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A tab of a browser.
pub struct Tab(Value);

/// A browser with one window. Dropping it ends it.
pub struct Browser {
    driver_address: SocketAddr,
    session: String,
    http: Client,
    _driver: Program,
    _profile: TempDir,
}

impl Browser {
    /// Starts Chromium; nothing where it or its driver is missing.
    pub async fn start() -> Option<Self> {
        let (chromium, driver) = or_skip(programs())?;
        let mut command = Command::new(driver);
        let mut driver = Program::start("ChromeDriver", command.arg("--port=0"));
        let started = driver.hear_of("started successfully on port").await;
        let digits = |c: char| !c.is_ascii_digit();
        let port = started.rsplit(digits).find(|digits| !digits.is_empty());
        let port = port.and_then(|port| port.parse().ok());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.expect("a driver has a port")));

        let profile = tempfile::tempdir().expect("there is room for a profile");
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let options = json!({"binary": chromium, "args": flags});
        // An element that is looked for is waited for: it appears when the page has an answer.
        let patience = u64::try_from(PATIENCE.as_millis()).expect("a minute is a number");
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
            "timeouts": {"implicit": patience, "script": patience},
        }}});
        let http = http();
        let base = format!("http://{address}/session");
        let session = call(&http, Method::POST, &base, Some(wanted)).await;
        let id = session["sessionId"].as_str().expect("a session has an id");
        let browser = Self {
            driver_address: address,
            session: format!("{base}/{id}"),
            http,
            _driver: driver,
            _profile: profile,
        };
        browser.has_the_keyboard().await;
        Some(browser)
    }

    /// Has the tab behave as the one in front: a browser that has just begun may have another one there, and then no
    /// focus is told.
    async fn has_the_keyboard(&self) {
        let emulated = json!({
            "cmd": "Emulation.setFocusEmulationEnabled",
            "params": {"enabled": true},
        });
        self.post("/goog/cdp/execute", emulated).await;
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.post("/url", json!({ "url": url })).await;
    }

    /// Opens another tab, which is looked at from now on; gives the one before.
    pub async fn new_tab(&self) -> Tab {
        let before = self.get("/window").await;
        let new = self.post("/window/new", json!({"type": "tab"})).await;
        self.look_at(&Tab(new["handle"].clone())).await;
        Tab(before)
    }

    /// Looks at another tab; gives the one before.
    pub async fn look_at(&self, Tab(tab): &Tab) -> Tab {
        let before = self.get("/window").await;
        self.post("/window", json!({ "handle": tab })).await;
        self.has_the_keyboard().await;
        Tab(before)
    }

    /// Waits until an element with the id `status` is in a state, and gives its text.
    pub async fn status(&self, state: &str) -> String {
        let status = self.find(&format!("#status[data-state='{state}']")).await;
        let text = self.get(&format!("{status}/text")).await;
        text.as_str().expect("a text").to_owned()
    }

    /// What is written in a field.
    pub async fn field(&self, css: &str) -> String {
        let field = self.find(css).await;
        let value = self.get(&format!("{field}/property/value")).await;
        value.as_str().expect("a field has a value").to_owned()
    }

    /// Types into a field in place of what is in it.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        self.post(&format!("{field}/clear"), json!({})).await;
        self.post(&format!("{field}/value"), json!({ "text": text })).await;
    }

    /// Names a file to a field that takes one.
    pub async fn attach(&self, css: &str, file: &std::path::Path) {
        let field = self.find(css).await;
        self.post(&format!("{field}/value"), json!({ "text": file.display().to_string() })).await;
    }

    /// Clicks on something.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        self.post(&format!("{element}/click"), json!({})).await;
    }

    /// The text of the first element that a selector finds.
    pub async fn text(&self, css: &str) -> String {
        let element = self.find(css).await;
        let text = self.get(&format!("{element}/text")).await;
        text.as_str().expect("a text").to_owned()
    }

    /// What a function body returns in the page.
    pub async fn evaluate(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({"script": script, "args": []})).await
    }

    /// Waits until an expression in the page is true.
    ///
    /// # Panics
    ///
    /// When it is not within a minute.
    pub async fn until(&self, expression: &str) {
        // Asked from here, not awaited in the page: the page may be loaded anew meanwhile.
        let script = format!("return Boolean({expression})");
        let mut looks = tokio::time::interval(BETWEEN_LOOKS);
        let asked = async {
            while self.evaluate(&script).await != json!(true) {
                looks.tick().await;
            }
        };
        if tokio::time::timeout(PATIENCE, asked).await.is_err() {
            let page = self.evaluate("return document.body.innerText").await;
            panic!("`{expression}` did not come true; the page says {page}");
        }
    }

    /// Waits until the page says a text.
    pub async fn says(&self, text: &str) {
        let text = json!(text);
        self.until(&format!("document.body?.innerText.includes({text})")).await;
    }

    /// Presses keys one after the other, wherever the focus is; WebDriver's code points name the others.
    pub async fn press(&self, keys: &str) {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key})))
            .collect();
        let source = json!({"type": "key", "id": "keyboard", "actions": strokes});
        self.post("/actions", json!({"actions": [source]})).await;
    }

    /// Makes the window so large, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Prefers a colour scheme: `light` or `dark`.
    pub async fn prefer(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    /// What the window shows, as a WebP in base64.
    pub async fn screenshot(&self) -> String {
        let how = json!({"format": "webp", "quality": 80});
        let picture = self.devtools("Page.captureScreenshot", how).await;
        picture["data"].as_str().expect("a picture").to_owned()
    }

    /// What the browser wrote into a log (`browser`, `performance`) since it was asked last.
    pub async fn log(&self, kind: &str) -> Vec<String> {
        let entries = self.post("/se/log", json!({"type": kind})).await;
        let entries = entries.as_array().expect("a log has entries");
        let text = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        entries.iter().map(text).collect()
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.post("/goog/cdp/execute", body).await
    }

    /// The path of the first element that a selector finds, as soon as it finds one.
    async fn find(&self, css: &str) -> String {
        let found = self.post("/element", json!({"using": "css selector", "value": css})).await;
        let id = found[ELEMENT].as_str().expect("an element has a name");
        format!("/element/{id}")
    }

    async fn get(&self, path: &str) -> Value {
        call(&self.http, Method::GET, &format!("{}{path}", self.session), None).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.session);
        call(&self.http, Method::POST, &url, Some(body)).await
    }
}

impl Drop for Browser {
    /// Ends the browser, which would outlive a driver that is killed. It is told so from whatever
    /// thread a claim fails on, so without the runtime; the answer comes when the browser is gone.
    fn drop(&mut self) {
        let Ok(mut driver) = TcpStream::connect(self.driver_address) else {
            return; // the driver is gone, and took the browser along
        };
        let path = self.session.splitn(4, '/').nth(3).unwrap_or_default();
        let request = format!("DELETE /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let _ = driver.set_read_timeout(Some(PATIENCE));
        let _ = driver.write_all(request.as_bytes());
        // Not `read`: a child of another claim that ends would interrupt it, since it has a timeout.
        let _ = driver.read_exact(&mut [0; 1]);
    }
}

fn programs() -> Result<(PathBuf, PathBuf), Missing> {
    // Debian's name first; others call it otherwise.
    let browser =
        program("chromium").or_else(|missing| program("google-chrome").map_err(|_| missing));
    Ok((browser?, program("chromedriver")?))
}

/// One call of WebDriver that has to succeed; its `value`.
async fn call(http: &Client, method: Method, url: &str, body: Option<Value>) -> Value {
    let mut request = http.request(method, url);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.expect("ChromeDriver answers");
    let status = answer.status();
    let mut answer: Value = answer.json().await.expect("ChromeDriver speaks JSON");
    assert!(status.is_success(), "{url} answered {status}: {answer}");
    answer["value"].take()
}
