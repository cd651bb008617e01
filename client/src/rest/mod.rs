//! The plain REST client: every plugin route (docs/wire.md) as a typed call, without
//! cache, retries or patience.

mod bodies;
mod error;

pub use bodies::{
    ChannelMessage, Endpoints, PluginEvent, Provenance, ProvenancePayload, ProvenancePlugin,
    ProvenanceUser, ProvenanceWebsite, Rescue, Socket, Subscription, SubscriptionPlan,
    SubscriptionSettings, UsageBill,
};
pub use error::{Advice, ApiError};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::machine::Requests;
use crate::transport::{SetupError, Timeouts, Transport};
use crate::wire::{self, Item, Unreadable};
use crate::{Config, PluginId, Settings, Website, WebsiteId};

/// What to leave out of a list, and what to add to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// Only websites whose settings were configured (`filter_configured=1`).
    pub configured_only: bool,
}

/// A tier of credentials (docs/wire.md#credentials).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// A plugin's token.
    Plugin,
    /// An operator's account; some subscription routes demand it.
    User,
    /// One website's own token.
    Website,
}

/// The plain REST client. Cloning shares its connections.
///
/// Each call is one request; nothing is repeated. An [`ApiError`] says what to do.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use crisp_sync::{Client, Config, Credentials};
///
/// let client = Client::new(&Config::new(Credentials::new("identifier", "key")))?;
/// let plugin = client.account().await?;
/// for website in client.websites(1, Default::default()).await? {
///     println!("{} {:?}", website.id, website.settings);
/// }
/// # let _ = plugin; Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    transport: Transport,
    requests: Requests,
    tier: HeaderValue,
}

