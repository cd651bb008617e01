//! The command line. A config file has the same options, by their long names.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use crisp_sync::service::{JudgedBy, Listen, PluginCommand, SharedStore};
use crisp_sync::{BaseUrl, Config, Credentials, PluginId, Quota, Store};
use jiff::{SignedDuration, Span, SpanRelativeTo};

use crate::failure::Failure;

/// The settings of all websites of a Crisp plugin, for plugins in any language
#[derive(Debug, Parser)]
#[command(name = "crisp-sync", version, args_override_self = true)]
pub struct Program {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Keep the settings, and answer and save over HTTP
    Serve(Box<ServeOptions>),
    /// Take part in a trial of crisp-mock, on stdin and stdout
    #[command(hide = true)]
    Judged(Box<JudgedOptions>),
}

/// The options of `judged`.
#[derive(Debug, Args)]
pub struct JudgedOptions {
    /// Read what a listener of `/changes` holds, and not `/websites`
    #[arg(long, conflicts_with = "read")]
    pub changes: bool,
    /// Where a plugin shows what it holds; `{port}` is a free port, which it finds as PORT
    #[arg(long, value_name = "URL", requires = "run")]
    pub read: Option<String>,
    /// Share this store, under a name of the trial's own: redis://HOST:6379/0 or nats://HOST:4222
    #[arg(long, value_name = "URL")]
    pub store: Option<Store>,
    /// So many replicas share it, and are killed, paused and cut off from it between requests
    #[arg(long, value_name = "N", default_value_t = 1, requires = "store", value_parser = replicas)]
    pub replicas: usize,
    /// Read what a reader of the store holds, and not `/websites`; with `--read` the plugin is that reader, and finds
    /// CRISP_STORE_NAME
    #[arg(long, requires = "store", conflicts_with_all = ["changes", "replicas"])]
    pub published: bool,
    /// The plugin, which finds the service at CRISP_SYNC_URL
    #[arg(last = true, value_name = "CMD", requires = "read")]
    pub run: Vec<OsString>,
}

impl JudgedOptions {
    /// The store that is shared in the trial.
    pub fn shared(&self) -> Option<SharedStore> {
        let store = self.store.clone()?;
        Some(SharedStore { store, replicas: self.replicas })
    }
}

impl From<JudgedOptions> for JudgedBy {
    fn from(options: JudgedOptions) -> Self {
        match options.read {
            Some(read) => {
                let published = options.published;
                Self::Plugin(PluginCommand { words: options.run, read, published })
            }
            None if options.changes => Self::Changes,
            None if options.published => Self::Store,
            None => Self::Reads,
        }
    }
}

