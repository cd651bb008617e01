//! Who is judged: the options that `replay` and `check` share.

use clap::Args;
use crisp_harness::candidate::{Candidate, ClientChoice};

use crate::failure::Failure;

/// Which client is judged.
#[derive(Debug, Clone, Args)]
pub struct ClientArguments {
    /// The client that is judged: `sync` (crisp-sync itself), `guide` (the loop of Crisp's guide) or
    /// `mutant:NAME` (crisp-sync with a mistake; docs/zoo.md has the names)
    #[arg(
        long,
        value_name = "CLIENT",
        default_value = "sync",
        env = "CRISP_MOCK_CLIENT"
    )]
    pub client: ClientChoice,
}

impl ClientArguments {
    /// The client on trial.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] when the options do not fit together.
    pub fn candidate(&self) -> Result<Candidate, Failure> {
        Ok(self.client.candidate())
    }
}
