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
        if let Some(mutant) = name.strip_prefix("mutant:") {
            return Ok(Self::Mutant(zoo::named(mutant)?));
        }
        let built_in =
            [Self::Sync, Self::SyncEvents, Self::SyncReplicas, Self::Guide, Self::GuideEvents];
        let named = built_in.into_iter().find(|choice| choice.name() == name);
        named.ok_or_else(|| UnknownClient::Client(name.chars().take(60).collect()))
    }
}

/// A client's name on the command line, what it is, and the client itself.
type Row = (String, String, Box<dyn Client>);

impl ClientChoice {
    fn row(&self) -> Row {
        fn row(name: &str, about: &str, client: impl Client + 'static) -> Row {
            (name.to_owned(), format!("{about} (built in, not your plugin)"), Box::new(client))
        }
        match self {
            Self::Sync => row("sync", "crisp-sync", Sync::reference()),
            Self::SyncEvents => {
                row("sync-events", "crisp-sync that listens to events", Sync::listening())
            }
            Self::SyncReplicas => {
                let about = "three replicas of crisp-sync with faults between them";
                row("sync-replicas", about, SyncReplicas)
            }
            Self::Guide => row("guide", "the loop of Crisp's settings guide", Guide),
            Self::GuideEvents => {
                let about = "the loop of Crisp's settings guide that listens to events";
                row("guide-events", about, GuideEvents)
            }
            Self::Mutant(mutant) => {
                let (name, label, about) = (mutant.name, mutant.label(), mutant.about);
                let about = format!("mutant {name} ({label}: {about}; built in, not your plugin)");
                (format!("mutant:{name}"), about, mutant.client())
            }
        }
    }

    /// Its name on the command line.
    #[must_use]
    pub fn name(&self) -> String {
        self.row().0
    }

    /// The client on trial, in virtual time.
    #[must_use]
    pub fn candidate(&self) -> Candidate {
        let (name, judged, client) = self.row();
        Candidate {
            trial: Box::new(InVirtualTime(client)),
            judged,
            options: format!("--client {name}"),
            is_reference: matches!(self, Self::Sync | Self::SyncEvents),
        }
    }
}
