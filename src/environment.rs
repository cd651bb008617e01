//! Variables of the environment: which there are, which one a value came from, which is misspelt.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use crisp_mock_server::nearest::nearest;

const PREFIX: &str = "CRISP_MOCK_";
/// Variables that are no options: the packages and fixtures of other languages read the first, `exec`
/// sets the next two for its command, and `ctl` reads the last.
const OTHERS: [&str; 4] =
    ["CRISP_MOCK_BINARY", "CRISP_MOCK_CONTROL_URL", "CRISP_MOCK_CONTROL_TOKEN", "CRISP_MOCK_URL"];

/// A sentence for each variable that is nearly one of this program's, and is none. The command line
/// is asked for only where a variable could be one of its own: making it takes as long as reading it.
pub fn misspelt(command: impl FnOnce() -> clap::Command) -> Vec<String> {
    let given = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let given: Vec<_> = given.filter(|name| name.starts_with(PREFIX)).collect();
    if given.is_empty() {
        return Vec::new();
    }
    let known = known(&command());
    let mut told: Vec<_> =
        given.into_iter().filter_map(|name| misspelling(&name, &known)).collect();
    told.sort();
    told
}

fn misspelling(name: &str, known: &[String]) -> Option<String> {
    let rest = name.strip_prefix(PREFIX).filter(|_| known.iter().all(|known| known != name))?;
    // Another program's, where nothing is near.
    let near = nearest(rest, known.iter().filter_map(|known| known.strip_prefix(PREFIX)))?;
    Some(format!("warning: nothing reads the variable {name}: did you mean {PREFIX}{near}?"))
}

fn known(command: &clap::Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|argument| argument.get_env()?.to_str());
    let mut known: Vec<_> = own.map(str::to_owned).collect();
    known.extend(command.get_subcommands().flat_map(self::known));
    known.extend(OTHERS.map(str::to_owned));
    known
}

/// What a message of clap's leaves out: the variable that a bad value came from, and what `--port`
/// is called here.
pub fn note(error: &clap::Error, command: &clap::Command) -> Option<String> {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let long = argument.strip_prefix("--")?.split([' ', '=']).next()?;
    match error.kind() {
        ErrorKind::UnknownArgument if long == "port" => {
            Some("  = hint: `--listen 127.0.0.1:PORT` says where to listen".to_owned())
        }
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => {
            let flag = format!("--{long}");
            let typed = |word: std::ffi::OsString| {
                word.to_str().is_some_and(|word| word.split('=').next() == Some(flag.as_str()))
            };
            let variable = variable(long, command)?;
            let is_set = std::env::var_os(&variable).is_some_and(|value| !value.is_empty());
            (is_set && !std::env::args_os().any(typed))
                .then(|| format!("  = note: the value comes from the variable {variable}"))
        }
        _ => None,
    }
}

/// The variable of an option.
fn variable(long: &str, command: &clap::Command) -> Option<String> {
    let own = command.get_arguments().find(|argument| argument.get_long() == Some(long));
    let own = own.and_then(|argument| argument.get_env()?.to_str().map(str::to_owned));
    own.or_else(|| command.get_subcommands().find_map(|below| variable(long, below)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_told_and_one_of_another_program_is_not() {
        let known = known(&crate::command::command());
        let told = misspelling("CRISP_MOCK_PAGESIZE", &known).unwrap();
        assert!(told.contains("CRISP_MOCK_PAGESIZE: did you mean CRISP_MOCK_PAGE_SIZE?"), "{told}");
        assert_eq!(misspelling("CRISP_MOCK_PAGE_SIZE", &known), None);
        assert_eq!(misspelling("CRISP_MOCK_URL", &known), None);
        assert_eq!(misspelling("CRISP_MOCK_DOCKER_IMAGE_OF_OURS", &known), None);
        assert_eq!(misspelling("CRISP_KEY", &known), None);
    }
}
