//! What a machine is told when it is made: whose plugin, which pace, how much trust.

use std::fmt;
use std::time::Duration;

use http::{HeaderValue, Uri};

use crate::PluginId;
use crate::mistake::Mistakes;

/// A plugin token (docs/wire.md#credentials): the pair that the Marketplace shows.
///
/// The key is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    identifier: String,
    key: String,
}

impl Credentials {
    /// The pair, as the Marketplace shows it.
    pub fn new(identifier: impl Into<String>, key: impl Into<String>) -> Self {
        Self { identifier: identifier.into(), key: key.into() }
    }

    /// The text that authenticates a socket of the RTM API for these events (docs/wire.md#rtm).
    pub(crate) fn authentication(&self, events: &[&str]) -> String {
        let payload = serde_json::json!({
            "username": self.identifier, "password": self.key, "tier": "plugin", "events": events,
        });
        format!("42{}", serde_json::json!(["authentication", payload]))
    }

    /// The value of the `Authorization` header: HTTP Basic.
    pub(crate) fn authorization(&self) -> HeaderValue {
        use base64::Engine;
        let pair = format!("{}:{}", self.identifier, self.key);
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
        let mut value = HeaderValue::try_from(format!("Basic {encoded}"))
            .expect("base64 is made of header characters");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}:…)", self.identifier)
    }
}

/// Why an address cannot be the API's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot be the API's base ({problem}); it looks like https://api.crisp.chat/v1/")]
pub struct InvalidBase {
    text: String,
    problem: String,
}

/// Where the API is: everything before the route, with a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// An address such as `http://127.0.0.1:8420/v1/`; the last slash may be left out.
    ///
    /// # Errors
    /// When it is no absolute http or https address, or has a query.
    pub fn new(text: &str) -> Result<Self, InvalidBase> {
        let refuse = |problem: &str| InvalidBase {
            text: text.chars().take(200).collect(),
            problem: problem.to_owned(),
        };
        let uri: Uri = text.parse().map_err(|_| refuse("not an address"))?;
        match uri.scheme_str() {
            Some("http" | "https") if uri.host().is_some_and(|host| !host.is_empty()) => {}
            _ => return Err(refuse("neither http:// nor https:// and a host")),
        }
        if uri.query().is_some() {
            return Err(refuse("a query cannot be part of it"));
        }
        let slash = if text.ends_with('/') { "" } else { "/" };
        Ok(Self(format!("{text}{slash}")))
    }

    /// The text, ending in a slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for BaseUrl {
    /// Crisp's own: `https://api.crisp.chat/v1/` (docs/wire.md#base-url).
    fn default() -> Self {
        Self("https://api.crisp.chat/v1/".to_owned())
    }
}

/// How long to wait after failures: from `base`, doubling, to `cap`, with full jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// The upper end of the first wait. No wait is shorter than half of it.
    pub base: Duration,
    /// The upper end of every later wait.
    pub cap: Duration,
}

/// How the cache listens to the RTM API (docs/sync/listening.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listening {
    /// From one poll to the next while events arrive and the set is beyond doubt. An event that is
    /// lost on its way is made up for by the next of these polls. Default 10 min; never longer than half
    /// of [`Config::longest_gap`], after which a poll would be a list, and never shorter than
    /// [`Config::poll_every`], which holds whenever no events arrive.
    pub poll_every: Duration,
    /// After a socket that ended, or that could not be opened; a socket that lived for at least
    /// `cap` starts anew with `base`. Default 2 s to 5 min. After refused credentials
    /// [`Config::refused`] holds instead.
    pub reconnect: Waits,
    /// From opening a socket to the server's answer to the credentials. Default 10 s.
    pub connect_timeout: Duration,
}

impl Default for Listening {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            poll_every: seconds(600),
            reconnect: Waits { base: seconds(2), cap: seconds(300) },
            connect_timeout: seconds(10),
        }
    }
}

/// The daily request quota of the plugin (docs/wire.md#quota).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Requests a day, as agreed with Crisp.
    Known(u32),
    /// Requests a day to start from; corrected downwards when the API keeps throttling and
    /// upwards when it lets more through.
    Assumed(u32),
    /// Pace by the intervals alone.
    Unlimited,
}

