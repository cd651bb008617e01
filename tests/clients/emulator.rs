//! The emulator, and one world of it for each claim.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::lines::Program;

/// An HTTP client for this machine: no proxy, no certificates.
pub fn http() -> Client {
    // Another claim may have installed one; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().tls_certs_only([]).build();
    client.expect("a client without certificates or proxies can be built")
}

/// A world of its own behind the credentials of its own.
pub struct World {
    /// What a fixture needs to know: address, credentials, ids.
    pub info: Value,
    http: Client,
    _server: Program,
}

impl World {
    /// Starts `crisp-mock serve` with one world; `options` are the body of `POST /_mock/spaces`.
    pub async fn start(options: Value) -> Self {
        let mut world = Self::as_served().await;
        world.info = world.control(Method::POST, "/spaces", Some(options)).await;
        world
    }

    /// Starts `crisp-mock serve` without any option about its world.
    pub async fn as_served() -> Self {
        Self::served_with(&["--listen", "127.0.0.1:0"]).await
    }

    /// Starts `crisp-mock serve` with these options; the default world.
    pub async fn served_with(options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crisp-mock"));
        command.args(["serve", "--print", "json", "--quiet"]).args(options);
        // Should this process be killed, the emulator ends by itself.
        command.args(["--parent-pid", &std::process::id().to_string()]);
        let mut server = Program::start("crisp-mock serve", &mut command);
        let info = server.hear().await;
        Self {
            info: serde_json::from_str(&info).expect("what is known is JSON"),
            http: http(),
            _server: server,
        }
    }

    /// One of the facts in [`World::info`].
    pub fn fact(&self, name: &str) -> &str {
        let fact = self.info[name].as_str();
        fact.unwrap_or_else(|| panic!("the emulator says nothing of `{name}`"))
    }

    /// What the emulator gives a plugin to read in its environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let facts = [
            ("CRISP_REST_HOST", "url"),
            ("CRISP_REST_URL", "rest_url"),
            ("CRISP_MOCK_CONTROL_URL", "control_url"),
            ("CRISP_IDENTIFIER", "identifier"),
            ("CRISP_KEY", "key"),
            ("CRISP_TIER", "tier"),
            ("CRISP_PLUGIN_ID", "plugin_id"),
        ];
        let facts = facts.map(|(name, fact)| (name, self.fact(fact).to_owned()));
        // Loopback is reached directly, whatever proxy the machine has.
        let direct = ("NO_PROXY", "127.0.0.1,localhost".to_owned());
        facts.into_iter().chain([direct]).collect()
    }

    /// A call of the control API that has to succeed.
    pub async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}{path}", self.fact("control_url"));
        let mut request = self.http.request(method, &url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the emulator answers");
        let status = answer.status();
        let body: Value = answer.json().await.expect("the control API speaks JSON");
        let fine = matches!(status, StatusCode::OK | StatusCode::CREATED);
        assert!(fine, "{url} answered {status}: {body}");
        body
    }

    /// An operator saves settings from the dashboard.
    pub async fn operator_saves(&self, website: &str, settings: Value) {
        let path = format!("/websites/{website}/settings");
        self.control(Method::PUT, &path, Some(settings)).await;
    }

    /// Installs the plugin; the website as the emulator describes it.
    pub async fn install(&self, settings: Value) -> Value {
        let body = json!({ "settings": settings });
        self.control(Method::POST, "/websites", Some(body)).await
    }

    /// Uninstalls the plugin.
    pub async fn uninstall(&self, website: &str) {
        let path = format!("/websites/{website}");
        self.control(Method::DELETE, &path, None).await;
    }

    /// All websites as they truly are, by id.
    pub async fn websites(&self) -> serde_json::Map<String, Value> {
        let mut truth = self.control(Method::GET, "/websites", None).await;
        let websites = truth["websites"].take();
        serde_json::from_value(websites).expect("websites come by their ids")
    }

    /// One website as it truly is; `w1`, `w2`, … are names for it, too.
    pub async fn website(&self, website: &str) -> Value {
        let path = format!("/websites/{website}");
        self.control(Method::GET, &path, None).await
    }

    /// What the emulator's clock shows.
    pub async fn now(&self) -> String {
        let clock = self.control(Method::GET, "/clock", None).await;
        clock["now"].as_str().expect("the clock shows a time").to_owned()
    }

    /// The requests of an operation, oldest first.
    pub async fn requests(&self, operation: &str) -> Vec<Value> {
        self.requests_matching(&format!("operation={operation}")).await
    }

    /// The requests that a query of `GET /_mock/requests` lets through, oldest first.
    pub async fn requests_matching(&self, query: &str) -> Vec<Value> {
        let path = format!("/requests?{query}");
        let mut journal = self.control(Method::GET, &path, None).await;
        serde_json::from_value(journal["requests"].take()).expect("the journal is a list")
    }

    /// The first request of an operation after the one numbered `seq`, as soon as there is one.
    pub async fn next_request(&self, operation: &str, seq: u64) -> Value {
        let query = format!("operation={operation}&since_seq={seq}&wait=60s");
        let found = self.requests_matching(&query).await.into_iter().next();
        found.unwrap_or_else(|| panic!("no `{operation}` after request {seq}"))
    }
}
