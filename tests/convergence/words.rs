//! How a run's story speaks.

use crisp_sync::Change;
use crisp_sync::machine::State;

/// A change of the cache, for the story of a run.
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

/// A state of the machine, for the story of a run.
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
