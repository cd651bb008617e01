//! Web hooks from a shell.

use std::time::Duration;

use clap::Args;
use crisp_mock_server::duration;
use crisp_mock_server::id::WebsiteId;
use serde_json::Value;

use super::call::{Call, with_query};
use super::show::text;
use crate::options::whole;
use crate::terminal::{BAD, FAINT, GOOD, ODD, STRONG};

/// `ctl hooks`
#[derive(Debug, Args)]
pub struct Hooks {
    /// Only of events with this name
    #[arg(long, value_name = "NAME")]
    event: Option<String>,

    /// Only about this website, as w1 or by its UUID
    #[arg(long)]
    website: Option<WebsiteId>,

    /// Only those that stand so: waiting, sending, delivered, failed, dropped or suspended
    #[arg(long)]
    state: Option<String>,

    /// Only after the delivery with this number
    #[arg(long, value_name = "ID", value_parser = whole::<u64>)]
    since_id: Option<u64>,

    /// Wait until there is one, so long at most
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    wait: Option<Duration>,

    /// Switch hooks on again that were suspended (quirk hook-suspension)
    #[arg(long, conflicts_with_all = ["event", "website", "state", "since_id", "wait"])]
    resume: bool,
}

impl Hooks {
    pub(super) fn call(self) -> Call {
        if self.resume {
            return Call::post("/hooks/resume", |answer| match answer["resumed"].as_u64() {
                Some(0) | None => "no hook is suspended".to_owned(),
                Some(1) => "1 hook is switched on again".to_owned(),
                Some(number) => format!("{number} hooks are switched on again"),
            });
        }
        let asked = [
            ("event", self.event),
            ("website", self.website.map(|website| website.to_string())),
            ("state", self.state),
            ("since_id", self.since_id.map(|id| id.to_string())),
            ("wait", self.wait.map(|wait| format!("{}ms", wait.as_millis()))),
        ];
        let call = Call::get(with_query("/hooks/deliveries", asked), listed);
        call.patient(self.wait.unwrap_or_default())
    }
}

/// `ctl redeliver`
#[derive(Debug, Args)]
pub struct Redeliver {
    /// The delivery, by the number that `ctl hooks` shows
    #[arg(value_name = "ID", value_parser = whole::<u64>)]
    id: u64,
}

impl Redeliver {
    pub(super) fn call(self) -> Call {
        let path = format!("/hooks/deliveries/{}/redeliver", self.id);
        Call::post(path, |answer| format!("delivery {} is sent once more", answer["id"]))
    }
}

fn listed(answer: &Value) -> String {
    let deliveries = answer["deliveries"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut lines: Vec<_> = deliveries.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("no delivery".to_owned());
    }
    if let Some(lost) = answer["lost"].as_u64().filter(|lost| *lost > 0) {
        lines.push(format!("{lost} were dropped for want of room before they were over"));
    }
    lines.join("\n")
}

fn line(delivery: &Value) -> String {
    let state = text(delivery, "state");
    let style = match state {
        "delivered" => GOOD,
        "failed" => BAD,
        _ => ODD,
    };
    let attempts = delivery["attempts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let attempts: Vec<_> = attempts.iter().map(attempt).collect();
    let (event, website) = (text(delivery, "event"), text(delivery, "website"));
    let mut line = format!(
        "{STRONG}{:<3}{STRONG:#} {style}{state:<9}{style:#} {event} {website}  {FAINT}{}{FAINT:#}  {}",
        delivery["id"],
        text(delivery, "hook"),
        attempts.join(", "),
    );
    for fault in delivery["faults"].as_array().into_iter().flatten() {
        line.push_str(&format!("  {ODD}{}{ODD:#}", fault["fault"]));
    }
    line.trim_end().to_owned()
}

/// An attempt as `0s 500`, `10s timed_out`.
fn attempt(attempt: &Value) -> String {
    let at = duration::format(Duration::from_millis(attempt["elapsed_ms"].as_u64().unwrap_or(0)));
    match attempt["status"].as_u64() {
        Some(status) => format!("{at} {status}"),
        None => format!("{at} {}", text(attempt, "outcome")),
    }
}
