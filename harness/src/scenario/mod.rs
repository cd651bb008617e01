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
mod expect;
mod forms;
mod reading;
mod strangers;
mod whole;
mod write;

#[cfg(test)]
mod tests;

use std::time::Duration;

use crisp_mock_server::clock::Stamp;
use crisp_mock_server::document::{Maybe, OneOrMany, Pairs};
use crisp_mock_server::fault::{Fault, FaultPlan};
use crisp_mock_server::form::{Date, Shift, Span, WebsiteName};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::quirks::{Profile, Settings as QuirkSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use forms::ByWebsite;

pub use anchor::Anchor;
pub use expect::{Checkpoint, Expect, Holds};
pub use reading::json_schema;
pub(crate) use strangers::Known;
pub(crate) use whole::marked;

use crate::words::{Rule, is_default};
pub use crate::words::{SaveEnd, Setting, Side, Spot, Standing};

/// Looks a name under `kills` up; where there is no such mutant, the error is a hint that says what
/// to write instead.
pub type MutantLookup = fn(&str) -> Result<(), String>;

/// One scenario.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(
    title = "A crisp-mock scenario",
    extend("additionalProperties" = false, "x-name" = "a scenario")
)]
pub struct Scenario {
    /// What it is called: one sentence that says what happens.
    #[schemars(
        length(min = 1),
        extend(
            "x-name" = "a name",
            "x-hint" = "begin with `name: one sentence that says what happens`"
        )
    )]
    pub name: String,
    /// What it teaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub about: Option<String>,
    /// How the server behaves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub server: Server,
    /// How the client is set up.
    #[serde(default, skip_serializing_if = "is_default")]
    pub client: Client,
    /// What is there before anything happens.
    #[serde(default, skip_serializing_if = "is_default")]
    pub start: Start,
    /// What goes wrong.
    #[serde(default, skip_serializing_if = "is_default")]
    pub faults: FaultPlan,
    /// What happens, in the order in which it is written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: Vec<Step>,
    /// What the client must have made of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expect: Expect,
    /// The settings under `client` on which the verdict rests: a client that cannot be told one of
    /// them is not judged.
    #[serde(default, skip_serializing_if = "is_default")]
    pub needs: Vec<Setting>,
    /// The mutants of the zoo that this scenario catches.
    #[serde(with = "OneOrMany::<String>", default, skip_serializing_if = "is_default")]
    pub kills: Vec<String>,
    /// The oracles that must catch them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by: Vec<Rule>,
    /// Where it comes from, when a search found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
}

/// How the server behaves: the options of the emulator that matter to a client.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "`server`"))]
pub struct Server {
    /// Websites on a page (20).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100), extend("x-hint" = "choose 1 to 100"))]
    pub page_size: Option<u32>,
    /// Requests a day (without limit).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// The seed of tokens and generated settings (1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The plugin's settings schema (an object with one text, `message`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    pub schema: Option<Value>,
    /// The named set of quirks to start from (typical).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Single quirks, over the profile.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quirks: QuirkSettings,
}

/// How the client is set up. A client that has no such setting leaves it alone and says so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "`client`"))]
pub struct Client {
    /// From one poll to the next (60 s).
    #[serde(with = "Maybe::<Span>", default, skip_serializing_if = "Option::is_none")]
    pub poll_every: Option<Duration>,
    /// How far back each poll looks behind the last (the client's own).
    #[serde(with = "Maybe::<Span>", default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Duration>,
    /// From one full list to the next (the client's own).
    #[serde(with = "Maybe::<Span>", default, skip_serializing_if = "Option::is_none")]
    pub relist_every: Option<Duration>,
    /// After a gap this long the client lists again (its own).
    #[serde(with = "Maybe::<Span>", default, skip_serializing_if = "Option::is_none")]
    pub longest_gap: Option<Duration>,
    /// How long the client waits for an answer (its own).
    #[serde(with = "Maybe::<Span>", default, skip_serializing_if = "Option::is_none")]
    pub request_timeout: Option<Duration>,
    /// Requests a day that the client thinks it has (its own).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
    /// The seed of its jitter (0).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// How many milliseconds its wall clock is ahead of the true time.
    #[serde(with = "Maybe::<Shift>", default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<i64>,
}

