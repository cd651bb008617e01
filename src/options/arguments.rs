//! The server options as arguments and environment variables.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use crisp_mock_server::clock::Mode;
use crisp_mock_server::duration;
use crisp_mock_server::quirks::{Profile, Quirks};
use crisp_mock_server::stub::Stub;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::listen::Listen;
use super::whole::{page_size, whole};

/// Every server option of the command line.
#[derive(Debug, Default, Args)]
pub struct ServerArguments {
    /// Address and port to listen on; port 0 means any free one
    #[arg(long, env = "CRISP_MOCK_LISTEN", value_name = "ADDR:PORT")]
    pub listen: Option<Listen>,

    /// Read these options from a YAML or JSON file
    ///
    /// The keys are the options' names with `_` for `-`; `crisp-mock schema config` prints their
    /// JSON Schema. The command line wins over the environment, the environment over the file.
    #[arg(long, env = "CRISP_MOCK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The plugin's settings schema, a JSON Schema
    ///
    /// Saves are held against it, and the websites' first settings are made to fit it. Without one
    /// it is an object with one text, `message`.
    #[arg(long, env = "CRISP_MOCK_SCHEMA", value_name = "FILE")]
    pub schema: Option<PathBuf>,

    /// Websites that have the plugin installed [default: 25]
    #[arg(long, env = "CRISP_MOCK_WEBSITES", value_name = "N", value_parser = whole::<u32>)]
    pub websites: Option<u32>,

    /// How many of them have no settings yet [default: 0]
    #[arg(long, env = "CRISP_MOCK_UNCONFIGURED", value_name = "N", value_parser = whole::<u32>)]
    pub unconfigured: Option<u32>,

