//! Why the command ends with anything but 0: each failure, what it says, and its exit code.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use crisp_harness::peer::lookup::NoProgram;
use crisp_harness::replay::ReplayError;
use crisp_harness::search::SearchError;

/// What went wrong. Each says what happened, where, and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An option does not fit, or two options do not fit together.
    #[error("{message}{}", advice(hint.as_deref()))]
    Usage {
        /// What does not fit.
        message: String,
        /// What would.
        hint: Option<String>,
    },
    /// A file cannot be read.
    #[error("{}: {problem}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// A file can be read, and says something that it may not say.
    #[error("{}", report.trim_end())]
    BadFile {
        /// Lines that start with `file:line:column`.
        report: String,
    },
    /// The server would listen beyond this machine without demanding a token.
    #[error(
        "{address} can be reached from other machines, which could control the emulator and read its \
         credentials\n  \
         = hint: demand a token with `--control-token TOKEN`, listen on 127.0.0.1, or insist with \
         `--control-token none`"
    )]
    OpenToTheNetwork {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The port is taken.
    #[error(
        "port {} is taken: another program listens on {address}\n  \
         = hint: stop it (is it another crisp-mock?), or choose a port with `--listen {}:PORT`; \
         port 0 means any free one", address.port(), shown_ip(address)
    )]
    PortTaken {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on for another reason.
    #[error("cannot listen on {address}: {problem}\n  = hint: choose another with `--listen`")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system says.
        problem: String,
    },
    /// The address for the Go client's sockets cannot be listened on.
    #[error(
        "cannot listen on {address} for the RTM API: {problem}\n  = hint: a port below 1024 needs a \
         permission: `sudo setcap cap_net_bind_service=+ep $(command -v crisp-mock)`, or `sudo sysctl \
         net.ipv4.ip_unprivileged_port_start=80`; where the port is taken, choose another address of \
         127.0.0.0/8, as 127.0.84.21:80"
    )]
    RtmListen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system says.
        problem: String,
    },
    /// The machine refuses something else that the command needs.
    #[error("{doing}: {problem}")]
    Environment {
        /// What was to be done.
        doing: String,
        /// What the system says.
        problem: String,
    },
    /// What was printed on stdout did not arrive.
    #[error(
        "stdout cannot be written: {problem}\n  \
         = hint: what is missing there is not repeated; is the disk full that it is written to?"
    )]
    Unprinted {
        /// What the system says.
        problem: String,
    },
    /// The command to run is not found.
    #[error(
        "there is no command `{name}`: {searched}\n  \
         = hint: is it installed, and on the PATH of this shell? Aliases and `cd` belong to a shell: \
         `sh -c '…'` runs one"
    )]
    NoCommand {
        /// As it was written.
        name: String,
        /// Where it was looked for.
        searched: String,
    },
    /// The command to run is there and cannot be run.
    #[error("`{name}` cannot be run: {problem}")]
    NotRunnable {
        /// Where it is.
        name: String,
        /// Why not.
        problem: String,
    },
    /// No emulator answers at the address.
    #[error(
        "no emulator answers at {url}: {problem}\n  \
         = hint: start one with `crisp-mock serve`, or say where it is with `--url` or \
         CRISP_MOCK_URL"
    )]
    NoServer {
        /// Where it was looked for.
        url: String,
        /// What happened.
        problem: String,
    },
    /// The server refuses a control call.
    #[error("{error}{}", advice(hint.as_deref()))]
    Refused {
        /// What is wrong, in the server's words.
        error: String,
        /// What to do about it, in the server's words.
        hint: Option<String>,
    },
    /// The client that is to be judged could not be tried.
    #[error(transparent)]
    Untried(crisp_harness::candidate::Untried),
    /// The server did not become ready in time.
    #[error("{url} was not ready within {within}: {problem}")]
    NotReady {
        /// Where it was looked for.
        url: String,
        /// How long.
        within: String,
        /// What the last attempt met.
        problem: String,
    },
}

fn advice(hint: Option<&str>) -> String {
    hint.map(|hint| format!("\n  = hint: {hint}")).unwrap_or_default()
}

fn shown_ip(address: &SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

impl Failure {
    /// A usage failure with advice.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// What the system refused, from its error.
    pub fn environment<E: ToString>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        move |error| Self::Environment { doing: doing.into(), problem: error.to_string() }
    }

    /// The exit code of the failure.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { .. } | Self::NotReady { .. } => 1,
            Self::Usage { .. }
            | Self::Unreadable { .. }
            | Self::BadFile { .. }
            | Self::OpenToTheNetwork { .. } => 2,
            Self::PortTaken { .. }
            | Self::Listen { .. }
            | Self::RtmListen { .. }
            | Self::Environment { .. }
            | Self::Unprinted { .. }
            | Self::NoServer { .. }
            | Self::Untried(_) => 4,
            Self::NotRunnable { .. } => 126,
            Self::NoCommand { .. } => 127,
        }
    }

    /// What a person reads on stderr. Reports of files speak for themselves.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::BadFile { .. } => self.to_string(),
            _ => format!("error: {self}"),
        }
    }
}

impl From<&Failure> for ExitCode {
    fn from(failure: &Failure) -> Self {
        Self::from(failure.exit_code())
    }
}

impl From<NoProgram> for Failure {
    fn from(error: NoProgram) -> Self {
        match error {
            NoProgram::Nowhere { name, searched } => Self::NoCommand { name, searched },
            NoProgram::NotRunnable { name, problem } => Self::NotRunnable { name, problem },
        }
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Untried(untried) => Self::Untried(untried),
            error => Self::BadFile { report: error.to_string() },
        }
    }
}

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Untried(untried) => Self::Untried(untried),
            SearchError::Saved(error) => error.into(),
        }
    }
}
