//! The journal from a shell.

use std::time::Duration;

use clap::Args;
use crisp_mock_server::id::WebsiteId;
use reqwest::Method;
use serde_json::Value;

use super::call::{Call, with_query};
use crate::emulator::Emulator;
use crate::failure::Failure;
use crate::options::{Print, whole};
use crate::request_line;
use crate::terminal;

/// How long one call of `--follow` is held.
const HOLD: Duration = Duration::from_secs(20);
/// How much longer than its hold a call may take.
const SLACK: Duration = Duration::from_secs(10);

/// `ctl requests`
#[derive(Debug, Args)]
pub struct Requests {
    /// Only of this operation, as list, since or save_settings
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,

    /// Only about this website, as w1 or by its UUID
    #[arg(long)]
    website: Option<WebsiteId>,

    /// Only answered with this status
    #[arg(long, value_name = "N", value_parser = whole::<u16>)]
    status: Option<u16>,

    /// Only after the request with this number
    #[arg(long, value_name = "SEQ", value_parser = whole::<u64>)]
    since_seq: Option<u64>,

    /// Only the newest
    #[arg(long, value_name = "N", value_parser = whole::<u64>)]
    limit: Option<u64>,

    /// Go on with every request that comes, until Ctrl-C
    #[arg(long, short)]
    pub(super) follow: bool,

    /// Empty the journal
    #[arg(long, conflicts_with_all = ["follow", "operation", "website", "status", "limit"])]
    clear: bool,
}

impl Requests {
    pub(super) fn call(&self) -> Call {
        if self.clear {
            let removed = |answer: &Value| format!("removed {} requests", answer["removed"]);
            return Call::delete("/requests", removed);
        }
        Call::get(self.path(self.since_seq, None), in_words)
    }

    /// Prints the requests that are there and every one that comes; ends with a failure, or when its
    /// stdout is not read any more.
    pub(super) async fn follow(self, emulator: &Emulator, print: Print) -> Result<(), Failure> {
        let answer = emulator.get(&self.path(self.since_seq, None)).await?;
        let mut seen = show_each(print, &answer).or(self.since_seq).unwrap_or(0);
        while terminal::is_open() {
            let path = self.path(Some(seen), Some(HOLD));
            let answer = emulator.call(Method::GET, &path, None, HOLD + SLACK).await?;
            seen = show_each(print, &answer).unwrap_or(seen);
        }
        Ok(())
    }

    fn path(&self, since_seq: Option<u64>, wait: Option<Duration>) -> String {
        let limit = self.limit.filter(|_| wait.is_none());
        let asked = [
            ("operation", self.operation.clone()),
            ("website", self.website.map(|website| website.to_string())),
            ("status", self.status.map(|status| status.to_string())),
            ("since_seq", since_seq.map(|seq| seq.to_string())),
            ("limit", limit.map(|limit| limit.to_string())),
            ("wait", wait.map(|wait| format!("{}s", wait.as_secs()))),
        ];
        with_query("/requests", asked)
    }
}

fn lines(answer: &Value) -> String {
    let mut out = String::new();
    for request in answer["requests"].as_array().into_iter().flatten() {
        request_line::write(request, &mut out);
    }
    out
}

fn in_words(answer: &Value) -> String {
    let mut out = lines(answer);
    match answer["count"].as_u64() {
        Some(0) | None => out.push_str("no request"),
        Some(1) => out.push_str("1 request"),
        Some(count) => out.push_str(&format!("{count} requests")),
    }
    if let Some(dropped) = answer["dropped"].as_u64().filter(|dropped| *dropped > 0) {
        out.push_str(&format!("; {dropped} older ones were dropped for want of room"));
    }
    out
}

/// Prints the requests alone; the number of the last of them.
fn show_each(print: Print, answer: &Value) -> Option<u64> {
    let requests = answer["requests"].as_array()?;
    match print {
        Print::Json => requests.iter().for_each(|request| terminal::say(&request.to_string())),
        Print::Text => terminal::print(&lines(answer)),
    }
    requests.last()?["seq"].as_u64()
}