    /// Same seed, same ids, tokens and settings [default: 1]
    #[arg(
        long,
        env = "CRISP_MOCK_SEED",
        value_name = "S",
        hide_short_help = true,
        value_parser = whole::<u64>
    )]
    pub seed: Option<u64>,

    /// The plugin's settings page; the banner prints a link that opens it as Crisp does
    #[arg(long, env = "CRISP_MOCK_SETTINGS_URL", value_name = "URL")]
    pub settings_url: Option<String>,

    /// The plugin token's identifier [default: a fixed development pair]
    #[arg(long, env = "CRISP_MOCK_IDENTIFIER", value_name = "TEXT", hide_short_help = true)]
    pub identifier: Option<String>,

    /// The plugin token's key [default: a fixed development pair]
    #[arg(long, env = "CRISP_MOCK_KEY", value_name = "TEXT", hide_short_help = true)]
    pub key: Option<String>,

    /// Requests a day, or `off` [default: off]
    #[arg(long, env = "CRISP_MOCK_QUOTA", value_name = "N", value_parser = quota)]
    pub quota: Option<Quota>,

    /// Websites on a page of the list, 1 to 100 [default: 20]
    #[arg(
        long,
        env = "CRISP_MOCK_PAGE_SIZE",
        value_name = "N",
        hide_short_help = true,
        value_parser = page_size
    )]
    pub page_size: Option<u32>,

    /// Which set of guesses about undocumented details [default: typical]
    #[arg(
        long,
        env = "CRISP_MOCK_PROFILE",
        value_name = "typical|hostile",
        hide_possible_values = true,
        value_parser = PossibleValuesParser::new(["typical", "hostile"]).try_map(word::<Profile>)
    )]
    pub profile: Option<Profile>,

    /// One undocumented detail, by name; repeatable
    ///
    /// `crisp-mock ctl quirks` lists the names and values of a running server. In the environment
    /// several are parted by commas: CRISP_MOCK_QUIRK="since-boundary=exclusive,list-status=200".
    #[arg(
        long,
        env = "CRISP_MOCK_QUIRK",
        value_name = "NAME=VALUE",
        value_delimiter = ',',
        value_parser = quirk
    )]
    pub quirk: Vec<(String, String)>,

    /// A fault plan in YAML or JSON: what goes wrong, and when
    #[arg(long, env = "CRISP_MOCK_FAULTS", value_name = "FILE")]
    pub faults: Option<PathBuf>,

    /// Answer a route outside the plugin area; repeatable
    ///
    /// `POST website/*/conversation/*/message=202`: `*` stands for one segment. The answer is an
    /// empty envelope, the request is kept in the journal. In the environment several are parted
    /// by commas.
    #[arg(long, env = "CRISP_MOCK_STUB", value_name = "METHOD PATH=STATUS", value_delimiter = ',')]
    pub stub: Vec<Stub>,

    /// Whether time passes by itself [default: real]
    ///
    /// A manual clock moves only through the control API: `crisp-mock ctl clock advance 20s`.
    #[arg(
        long,
        env = "CRISP_MOCK_CLOCK",
        value_name = "real|manual",
        hide_possible_values = true,
        hide_short_help = true,
        value_parser = PossibleValuesParser::new(["real", "manual"]).try_map(word::<Mode>)
    )]
    pub clock: Option<Mode>,

    /// What the world's clock shows at the start, as 2026-01-31T09:00:00Z [default: now]
    #[arg(
        long,
        env = "CRISP_MOCK_NOW",
        value_name = "DATE",
        hide_short_help = true,
        value_parser = date
    )]
    pub now: Option<Timestamp>,

    /// Demand this token from every control call; `none` to listen openly without one
    #[arg(long, env = "CRISP_MOCK_CONTROL_TOKEN", value_name = "TOKEN", hide_short_help = true)]
    pub control_token: Option<String>,

    /// Start from a dump, YAML or JSON, as `crisp-mock ctl state` prints it
    ///
    /// It stands in place of --websites, --unconfigured and --seed; other options win over what it
    /// says. One of another version is refused.
    #[arg(long, env = "CRISP_MOCK_STATE", value_name = "FILE", hide_short_help = true)]
    pub state: Option<PathBuf>,

    /// Write every request there, one line of JSON each
    ///
    /// The lines are entries of the journal, as `GET /_mock/requests` has them, with the name of
    /// their `space`. A file that is there is overwritten.
    #[arg(long, env = "CRISP_MOCK_JOURNAL", value_name = "FILE", hide_short_help = true)]
    pub journal: Option<PathBuf>,

    /// Write the addresses and credentials there, whole, once the port accepts
    #[arg(long, env = "CRISP_MOCK_READY_FILE", value_name = "FILE", hide_short_help = true)]
    pub ready_file: Option<PathBuf>,

    /// What to print at the start: a banner, or one line of JSON [default: text]
    #[arg(
        long,
        env = "CRISP_MOCK_PRINT",
        value_name = "text|json",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub print: Option<Print>,

    /// What the server is to call itself behind a mapped port [default: where it listens]
    #[arg(long, env = "CRISP_MOCK_PUBLIC_URL", value_name = "URL", hide_short_help = true)]
    pub public_url: Option<String>,

    /// End when no request came for so long, as 10m
    #[arg(
        long,
        env = "CRISP_MOCK_IDLE_EXIT",
        value_name = "DURATION",
        hide_short_help = true,
        value_parser = duration::parse
    )]
    pub idle_exit: Option<Duration>,

    /// End when this process has ended
    #[arg(
        long,
        env = "CRISP_MOCK_PARENT_PID",
        value_name = "PID",
        hide_short_help = true,
        value_parser = whole::<u32>
    )]
    pub parent_pid: Option<u32>,
}

/// Requests a day; none means without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota(pub Option<u64>);

/// What is printed at the start.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Print {
    /// A banner for people.
    #[default]
    Text,
    /// One line of JSON for programs.
    Json,
}

/// Reads a quota: a number, or `off`.
pub fn quota(text: &str) -> Result<Quota, String> {
    if text == "off" {
        return Ok(Quota(None));
    }
    let limit = text.parse().map_err(|_| "write a whole number of requests a day, or `off`")?;
    Ok(Quota(Some(limit)))
}

/// Reads a quirk and refuses one that does not exist or cannot have the value.
pub fn quirk(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or("write NAME=VALUE, as since-boundary=exclusive")?;
    let (name, value) = (name.trim(), value.trim());
    Quirks::default().set(name, value).map_err(|error| error.to_string())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Reads a date.
pub fn date(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "write a date with a time zone, as 2026-01-31T09:00:00Z".to_owned())
}

/// A word that one of the library's types knows.
fn word<T: DeserializeOwned>(text: String) -> Result<T, serde_json::Error> {
    serde_json::from_value(Value::String(text))
}
