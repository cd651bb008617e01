//! The client on trial: the options that `replay` and `check` share.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use crisp_harness::candidate::{Candidate, ClientChoice};
use crisp_harness::intercept::Interception;
use crisp_harness::live::{OverHttp, OwnDriver, Terms};
use crisp_harness::peer::{
    CommandLine, Launcher, PeerOptions, Plugin, Process, SavePage, Service, Time, View,
};
use crisp_mock_server::duration;

use crate::document::read_text;
use crate::failure::Failure;
use crate::intercept::InterceptArguments;
use crate::options::at_least_one;
use crate::warden;

/// Which client is judged.
#[derive(Debug, Clone, Args)]
#[command(mut_arg("intercept", |intercept| intercept.requires("run").hide_short_help(true)))]
pub struct ClientArguments {
    /// The client that is judged: `sync` (crisp-sync itself), `guide` (the loop of Crisp's guide), `sync-events` and
    /// `guide-events` (the same, listening), `sync-replicas` (three of crisp-sync with one log) or `mutant:NAME` (crisp-sync with a mistake; docs/zoo.md has the names)
    #[arg(long, value_name = "CLIENT", default_value = "sync", env = "CRISP_MOCK_CLIENT")]
    pub client: ClientChoice,

    /// Judge a plugin as it is: the command that starts it, with the emulator in its environment
    ///
    /// It finds what `crisp-mock exec` gives a command, and CRISP_POLL_MS, how often it is to ask.
    /// {port} stands for a free port, which is also in PORT, {folder} for a folder of the scenario's own, which is also in
    /// CRISP_MOCK_FOLDER: what the plugin keeps on disc belongs there. Words are parted by blanks, quotes
    /// keep them together; no shell reads them. Without --save, loading and polling are judged alone.
    #[arg(
        long,
        value_name = "CMD",
        env = "CRISP_MOCK_RUN",
        conflicts_with_all = ["client_cmd", "client_url", "client", "over_http"]
    )]
    pub run: Option<String>,

    /// Where the plugin of --run shows its cache: http://127.0.0.1:{port}/_cache
    ///
    /// The answer is {"<website_id>": settings}; the first 200 means that it is ready.
    #[arg(long, value_name = "URL", env = "CRISP_MOCK_READ")]
    pub read: Option<String>,

    /// What the settings page of the plugin of --run sends: "POST http://127.0.0.1:{port}/settings"
    ///
    /// With it, what the plugin saves is judged, too. The method is POST, PUT or PATCH; {port},
    /// {website_id} and {token} are filled in. An answer of 2xx says that it is saved.
    #[arg(long, value_name = "REQUEST", env = "CRISP_MOCK_SAVE", requires = "run")]
    pub save: Option<String>,

    /// What that page sends, as JSON with {website_id}, {token} and {settings} in it [default: { "website_id":
    /// "{website_id}", "token": "{token}", "settings": {settings} }]
    #[arg(
        long,
        value_name = "JSON",
        env = "CRISP_MOCK_SAVE_BODY",
        requires = "save",
        hide_short_help = true
    )]
    pub save_body: Option<String>,

    /// Judge a program that speaks the client protocol: the command that starts it
    #[arg(
        long,
        value_name = "CMD",
        env = "CRISP_MOCK_CLIENT_CMD",
        conflicts_with_all = ["client_url", "client", "over_http"]
    )]
    pub client_cmd: Option<String>,

    /// Judge a running service that speaks the client protocol over POST
    #[arg(
        long,
        value_name = "URL",
        env = "CRISP_MOCK_CLIENT_URL",
        conflicts_with_all = ["client", "over_http"]
    )]
    pub client_url: Option<String>,

    /// How your client's cache differs from the raw settings: a YAML or JSON file (docs/judging.md)
    #[arg(long, value_name = "FILE", env = "CRISP_MOCK_VIEW")]
    pub view: Option<PathBuf>,

    /// Judge `sync` over real sockets, with its real driver, in real time
    #[arg(long, env = "CRISP_MOCK_OVER_HTTP", value_parser = FalseyValueParser::new())]
    pub over_http: bool,

    /// So many scenarios at a time, over HTTP [default: 6 for each core in
    /// real time, 2 in virtual time]
    #[arg(
        long,
        value_name = "N",
        env = "CRISP_MOCK_JOBS",
        hide_short_help = true,
        value_parser = at_least_one
    )]
    pub jobs: Option<NonZeroUsize>,

    /// Within this time a client over HTTP has to reply
    #[arg(
        long,
        value_name = "TIME",
        default_value = "10s",
        env = "CRISP_MOCK_CLIENT_TIMEOUT",
        value_parser = duration::parse,
        hide_short_help = true
    )]
    pub client_timeout: Duration,

    /// By which clock a plugin of `--run` lives: one that is moved by hand (Node and Python, whose clock
    /// can be taken from them), or the machine's
    #[arg(
        long,
        value_name = "WHICH",
        value_enum,
        default_value_t,
        env = "CRISP_MOCK_TIME",
        hide_short_help = true
    )]
    pub time: WhichTime,

    /// Whether Crisp's own addresses are answered, for the plugin of `--run`
    #[command(flatten)]
    pub intercept: InterceptArguments,

    /// Take any credentials of the plugin of `--run` for its own, as one has whose credentials stand in its
    /// source
    #[arg(
        long,
        env = "CRISP_MOCK_ACCEPT_ANY_CREDENTIALS",
        value_parser = FalseyValueParser::new(),
        requires = "run",
        hide_short_help = true
    )]
    pub accept_any_credentials: bool,

    /// From one poll to the next in real time: so fast do scenarios go over HTTP
    #[arg(
        long,
        value_name = "TIME",
        default_value = "200ms",
        env = "CRISP_MOCK_POLL",
        value_parser = duration::parse,
        hide_short_help = true
    )]
    pub poll: Duration,
}

