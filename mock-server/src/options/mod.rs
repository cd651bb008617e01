//! What a world can be started with: the server options that belong to one space.
//!
//! The same type is the body of `POST /_mock/spaces`, a part of the config file, and, with the
//! feature `clap`, arguments of the command line. [`Blueprint::new`] checks all of it at once.

mod blueprint;
mod values;

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use blueprint::{Blueprint, OptionError, unreachable_hook};
use values::{PathOrObject, PathOrPlan, PathOrStubs};
pub use values::{Quota, at_least, forms, whole};
#[cfg(feature = "clap")]
use values::{date, page_size, path, word};

use crate::clock::Mode;
use crate::document::OneOrMany;
use crate::form::Date;
use crate::hooks::Hook;
use crate::quirks::{Profile, Settings};
use crate::stub::Stub;

/// How many websites have the plugin when nothing else is said.
pub const DEFAULT_WEBSITES: u32 = 25;

/// For how long a space lives without being used, when nothing else is said.
pub const DEFAULT_EXPIRY: Duration = Duration::from_secs(600);

/// The options of one world; an absent one has the default that its description names.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::options::{Blueprint, WorldOptions};
///
/// let options = WorldOptions { websites: Some(3), page_size: Some(2), ..Default::default() };
/// assert!(Blueprint::new(options).is_ok());
///
/// let options = WorldOptions { page_size: Some(0), ..Default::default() };
/// assert!(Blueprint::new(options).is_err());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-name" = "a world"))]
pub struct WorldOptions {
    /// The plugin's settings schema, a JSON Schema
    ///
    /// Saves are held against it, and the websites' first settings are made to fit it. Without one
    /// it is an object with one text, `message`. In a file: its path, or the schema itself.
    #[cfg_attr(feature = "clap", arg(
        long, env = "CRISP_MOCK_SCHEMA", value_name = "FILE", value_parser = path(),
    ))]
    #[schemars(with = "Option<PathOrObject>")]
    pub schema: Option<Value>,

    /// Websites that have the plugin installed [default: 25]
    #[cfg_attr(feature = "clap", arg(
        long, env = "CRISP_MOCK_WEBSITES", value_name = "N", value_parser = whole::<u32>,
    ))]
    pub websites: Option<u32>,

    /// How many of them have no settings yet [default: 0]
    #[cfg_attr(feature = "clap", arg(
        long, env = "CRISP_MOCK_UNCONFIGURED", value_name = "N", value_parser = whole::<u32>,
    ))]
    pub unconfigured: Option<u32>,

    /// Same seed, same ids, tokens and settings [default: 1]
    #[cfg_attr(feature = "clap", arg(
        long, env = "CRISP_MOCK_SEED", value_name = "S", hide_short_help = true,
        value_parser = whole::<u64>,
    ))]
    pub seed: Option<u64>,

    /// The plugin's settings page; the banner prints a link that opens it as Crisp does
    #[cfg_attr(feature = "clap", arg(long, env = "CRISP_MOCK_SETTINGS_URL", value_name = "URL",))]
    #[schemars(extend("format" = "uri"))]
    pub settings_url: Option<String>,

    /// The plugin token's identifier [default: a fixed development pair]
    #[cfg_attr(
        feature = "clap",
        arg(long, env = "CRISP_MOCK_IDENTIFIER", value_name = "TEXT", hide_short_help = true,)
    )]
    pub identifier: Option<String>,

    /// The plugin token's key [default: a fixed development pair]
    #[cfg_attr(
        feature = "clap",
        arg(long, env = "CRISP_MOCK_KEY", value_name = "TEXT", hide_short_help = true,)
    )]
    pub key: Option<String>,

    /// Take any identifier and key on the plugin tier for the plugin's own: for development only
    ///
    /// A plugin whose credentials stand in its source runs unchanged. Whether they are right is not
    /// looked at any more, and they choose no space.
    #[cfg_attr(feature = "clap", arg(
        long, env = "CRISP_MOCK_ACCEPT_ANY_CREDENTIALS", value_name = "true|false",
        hide_possible_values = true, hide_short_help = true, num_args = 0..=1,
        default_missing_value = "true",
    ))]
    pub accept_any_credentials: Option<bool>,

    /// Requests a day, or `off` [default: off]
    #[cfg_attr(feature = "clap", arg(long, env = "CRISP_MOCK_QUOTA", value_name = "N"))]
    pub quota: Option<Quota>,

    /// Websites on a page of the list, 1 to 100 [default: 20]
    #[cfg_attr(feature = "clap", arg(
        long, env = "CRISP_MOCK_PAGE_SIZE", value_name = "N", hide_short_help = true,
        value_parser = page_size,
    ))]
    #[schemars(range(min = 1, max = 100))]
    pub page_size: Option<u32>,

    /// Which set of guesses about undocumented details [default: typical]
    #[cfg_attr(feature = "clap", arg(
        long, env = "CRISP_MOCK_PROFILE", value_name = "typical|hostile",
        hide_possible_values = true, value_parser = word::<Profile>(["typical", "hostile"]),
    ))]
    pub profile: Option<Profile>,

    /// Single undocumented details, over the profile.
    #[cfg_attr(feature = "clap", arg(skip))]
    pub quirks: Option<Settings>,

    /// Whether time passes by itself [default: real]
    ///
    /// A manual clock moves only through the control API: `crisp-mock ctl clock advance 20s`.
    #[cfg_attr(feature = "clap", arg(
        long, env = "CRISP_MOCK_CLOCK", value_name = "real|manual", hide_possible_values = true,
        hide_short_help = true, value_parser = word::<Mode>(["real", "manual"]),
    ))]
    pub clock: Option<Mode>,

    /// What the world's clock shows at the start, as 2026-01-31T09:00:00Z [default: now]
    #[cfg_attr(feature = "clap", arg(
        long, env = "CRISP_MOCK_NOW", value_name = "DATE", hide_short_help = true,
        value_parser = date,
    ))]
    #[schemars(with = "Option<Date>")]
    pub now: Option<Timestamp>,

    /// Answer a route outside the plugin area; repeatable
    ///
    /// `POST website/*/conversation/*/message=202`: `*` stands for one segment. The answer is an
    /// empty envelope, the request is kept in the journal. In the environment several are parted
    /// by commas.
    #[cfg_attr(
        feature = "clap",
        arg(
            long,
            env = "CRISP_MOCK_STUB",
            value_name = "METHOD PATH=STATUS",
            value_delimiter = ',',
        )
    )]
    #[serde(with = "OneOrMany::<Stub>")]
    pub stub: Vec<Stub>,

    /// Answer routes outside the plugin area with the data of a YAML or JSON file
    ///
    /// A list of `{ stub: "GET website/{website_id}=200", data: {…} }`, in which `{website_id}` stands for
    /// that segment of the path; those of --stub come first. `examples/stubs.yaml` has the routes that bots call most. In a file: its path, or the list itself.
    #[cfg_attr(feature = "clap", arg(
        long, env = "CRISP_MOCK_STUB_FILE", value_name = "FILE", hide_short_help = true,
        value_parser = path(),
    ))]
    #[schemars(with = "Option<PathOrStubs>")]
    pub stub_file: Option<Value>,

    /// Deliver events to this address as signed web hooks; repeatable
    ///
    /// `http://127.0.0.1:3000/hook` takes all events, `plugin:* message:send=http://127.0.0.1:3000/hook`
    /// those. Addresses of this machine only, unless --hooks-anywhere is given. In the environment several are parted
    /// by commas.
    #[cfg_attr(
        feature = "clap",
        arg(long, env = "CRISP_MOCK_HOOK", value_name = "[EVENTS=]URL", value_delimiter = ',')
    )]
    #[serde(with = "OneOrMany::<Hook>")]
    pub hook: Vec<Hook>,

    /// A fault plan in YAML or JSON: what goes wrong, and when
    ///
    /// In a file: its path, or the plan itself.
    #[cfg_attr(feature = "clap", arg(
        long, env = "CRISP_MOCK_FAULTS", value_name = "FILE", value_parser = path(),
    ))]
    #[schemars(with = "Option<PathOrPlan>")]
    pub faults: Option<Value>,

    /// Start from a dump, YAML or JSON, as `crisp-mock ctl state` prints it
    ///
    /// It stands in place of `websites`, `unconfigured` and `seed`; other options win over what it
    /// says. One of another version is refused. In a file: its path, or the dump itself.
    #[cfg_attr(feature = "clap", arg(
        long, env = "CRISP_MOCK_STATE", value_name = "FILE", hide_short_help = true,
        value_parser = path(),
    ))]
    #[schemars(with = "Option<PathOrObject>")]
    pub state: Option<Value>,
}

impl WorldOptions {
    /// These options, and for what they leave out those of `base`.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        let members = |options: &Self| match serde_json::to_value(options) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        };
        let mut all = members(&base);
        let given = members(&self).into_iter();
        all.extend(given.filter(|(_, value)| !value.is_null() && *value != json!([])));
        serde_json::from_value(Value::Object(all)).unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_option_is_refused_by_whatever_reads_it() {
        let read = |value| serde_json::from_value::<WorldOptions>(value);
        assert!(read(json!({ "websites": 3 })).is_ok());
        assert!(read(json!({ "websits": 3 })).unwrap_err().to_string().contains("websits"));
    }
}
