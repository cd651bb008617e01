//! A running emulator, seen from outside: where it is, and its control API.

use std::time::Duration;

use clap::Args;
use crisp_mock_server::spaces::is_space_name;
use crisp_mock_server::{duration, exact};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use crate::failure::Failure;

/// Where an emulator is looked for when nothing says otherwise.
const DEFAULT_URL: &str = "http://127.0.0.1:8420";
/// A control call that takes longer than this, its own wait aside, never ends.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How to find a running emulator.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Where and how")]
pub struct Whereabouts {
    /// Where the emulator is [default: CRISP_MOCK_CONTROL_URL, CRISP_MOCK_URL or
    /// http://127.0.0.1:8420]
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,

    /// The space that is meant [default: CRISP_MOCK_SPACE, or the default space]
    #[arg(long, global = true, env = "CRISP_MOCK_SPACE", value_name = "NAME")]
    pub space: Option<String>,

    /// The token that the emulator demands [default: CRISP_MOCK_CONTROL_TOKEN]
    #[arg(
        long,
        global = true,
        env = "CRISP_MOCK_CONTROL_TOKEN",
        value_name = "TOKEN",
        hide_short_help = true
    )]
    pub control_token: Option<String>,
}

impl Whereabouts {
    /// The base of the control API of the space that is meant.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] when the address or the space's name cannot be meant.
    pub fn control_url(&self) -> Result<String, Failure> {
        let url = match &self.url {
            Some(url) => Some(url.clone()),
            None => url_of_environment()?,
        };
        control_url(url.as_deref().unwrap_or(DEFAULT_URL), self.space.as_deref())
    }
}

/// A variable of the environment; an empty one counts as absent.
///
/// # Errors
///
/// [`Failure::Usage`] when it is no text.
pub fn variable(name: &str) -> Result<Option<String>, Failure> {
    let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    value.into_string().map(Some).map_err(|value| {
        let shown = value.to_string_lossy();
        let message = format!("the variable {name} of the environment is not UTF-8: `{shown}`");
        Failure::usage(message, "write it anew, or remove it")
    })
}

/// The address that the environment names.
///
/// # Errors
///
/// As [`variable`].
pub fn url_of_environment() -> Result<Option<String>, Failure> {
    match variable("CRISP_MOCK_CONTROL_URL")? {
        Some(url) => Ok(Some(url)),
        None => variable("CRISP_MOCK_URL"),
    }
}

/// The base of the control API, from any address of the server: REST, control or the bare host.
fn control_url(url: &str, space: Option<&str>) -> Result<String, Failure> {
    let with_scheme = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let parsed = reqwest::Url::parse(&with_scheme).ok();
    let fits = parsed.is_some_and(|url| url.scheme() == "http" && url.has_host());
    if !fits {
        let message = format!("`{url}` is not the address of an emulator");
        return Err(Failure::usage(message, format!("write it like {DEFAULT_URL}")));
    }
    let (host, below) = match with_scheme.split_once("/_mock") {
        Some((host, below)) => (host, below.trim_end_matches('/')),
        None => {
            let host = with_scheme.trim_end_matches('/');
            (host.strip_suffix("/v1").unwrap_or(host), "")
        }
    };
    match space {
        None => Ok(format!("{host}/_mock{below}")),
        Some("default") => Ok(format!("{host}/_mock")),
        Some(name) => Ok(format!("{host}/_mock/spaces/{}", space_name(name)?)),
    }
}

/// A space's name, if it can be one: it becomes part of an address.
///
/// # Errors
///
/// [`Failure::Usage`] when it cannot.
pub fn space_name(name: &str) -> Result<&str, Failure> {
    if is_space_name(name) {
        return Ok(name);
    }
    let message = format!("`{name}` cannot be a space's name");
    Err(Failure::usage(message, "use 1 to 64 letters, digits, `-`, `_` and `.`, not dots alone"))
}

/// An answer longer than this is given up: what answers there may be no emulator and never end.
const LONGEST_ANSWER: usize = 64 << 20;

/// The control API of one space of a running emulator.
#[derive(Debug)]
pub struct Emulator {
    base: String,
    token: Option<String>,
    client: Client,
}

impl Emulator {
    /// Prepares calls; none is made yet.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] when it cannot be found that way.
    pub fn at(whereabouts: &Whereabouts) -> Result<Self, Failure> {
        Ok(Self {
            base: whereabouts.control_url()?,
            token: whereabouts.control_token.clone().filter(|token| token != "none"),
            client: client()?,
        })
    }

