//! Isolated worlds in the same emulator, from a shell.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::{assignment, show};
use crate::emulator::space_name;
use crate::failure::Failure;

/// `ctl space`
#[derive(Debug, Args)]
pub struct Spaces {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make one and show its credentials
    Create {
        /// Server options, `name` and `expires`, as websites=3 or expires=10m
        #[arg(value_name = "NAME=VALUE")]
        options: Vec<String>,
    },
    /// Show their names
    List,
    /// Tear one down
    Remove {
        /// Its name
        name: String,
    },
}

impl Spaces {
    pub(super) fn call(self) -> Result<Call, Failure> {
        Ok(match self.what {
            What::Create { options } => {
                let body = assignment::settings(&options, None)?.unwrap_or_else(|| json!({}));
                Call::send(Method::POST, "/spaces", body, show::info)
            }
            What::List => Call::get("/spaces", |answer| {
                let names = answer["spaces"].as_array().into_iter().flatten();
                names.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
            }),
            What::Remove { name } => {
                let path = format!("/spaces/{}", space_name(&name)?);
                Call::delete(path, move |_| format!("removed the space {name}"))
            }
        })
    }
}
