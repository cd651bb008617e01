//! The server options: arguments, environment, file, in this order of precedence.

mod arguments;
mod config_schema;
mod file;
mod listen;
mod resolve;
mod source;
mod whole;

use std::path::PathBuf;
use std::time::Duration;

use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::quirks::Settings;

pub use arguments::{Print, Quota, ServerArguments, quirk, quota};
pub use config_schema::{KEYS, config_schema};
pub use file::ConfigFile;
pub use listen::Listen;
pub use resolve::{Resolved, judge_config, resolve};
pub use source::{Source, judge_plan, judge_state};
pub use whole::{at_least_one, whole};

/// What one place says: the command line with its environment, or a file.
///
/// `schema`, `faults`, `quota` and `quirks` stand beside the world's options and not in them,
/// because they are not ready yet: paths are not read, `off` is not nothing.
#[derive(Debug, Default)]
pub struct Given {
    /// Where to listen.
    pub listen: Option<Listen>,
    /// The token demanded from control calls, or `none`.
    pub control_token: Option<String>,
    /// Where to write what a fixture needs to know.
    pub ready_file: Option<PathBuf>,
    /// Where to write every request.
    pub journal: Option<PathBuf>,
    /// What to print at the start.
    pub print: Option<Print>,
    /// What the server calls itself.
    pub public_url: Option<String>,
    /// After how much idleness to end.
    pub idle_exit: Option<Duration>,
    /// With which process to end.
    pub parent_pid: Option<u32>,
    /// The settings schema.
    pub schema: Option<Source>,
    /// The fault plan.
    pub faults: Option<Source>,
    /// The dump to start from.
    pub state: Option<Source>,
    /// Requests a day.
    pub quota: Option<Quota>,
    /// Single quirks, known to exist.
    pub quirks: Settings,
    /// The rest.
    pub world: WorldOptions,
}

impl From<ServerArguments> for Given {
    fn from(arguments: ServerArguments) -> Self {
        Self {
            listen: arguments.listen,
            control_token: arguments.control_token,
            ready_file: arguments.ready_file,
            journal: arguments.journal,
            print: arguments.print,
            public_url: arguments.public_url,
            idle_exit: arguments.idle_exit,
            parent_pid: arguments.parent_pid,
            schema: arguments.schema.map(Source::File),
            faults: arguments.faults.map(Source::File),
            state: arguments.state.map(Source::File),
            quota: arguments.quota,
            quirks: Settings(arguments.quirk),
            world: WorldOptions {
                websites: arguments.websites,
                unconfigured: arguments.unconfigured,
                seed: arguments.seed,
                identifier: arguments.identifier,
                key: arguments.key,
                page_size: arguments.page_size,
                profile: arguments.profile,
                clock: arguments.clock,
                now: arguments.now,
                settings_url: arguments.settings_url,
                stub: arguments.stub,
                ..WorldOptions::default()
            },
        }
    }
}

impl Given {
    /// What is said here, and for the rest what `other` says.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let (world, below) = (self.world, other.world);
        // A later quirk of the same name wins.
        let mut quirks = other.quirks;
        quirks.0.extend(self.quirks.0);
        Self {
            listen: self.listen.or(other.listen),
            control_token: self.control_token.or(other.control_token),
            ready_file: self.ready_file.or(other.ready_file),
            journal: self.journal.or(other.journal),
            print: self.print.or(other.print),
            public_url: self.public_url.or(other.public_url),
            idle_exit: self.idle_exit.or(other.idle_exit),
            parent_pid: self.parent_pid.or(other.parent_pid),
            schema: self.schema.or(other.schema),
            faults: self.faults.or(other.faults),
            state: self.state.or(other.state),
            quota: self.quota.or(other.quota),
            quirks,
            world: WorldOptions {
                websites: world.websites.or(below.websites),
                unconfigured: world.unconfigured.or(below.unconfigured),
                seed: world.seed.or(below.seed),
                identifier: world.identifier.or(below.identifier),
                key: world.key.or(below.key),
                page_size: world.page_size.or(below.page_size),
                profile: world.profile.or(below.profile),
                clock: world.clock.or(below.clock),
                now: world.now.or(below.now),
                settings_url: world.settings_url.or(below.settings_url),
                stub: if world.stub.is_empty() { below.stub } else { world.stub },
                ..WorldOptions::default()
            },
        }
    }
}
