//! From what is given to what the server starts with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crisp_mock_server::options::{Blueprint, OptionError, WorldOptions};

use super::{ConfigFile, Given, Listen, Print, ServerArguments};
use crate::document::{Document, Problem, member};
use crate::failure::Failure;

/// Options that were read, merged and judged.
#[derive(Debug)]
pub struct Resolved {
    /// Where to listen.
    pub listen: Listen,
    /// The token demanded from control calls.
    pub control_token: Option<String>,
    /// Where to write what a fixture needs to know.
    pub ready_file: Option<PathBuf>,
    /// Where to write every request.
    pub journal: Option<PathBuf>,
    /// What to print at the start.
    pub print: Print,
    /// What the server calls itself.
    pub public_url: Option<String>,
    /// After how much idleness to end.
    pub idle_exit: Option<Duration>,
    /// With which process to end.
    pub parent_pid: Option<u32>,
    /// The world's options, with schema and faults read.
    pub world: WorldOptions,
    /// Lines about files that are accepted and probably not meant so.
    pub remarks: String,
}

/// Reads, merges and judges everything that the options name; `listen` is the default address.
///
/// # Errors
///
/// [`Failure`]: a file that cannot be read or does not fit, an option that does not fit, an open
/// address without a token.
pub fn resolve(mut arguments: ServerArguments, listen: Listen) -> Result<Resolved, Failure> {
    let path = arguments.config.take();
    let file = path.as_deref().map(ConfigFile::read).transpose()?;
    let (document, below) = match file {
        Some(file) => (Some(file.document), file.given),
        None => (None, Given::default()),
    };
    combine(arguments.into(), below, document.as_ref(), listen)
}

/// Judges a config file alone.
///
/// # Errors
///
/// As [`resolve`].
pub fn judge_config(document: Document, folder: &Path) -> Result<Resolved, Failure> {
    let ConfigFile { document, given } = ConfigFile::judge(document, folder)?;
    combine(Given::default(), given, Some(&document), Listen::SERVE)
}

fn combine(
    above: Given,
    below: Given,
    document: Option<&Document>,
    listen: Listen,
) -> Result<Resolved, Failure> {
    let by_hand = Said::of(&above);
    let given = above.or(below);
    let mut world = given.world;
    world.quota = given.quota.and_then(|quota| quota.0);
    let mut quirks = world.profile.unwrap_or_default().quirks();
    quirks
        .apply(&given.quirks)
        .map_err(|error| Failure::usage(error.to_string(), "`--help-all` tells more"))?;
    world.quirks = (!given.quirks.0.is_empty()).then_some(given.quirks);
    let mut remarks = String::new();
    if let Some(source) = given.schema {
        let schema = source.schema(quirks.schema_rules(), document)?;
        world.schema = Some(schema.value);
        remarks = schema.remarks;
    }
    world.faults = given.faults.map(|source| source.faults(document)).transpose()?;
    world.state = given.state.map(|source| source.state(document)).transpose()?;
    let listen = given.listen.unwrap_or(listen);
    let control_token = open_or_token(listen, given.control_token)?;
    if let Some(url) = &given.public_url {
        check_public_url(url, document)?;
    }
    Blueprint::new(world.clone()).map_err(|errors| refused(&errors, &by_hand, document))?;
    Ok(Resolved {
        listen,
        control_token,
        ready_file: given.ready_file,
        journal: given.journal,
        print: given.print.unwrap_or_default(),
        public_url: given.public_url,
        idle_exit: given.idle_exit,
        parent_pid: given.parent_pid,
        world,
        remarks,
    })
}

/// Refuses a public URL that is no http or https address.
fn check_public_url(url: &str, document: Option<&Document>) -> Result<(), Failure> {
    let fits = reqwest::Url::parse(url)
        .is_ok_and(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
    if fits {
        return Ok(());
    }
    let problem = format!("public_url: `{url}` is no http or https address");
    let hint = "write an address, as http://localhost:8420";
    let by_file = |document: &&Document| {
        document.root().get("public_url").is_some_and(|given| given.to_value() == *url)
    };
    match document.filter(by_file) {
        Some(document) => {
            Err(document.invalid(vec![Problem::value("/public_url", problem).hint(hint)]).into())
        }
        None => Err(Failure::usage(format!("--{}", problem.replacen('_', "-", 1)), hint)),
    }
}

/// The token that control calls need; an address that other machines reach needs one, or `none`.
fn open_or_token(listen: Listen, token: Option<String>) -> Result<Option<String>, Failure> {
    match token.as_deref() {
        Some("none") => Ok(None),
        None if listen.is_open() => Err(Failure::OpenToTheNetwork { address: listen.address }),
        Some("") => Err(Failure::usage(
            "an empty --control-token protects nothing",
            "choose a token, or leave the option out",
        )),
        _ => Ok(token),
    }
}

/// Which options the command line gave, of those that can turn out wrong together with others.
struct Said(Vec<&'static str>);

impl Said {
    fn of(given: &Given) -> Self {
        let world = &given.world;
        let said = [
            ("websites", world.websites.is_some()),
            ("unconfigured", world.unconfigured.is_some()),
            ("seed", world.seed.is_some()),
            ("page_size", world.page_size.is_some()),
            ("settings_url", world.settings_url.is_some()),
            ("identifier", world.identifier.is_some()),
            ("key", world.key.is_some()),
        ];
        let said = said.into_iter().filter(|(_, said)| *said);
        Self(said.map(|(name, _)| name).collect())
    }
}

/// Points at the option that is wrong: in the file if it stands there, else on the command line.
fn refused(errors: &[OptionError], by_hand: &Said, document: Option<&Document>) -> Failure {
    let in_file = |error: &&OptionError| {
        let key = key_of(error);
        !by_hand.0.contains(&key)
            && document.is_some_and(|document| document.root().get(key).is_some())
    };
    let (in_file, by_hand): (Vec<_>, Vec<_>) = errors.iter().partition(in_file);
    if let Some(document) = document.filter(|_| by_hand.is_empty()) {
        let problems: Vec<_> = in_file
            .into_iter()
            .map(|error| Problem::value(member("", key_of(error)), error.to_string()))
            .collect();
        return document.invalid(problems).into();
    }
    let messages: Vec<_> = by_hand.iter().map(|error| option_message(error)).collect();
    Failure::Usage { message: messages.join("\n"), hint: None }
}

/// The library speaks of `page_size`, the command line of `--page-size`.
fn option_message(error: &OptionError) -> String {
    let (key, message) = (key_of(error), error.to_string());
    let said = message.strip_prefix(key).and_then(|rest| rest.strip_prefix(": "));
    format!("--{}: {}", key.replace('_', "-"), said.unwrap_or(&message))
}

fn key_of(error: &OptionError) -> &'static str {
    match error {
        OptionError::Quirk(_) => "quirks",
        OptionError::PageSize(_) => "page_size",
        OptionError::Unconfigured { .. } => "unconfigured",
        OptionError::TooManyWebsites(_) => "websites",
        OptionError::SettingsUrl(_) => "settings_url",
        OptionError::Credentials { option, .. } => option,
        OptionError::Schema(_) => "schema",
        OptionError::Faults(_) => "faults",
        OptionError::State(_) => "state",
        OptionError::BesideState(option) => option,
    }
}
