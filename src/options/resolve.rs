//! From what is given to what the server starts with.

use std::path::Path;

use crisp_mock_server::options::{Blueprint, unreachable_hook};
use serde_json::Value;

use super::source::{Source, Unusable};
use super::{Listen, Options, ServerArguments, config};
use crate::document::{self, Document, Problem, member};
use crate::failure::Failure;

/// Options that were read, merged and judged.
#[derive(Debug)]
pub struct Resolved {
    /// The options; schema, faults and state are read, and a control token is one.
    pub options: Options,
    /// Where to listen.
    pub listen: Listen,
    /// Lines about files that are accepted and probably not meant so.
    pub remarks: String,
}

/// Reads, merges and judges everything that the options name; `listen` is the default address.
///
/// # Errors
///
/// [`Failure`]: a file that cannot be read or does not fit, an option that does not fit, an open
/// address without a token.
pub fn resolve(arguments: &ServerArguments, listen: Listen) -> Result<Resolved, Failure> {
    let Some(path) = arguments.config() else {
        return combine(Options::default(), arguments, None, Vec::new(), listen);
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let document = document::read(&path)?;
    let (options, problems) = config::read(&document, folder);
    combine(options, arguments, Some((&document, folder)), problems, listen)
}

/// Judges a config file alone.
///
/// # Errors
///
/// As [`resolve`].
pub fn judge_config(document: &Document, folder: &Path) -> Result<Resolved, Failure> {
    let (options, problems) = config::read(document, folder);
    let nothing = ServerArguments::default();
    combine(options, &nothing, Some((document, folder)), problems, Listen::SERVE)
}

/// Everything that is wrong: in the config file, in files of their own, and on the command line.
struct Wrong<'a> {
    arguments: &'a ServerArguments,
    in_config: Vec<Problem>,
    elsewhere: Vec<Failure>,
}

impl Wrong<'_> {
    /// A value that does not fit: a problem of the config file, unless the command line gives it.
    fn option(&mut self, option: &str, message: &str, hint: Option<&str>) {
        let hint = hint.map(str::to_owned);
        if self.arguments.gives(option) {
            // The library speaks of `page_size`, the command line of `--page-size`.
            let said = message.strip_prefix(option).and_then(|rest| rest.strip_prefix(": "));
            let message = format!("--{}: {}", option.replace('_', "-"), said.unwrap_or(message));
            self.elsewhere.push(Failure::Usage { message, hint });
        } else {
            self.in_config.push(Problem { hint, ..Problem::value(member("", option), message) });
        }
    }

    fn source<T>(&mut self, read: Result<T, Unusable>) -> Option<T> {
        match read {
            Ok(read) => return Some(read),
            Err(Unusable::Inline(problems)) => self.in_config.extend(problems),
            Err(Unusable::File(failure)) => self.elsewhere.push(failure),
        }
        None
    }
}

fn combine(
    mut options: Options,
    arguments: &ServerArguments,
    config: Option<(&Document, &Path)>,
    problems: Vec<Problem>,
    listen: Listen,
) -> Result<Resolved, Failure> {
    let usage = |error: clap::Error| Failure::usage(error.to_string(), "`--help-all` tells more");
    arguments.over(&mut options).map_err(usage)?;
    let mut wrong = Wrong { arguments, in_config: problems, elsewhere: Vec::new() };
    let folder = config.map_or(Path::new(""), |(_, folder)| folder);
    let source = |option: &str, value: Value| match (arguments.path(option), value) {
        (Some(path), _) => Source::File(path),
        (None, Value::String(path)) => Source::File(folder.join(path)),
        (None, inline) => Source::Inline(inline),
    };
    let world = &mut options.world;
    if !options.quirk.is_empty() {
        // A later quirk of the same name wins.
        world.quirks.get_or_insert_default().0.append(&mut options.quirk);
    }
    let mut quirks = world.profile.unwrap_or_default().quirks();
    // One that does not fit is among the problems of the config file already.
    world.quirks = world.quirks.take().filter(|settings| quirks.apply(settings).is_ok());
    let mut remarks = String::new();
    let mut warnings = Vec::new();
    if let Some(value) = world.schema.take() {
        let read = wrong.source(source("schema", value).schema(quirks.schema_rules()));
        if let Some((schema, lines, problems)) = read {
            (world.schema, remarks, warnings) = (Some(schema), lines, problems);
        }
    }
    let faults = world.faults.take().map(|value| source("faults", value).faults());
    world.faults = faults.and_then(|faults| wrong.source(faults));
    let stubs = world.stub_file.take().map(|value| source("stub_file", value).stubs());
    world.stub_file = stubs.and_then(|stubs| wrong.source(stubs));
    let state = world.state.take().map(|value| source("state", value).state());
    world.state = state.and_then(|state| wrong.source(state));
    let listen = options.listen.unwrap_or(listen);
    match options.control_token.as_deref() {
        Some("none") => options.control_token = None,
        Some("") => wrong.option(
            "control_token",
            "an empty control token protects nothing",
            Some("choose a token, or leave the option out"),
        ),
        Some(_) => {}
        None => {
            let all = [Some(listen), options.rtm_listen];
            let open = all.into_iter().flatten().find(|listen| listen.is_open());
            let failure = open.map(|Listen { address, .. }| Failure::OpenToTheNetwork { address });
            wrong.elsewhere.extend(failure);
        }
    }
    if let Some(url) = options.public_url.as_deref().filter(|url| !is_web_address(url)) {
        let message = format!("public_url: `{url}` is no http or https address");
        wrong.option("public_url", &message, Some("write an address, as http://localhost:8420"));
    }
    let far = unreachable_hook(&options.world, options.reach());
    let errors = Blueprint::new(options.world.clone()).err().unwrap_or_default();
    for error in errors.into_iter().chain(far) {
        wrong.option(error.option(), &error.to_string(), None);
    }
    if let Some((document, _)) = config {
        document.refuse(wrong.in_config)?;
        remarks.push_str(&document.invalid(warnings).report);
    }
    match wrong.elsewhere.into_iter().reduce(together) {
        Some(failure) => Err(failure),
        None => Ok(Resolved { options, listen, remarks }),
    }
}

fn is_web_address(url: &str) -> bool {
    reqwest::Url::parse(url)
        .is_ok_and(|url| url.has_host() && matches!(url.scheme(), "http" | "https"))
}

/// The first failure; options of the command line that do not fit are reported together.
fn together(first: Failure, second: Failure) -> Failure {
    match (first, second) {
        (Failure::Usage { message, hint: None }, Failure::Usage { message: more, hint: None }) => {
            Failure::Usage { message: format!("{message}\n{more}"), hint: None }
        }
        (first, _) => first,
    }
}
