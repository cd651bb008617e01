//! The official clients: the same calls under each one's own names.

use serde_json::{Value, json};
use tokio::process::Command;

use crate::emulator::World;
use crate::install::{node_modules, python, repository};
use crate::lines::Program;
use crate::want::{Missing, or_skip, program};

/// Which client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Official {
    /// The newest `crisp-api` 11 of npm.
    Node11,
    /// The newest `crisp-api` 10 of npm, which tries again by itself.
    Node10,
    /// The newest `crisp-api` of PyPI.
    Python,
}

/// Makes a test of a claim for each official client.
macro_rules! claims_of_every_client {
    ($($claim:ident),* $(,)?) => { $(
        mod $claim {
            use crate::official::Official;

            #[tokio::test]
            async fn node_11() {
                super::$claim(Official::Node11).await;
            }

            #[tokio::test]
            async fn node_10() {
                super::$claim(Official::Node10).await;
            }

            #[tokio::test]
            async fn python() {
                super::$claim(Official::Python).await;
            }
        }
    )* };
}
pub(crate) use claims_of_every_client;

/// A client's own words for a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status, as the client gives it.
    pub code: u64,
    /// The reason: the API's, or one that the client made up.
    pub message: String,
    /// The explanation.
    pub explanation: String,
    /// Whose error it is: `response` or `request`.
    pub namespace: String,
}

impl Refusal {
    fn read(rejected: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            code: rejected["code"].as_u64().unwrap_or_default(),
            message: text(&rejected["message"]),
            explanation: text(&rejected["data"]["message"]),
            namespace: text(&rejected["data"]["namespace"]),
        }
    }

    /// Status and reason.
    pub fn is(&self, code: u64, message: &str) -> bool {
        (self.code, self.message.as_str()) == (code, message)
    }
}

/// A client in a process of its own, and the world that its credentials choose.
pub struct Bench {
    /// Which client it is.
    pub official: Official,
    /// Its world.
    pub world: World,
    program: Program,
}

impl Bench {
    /// A fresh world and a client that is authenticated in it; nothing where it cannot be had.
    pub async fn start(official: Official, options: Value) -> Option<Self> {
        let world = World::start(options).await;
        Self::with_key(official, world, None).await
    }

    /// The same, with a key of one's own in place of the right one.
    pub async fn with_key(official: Official, world: World, key: Option<&str>) -> Option<Self> {
        let installed = tokio::task::spawn_blocking(move || caller(official)).await;
        let mut command = or_skip(installed.expect("an installation does not panic"))?;
        command.envs(world.environment());
        if let Some(key) = key {
            command.env("CRISP_KEY", key);
        }
        let program = Program::start(&format!("{official:?}"), &mut command);
        Some(Self { official, world, program })
    }

    /// Calls a method of the client under its own name.
    pub async fn call(&mut self, name: &str, args: Value) -> Result<Value, Value> {
        let request = json!({ "call": name, "args": args });
        self.program.say(&request.to_string()).await;
        let answer = self.program.hear().await;
        let mut answer: Value = serde_json::from_str(&answer).expect("a caller answers in JSON");
        match answer.get_mut("returned") {
            Some(returned) => Ok(returned.take()),
            None => Err(answer["rejected"].take()),
        }
    }

    /// Makes calls at the same time, each by a client of its own, and gives what came of each.
    pub async fn at_once(&mut self, calls: &[Value]) -> Vec<Value> {
        self.program.say(&json!(calls).to_string()).await;
        let answers = self.program.hear().await;
        serde_json::from_str(&answers).expect("a caller answers with a list")
    }

    async fn either(&mut self, node: &str, python: &str, args: Value) -> Result<Value, Refusal> {
        let name = match self.official {
            Official::Python => python,
            Official::Node10 | Official::Node11 => node,
        };
        let answer = self.call(name, args).await;
        answer.map_err(|rejected| Refusal::read(&rejected))
    }

    /// One page of websites.
    pub async fn page(&mut self, page: u64, configured: bool) -> Result<Vec<Value>, Refusal> {
        let args = match self.official {
            // Python's client passes on what it is given: its boolean would be sent as `True`.
            Official::Python => json!([page, u8::from(configured)]),
            Official::Node10 | Official::Node11 => json!([page, configured, false]),
        };
        let page = self.either("listAllConnectWebsites", "list_all_connect_websites", args).await?;
        Ok(list(page))
    }

    /// Pages from the first on, as official examples load them: until an empty one.
    pub async fn all_pages(&mut self, configured: bool) -> Vec<Vec<Value>> {
        let mut pages = Vec::new();
        for page in 1.. {
            let websites = self.page(page, configured).await.expect("a page is given");
            let last = websites.is_empty();
            pages.push(websites);
            if last {
                break;
            }
        }
        pages
    }

    /// What changed since a date, which is handed to the client as it is.
    pub async fn since(&mut self, date: impl Into<Value>) -> Result<Vec<Value>, Refusal> {
        let date: Value = date.into();
        let args = match self.official {
            Official::Python => json!([date, 0]),
            Official::Node10 | Official::Node11 => json!([date, false, false]),
        };
        let names = ("listConnectWebsitesSince", "list_connect_websites_since");
        Ok(list(self.either(names.0, names.1, args).await?))
    }

    /// Whether the credentials are good.
    pub async fn session(&mut self) -> Result<Value, Refusal> {
        let names = ("checkConnectSessionValidity", "check_connect_session_validity");
        self.either(names.0, names.1, json!([])).await
    }

    /// Who one is.
    pub async fn account(&mut self) -> Result<Value, Refusal> {
        self.either("getConnectAccount", "get_connect_account", json!([])).await
    }

    /// One website's settings, with all that comes along.
    pub async fn get_settings(&mut self, website: &str) -> Result<Value, Refusal> {
        let names = ("getSubscriptionSettings", "get_subscription_settings");
        let args = json!([website, self.world.fact("plugin_id")]);
        self.either(names.0, names.1, args).await
    }

    /// Overwrites settings (PUT).
    pub async fn save_settings(&mut self, website: &str, new: Value) -> Result<Value, Refusal> {
        let names = ("saveSubscriptionSettings", "save_subscription_settings");
        let args = json!([website, self.world.fact("plugin_id"), new]);
        self.either(names.0, names.1, args).await
    }

    /// Merges settings (PATCH).
    pub async fn update_settings(&mut self, website: &str, new: Value) -> Result<Value, Refusal> {
        let names = ("updateSubscriptionSettings", "update_subscription_settings");
        let args = json!([website, self.world.fact("plugin_id"), new]);
        self.either(names.0, names.1, args).await
    }
}

fn list(websites: Value) -> Vec<Value> {
    serde_json::from_value(websites).expect("websites come as a list")
}

/// The program that calls a client.
fn caller(official: Official) -> Result<Command, Missing> {
    let node = |package: &str| {
        let mut command = Command::new(program("node")?);
        command.arg(repository("tests/clients/node/caller.js")).arg(package);
        command.env("NODE_PATH", node_modules("tests/clients/node")?);
        Ok(command)
    };
    match official {
        Official::Node11 => node("crisp-api-11"),
        Official::Node10 => node("crisp-api-10"),
        Official::Python => {
            let mut command = Command::new(python("tests/clients/python")?);
            command.arg(repository("tests/clients/python/caller.py"));
            Ok(command)
        }
    }
}
