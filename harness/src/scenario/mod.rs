//! The scenario language: what happens to some websites, and what a client must have made of it.
//!
//! A [`Scenario`] is one YAML file. Hand-written files, generated cases, shrunk failures and
//! recordings are all this one type: [`Scenario::parse`] reads it and reports every mistake with
//! line and column, [`Scenario::to_yaml`] writes it back tidily.
//!
//! # Examples
//!
//! ```
//! use crisp_harness::scenario::Scenario;
//!
//! let text = r#"
//! name: a save during a slow poll is lost
//! start: { websites: { w1: { message: old } } }
//! faults:
//!   - { at: "since#2", delay: 5s }
//! when:
//!   - during: since#2
//!     save: { w1: { message: new } }
//! expect: { converged_within: 65s }
//! "#;
//! let scenario = Scenario::parse("slow-poll.yaml", text).unwrap();
//! assert_eq!(scenario.when.len(), 1);
//! assert_eq!(Scenario::parse("again.yaml", &scenario.to_yaml()).unwrap(), scenario);
//!
//! let error = Scenario::parse("slip.yaml", "name: x\nfautls: []\n").unwrap_err();
//! assert!(error.to_string().starts_with("slip.yaml:2:1: a scenario has no key `fautls`"));
//! ```

mod anchor;
mod check;
mod deed;
mod diagnostic;
mod expect;
mod located;
mod read;
mod schema;
mod sections;
mod tree;
mod write;

#[cfg(test)]
mod tests;

use std::time::Duration;

use crisp_mock_server::fault::FaultPlan;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::quirks::{Profile, Settings as QuirkSettings};
use serde_json::Value;

pub use anchor::Anchor;
pub use diagnostic::{Diagnostic, InvalidScenario, Place};
pub(crate) use located::Located;
pub use schema::json_schema;

use crate::words::Rule;
pub use crate::words::{SaveEnd, Side, Spot, Standing};

/// Looks a name under `kills` up; where there is no such mutant, the error is a hint that says what
/// to write instead.
pub type MutantLookup = fn(&str) -> Result<(), String>;

/// One scenario.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenario {
    /// What it is called: one sentence.
    pub name: String,
    /// What it teaches.
    pub about: Option<String>,
    /// How the server behaves.
    pub server: Server,
    /// How the client is set up.
    pub client: Client,
    /// What is there before anything happens.
    pub start: Start,
    /// What goes wrong.
    pub faults: FaultPlan,
    /// What happens, in the order in which it is written.
    pub when: Vec<Step>,
    /// What the client must have made of it.
    pub expect: Expect,
    /// The mutants of the zoo that this scenario catches.
    pub kills: Vec<String>,
    /// The oracles that must catch them.
    pub by: Vec<Rule>,
    /// Where it comes from, when a search found it.
    pub found: Option<Found>,
}

/// How the server behaves: the options of the emulator that matter to a client.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Server {
    /// Websites on a page (20).
    pub page_size: Option<u32>,
    /// Requests a day (without limit).
    pub quota: Option<u64>,
    /// The seed of tokens and generated settings (1).
    pub seed: Option<u64>,
    /// The plugin's settings schema (an object with one text, `message`).
    pub schema: Option<Value>,
    /// The named set of quirks to start from (typical).
    pub profile: Option<Profile>,
    /// Single quirks, over the profile.
    pub quirks: QuirkSettings,
}

/// How the client is set up. A client that has no such setting leaves it alone and says so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// From one poll to the next (60 s).
    pub poll_every: Option<Duration>,
    /// How far back each poll looks behind the last (the client's own).
    pub overlap: Option<Duration>,
    /// From one full list to the next (the client's own).
    pub relist_every: Option<Duration>,
    /// After a gap this long the client lists again (its own).
    pub longest_gap: Option<Duration>,
    /// How long the client waits for an answer (its own).
    pub request_timeout: Option<Duration>,
    /// Requests a day that the client thinks it has (its own).
    pub quota: Option<u32>,
    /// The seed of its jitter (0).
    pub seed: Option<u64>,
    /// How many milliseconds its wall clock is ahead of the true time.
    pub clock: Option<i64>,
}

/// What is there before anything happens. All of it was installed 30 days before.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Start {
    /// Websites with their settings.
    pub websites: Vec<(WebsiteId, Value)>,
    /// Websites that have the plugin and no settings.
    pub unconfigured: Vec<WebsiteId>,
    /// So many websites, w1, w2, …, with settings made from the seed.
    pub generated: Option<u32>,
}

impl Start {
    /// How many websites there are when nothing is said.
    pub const DEFAULT: u32 = 3;