/// The options of `serve`.
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub struct ServeOptions {
    /// File with options, as `listen: 127.0.0.1:8787`; the command line and the environment go before it
    #[arg(long, env = "CRISP_SYNC_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Identifier of the plugin token
    #[arg(long, env = "CRISP_IDENTIFIER", value_name = "ID", help_heading = "Crisp")]
    pub identifier: Option<String>,
    /// Key of the plugin token; others see what stands on a command line
    #[arg(
        long,
        env = "CRISP_KEY",
        value_name = "KEY",
        hide_env_values = true,
        help_heading = "Crisp"
    )]
    pub key: Option<String>,
    /// Where the API is [default: https://api.crisp.chat/v1/]
    #[arg(long, env = "CRISP_REST_URL", value_name = "URL", value_parser = BaseUrl::new, help_heading = "Crisp")]
    pub rest_url: Option<BaseUrl>,
    /// Identifier of the plugin; without it the first save asks for it
    #[arg(long, env = "CRISP_PLUGIN_ID", value_name = "ID", help_heading = "Crisp")]
    pub plugin_id: Option<PluginId>,
    /// Requests a day as agreed with Crisp, or `none`; without it 5000, corrected by what is refused
    #[arg(long, env = "CRISP_SYNC_QUOTA", value_name = "N", value_parser = quota, help_heading = "Crisp")]
    pub quota: Option<Quota>,
    /// Listen to the RTM API too: a save is shown at once, and polls are ten minutes apart
    #[arg(
        long, env = "CRISP_SYNC_RTM", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_name = "BOOL", value_parser = BoolishValueParser::new(),
        help_heading = "Crisp"
    )]
    pub rtm: Option<bool>,

    /// Where to listen: an address, or unix:PATH [default: 127.0.0.1:8787]
    #[arg(long, env = "CRISP_SYNC_LISTEN", value_name = "PLACE", help_heading = "Service")]
    pub listen: Option<Listen>,
    /// Demand this bearer token; without it only this machine may ask
    #[arg(
        long,
        env = "CRISP_SYNC_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        help_heading = "Service"
    )]
    pub token: Option<String>,
    /// Keep the set in this file, so that a restart serves at once
    #[arg(long, env = "CRISP_SYNC_STATE", value_name = "FILE", help_heading = "Service")]
    pub state: Option<PathBuf>,
    /// Share this store with other replicas, and publish the settings in it: redis://HOST:6379/0 or nats://HOST:4222; with
    /// TLS rediss:// or tls://. Others see a password that stands on a command line
    #[arg(
        long,
        env = "CRISP_SYNC_STORE",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Store"
    )]
    pub store: Option<Store>,
    /// Certificate (PEM) of the authority that signed the store's, instead of those that the system trusts
    #[arg(long, env = "CRISP_SYNC_STORE_CA", value_name = "FILE", help_heading = "Store")]
    pub store_ca: Option<PathBuf>,
    /// File with the password of the user whom the address names; for NATS also a token, or the seed of an NKey
    #[arg(long, env = "CRISP_SYNC_STORE_CREDENTIALS", value_name = "FILE", help_heading = "Store")]
    pub store_credentials: Option<PathBuf>,
    /// Publish the websites' tokens, too: readers of the store can then save as any website
    #[arg(
        long, env = "CRISP_SYNC_STORE_TOKENS", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_name = "BOOL", value_parser = BoolishValueParser::new(),
        help_heading = "Store"
    )]
    pub store_tokens: Option<bool>,

    /// How to log
    #[arg(
        long,
        env = "CRISP_SYNC_LOG",
        value_enum,
        default_value = "text",
        help_heading = "Service"
    )]
    pub log: LogFormat,
    /// What to log: error, warn, info, debug or trace
    #[arg(
        long,
        env = "CRISP_SYNC_LOG_LEVEL",
        value_name = "LEVEL",
        default_value = "info",
        help_heading = "Service"
    )]
    pub log_level: tracing::level_filters::LevelFilter,

    /// From one poll to the next [default: 60s]
    #[arg(long, env = "CRISP_SYNC_POLL_EVERY", value_name = "TIME", value_parser = duration, help_heading = "Pace")]
    pub poll_every: Option<Duration>,
    /// The same in milliseconds, as crisp-mock says it to plugins
    #[arg(long, env = "CRISP_POLL_MS", value_name = "MS", hide = true)]
    pub poll_ms: Option<u64>,
    /// How far each poll looks back [default: 120s]
    #[arg(long, env = "CRISP_SYNC_OVERLAP", value_name = "TIME", value_parser = duration, help_heading = "Pace")]
    pub overlap: Option<Duration>,
    /// From one full list to the next [default: 1h]
    #[arg(long, env = "CRISP_SYNC_RELIST_EVERY", value_name = "TIME", value_parser = duration, help_heading = "Pace")]
    pub relist_every: Option<Duration>,
    /// How long an answer of the API is waited for [default: 30s]
    #[arg(long, env = "CRISP_SYNC_REQUEST_TIMEOUT", value_name = "TIME", value_parser = duration, help_heading = "Pace")]
    pub request_timeout: Option<Duration>,

    /// The most websites that are taken in [default: 1000000]
    #[arg(long, env = "CRISP_SYNC_MOST_WEBSITES", value_name = "N", help_heading = "Bounds")]
    pub most_websites: Option<usize>,
    /// The most bytes of settings, tokens and plans that are taken in [default: 1073741824]
    #[arg(long, env = "CRISP_SYNC_MOST_BYTES", value_name = "N", help_heading = "Bounds")]
    pub most_bytes: Option<usize>,
}

