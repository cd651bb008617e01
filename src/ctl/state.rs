//! A world as a document, from a shell.

use std::path::PathBuf;

use clap::Args;
use reqwest::Method;

use super::Desk;
use crate::document::Document;
use crate::failure::Failure;
use crate::options::judge_state;

/// `ctl state`
#[derive(Debug, Args)]
pub struct State {
    /// The dump that the world is to become, YAML or JSON
    file: Option<PathBuf>,
}

impl State {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let Some(file) = self.file else {
            let state = desk.emulator.get("/state").await?;
            return desk.show(&state, |state| format!("{state:#}"));
        };
        // Judged here too, where the places in the file are known.
        let document = Document::read(&file)?;
        judge_state(&document, &document.value, "")?;
        let answer = desk.emulator.send(Method::PUT, "/state", Some(&document.value)).await?;
        desk.show(&answer, |answer| {
            let (file, number) = (file.display(), &answer["websites"]);
            let plural = if *number == 1 { "" } else { "s" };
            format!("the world is that of {file}: {number} website{plural}")
        })
    }
}
