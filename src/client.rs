//! Who is judged: the options that `replay` and `check` share.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;
use crisp_harness::candidate::{Candidate, ClientChoice};
use crisp_harness::live::{OverHttp, OwnDriver, Terms};
use crisp_mock_server::duration;

use crate::failure::Failure;

/// Which client is judged.
#[derive(Debug, Clone, Args)]
pub struct ClientArguments {
    /// The client that is judged: `sync` (crisp-sync itself) or `guide` (the loop of Crisp's guide)
    #[arg(
        long,
        value_name = "CLIENT",
        default_value = "sync",
        env = "CRISP_MOCK_CLIENT"
    )]
    pub client: ClientChoice,

    /// Judge `sync` over real sockets, with its real driver, in real time
    #[arg(long, env = "CRISP_MOCK_OVER_HTTP", value_parser = FalseyValueParser::new())]
    pub over_http: bool,

    /// So many scenarios at a time, over HTTP [default: 6 for each core]
    #[arg(
        long,
        value_name = "N",
        env = "CRISP_MOCK_JOBS",
        hide_short_help = true
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
    /// The client on trial.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] when the options do not fit together.
    pub fn candidate(&self) -> Result<Candidate, Failure> {
        if !self.over_http {
            return Ok(self.client.candidate());
        }
        if self.client != ClientChoice::Sync {
            return Err(Failure::usage(
                format!(
                    "`--over-http` judges `sync` alone, not `{}`",
                    self.client.name()
                ),
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

    /// On what terms a client outside is tried.
    fn terms(&self) -> Terms {
        Terms {
            poll: self.poll,
            jobs: self.jobs,
            client_timeout: self.client_timeout,
        }
    }
}
