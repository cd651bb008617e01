//! The plugins without a loop of `examples/service`: each holds the right settings through the whole
//! corpus, as another program that follows the service over a socket.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::install::{node_modules, python, repository};
use crate::judged::passes_the_corpus;
use crate::program::Serving;
use crate::sync::{DEADLINE, Sync};
use crate::want::{Missing, or_skip, program};

/// How a plugin is run: a variable of the environment, and its words.
pub struct Run {
    variable: Option<(&'static str, PathBuf)>,
    words: Vec<OsString>,
}

impl Run {
    /// Its words, as a command line.
    pub fn words(&self) -> String {
        let words = self.words.iter().map(|word| format!("'{}'", word.display()));
        words.collect::<Vec<_>>().join(" ")
    }

    /// What the judged plugin's environment has besides.
    pub fn environment(&self) -> impl Iterator<Item = (&'static str, OsString)> {
        let variable = self.variable.clone().map(|(name, value)| (name, value.into_os_string()));
        variable.into_iter().chain([("CRISP_SYNC_JUDGED", OsString::from("1"))])
    }
}

pub fn node() -> Result<Run, Missing> {
    let modules = node_modules("examples/service/node-express")?;
    let script = repository("examples/service/node-express/index.js");
    let words = vec![program("node")?.into(), script.into()];
    Ok(Run { variable: Some(("NODE_PATH", modules)), words })
}

pub fn fastapi() -> Result<Run, Missing> {
    let python = python("examples/service/python-fastapi")?;
    let script = repository("examples/service/python-fastapi/plugin.py");
    Ok(Run { variable: None, words: vec![python.into(), "-B".into(), script.into()] })
}

/// Builds the plugin in a folder, which is to live as long as it runs. The tag says which store it reads, if any.
pub fn go(folder: &Path, tag: &str) -> Result<Run, Missing> {
    let built = folder.join("plugin");
    crate::install::go("examples/service/go", ".", tag, &built)?;
    Ok(Run { variable: None, words: vec![built.into()] })
}

/// Runs the whole corpus.
fn holds(run: Run) {
    let how = format!(" judged --read http://127.0.0.1:{{port}}/_cache -- {}", run.words());
    passes_the_corpus(&how, run.environment());
}

#[test]
fn the_plugin_for_express_holds_the_right_settings_through_the_corpus() {
    or_skip(node().map(holds));
}

#[test]
fn the_plugin_for_fastapi_holds_the_right_settings_through_the_corpus() {
    or_skip(fastapi().map(holds));
}

#[test]
fn the_plugin_for_go_holds_the_right_settings_through_the_corpus() {
    let folder = tempfile::tempdir().unwrap();
    or_skip(go(folder.path(), "").map(holds));
}

/// The right token saves through the service, and a wrong one does not.
async fn saves(run: Run) {
    let serving = Serving::start(&["--websites", "3"]);
    let sync = Sync::of(&serving).await;
    let port = crate::ports::free_port();
    let mut plugin = tokio::process::Command::new(&run.words[0]);
    plugin.args(&run.words[1..]).envs(run.environment()).kill_on_drop(true);
    plugin.env("CRISP_SYNC_URL", &sync.url).env("PORT", port.to_string());
    let _plugin = plugin.spawn().unwrap();
    let http = Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let held = || async { http.get(url("/_cache")).send().await.ok()?.json::<Value>().await.ok() };
    let until = async |wanted: &dyn Fn(&Value) -> bool| {
        let asked = async {
            loop {
                if let Some(held) = held().await.filter(wanted) {
                    return held;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(DEADLINE, asked).await.unwrap()
    };
    let website = crate::sync::id("w1");
    let before = until(&|held| held["websites"][&website].is_object()).await;
    let token = before["websites"][&website]["token"].as_str().unwrap();
    let post = |token: &str| {
        let body =
            json!({ "website_id": website, "token": token, "settings": { "message": "Ciao" } });
        http.post(url("/settings"))
            .header("content-type", "application/json")
            .body(body.to_string())
    };
    assert_eq!(post("guess").send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(post(token).send().await.unwrap().status(), StatusCode::OK);
    until(&|held| held["websites"][&website]["settings"]["message"] == "Ciao").await;
    let at_crisp = serving.ctl_json(&["websites", "w1"]);
    assert_eq!(at_crisp["settings"]["message"], "Ciao");
}

#[tokio::test]
async fn the_plugins_save_through_the_service_for_those_who_have_the_token() {
    let folder = tempfile::tempdir().unwrap();
    for run in [node(), fastapi(), go(folder.path(), "")] {
        let Some(run) = or_skip(run) else { continue };
        saves(run).await;
    }
}
