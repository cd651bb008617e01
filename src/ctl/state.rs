//! A world as a document, from a shell.

use std::path::PathBuf;

use clap::Args;
use reqwest::Method;

use super::call::Call;
use crate::document;
use crate::failure::Failure;
use crate::options::judge_state;

/// `ctl state`
#[derive(Debug, Args)]
pub struct State {
    /// The dump that the world is to become, YAML or JSON
    file: Option<PathBuf>,
}

impl State {
    pub(super) fn call(self) -> Result<Call, Failure> {
        let Some(file) = self.file else {
            return Ok(Call::get("/state", |state| format!("{state:#}")));
        };
        // The server judges it as well, but only here are the lines of the file known.
        let document = document::read(&file)?;
        judge_state(&document)?;
        Ok(Call::send(Method::PUT, "/state", document.exact_value(), move |answer| {
            let (file, number) = (file.display(), &answer["websites"]);
            let plural = if *number == 1 { "" } else { "s" };
            format!("the world is that of {file}: {number} website{plural}")
        }))
    }
}
