//! `crisp-mock healthcheck`: for service containers, and for images without a shell.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use crisp_mock_server::duration;
use crisp_mock_server::server::reachable;

use crate::emulator::{Emulator, Whereabouts, url_of_environment, variable};
use crate::failure::Failure;
use crate::options::Listen;
use crate::{runtime, terminal};

/// How long to wait between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// Which emulator to ask, and for how long.
#[derive(Debug, Args)]
pub struct HealthcheckArguments {
    /// Where the emulator is [default: CRISP_MOCK_CONTROL_URL, CRISP_MOCK_URL, the port of
    /// CRISP_MOCK_LISTEN, or http://127.0.0.1:8420]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// For how long to try
    #[arg(
        long,
        env = "CRISP_MOCK_TIMEOUT",
        value_name = "DURATION",
        default_value = "10s",
        value_parser = duration::parse
    )]
    pub timeout: Duration,

    /// The token that the emulator demands
    #[arg(long, env = "CRISP_MOCK_CONTROL_TOKEN", value_name = "TOKEN")]
    pub control_token: Option<String>,
}

/// Asks until the emulator is ready.
pub fn run(arguments: &HealthcheckArguments) -> Result<ExitCode, Failure> {
    let whereabouts = Whereabouts {
        url: match &arguments.url {
            Some(url) => Some(url.clone()),
            None => beside_us()?,
        },
        control_token: arguments.control_token.clone(),
        space: Some("default".to_owned()),
    };
    let emulator = Emulator::at(&whereabouts)?;
    runtime::for_calls()?.block_on(wait(&emulator, arguments.timeout))?;
    terminal::say("ready");
    Ok(ExitCode::SUCCESS)
}

/// The address on which the server of this container listens, by its own environment.
fn beside_us() -> Result<Option<String>, Failure> {
    if url_of_environment()?.is_some() {
        return Ok(None);
    }
    let Some(listen) = variable("CRISP_MOCK_LISTEN")? else {
        return Ok(None);
    };
    let listen: Listen = listen.parse().map_err(|problem| {
        let message = format!("CRISP_MOCK_LISTEN=`{listen}` is no address: {problem}");
        Failure::usage(message, "mend it, or say where the emulator is with `--url`")
    })?;
    Ok(Some(format!("http://{}", reachable(listen.address))))
}

async fn wait(emulator: &Emulator, timeout: Duration) -> Result<(), Failure> {
    let mut last = "it was never asked".to_owned();
    let attempts = async {
        loop {
            match emulator.get("/ready").await {
                Ok(_) => return,
                Err(Failure::NoServer { problem, .. }) => last = problem,
                Err(failure) => last = failure.to_string(),
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let within = duration::format(timeout);
    // One attempt is made however short the time is.
    let timeout = timeout.max(Duration::from_millis(1));
    if tokio::time::timeout(timeout, attempts).await.is_ok() {
        return Ok(());
    }
    Err(Failure::NotReady { url: emulator.base().to_owned(), within, problem: last })
}
