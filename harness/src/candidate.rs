//! The client that is judged: something that runs scenarios, under the name that the command line gives it.
//!
//! A [`Trial`] is all that a replay or a search knows of a client: a scenario goes in, a judged run
//! comes out. Clients written in Rust are tried [in virtual time](InVirtualTime); programs and
//! services over HTTP.

use std::str::FromStr;

use crate::runner::{self, Judged};
use crate::scenario;
use crate::subject::{Client, Guide, GuideEvents, Sync, SyncReplicas};
use crate::world::Prepared;
use crate::zoo::{self, Mutant, UnknownMutant};

/// Runs scenarios against one client and judges them.
pub trait Trial: Send + std::marker::Sync {
    /// A look at the client before anything is judged: whether it is set up so that it can be.
    ///
    /// # Errors
    ///
    /// [`Untried`] when it is not: with what was seen, and what to do about it.
    fn probe(&self) -> Result<(), Untried> {
        Ok(())
    }

    /// One scenario.
    ///
    /// # Errors
    ///
    /// [`Untried`] when the environment failed, so that there is nothing to judge: the client
    /// never started, no port was free.
    fn judge(&self, prepared: &Prepared) -> Result<Judged, Untried>;

    /// The same, broken off when there is no time left: none then.
    ///
    /// # Errors
    ///
    /// As [`Trial::judge`].
    fn judge_while(
        &self,
        prepared: &Prepared,
        left: &(dyn Fn() -> TimeLeft + std::marker::Sync),
    ) -> Result<Option<Judged>, Untried> {
        if left() == TimeLeft::Enough { self.judge(prepared).map(Some) } else { Ok(None) }
    }

    /// One run that is not confirmed, to try what a scenario can do without. Where a run says the
    /// same each time that is a verdict.
    ///
    /// # Errors
    ///
    /// As [`Trial::judge`].
    fn glance(
        &self,
        prepared: &Prepared,
        left: &(dyn Fn() -> TimeLeft + std::marker::Sync),
    ) -> Result<Option<Judged>, Untried> {
        self.judge_while(prepared, left)
    }

    /// Whether it makes sense to order saves.
    ///
    /// # Errors
    ///
    /// [`Untried`] when the client cannot even be asked.
    fn saves(&self) -> Result<bool, Untried> {
        Ok(true)
    }

    /// Whether it listens to the RTM API, so that events are worth breaking.
    ///
    /// # Errors
    ///
    /// [`Untried`] when the client cannot even be asked.
    fn listens(&self) -> Result<bool, Untried> {
        Ok(false)
    }

    /// Whether its runs take as long as they say. A search of such a client is short, and stops at
    /// the first grave failure.
    fn in_real_time(&self) -> bool {
        false
    }

    /// How many scenarios it is good to judge at a time, from as many threads.
    fn at_a_time(&self) -> usize {
        1
    }

    /// In what time these scenarios are run, and how long that takes if it takes long.
    fn pace(&self, scenarios: &[&Prepared]) -> String {
        let _ = scenarios;
        "in virtual time".to_owned()
    }
}

/// How much time is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeLeft {
    /// Enough.
    Enough,
    /// Nothing new is to be begun, but a failure that was seen may be confirmed.
    ToConfirm,
    /// None at all.
    None,
}

/// Why a client could not be tried at all. Nothing is said of how it behaves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}{}", hint.as_ref().map(|hint| format!("\n  = hint: {hint}")).unwrap_or_default())]
pub struct Untried {
    /// What happened.
    pub problem: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A client written in Rust, in virtual time.
pub struct InVirtualTime(pub Box<dyn Client>);

impl Trial for InVirtualTime {
    fn judge(&self, prepared: &Prepared) -> Result<Judged, Untried> {
        Ok(runner::judge(prepared, &*self.0))
    }

    fn saves(&self) -> Result<bool, Untried> {
        Ok(self.0.about(&scenario::Client::default()).abilities.saves)
    }

