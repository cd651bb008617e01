//! The server options, each stated once: a field is an argument, an environment variable, a key of
//! the config file and its JSON Schema. Those of a world are [`WorldOptions`], which the control API
//! takes as well.

mod arguments;
mod config;
mod listen;
mod resolve;
mod source;

use std::num::{NonZeroU8, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use crisp_mock_server::document::{Form, Language, Node, Problem, TextForm as _};
use crisp_mock_server::form::Span;
use crisp_mock_server::hooks::Reach;
use crisp_mock_server::options::{self, WorldOptions};
use crisp_mock_server::quirks::{Quirks, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

pub use arguments::ServerArguments;
pub use config::{config_schema, keys};
pub use crisp_mock_server::options::{Quota, whole};
pub use listen::Listen;
pub use resolve::{Resolved, judge_config, resolve};
pub use source::{judge_plan, judge_schema, judge_state, judge_stubs};

/// The options of `crisp-mock serve` as a file; every key may be left out.
#[derive(Debug, Default, Args, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(
    title = "crisp-mock server config",
    extend("additionalProperties" = false, "x-name" = "a server config", "x-hint" = "write options as keys: `websites: 25`")
)]
pub struct Options {
    /// Where to read this schema; for editors alone.
    #[arg(skip)]
    #[serde(rename = "$schema")]
    pub schema_address: Option<String>,

    /// Address and port to listen on; port 0 means any free one
    #[arg(long, env = "CRISP_MOCK_LISTEN", value_name = "ADDR:PORT")]
    pub listen: Option<Listen>,

    /// Serve sockets on this address, too, for Crisp's Go client, which dials port 80 alone
    ///
    /// That client is then told of this address by `plugin/connect/endpoints`. A port below 1024 needs a
    /// permission (docs/events.md).
    #[arg(long, env = "CRISP_MOCK_RTM_LISTEN", value_name = "ADDR:80", hide_short_help = true)]
    pub rtm_listen: Option<Listen>,

    /// Read these options from a YAML or JSON file
    ///
    /// The keys are the options' names with `_` for `-`; `crisp-mock schema config` prints their
    /// JSON Schema. The command line wins over the environment, the environment over the file.
    #[arg(long, env = "CRISP_MOCK_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Those of the default space.
    #[command(flatten)]
    #[serde(flatten)]
    pub world: WorldOptions,

    /// One undocumented detail, by name; repeatable
    ///
    /// `crisp-mock ctl quirks` lists the names and values of a running server. In the environment
    /// several are parted by commas: CRISP_MOCK_QUIRK="since-boundary=exclusive,list-status=200".
    /// In a file: a map, as `quirks`, over which it wins.
    #[arg(
        long,
        env = "CRISP_MOCK_QUIRK",
        value_name = "NAME=VALUE",
        value_delimiter = ',',
        value_parser = quirk
    )]
    #[serde(deserialize_with = "pairs")]
    #[schemars(
        with = "Option<std::collections::BTreeMap<String, serde_json::Value>>",
        extend("default" = serde_json::json!({}))
    )]
    pub quirk: Vec<(String, String)>,

    /// Demand this token from every control call; `none` to listen openly without one
    #[arg(long, env = "CRISP_MOCK_CONTROL_TOKEN", value_name = "TOKEN", hide_short_help = true)]
    pub control_token: Option<String>,

    /// Let web hooks leave this machine; without it they go to its own addresses alone
    #[arg(
        long,
        env = "CRISP_MOCK_HOOKS_ANYWHERE",
        value_name = "true|false",
        hide_possible_values = true,
        hide_short_help = true,
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub hooks_anywhere: Option<bool>,

    /// Write every request there, one line of JSON each
    ///
    /// The lines are entries of the journal, as `GET /_mock/requests` has them, with the name of
    /// their `space`. A file that is there is added to.
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
    #[schemars(extend("format" = "uri"))]
    pub public_url: Option<String>,

    /// End when no request came for so long, as 10m
    #[arg(
        long,
        env = "CRISP_MOCK_IDLE_EXIT",
        value_name = "DURATION",
        hide_short_help = true,
        value_parser = span
    )]
    pub idle_exit: Option<Span>,

    /// End when this process has ended
    #[arg(
        long,
        env = "CRISP_MOCK_PARENT_PID",
        value_name = "PID",
        hide_short_help = true,
        value_parser = whole::<u32>
    )]
    pub parent_pid: Option<u32>,

    /// Answer from so many threads, up to 255; one answers soonest on a few processors [default: 1]
    #[arg(
        long,
        env = "CRISP_MOCK_WORKERS",
        value_name = "N",
        hide_short_help = true,
        value_parser = |text: &str| options::at_least::<NonZeroU8>(1, text)
    )]
    pub workers: Option<NonZeroU8>,
}

impl Options {
    /// Which addresses web hooks may go to.
    #[must_use]
    pub fn reach(&self) -> Reach {
        match self.hooks_anywhere {
            Some(true) => Reach::Anywhere,
            Some(false) | None => Reach::Loopback,
        }
    }
}

impl Language for Options {
    fn forms() -> Vec<Form> {
        let mut forms = options::forms();
        forms.push(Form::of::<Listen>());
        forms
    }

    fn problems(&self, _: &Node) -> Vec<Problem> {
        let mut problems = Settings(self.quirk.clone()).problems("/quirk");
        problems.extend(self.world.quirks.iter().flat_map(|quirks| quirks.problems("/quirks")));
        problems
    }
}

/// What is printed at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Print {
    /// A banner for people.
    #[default]
    Text,
    /// One line of JSON for programs.
    Json,
}

fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, String)>, D::Error> {
    Settings::deserialize(deserializer).map(|settings| settings.0)
}

fn span(text: &str) -> Result<Span, String> {
    Span::read(text).map_err(|(problem, hint)| match hint {
        Some(hint) => format!("{problem}; {hint}"),
        None => problem,
    })
}

/// Reads a quirk and refuses one that does not exist or cannot have the value.
pub fn quirk(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or("write NAME=VALUE, as since-boundary=exclusive")?;
    let (name, value) = (name.trim(), value.trim());
    Quirks::default().set(name, value).map_err(|error| error.to_string())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Reads a whole number, 1 or more.
pub fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    options::at_least(1, text)
}