    /// How many are generated.
    #[must_use]
    pub fn generates(&self) -> u32 {
        let nothing = self.websites.is_empty() && self.unconfigured.is_empty();
        self.generated.unwrap_or(if nothing { Self::DEFAULT } else { 0 })
    }
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When.
    pub anchor: Anchor,
    /// How long after that.
    pub wait: Option<Duration>,
    /// What.
    pub deed: Deed,
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// An operator saves these settings at the dashboard.
    Save(Vec<(WebsiteId, Value)>),
    /// The plugin is installed; without settings, unconfigured.
    Install(Vec<(WebsiteId, Option<Value>)>),
    /// The plugin is uninstalled.
    Uninstall(Vec<WebsiteId>),
    /// A website changes its plan.
    Plan(Vec<(WebsiteId, String)>),
    /// The plugin itself replaces settings (PUT).
    ClientSave(Vec<(WebsiteId, Value)>),
    /// The plugin itself changes some settings (PATCH).
    ClientUpdate(Vec<(WebsiteId, Value)>),
    /// A wall clock is moved by so many milliseconds.
    Clock {
        /// Whose.
        side: Side,
        /// Forward when positive.
        millis: i64,
    },
    /// The client's process ends and is started anew, with nothing remembered.
    Restart,
    /// From here on nothing goes wrong any more.
    Quiet,
}

impl Deed {
    /// To how many websites it is done; none for what is done to a clock or a client alone.
    #[must_use]
    pub fn websites(&self) -> usize {
        match self {
            Self::Save(websites) | Self::ClientSave(websites) | Self::ClientUpdate(websites) => {
                websites.len()
            }
            Self::Install(websites) => websites.len(),
            Self::Uninstall(websites) => websites.len(),
            Self::Plan(plans) => plans.len(),
            Self::Clock { .. } | Self::Restart | Self::Quiet => 0,
        }
    }

    /// Whether it happens at Crisp alone, so that the client need not be told to do anything.
    #[must_use]
    pub fn is_at_crisp(&self) -> bool {
        match self {
            Self::Save(_) | Self::Install(_) | Self::Uninstall(_) | Self::Plan(_) | Self::Quiet => {
                true
            }
            Self::Clock { side, .. } => *side == Side::Server,
            Self::ClientSave(_) | Self::ClientUpdate(_) | Self::Restart => false,
        }
    }
}

/// What the client must have made of it, beside what the oracles demand of every client.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expect {
    /// The cache equals the server within this time after the last change and the last fault.
    pub converged_within: Option<Duration>,
    /// The client says that it is ready within this time.
    pub ready_within: Option<Duration>,
    /// What the cache holds at the end.
    pub websites: Option<Holds>,
    /// How many requests of these operations were made.
    pub requests: Vec<(crisp_mock_server::operation::Operation, u64)>,
    /// At most so many requests in any hour; a shorter run counts in proportion.
    pub requests_per_hour: Option<u64>,
    /// What the cache must not show at any time.
    pub never_seen: Vec<(WebsiteId, Value)>,
    /// What the client says of itself at the end.
    pub status: Option<Standing>,
    /// How the client's saves ended, in the order in which they were ordered.
    pub saves: Option<Vec<SaveEnd>>,
    /// Oracles that are not to judge, each with the reason.
    pub off: Vec<(Rule, String)>,
}

/// What a cache holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Holds {
    /// These websites, whatever their settings.
    Websites(Vec<WebsiteId>),
    /// These websites with these settings.
    Settings(Vec<(WebsiteId, Value)>),
}

/// Where a scenario comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The verdict, in plain words.
    pub rule: String,
    /// Which client it convicts.
    pub client: String,
    /// The seed of the search.
    pub seed: u64,
    /// The quirk that it needs, if it needs one.
    pub quirk: Option<String>,
}

impl Scenario {
    /// Reads a scenario; `file` is only for the messages. Names under `kills` are taken as they are:
    /// [`zoo::parse`](crate::zoo::parse) looks them up as well.
    ///
    /// # Errors
    ///
    /// Every mistake, with line, column, and the nearest thing that would be right.
    pub fn parse(file: &str, text: &str) -> Result<Self, InvalidScenario> {
        Self::parse_with(file, text, |_| Ok(()))
    }

    /// Reads a scenario and looks the names under `kills` up.
    ///
    /// # Errors
    ///
    /// As [`Scenario::parse`], and a name that `mutants` does not know.
    pub fn parse_with(
        file: &str,
        text: &str,
        mutants: MutantLookup,
    ) -> Result<Self, InvalidScenario> {
        let mut mistakes = Vec::new();
        let scenario = match tree::Node::parse(text) {
            Ok(node) => read::scenario(&node, mutants, &mut mistakes),
            Err(mistake) => {
                mistakes.push(mistake);
                None
            }
        };
        match scenario {
            Some(scenario) if mistakes.is_empty() => Ok(scenario),
            _ => Err(InvalidScenario::new(file, text, mistakes)),
        }
    }

    /// Whether the plugin itself is to save.
    #[must_use]
    pub fn wants_saves(&self) -> bool {
        let saves = |step: &Step| matches!(step.deed, Deed::ClientSave(_) | Deed::ClientUpdate(_));
        self.when.iter().any(saves)
    }

    /// The scenario as YAML that [`Scenario::parse`] reads back.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        write::yaml(self)
    }
}