    fn listens(&self) -> Result<bool, Untried> {
        Ok(self.0.about(&scenario::Client::default()).abilities.listens)
    }
}

/// A client on trial.
pub struct Candidate {
    /// What runs it.
    pub trial: Box<dyn Trial>,
    /// The first line of every run: one client's verdict must not be taken for another's.
    pub judged: String,
    /// How the command line names it: `--client guide`.
    pub options: String,
    /// Whether it is the reference itself, for which fairness is not asked.
    pub is_reference: bool,
}

impl Candidate {
    /// A client of the user's own, in virtual time.
    #[must_use]
    pub fn in_virtual_time(name: &str, client: impl Client + 'static) -> Self {
        Self {
            trial: Box::new(InVirtualTime(Box::new(client))),
            judged: name.to_owned(),
            options: String::new(),
            is_reference: false,
        }
    }
}

/// A client that is built in, as `--client` names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ClientChoice {
    /// `crisp-sync` itself.
    #[default]
    Sync,
    /// The same, listening to the RTM API.
    SyncEvents,
    /// Three replicas of it as one client, with faults between them.
    SyncReplicas,
    /// The loop of Crisp's settings guide.
    Guide,
    /// The same with rare polls that listens to the RTM API.
    GuideEvents,
    /// One of the zoo: `crisp-sync` with one mistake.
    Mutant(&'static Mutant),
}

/// A client that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownClient {
    /// No client at all has this name.
    #[error(
        "there is no client `{0}`: choose `sync`, `sync-events`, `sync-replicas`, `guide`, \
             `guide-events` or `mutant:NAME`"
    )]
    Client(String),
    /// No mutant has this name.
    #[error(transparent)]
    Mutant(#[from] UnknownMutant),
}

impl FromStr for ClientChoice {
    type Err = UnknownClient;

    fn from_str(name: &str) -> Result<Self, UnknownClient> {
        match name {
            "sync" => Ok(Self::Sync),
            "sync-events" => Ok(Self::SyncEvents),
            "sync-replicas" => Ok(Self::SyncReplicas),
            "guide" => Ok(Self::Guide),
            "guide-events" => Ok(Self::GuideEvents),
            other => match other.strip_prefix("mutant:") {
                Some(mutant) => Ok(Self::Mutant(zoo::named(mutant)?)),
                None => Err(UnknownClient::Client(other.chars().take(60).collect())),
            },
        }
    }
}

impl ClientChoice {
    /// The name on the command line.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Sync => "sync".to_owned(),
            Self::SyncEvents => "sync-events".to_owned(),
            Self::SyncReplicas => "sync-replicas".to_owned(),
            Self::Guide => "guide".to_owned(),
            Self::GuideEvents => "guide-events".to_owned(),
            Self::Mutant(mutant) => format!("mutant:{}", mutant.name),
        }
    }

    /// The client itself.
    #[must_use]
    pub fn client(&self) -> Box<dyn Client> {
        match self {
            Self::Sync => Box::new(Sync::reference()),
            Self::SyncEvents => Box::new(Sync::listening()),
            Self::SyncReplicas => Box::new(SyncReplicas),
            Self::Guide => Box::new(Guide),
            Self::GuideEvents => Box::new(GuideEvents),
            Self::Mutant(mutant) => mutant.client(),
        }
    }

    /// The client on trial, in virtual time.
    #[must_use]
    pub fn candidate(&self) -> Candidate {
        let judged = match self {
            Self::Sync => "crisp-sync (built in, not your plugin)".to_owned(),
            Self::SyncEvents => {
                "crisp-sync that listens to events (built in, not your plugin)".to_owned()
            }
            Self::SyncReplicas => {
                "three replicas of crisp-sync with faults between them (built in, not your plugin)"
                    .to_owned()
            }
            Self::Guide => {
                "the loop of Crisp's settings guide (built in, not your plugin)".to_owned()
            }
            Self::GuideEvents => {
                "the loop of Crisp's settings guide that listens to events (built \
                                  in, not your plugin)"
                    .to_owned()
            }
            Self::Mutant(mutant) => format!(
                "mutant {} ({}: {}; built in, not your plugin)",
                mutant.name,
                mutant.label(),
                mutant.about
            ),
        };
        Candidate {
            trial: Box::new(InVirtualTime(self.client())),
            judged,
            options: format!("--client {}", self.name()),
            is_reference: matches!(self, Self::Sync | Self::SyncEvents),
        }
    }
}
