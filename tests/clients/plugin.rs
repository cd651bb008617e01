//! The example plugins, started as their authors start them.

use reqwest::{Client, StatusCode};
use serde_json::{Map, Value, json};
use tokio::process::Command;

use crate::emulator::{World, http};
use crate::install::{node_modules, python, repository};
use crate::lines::Program;
use crate::ports::free_port;
use crate::want::{Missing, or_skip, program};

/// How often a plugin asks what changed: often, so that a test is short.
const POLL_MS: &str = "50";

/// Which plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// `examples/node-plugin`
    Node,
    /// `examples/python-plugin`
    Python,
}

/// Makes a test of a claim for each plugin.
macro_rules! claims_of_every_plugin {
    ($($claim:ident),* $(,)?) => { $(
        mod $claim {
            use crate::plugin::Language;

            #[tokio::test]
            async fn node() {
                super::$claim(Language::Node).await;
            }

            #[tokio::test]
            async fn python() {
                super::$claim(Language::Python).await;
            }
        }
    )* };
}
pub(crate) use claims_of_every_plugin;

/// A running plugin, and the world that it lives in. Dropping it ends it.
pub struct Plugin {
    /// Its world.
    pub world: World,
    http: Client,
    url: String,
    _program: Program,
}

impl Plugin {
    /// Starts a plugin that has loaded its websites; nothing where its language is missing.
    ///
    /// Crisp's clock is a minute ahead of the plugin's. The loop of the settings guide, which these
    /// plugins follow, loses a change that falls between an answer and the moment it takes as its
    /// next date; seen from here every change lies after that moment, whenever it is made.
    pub async fn start(language: Language, mut options: Value) -> Option<Self> {
        let installed = tokio::task::spawn_blocking(move || command(language)).await;
        let mut command = or_skip(installed.expect("an installation does not panic"))?;
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        options["settings_url"] = json!(format!("{url}/config.html"));
        let world = World::start(options).await;
        let ahead = Some(json!({"skew": "60s"}));
        world.control(reqwest::Method::POST, "/clock", ahead).await;

        command.envs(world.environment());
        command.env("PORT", port.to_string()).env("CRISP_POLL_MS", POLL_MS);
        let mut program = Program::start(&format!("the {language:?} plugin"), &mut command);
        program.hear_of("settings page on").await;
        program.hear_of("loaded").await;
        Some(Self { world, http: http(), url, _program: program })
    }

    /// What it holds: settings by website.
    pub async fn cache(&self) -> Map<String, Value> {
        let url = format!("{}/_cache", self.url);
        let answer = self.http.get(url).send().await.expect("the plugin answers");
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.expect("the cache is an object")
    }

    /// Posts to its settings page as the page itself does.
    pub async fn post(&self, body: Value) -> (StatusCode, Value) {
        let url = format!("{}/settings", self.url);
        let answer = self.http.post(url).json(&body).send().await.expect("the plugin answers");
        let status = answer.status();
        (status, answer.json().await.expect("the plugin speaks JSON"))
    }

    /// Returns once the plugin knows everything that has happened until now.
    ///
    /// It asks one thing after another, so when it asks a second time it has taken in the first
    /// answer, which was made after all that.
    pub async fn catches_up(&self) {
        let newest = self.world.requests_matching("limit=1").await;
        let newest = newest.last().map_or(0, seq);
        let first = self.world.next_request("since", newest).await;
        self.world.next_request("since", seq(&first)).await;
    }
}

/// The number of a request in the journal.
fn seq(request: &Value) -> u64 {
    request["seq"].as_u64().expect("a request has a number")
}

/// Settings by website, as they truly are.
pub async fn truth(world: &World) -> Map<String, Value> {
    let websites = world.websites().await.into_iter();
    websites.map(|(id, mut website)| (id, website["settings"].take())).collect()
}

fn command(language: Language) -> Result<Command, Missing> {
    match language {
        Language::Node => {
            let mut command = Command::new(program("node")?);
            command.arg(repository("examples/node-plugin/index.js"));
            command.env("NODE_PATH", node_modules("examples/node-plugin")?);
            Ok(command)
        }
        Language::Python => {
            let mut command = Command::new(python("examples/python-plugin")?);
            command.arg(repository("examples/python-plugin/plugin.py"));
            Ok(command)
        }
    }
}