impl Client {
    /// A client for the address and token of this configuration; of its times only
    /// `request_timeout` counts.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(config: &Config) -> Result<Self, SetupError> {
        let timeouts = Timeouts { whole: config.request_timeout, ..Timeouts::default() };
        let tier = HeaderValue::from_static("plugin");
        Ok(Self { transport: Transport::new(timeouts)?, requests: Requests::new(config), tier })
    }

    /// The same client with another tier.
    #[must_use]
    pub fn with_tier(mut self, tier: Tier) -> Self {
        self.tier = HeaderValue::from_static(match tier {
            Tier::Plugin => "plugin",
            Tier::User => "user",
            Tier::Website => "website",
        });
        self
    }

    /// `GET plugin/connect/account`: which plugin this token belongs to.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn account(&self) -> Result<PluginId, ApiError> {
        #[derive(serde::Deserialize)]
        struct Account {
            plugin_id: PluginId,
        }
        let account: Account = self.get(self.requests.account()).await?;
        Ok(account.plugin_id)
    }

    /// `HEAD plugin/connect/session`: whether the token is accepted.
    ///
    /// # Errors
    /// See [`ApiError`]; a refused token is `Ok(false)`.
    pub async fn session(&self) -> Result<bool, ApiError> {
        let request = self.requests.request(Method::HEAD, "plugin/connect/session", None);
        match self.send(request).await {
            Ok(_) => Ok(true),
            Err(ApiError::Credentials(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// `GET plugin/connect/websites/all/{page}`. Pages count from 1; the list has ended
    /// when one is empty. Items without a readable identifier are left out.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn websites(
        &self,
        page: u32,
        options: ListOptions,
    ) -> Result<Vec<Website>, ApiError> {
        let request = self.requests.list(page, options.configured_only, false);
        let body = self.send(request).await?;
        let list = wire::read_items(body.body(), true)?;
        Ok(list.items.into_iter().map(|item| Website::clone(&item.website)).collect())
    }

    /// `GET plugin/connect/websites/since`: what changed since a date, by the server's
    /// clock. Read the [hazards](crate#hazards) before relying on it, or use
    /// [`Cache`](crate::Cache).
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn since(
        &self,
        date: Timestamp,
        options: ListOptions,
    ) -> Result<Vec<Item>, ApiError> {
        let request = self.requests.since(date, options.configured_only);
        let body = self.send(request).await?;
        Ok(wire::read_items(body.body(), false)?.items)
    }

    /// `GET plugin/connect/endpoints`: where the real-time API is. Ask anew before each
    /// connection.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn endpoints(&self) -> Result<Endpoints, ApiError> {
        self.get(self.requests.request(Method::GET, "plugin/connect/endpoints", None)).await
    }

    /// `GET plugins/subscription`, user tier: all subscriptions of the account.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn subscriptions(&self) -> Result<Vec<Subscription>, ApiError> {
        self.get(self.requests.request(Method::GET, "plugins/subscription", None)).await
    }

    /// `GET plugins/subscription/{w}`, user tier: the subscriptions of a website.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn subscriptions_of(
        &self,
        website: WebsiteId,
    ) -> Result<Vec<Subscription>, ApiError> {
        let route = format!("plugins/subscription/{website}");
        self.get(self.requests.request(Method::GET, &route, None)).await
    }

    /// `GET plugins/subscription/{w}/{p}`.
    ///
    /// # Errors
    /// [`ApiError::NotSubscribed`] when the plugin is not installed there; see [`ApiError`].
    pub async fn subscription(
        &self,
        website: WebsiteId,
        plugin: PluginId,
    ) -> Result<Subscription, ApiError> {
        self.get(self.of(Method::GET, website, plugin, "", None)).await
    }

    /// `POST plugins/subscription/{w}`, user tier: installs a plugin.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn subscribe(&self, website: WebsiteId, plugin: PluginId) -> Result<(), ApiError> {
        let body = json(&serde_json::json!({ "plugin_id": plugin }))?;
        let route = format!("plugins/subscription/{website}");
        self.write(self.requests.request(Method::POST, &route, Some(body))).await
    }

    /// `DELETE plugins/subscription/{w}/{p}`, user tier: uninstalls a plugin.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn unsubscribe(&self, website: WebsiteId, plugin: PluginId) -> Result<(), ApiError> {
        self.write(self.of(Method::DELETE, website, plugin, "", None)).await
    }

    /// `GET plugins/subscription/{w}/{p}/settings`.
    ///
    /// # Errors
    /// [`ApiError::NotSubscribed`] when the plugin is not installed there; see [`ApiError`].
    pub async fn settings(
        &self,
        website: WebsiteId,
        plugin: PluginId,
    ) -> Result<SubscriptionSettings, ApiError> {
        self.get(self.requests.settings(Method::GET, website, plugin, None)).await
    }

    /// `PUT plugins/subscription/{w}/{p}/settings`: replaces all settings.
    ///
    /// # Errors
    /// See [`ApiError`]; mind [`ApiError::may_have_been_carried_out`].
    pub async fn save_settings(
        &self,
        website: WebsiteId,
        plugin: PluginId,
        settings: &Settings,
    ) -> Result<(), ApiError> {
        self.write(self.requests.settings(Method::PUT, website, plugin, Some(settings))).await
    }

    /// `PATCH plugins/subscription/{w}/{p}/settings`: merges these members in. The depth
    /// of the merge is not documented.
    ///
    /// # Errors
    /// See [`ApiError`]; mind [`ApiError::may_have_been_carried_out`].
    pub async fn update_settings(
        &self,
        website: WebsiteId,
        plugin: PluginId,
        settings: &Settings,
    ) -> Result<(), ApiError> {
        self.write(self.requests.settings(Method::PATCH, website, plugin, Some(settings))).await
    }

    /// `GET plugins/subscription/{w}/{p}/bill/usage`: open usage bills.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn usage_bills(
        &self,
        website: WebsiteId,
        plugin: PluginId,
    ) -> Result<Vec<UsageBill>, ApiError> {
        self.get(self.of(Method::GET, website, plugin, "/bill/usage", None)).await
    }

    /// `POST plugins/subscription/{w}/{p}/bill/usage`: bills a usage. An unclear failure
    /// must not be repeated blindly: it may bill twice.
    ///
    /// # Errors
    /// See [`ApiError`]; mind [`ApiError::may_have_been_carried_out`].
    pub async fn report_usage(
        &self,
        website: WebsiteId,
        plugin: PluginId,
        bill: &UsageBill,
    ) -> Result<(), ApiError> {
        let body = Some(json(bill)?);
        self.write(self.of(Method::POST, website, plugin, "/bill/usage", body)).await
    }

    /// `GET plugins/subscription/{w}/{p}/attest/provenance`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn provenance(
        &self,
        website: WebsiteId,
        plugin: PluginId,
    ) -> Result<Provenance, ApiError> {
        self.get(self.of(Method::GET, website, plugin, "/attest/provenance", None)).await
    }

    /// `POST plugins/subscription/{w}/{p}/channel`: a message to the plugin's channel.
    ///
    /// # Errors
    /// See [`ApiError`]; mind [`ApiError::may_have_been_carried_out`].
    pub async fn send_channel(
        &self,
        website: WebsiteId,
        plugin: PluginId,
        message: &ChannelMessage,
    ) -> Result<(), ApiError> {
        let body = Some(json(message)?);
        self.write(self.of(Method::POST, website, plugin, "/channel", body)).await
    }

    /// `POST plugins/subscription/{w}/{p}/event`: dispatches a plugin event.
    ///
    /// # Errors
    /// See [`ApiError`]; mind [`ApiError::may_have_been_carried_out`].
    pub async fn send_event(
        &self,
        website: WebsiteId,
        plugin: PluginId,
        event: &PluginEvent,
    ) -> Result<(), ApiError> {
        let body = Some(json(event)?);
        self.write(self.of(Method::POST, website, plugin, "/event", body)).await
    }

    fn of(
        &self,
        method: Method,
        website: WebsiteId,
        plugin: PluginId,
        rest: &str,
        body: Option<Bytes>,
    ) -> Request<Bytes> {
        let route = format!("plugins/subscription/{website}/{plugin}{rest}");
        self.requests.request(method, &route, body)
    }

    async fn get<T: DeserializeOwned>(&self, request: Request<Bytes>) -> Result<T, ApiError> {
        let response = self.send(request).await?;
        let data = wire::data(response.body())?;
        serde_json::from_str(data.get()).map_err(|problem| {
            ApiError::Unreadable(Unreadable::WrongData { problem: wire::short(problem) })
        })
    }

    async fn write(&self, request: Request<Bytes>) -> Result<(), ApiError> {
        let response = self.send(request).await?;
        wire::confirmed(response.body()).map_err(ApiError::Unreadable)
    }

    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, ApiError> {
        request.headers_mut().insert("x-crisp-tier", self.tier.clone());
        let whole = self.transport.timeouts().whole;
        let response = self.transport.exchange(request, whole).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let refused = wire::refusal(response.status().as_u16(), response.body());
        #[expect(clippy::disallowed_methods, reason = "used if the answer has no date of its own")]
        let now = Timestamp::now();
        let retry_after = wire::retry_after(response.headers(), now);
        Err(ApiError::of(refused, retry_after))
    }
}

fn json<T: Serialize>(value: &T) -> Result<Bytes, ApiError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|e| ApiError::Unwritable(e.to_string()))
}
