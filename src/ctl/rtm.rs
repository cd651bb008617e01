//! The sockets of the RTM API, from a shell.

use clap::Args;
use serde_json::Value;

use super::call::Call;
use super::show::text;
use crate::terminal::{FAINT, STRONG};

/// `ctl rtm`: the sockets that are open.
pub fn list() -> Call {
    Call::get("/rtm", |answer| {
        let sockets = answer["sockets"].as_array().into_iter().flatten();
        let lines: Vec<_> = sockets.map(line).collect();
        if lines.is_empty() { "no socket is open".to_owned() } else { lines.join("\n") }
    })
}

fn line(socket: &Value) -> String {
    let (sid, state) = (text(socket, "sid"), text(socket, "state"));
    let (version, sent) = (&socket["engine_io"], &socket["sent"]);
    let events = socket["events"].as_array().into_iter().flatten();
    let events: Vec<_> = events.filter_map(Value::as_str).collect();
    let events = if events.is_empty() { "no events".to_owned() } else { events.join(" ") };
    format!(
        "{STRONG}{sid}{STRONG:#}  {state}, Engine.IO {version}, {sent} sent  {FAINT}{events}{FAINT:#}"
    )
}

/// `ctl kick`
#[derive(Debug, Args)]
pub struct Kick {
    /// The socket, as `ctl rtm` names it [default: all of them]
    #[arg(value_name = "SID")]
    sid: Option<String>,
}

impl Kick {
    pub(super) fn call(self) -> Call {
        match self.sid {
            Some(sid) => {
                let path = format!("/rtm/{}", path_segment(&sid));
                Call::delete(path, move |_| format!("ended the socket {sid}"))
            }
            None => Call::delete("/rtm", |answer| match &answer["kicked"] {
                one if *one == 1 => "ended 1 socket".to_owned(),
                many => format!("ended {many} sockets"),
            }),
        }
    }
}

/// A name as one segment of a path: what is no letter or digit would mean something else there.
fn path_segment(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