/// What is there before anything happens. All of it was installed 30 days before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "`start`"))]
pub struct Start {
    /// Websites with their settings.
    #[serde(with = "ByWebsite", default, skip_serializing_if = "is_default")]
    pub websites: Vec<(WebsiteId, Value)>,
    /// Websites that have the plugin and no settings.
    #[serde(with = "OneOrMany::<WebsiteName>", default, skip_serializing_if = "is_default")]
    pub unconfigured: Vec<WebsiteId>,
    /// So many websites, w1, w2, …, with settings made from the seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100_000))]
    pub generated: Option<u32>,
    /// The date and hour at which everything begins (2026-01-01T00:00Z); in real time it is now.
    #[serde(with = "Maybe::<Date>", default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Stamp>,
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

/// Something that happens: an anchor and one deed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend(
    "unevaluatedProperties" = false,
    "x-name" = "a step",
    "x-choice" = [
        {
            "says": "when it happens",
            "twice": "write two steps; equal anchors happen in the written order"
        },
        {
            "says": "what happens",
            "twice": "write two steps; equal anchors happen in the written order"
        }
    ]
))]
pub struct Step {
    /// When.
    #[serde(flatten)]
    pub anchor: Anchor,
    /// How long after that.
    #[serde(with = "Maybe::<Span>", default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Duration>,
    /// What.
    #[serde(flatten)]
    pub deed: Deed,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// An operator saves these settings at the dashboard.
    Save(#[serde(with = "ByWebsite")] Vec<(WebsiteId, Value)>),
    /// The plugin is installed; without settings, unconfigured.
    Install(#[serde(with = "forms::Installs")] Vec<(WebsiteId, Option<Value>)>),
    /// The plugin is uninstalled.
    Uninstall(#[serde(with = "OneOrMany::<WebsiteName>")] Vec<WebsiteId>),
    /// A website changes its plan.
    Plan(#[serde(with = "Pairs::<WebsiteName, String>")] Vec<(WebsiteId, String)>),
    /// The plugin itself replaces settings (PUT).
    ClientSave(#[serde(with = "ByWebsite")] Vec<(WebsiteId, Value)>),
    /// The plugin itself changes some settings (PATCH).
    ClientUpdate(#[serde(with = "ByWebsite")] Vec<(WebsiteId, Value)>),
    /// A wall clock is moved by so many milliseconds.
    #[serde(with = "forms::ClockStep")]
    Clock {
        /// Whose.
        side: Side,
        /// Forward when positive.
        millis: i64,
    },
    /// The client's process ends and is started anew.
    Restart(Restarted),
    /// All sockets of the RTM API end, as by a network that fails.
    #[serde(with = "forms::Always")]
    Kick,
    /// From here on nothing goes wrong any more.
    #[serde(with = "forms::Always")]
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
            Self::Clock { .. } | Self::Restart(_) | Self::Kick | Self::Quiet => 0,
        }
    }

    /// Whether it happens at Crisp alone, so that the client need not be told to do anything.
    #[must_use]
    pub fn is_at_crisp(&self) -> bool {
        match self {
            Self::Save(_)
            | Self::Install(_)
            | Self::Uninstall(_)
            | Self::Plan(_)
            | Self::Kick
            | Self::Quiet => true,
            Self::Clock { side, .. } => *side == Side::Server,
            Self::ClientSave(_) | Self::ClientUpdate(_) | Self::Restart(_) => false,
        }
    }
}

/// What a restart leaves to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(extend("x-name" = "`client`, or `client-with-its-file`,"))]
pub enum Restarted {
    /// Nothing: it knows no website.
    Client,
    /// What it has stored on disk, if it stores anything; else it knows no website.
    ClientWithItsFile,
}

/// Where a scenario comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("additionalProperties" = false, "x-name" = "`found`"))]
pub struct Found {
    /// The verdict, in plain words.
    pub rule: String,
    /// Which client it convicts.
    pub client: String,
    /// The seed of a search by chance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Which case of a search through all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The quirk that it needs, if it needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quirk: Option<String>,
}

impl Scenario {
    /// Whether the plugin itself is to save.
    #[must_use]
    pub fn wants_saves(&self) -> bool {
        let saves = |step: &Step| matches!(step.deed, Deed::ClientSave(_) | Deed::ClientUpdate(_));
        self.when.iter().any(saves)
    }

    /// Whether it is about events: a fault or a step aims at a socket of the RTM API.
    #[must_use]
    pub fn is_about_events(&self) -> bool {
        let on_a_socket = |operation| matches!(operation, Operation::Rtm | Operation::RtmEvent);
        let aims = |fault: &Fault| fault.at.is_some_and(|target| on_a_socket(target.operation));
        let waits = |step: &Step| step.anchor.is_on_a_socket();
        self.faults.faults.iter().any(aims)
            || self.when.iter().any(|step| step.deed == Deed::Kick || waits(step))
    }

    /// The settings on which its verdict rests: those that it names, and the longest gap where the
    /// server forgets removals sooner than a client would list again by itself.
    #[must_use]
    pub fn rests_on(&self) -> Vec<Setting> {
        let mut needs = self.needs.clone();
        let quirks = &self.server.quirks.0;
        let forgets =
            quirks.iter().any(|(name, value)| name == "horizon" && value.starts_with("partial"));
        let told = forgets && self.client.longest_gap.is_some();
        if told && !needs.contains(&Setting::LongestGap) {
            needs.push(Setting::LongestGap);
        }
        needs
    }

    /// The scenario as YAML that [`Scenario::parse`] reads back.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        write::yaml(self)
    }
}
