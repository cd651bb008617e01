//! Isolated worlds in the same emulator, from a shell.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;

use super::{Desk, assignment, show};
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
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        match self.what {
            What::Create { options } => {
                let body = assignment::settings(&options, None)?;
                let body = body.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
                let answer = desk.emulator.send(Method::POST, "/spaces", Some(&body)).await?;
                desk.show(&answer, show::info)
            }
            What::List => desk.show(&desk.emulator.get("/spaces").await?, |answer| {
                let names = answer["spaces"].as_array().into_iter().flatten();
                let names: Vec<_> = names.filter_map(Value::as_str).collect();
                names.join("\n")
            }),
            What::Remove { name } => {
                let name = space_name(&name)?;
                let path = format!("/spaces/{name}");
                let answer = desk.emulator.send(Method::DELETE, &path, None).await?;
                desk.show(&answer, |_| format!("removed the space {name}"))
            }
        }
    }
}
