//! What is kept of a run: the plugin's saves, and what a reader of the cache could see.

use crisp_sync::machine::{SaveOutcome, State, Ticket};
use crisp_sync::{Change, WebsiteId};
use serde_json::Value;

/// A save that the plugin ordered.
#[derive(Debug)]
pub struct Order {
    pub website: WebsiteId,
    pub settings: Value,
    /// Whether it was a PATCH.
    pub patches: bool,
    pub life: u32,
    /// How often the server saw it.
    pub arrived: u32,
    /// The version of the website that it made.
    pub made: Option<usize>,
    pub outcome: Option<SaveOutcome>,
}

/// Something that a reader of the cache could see.
#[derive(Debug)]
pub enum Seen {
    Change(Change),
    /// A definite save ended; what a cache that is ready showed of its website then.
    Saved(Ticket, Option<Value>),
    /// The first set, and whether three passes had disagreed before it was used all the same.
    Ready(Vec<WebsiteId>, bool),
    /// The process began anew, with or without its memory.
    Restart {
        warm: bool,
    },
}

/// Whether settings show a save: all of them for a PUT, its members for a PATCH.
pub fn holds(held: &Value, saved: &Value) -> bool {
    match (held, saved) {
        (Value::Object(held), Value::Object(saved)) => {
            saved.iter().all(|(name, value)| held.get(name).is_some_and(|held| holds(held, value)))
        }
        (held, saved) => held == saved,
    }
}

pub fn told(change: &Change) -> String {
    let of = |website: &crisp_sync::Website| {
        let token = website.token.as_deref().unwrap_or("-");
        format!(
            "{} {} token {:.4} price {:?}",
            website.id,
            website.settings.as_json(),
            token,
            website.price
        )
    };
    match change {
        Change::Added { new } => format!("+ {}", of(new)),
        Change::Updated { new, .. } => format!("~ {}", of(new)),
        Change::Removed { old } => format!("- {}", old.id),
    }
}

pub fn state(state: State) -> &'static str {
    match state {
        State::Loading => "loading",
        State::Verifying => "verifying",
        State::Steady => "steady",
        State::Retrying => "retrying",
        State::Relisting => "re-listing",
        State::Recovering => "recovering",
    }
}