impl ClientArguments {
    /// The client on trial; a plugin of `--run` reaches the emulator by Crisp's own addresses, too, if there
    /// is an interception.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] when the options do not fit together.
    pub fn candidate(
        &self,
        interception: Option<&Arc<Interception>>,
    ) -> Result<Candidate, Failure> {
        if let Some(candidate) = self.outside(interception)? {
            return Ok(candidate);
        }
        if !self.over_http {
            return Ok(self.client.candidate());
        }
        if self.client != ClientChoice::Sync {
            return Err(Failure::usage(
                format!("`--over-http` judges `sync` alone, not `{}`", self.client.name()),
                "leave one of the two options out",
            ));
        }
        Ok(Candidate {
            judged: "crisp-sync over HTTP (built in, not your plugin)".to_owned(),
            options: "--over-http".to_owned(),
            is_reference: true,
            trial: Box::new(OverHttp::new(OwnDriver, self.terms())),
        })
    }

    /// Whether the client is met over HTTP.
    pub fn is_outside(&self) -> bool {
        self.over_http
            || [&self.run, &self.client_cmd, &self.client_url].into_iter().any(Option::is_some)
    }

    /// The user's own client, if one is named.
    fn outside(
        &self,
        interception: Option<&Arc<Interception>>,
    ) -> Result<Option<Candidate>, Failure> {
        if self.run.is_none() && self.read.is_some() {
            return Err(Failure::usage(
                "`--read` says where a plugin shows its cache, and none is started",
                "add `--run \"CMD\"`, the command that starts it",
            ));
        }
        let (options, launcher): (_, Box<dyn Launcher>) =
            match (&self.run, &self.client_cmd, &self.client_url) {
                (Some(run), ..) => self.plugin(run, interception)?,
                (_, Some(command), _) => {
                    let line = command_line("--client-cmd", command)?;
                    let launcher = Process::new(line, self.peer_options()?);
                    (format!("--client-cmd {}", quoted(command)), Box::new(launcher))
                }
                (_, _, Some(url)) => {
                    let launcher = Service::new(url, &self.peer_options()?)
                        .map_err(|problem| refused("--client-url", &problem))?;
                    (format!("--client-url {}", quoted(url)), Box::new(launcher))
                }
                _ if self.view.is_some() => {
                    return Err(Failure::usage(
                        "`--view` describes the cache of a client of yours, and none is named",
                        "add `--run` and `--read`, `--client-cmd` or `--client-url`",
                    ));
                }
                _ => return Ok(None),
            };
        let judged = [&self.run, &self.client_cmd, &self.client_url];
        let judged = judged.into_iter().flatten().next().cloned();
        let view = self
            .view
            .as_ref()
            .map(|file| format!(" --view {}", quoted(&file.display().to_string())));
        let trial = OverHttp::from(launcher, self.terms());
        // A service that cannot `reset` would have to be started once more.
        let trial = if self.client_url.is_none() { trial.probing() } else { trial };
        Ok(Some(Candidate {
            judged: judged.unwrap_or_default(),
            options: options + &view.unwrap_or_default(),
            is_reference: false,
            trial: Box::new(trial),
        }))
    }