    /// The base of the control API.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Gets a path below the base.
    ///
    /// # Errors
    ///
    /// As [`Emulator::call`].
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::GET, path, None).await
    }

    /// Makes one call of a path below the base.
    ///
    /// # Errors
    ///
    /// As [`Emulator::call`].
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        self.call(method, path, body, PATIENCE).await
    }

    /// Makes one call of a path below the base, and gives up after `patience`.
    ///
    /// # Errors
    ///
    /// [`Failure::NoServer`] when no emulator answers, [`Failure::Refused`] when it refuses.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        patience: Duration,
    ) -> Result<Value, Failure> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            // A value that was read from JSON has JSON.
            let json = exact::json(body).unwrap_or_default();
            request = request.header(CONTENT_TYPE, "application/json").body(json);
        }
        let no_server = |error: reqwest::Error| Failure::NoServer {
            url: self.base.clone(),
            problem: in_words(&error, patience),
        };
        let mut answer = request.timeout(patience).send().await.map_err(no_server)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(no_server)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                return Err(Failure::NoServer {
                    url: self.base.clone(),
                    problem: format!("its answer has more than {} MiB", LONGEST_ANSWER >> 20),
                });
            }
        }
        let answer: Option<Value> = exact::read(&body).ok();
        match answer {
            Some(answer) if status.is_success() => Ok(answer),
            Some(answer) if answer["error"].is_string() => Err(refused(status, &answer)),
            _ => Err(Failure::NoServer {
                url: self.base.clone(),
                problem: format!("something else answers there, with status {status}"),
            }),
        }
    }
}

fn refused(status: StatusCode, answer: &Value) -> Failure {
    let text = |key: &str| answer[key].as_str().map(str::to_owned);
    let hint = if status == StatusCode::UNAUTHORIZED {
        Some("give its token with `--control-token` or CRISP_MOCK_CONTROL_TOKEN".to_owned())
    } else {
        text("hint").map(in_the_shell)
    };
    Failure::Refused { error: text("error").unwrap_or_default(), hint }
}

/// A hint of the server with its HTTP calls replaced by the commands that make them.
fn in_the_shell(hint: String) -> String {
    const WORDS: [(&str, &str); 13] = [
        ("DELETE /_mock/websites/{id}", "`crisp-mock ctl uninstall`"),
        ("POST /_mock/websites", "`crisp-mock ctl install`"),
        ("GET /_mock/websites", "`crisp-mock ctl websites`"),
        ("GET /_mock/faults", "`crisp-mock ctl fault --list`"),
        ("GET /_mock/schema", "`crisp-mock ctl schema`"),
        ("PUT /_mock/schema", "`crisp-mock ctl schema FILE`"),
        ("GET /_mock/spaces", "`crisp-mock ctl space list`"),
        ("POST /_mock/spaces", "`crisp-mock ctl space create`"),
        ("GET /_mock/hooks/deliveries", "`crisp-mock ctl hooks`"),
        ("POST /_mock/events", "`crisp-mock ctl emit`"),
        ("GET /_mock/state", "`crisp-mock ctl state`"),
        ("POST /_mock/reset", "`crisp-mock ctl reset`"),
        ("send `limit` (null: none), `used` or both", "give a limit, `off` or --used"),
    ];
    WORDS.iter().fold(hint, |hint, (call, words)| hint.replace(call, words))
}

/// A client for this machine and its neighbours: no proxy, no certificates.
fn client() -> Result<Client, Failure> {
    // Fails when a provider is installed already, and any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        // The control API never redirects: what does is something else.
        .redirect(Policy::none())
        .tls_certs_only([])
        .connect_timeout(Duration::from_secs(5))
        .build()
        .map_err(Failure::environment("preparing an HTTP client"))
}

/// What went wrong below HTTP, without the layers of libraries around it.
fn in_words(error: &reqwest::Error, patience: Duration) -> String {
    if error.is_timeout() {
        return format!("no answer within {}", duration::format(patience));
    }
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_address_of_the_server_leads_to_its_control_api() {
        for url in [
            "http://127.0.0.1:9",
            "http://127.0.0.1:9/",
            "http://127.0.0.1:9/v1/",
            "http://127.0.0.1:9/_mock",
            "127.0.0.1:9",
        ] {
            assert_eq!(control_url(url, None).unwrap(), "http://127.0.0.1:9/_mock", "{url}");
        }
    }

    #[test]
    fn a_space_in_the_address_stays_and_another_can_be_named() {
        let url = "http://localhost:9/_mock/spaces/a";
        assert_eq!(control_url(url, None).unwrap(), url);
        let other = "http://localhost:9/_mock/spaces/b";
        assert_eq!(control_url(url, Some("b")).unwrap(), other);
        let default = "http://localhost:9/_mock";
        assert_eq!(control_url(url, Some("default")).unwrap(), default);
    }

    #[test]
    fn what_is_no_address_or_name_is_refused() {
        for url in ["https://a", "http://", "ftp://a", "a b"] {
            assert!(control_url(url, None).is_err(), "{url}");
        }
        assert!(control_url(DEFAULT_URL, Some("a/b")).is_err());
    }
}