/// Everything that a [`Machine`](crate::machine::Machine) is told.
///
/// ```
/// use crisp_sync::{BaseUrl, Config, Credentials};
/// use std::time::Duration;
///
/// let mut config = Config::new(Credentials::new("identifier", "key"));
/// config.base = BaseUrl::new("http://127.0.0.1:8420/v1/")?;
/// config.poll_every = Duration::from_secs(20);
/// config.most_websites = 50_000;
/// # Ok::<(), crisp_sync::InvalidBase>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where the API is. Default: Crisp's.
    pub base: BaseUrl,
    /// The plugin's token.
    pub credentials: Credentials,
    /// The plugin's id. `None` (the default): asked for when first needed, which is the first
    /// save or read-back.
    pub plugin_id: Option<PluginId>,
    /// From one poll to the next. Default 60 s: 1,440 requests a day, 29 % of the default quota.
    /// The quota may make it longer: polls never get more than 40 % of a day's requests, which is
    /// one in 43 s of the default quota. With [`Quota::Unlimited`] this stands as it is.
    pub poll_every: Duration,
    /// How far back every poll looks behind the last good one.
    ///
    /// It has to exceed the server's time granularity (1 s at worst), the resolution of `Date`
    /// (1 s), the lag between a change's stamp and its appearance, the life of an HTTP cache in
    /// front, and the difference between several servers' clocks. None of these is documented.
    /// Looking further back costs no requests, only repeats, which change nothing. Default 120 s.
    pub overlap: Duration,
    /// For how long after an own save nothing that the API says about that website is believed,
    /// because it may not know of the save yet. Between `settle` and `overlap` after the save a
    /// contradiction is looked into by reading that website alone. Default 5 s: longer would
    /// hide an operator's edit made just after.
    pub settle: Duration,
    /// After a gap this long between two good polls nothing is assumed about what the API still
    /// remembers of removals: everything is listed again (hazard C10). Default 1 h.
    pub longest_gap: Duration,
    /// From one full list to the next, as a net under everything else. Made longer when the
    /// quota cannot afford it. Default 1 h.
    pub relist_every: Duration,
    /// From sending a request to the last byte of its answer; after it the answer is not wanted
    /// any more. Default 30 s.
    pub request_timeout: Duration,
    /// After network failures, 5xx and unreadable answers. Default 1 s to 30 s.
    pub retry: Waits,
    /// After 429 and 420 without `Retry-After`. Default 2 s to 5 min.
    pub throttled: Waits,
    /// After 401, 403, 404 and other refusals, and after what is over a bound
    /// ([`most_websites`](Self::most_websites)): a person has to mend it; never for ever.
    /// Default 30 s to 15 min.
    pub refused: Waits,
    /// The longest `Retry-After` that is obeyed to the letter. Default 1 h.
    pub longest_retry_after: Duration,
    /// How long the caller of a save is kept waiting for a definite outcome, once it is its
    /// turn: a save that may not be sent by then is given up, an unclear one is reported as
    /// unknown. Default 30 s.
    pub save_patience: Duration,
    /// The daily quota. Default: 5,000 assumed, which is Crisp's default.
    pub quota: Quota,
    /// The longest that a tight quota may stretch the poll interval to. Default 15 min.
    pub longest_poll: Duration,
    /// The most websites that the cache takes in. Default 1,000,000.
    ///
    /// A list, a poll or a reading that would make the set larger is not used, not even by half: the cache
    /// stays as it is and serves, [`Status::last_error`](crate::machine::Status::last_error) and the
    /// log name the bound, and it is asked again after the waits of [`refused`](Self::refused).
    /// What the cache holds already is never too much: a set over a bound that was lowered, or that own
    /// saves made larger, is kept and follows everything that does not make it grow.
    ///
    /// While the websites of the plugin are over a bound, the
    /// [promise of convergence](Self::convergence_bound) does not hold; it holds again, with
    /// `refused.cap` added, when they fit or the bound is raised.
    pub most_websites: usize,
    /// The most bytes of settings, tokens and plans that the cache takes in, as JSON text. Default
    /// 1 GiB: a million websites of a kibibyte. Same consequences as
    /// [`most_websites`](Self::most_websites).
    ///
    /// Memory is more than that: some 200 bytes a website beside its text, the values of the plugin's own
    /// type, one answer of at most 256 MiB, and the new set beside the old one during a list.
    pub most_bytes: usize,
    /// Whether to ask for each website's plan. Default no.
    pub include_plan: bool,
    /// Whether to listen to the RTM API, and how. Default no. A [`Cache`](crate::Cache) can do it with
    /// the crate's feature `rtm`; who drives a [`Machine`](crate::machine::Machine) brings the socket.
    pub listening: Option<Listening>,
    /// Seed of the jitter. Two instances of a plugin should have different ones.
    pub seed: u64,
    /// The `User-Agent` that is sent.
    pub user_agent: HeaderValue,
    pub(crate) mistakes: Mistakes,
}

