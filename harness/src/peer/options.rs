//! What all ways to a client outside have in common.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::view::View;
use super::warden::Warden;
use crate::intercept::Interception;

/// How clients outside are started and waited for.
#[derive(Debug, Clone)]
pub struct PeerOptions {
    /// How long a reply may take.
    pub timeout: Duration,
    /// How the cache differs from the raw settings, when the user says so; what the client itself
    /// says of that is passed over then.
    pub view: Option<View>,
    /// Who ends programs when this one is killed.
    pub warden: Option<Arc<Warden>>,
    /// By which clock a plugin that is judged as it is lives.
    pub time: Time,
    /// Crisp's own addresses are answered by the emulator: for a plugin that knows no other.
    pub intercept: Option<Arc<Interception>>,
}

/// By which clock a plugin that is judged as it is lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Time {
    /// By one that the harness moves, if a process of it loads the preload; else by the machine's.
    #[default]
    Auto,
    /// By one that the harness moves, or not at all.
    Virtual,
    /// By the machine's.
    Real,
}

impl Default for PeerOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            view: None,
            warden: None,
            time: Time::default(),
            intercept: None,
        }
    }
}

/// The view that is valid: the user's, or else the one that the client gave in its first greeting.
#[derive(Debug, Default)]
pub(super) struct ValidView(OnceLock<View>);

impl ValidView {
    pub(super) fn of(options: &PeerOptions) -> Self {
        let view = Self::default();
        if let Some(given) = &options.view {
            let _ = view.0.set(given.clone());
        }
        view
    }

    pub(super) fn greeted(&self, declared: Option<View>) {
        let _ = self.0.set(declared.unwrap_or_default());
    }

    pub(super) fn get(&self) -> View {
        self.0.get().cloned().unwrap_or_default()
    }
}
