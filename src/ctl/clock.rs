//! The world's clock from a shell.

use std::time::Duration;

use clap::{Args, Subcommand};
use crisp_mock_server::duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::show::text;
use crate::terminal::STRONG;

/// How much longer a step may take that waits for the answers to web hooks.
const LONGEST_SETTLING: Duration = Duration::from_secs(600);

/// `ctl clock`
#[derive(Debug, Args)]
pub struct Clock {
    #[command(subcommand)]
    step: Option<Step>,
}

#[derive(Debug, Subcommand)]
enum Step {
    /// Let time pass: waits end, stamps move
    Advance {
        /// How much, as 20s
        #[arg(value_parser = checked)]
        by: String,

        /// Do not stop at web hooks that fall due to wait for their answers
        #[arg(long)]
        no_settle: bool,
    },
    /// Move the wall clock alone, forward or back
    Skew {
        /// By how much, as -60s
        #[arg(allow_hyphen_values = true, value_parser = checked_signed)]
        by: String,
    },
    /// Set the wall clock
    Set {
        /// To which date, as 2026-01-31T09:00:00Z
        to: String,
    },
}

fn checked(text: &str) -> Result<String, duration::InvalidDuration> {
    duration::parse(text).map(|_| text.to_owned())
}

fn checked_signed(text: &str) -> Result<String, duration::InvalidDuration> {
    duration::parse_signed(text).map(|_| text.to_owned())
}

impl Clock {
    pub(super) fn call(self) -> Call {
        let step = match self.step {
            None => return Call::get("/clock", shown),
            Some(Step::Advance { by, no_settle: false }) => {
                let step = json!({ "advance": by });
                // A receiver of web hooks may take its time.
                return Call::send(Method::POST, "/clock", step, shown).patient(LONGEST_SETTLING);
            }
            Some(Step::Advance { by, no_settle: true }) => {
                json!({ "advance": by, "settle": false })
            }
            Some(Step::Skew { by }) => json!({ "skew": by }),
            Some(Step::Set { to }) => json!({ "set": to }),
        };
        Call::send(Method::POST, "/clock", step, shown)
    }
}

fn shown(answer: &Value) -> String {
    let (now, mode) = (text(answer, "now"), text(answer, "mode"));
    format!("{STRONG}{now}{STRONG:#}  {mode} clock")
}
