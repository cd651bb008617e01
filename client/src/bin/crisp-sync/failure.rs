//! Why the program ends with anything but 0: what happened, and what to do next.

use std::io::Write as _;
use std::process::ExitCode;

use crisp_sync::service::{CannotListen, OpenToTheNetwork};
use crisp_sync::{StartError, UnusableFile};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line; help and the version come this way, too.
    #[error(transparent)]
    CommandLine(#[from] clap::Error),
    /// Options do not fit.
    #[error("{message}\n  = hint: {hint}")]
    Usage {
        /// What does not fit.
        message: String,
        /// What would.
        hint: &'static str,
    },
    /// The config file says something that it may not say: lines that start with `file:line:column`.
    #[error("{0}")]
    BadFile(String),
    /// A file that the store is reached with.
    #[error(transparent)]
    StoreFile(#[from] UnusableFile),
    /// Other machines could ask.
    #[error(transparent)]
    Open(#[from] OpenToTheNetwork),
    /// The place is taken.
    #[error(transparent)]
    Listen(#[from] CannotListen),
    /// The cache cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The machine refuses something.
    #[error("{doing}: {problem}")]
    Environment {
        /// What was to be done.
        doing: &'static str,
        /// What the system says.
        problem: std::io::Error,
    },
}

impl Failure {
    /// What the system refused.
    pub fn environment(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |problem| Self::Environment { doing, problem }
    }

    /// Says it on stderr (help and version on stdout), and gives the exit code.
    pub fn told(&self) -> ExitCode {
        if let Self::CommandLine(error) = self {
            // A closed stream takes no message.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
        let start = if matches!(self, Self::BadFile(_)) { "" } else { "error: " };
        let _ = writeln!(std::io::stderr(), "{start}{self}");
        ExitCode::from(match self {
            Self::CommandLine(_)
            | Self::Usage { .. }
            | Self::BadFile(_)
            | Self::StoreFile(_)
            | Self::Open(_) => 2,
            Self::Listen(_) | Self::Start(_) | Self::Environment { .. } => 4,
        })
    }
}