/// How to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

impl ServeOptions {
    /// The store that is shared, as it is to be reached.
    pub fn reached_store(&self) -> Result<Option<Store>, Failure> {
        let Some(mut store) = self.store.clone() else { return Ok(None) };
        if let Some(authority) = &self.store_ca {
            store = store.trusting(authority)?;
        }
        if let Some(file) = &self.store_credentials {
            store = store.with_credentials(file)?;
        }
        Ok(Some(store.with_tokens(self.store_tokens == Some(true))))
    }

    /// The configuration of the cache.
    pub fn cache_config(&self) -> Result<Config, Failure> {
        let missing = |what: &str, option: &str| Failure::Usage {
            message: format!("the plugin token's {what} is missing: set {option}"),
            hint: "the Marketplace shows both; `crisp-mock exec -- crisp-sync serve` tries it offline",
        };
        let identifier = self.identifier.as_deref().filter(|text| !text.is_empty());
        let identifier = identifier.ok_or_else(|| missing("identifier", "CRISP_IDENTIFIER"))?;
        let key = self.key.as_deref().filter(|text| !text.is_empty());
        let key = key.ok_or_else(|| missing("key", "CRISP_KEY"))?;
        let mut config = Config::new(Credentials::new(identifier, key));
        if let Some(base) = &self.rest_url {
            config.base = base.clone();
        }
        config.plugin_id = self.plugin_id;
        set(&mut config.quota, self.quota);
        set(&mut config.poll_every, self.poll_ms.map(Duration::from_millis));
        set(&mut config.poll_every, self.poll_every);
        set(&mut config.overlap, self.overlap);
        set(&mut config.relist_every, self.relist_every);
        set(&mut config.request_timeout, self.request_timeout);
        set(&mut config.most_websites, self.most_websites);
        set(&mut config.most_bytes, self.most_bytes);
        if self.rtm == Some(true) {
            if self.store.is_some() {
                return Err(Failure::Usage {
                    message: "replicas with a store do not listen to the RTM API".to_owned(),
                    hint: "leave out --rtm or --store (CRISP_SYNC_RTM, CRISP_SYNC_STORE)",
                });
            }
            config.listening = Some(crisp_sync::Listening::default());
        }
        Ok(config)
    }
}

fn set<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
    }
}

fn replicas(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=9).contains(number));
    number.ok_or_else(|| "write a number from 1 to 9".to_owned())
}

fn quota(text: &str) -> Result<Quota, String> {
    match text {
        "none" => Ok(Quota::Unlimited),
        number => number
            .parse()
            .map(Quota::Known)
            .map_err(|_| "write a number of requests a day, as 5000, or none".to_owned()),
    }
}

/// A time that is positive and at most a week.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time up to 7 days: write 500ms, 30s, 5m or 1h 30m");
    let span: Span = text.trim().parse().map_err(|_| wrong())?;
    let time = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    let fits = time > SignedDuration::ZERO && time <= SignedDuration::from_hours(7 * 24);
    Duration::try_from(time).ok().filter(|_| fits).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_and_is_neither_nothing_nor_endless() {
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("200ms"), Ok(Duration::from_millis(200)));
        for text in ["", "5", "0s", "-1s", "8 days", "1000000000h", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_quota_is_a_number_or_none() {
        assert_eq!(quota("none"), Ok(Quota::Unlimited));
        assert_eq!(quota("10"), Ok(Quota::Known(10)));
        assert!(quota("-1").is_err());
    }
}
