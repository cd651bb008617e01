//! The server options as they were given on the command line and in the environment.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::Options;

/// Every server option of the command line and the environment, to be laid over those of a file.
#[derive(Debug, Default)]
pub struct ServerArguments(Option<ArgMatches>);

impl ServerArguments {
    /// The config file.
    pub fn config(&self) -> Option<PathBuf> {
        self.path("config")
    }

    /// Whether an option is among them.
    pub fn gives(&self, option: &str) -> bool {
        let known = |matches: &ArgMatches| matches.try_contains_id(option).unwrap_or(false);
        self.0.as_ref().is_some_and(known)
    }

    /// The value of an option that is a path, whatever bytes it has.
    pub fn path(&self, option: &str) -> Option<PathBuf> {
        let raw = self.0.as_ref()?.try_get_raw(option).ok()?;
        raw?.next_back().map(PathBuf::from)
    }

    /// Lays them over the options of a file: what is given here wins.
    ///
    /// # Errors
    ///
    /// When clap cannot convert a value, which its parsers have excluded.
    pub fn over(&self, file: &mut Options) -> Result<(), clap::Error> {
        self.0.as_ref().map_or(Ok(()), |matches| file.update_from_arg_matches(matches))
    }
}

impl FromArgMatches for ServerArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(Some(matches.clone())))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = Some(matches.clone());
        Ok(())
    }
}

impl Args for ServerArguments {
    fn augment_args(command: Command) -> Command {
        Options::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