/// As good as for ever: no process runs for so long, and a moment can be moved by it several times.
const EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl Config {
    /// The defaults for this token, against Crisp's own API.
    pub fn new(credentials: Credentials) -> Self {
        let seconds = Duration::from_secs;
        Self {
            base: BaseUrl::default(),
            credentials,
            plugin_id: None,
            poll_every: seconds(60),
            overlap: seconds(120),
            settle: seconds(5),
            longest_gap: seconds(3600),
            relist_every: seconds(3600),
            request_timeout: seconds(30),
            retry: Waits { base: seconds(1), cap: seconds(30) },
            throttled: Waits { base: seconds(2), cap: seconds(300) },
            refused: Waits { base: seconds(30), cap: seconds(900) },
            longest_retry_after: seconds(3600),
            save_patience: seconds(30),
            quota: Quota::Assumed(5000),
            longest_poll: seconds(900),
            most_websites: 1_000_000,
            most_bytes: 1 << 30,
            include_plan: false,
            listening: None,
            seed: 0,
            user_agent: HeaderValue::from_static(concat!("crisp-sync/", env!("CARGO_PKG_VERSION"))),
            mistakes: Mistakes::NONE,
        }
    }

    /// The same with spans of time that can be added to a moment: what is longer is a century.
    pub(crate) fn within_reach(mut self) -> Self {
        let waits = [&mut self.retry, &mut self.throttled, &mut self.refused];
        let listening = self.listening.as_mut().map(|it| {
            let Listening { poll_every, reconnect, connect_timeout } = it;
            [poll_every, &mut reconnect.base, &mut reconnect.cap, connect_timeout]
        });
        let own = [
            &mut self.poll_every,
            &mut self.overlap,
            &mut self.settle,
            &mut self.longest_gap,
            &mut self.relist_every,
            &mut self.request_timeout,
            &mut self.longest_retry_after,
            &mut self.save_patience,
            &mut self.longest_poll,
        ];
        let waits = waits.into_iter().flat_map(|Waits { base, cap }| [base, cap]);
        for span in own.into_iter().chain(waits).chain(listening.into_iter().flatten()) {
            *span = (*span).min(EVER);
        }
        self
    }

    /// Has the machine make a mistake, so that a test harness can show that it is noticed.
    #[cfg(feature = "mistakes")]
    #[doc(hidden)]
    #[must_use]
    pub fn with_mistake(mut self, mistake: crate::Mistake) -> Self {
        self.mistakes = Mistakes(Some(mistake));
        self
    }

    /// The plugin's name in the keys of a store: its identifier, or that of its token.
    #[cfg(feature = "store")]
    pub(crate) fn store_name(&self) -> String {
        match self.plugin_id {
            Some(plugin) => plugin.to_string(),
            None => self.credentials.identifier.clone(),
        }
    }

    /// Within this time after the last change and the last fault the cache equals the server:
    /// poll interval, longest wait after a failure, one request's time, and the overlap.
    ///
    /// It holds while the quota does not stretch the interval, and for failures of the kind
    /// that `retry` covers; add [`refused`](Self::refused)`.cap` for the others. It does not hold
    /// while the set is larger than [`most_websites`](Self::most_websites) or
    /// [`most_bytes`](Self::most_bytes): then the cache stays at the last set that fitted. With
    /// [`listening`](Self::listening) the interval is that of its polls, since any event may be lost.
    pub fn convergence_bound(&self) -> Duration {
        let rare = self.listening.map_or(Duration::ZERO, |listening| listening.poll_every);
        let spans = [self.retry.cap, self.request_timeout, self.overlap];
        spans.into_iter().fold(self.poll_every.max(rare), Duration::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_gets_its_last_slash_and_rubbish_is_refused() {
        let base = BaseUrl::new("http://127.0.0.1:8420/v1").unwrap();
        assert_eq!(base.as_str(), "http://127.0.0.1:8420/v1/");
        for text in ["", "v1/", "ftp://x/", "http://x/?q", "not an address"] {
            assert!(BaseUrl::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn credentials_are_sent_as_basic_and_never_printed() {
        let credentials = Credentials::new("id", "very-secret");
        assert_eq!(credentials.authorization(), "Basic aWQ6dmVyeS1zZWNyZXQ=");
        assert!(!format!("{credentials:?}").contains("very-secret"));
        assert!(!format!("{:?}", credentials.authorization()).contains("aWQ"));
    }

    #[test]
    fn the_default_bound_is_four_minutes() {
        let config = Config::new(Credentials::new("id", "key"));
        assert_eq!(config.convergence_bound(), Duration::from_secs(60 + 30 + 30 + 120));
    }
}