    fn plugin(
        &self,
        run: &str,
        interception: Option<&Arc<Interception>>,
    ) -> Result<(String, Box<dyn Launcher>), Failure> {
        let Some(read) = &self.read else {
            return Err(Failure::usage(
                "`--run` starts a plugin, and nothing says where its cache can be read",
                "add `--read http://127.0.0.1:{port}/_cache`, an address for tests that answers \
                 {\"<website_id>\": <what the plugin holds>}",
            ));
        };
        let line = command_line("--run", run)?;
        let save =
            self.save.as_deref().map(|save| SavePage::parse(save, self.save_body.as_deref()));
        let save = save.transpose().map_err(|problem| refused("--save", &problem))?;
        let options = PeerOptions { intercept: interception.cloned(), ..self.peer_options()? };
        let launcher = Plugin::new(line, read, save, options)
            .map_err(|problem| refused("--read", &problem))?;
        let all = [
            ("--run", Some(run)),
            ("--read", Some(read)),
            ("--save", self.save.as_deref()),
            ("--save-body", self.save_body.as_deref()),
        ];
        let given = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let mut options: Vec<_> =
            given.map(|(name, value)| format!("{name} {}", quoted(value))).collect();
        options.extend(self.intercept.in_words());
        options.extend(self.accept_any_credentials.then(|| "--accept-any-credentials".to_owned()));
        let options = options.join(" ");
        Ok((options, Box::new(launcher)))
    }

    fn peer_options(&self) -> Result<PeerOptions, Failure> {
        let view = self.view.as_deref().map(read_view).transpose()?;
        Ok(PeerOptions {
            timeout: self.client_timeout,
            view,
            time: self.time.into(),
            // Without one, clients end with us as long as we are not killed.
            warden: warden::start().map(Arc::new),
            intercept: None,
        })
    }

    /// On what terms a client outside is tried.
    fn terms(&self) -> Terms {
        Terms {
            poll: self.poll,
            jobs: self.jobs,
            client_timeout: self.client_timeout,
            any_credentials: self.accept_any_credentials,
        }
    }
}

/// By which clock a plugin lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum WhichTime {
    /// Virtual where the plugin's clock can be moved, else real
    #[default]
    Auto,
    /// Moved by hand: a day of polling in a second, and the same verdict every time
    Virtual,
    /// The machine's
    Real,
}

impl From<WhichTime> for Time {
    fn from(which: WhichTime) -> Self {
        match which {
            WhichTime::Auto => Self::Auto,
            WhichTime::Virtual => Self::Virtual,
            WhichTime::Real => Self::Real,
        }
    }
}

fn read_view(path: &Path) -> Result<View, Failure> {
    let text = read_text(path)?;
    View::parse(&path.display().to_string(), &text)
        .map_err(|invalid| Failure::BadFile { report: invalid.to_string() })
}

fn command_line(option: &str, text: &str) -> Result<CommandLine, Failure> {
    CommandLine::parse(text).map_err(|error| refused(option, &error.to_string()))
}

fn refused(option: &str, problem: &str) -> Failure {
    Failure::Usage { message: format!("`{option}` cannot be used: {problem}"), hint: None }
}

/// An argument as it is written in a shell.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,{}".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else if argument.contains(['"', '$', '`', '\\', '!']) {
        format!("'{}'", argument.replace('\'', r"'\''"))
    } else {
        format!("\"{argument}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_replays_a_verdict_can_be_pasted() {
        for (argument, written) in [
            ("http://127.0.0.1:{port}/_cache", "http://127.0.0.1:{port}/_cache"),
            ("node lib/index.js", "\"node lib/index.js\""),
            ("it's \"it\" $A", r#"'it'\''s "it" $A'"#),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(argument), written);
        }
    }
}
