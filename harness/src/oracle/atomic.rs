//! O13: an answer that cannot be read changes nothing.

use crisp_mock_server::operation::Operation;

use super::{Breach, Oracle, shown, time};
use crate::history::{Event, History, Quality, Request, RequestIndex, What};

#[derive(Default)]
pub(super) struct Atomic {
    handling: Option<RequestIndex>,
}

impl Oracle for Atomic {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        match event.what {
            What::Arriving(index) => {
                self.handling = is_worthless(&history.requests[index as usize]).then_some(index);
                None
            }
            What::Handled(_) | What::Restart => {
                self.handling = None;
                None
            }
            What::Shows { site, state } => {
                let request = &history.requests[self.handling? as usize];
                // A save that waits for an end may be shown at any moment.
                if history.saves.iter().any(|save| save.site == site) {
                    return None;
                }
                let what = match (request.status, request.faults.first()) {
                    (Some(status), Some(fault)) => format!("status {status}, {fault}"),
                    (_, fault) => fault.copied().unwrap_or("broken").to_owned(),
                };
                Some(Breach {
                    at: event.at,
                    site: Some(site),
                    word: "half applied",
                    fact: format!("The answer to {} cannot be used ({what}).", request.spot()),
                    but: format!(
                        "At {} the cache changed {} because of it.",
                        time(event.at),
                        history.name(site)
                    ),
                    expected: Some("no change".to_owned()),
                    got: Some(shown(history, state)),
                })
            }
            _ => None,
        }
    }
}

/// Whether nothing can be learnt from the answer. A 404 can be an answer of its own.
fn is_worthless(request: &Request) -> bool {
    let reads =
        matches!(request.operation, Operation::List | Operation::Since | Operation::GetSettings);
    let worthless = match request.quality {
        Quality::Broken | Quality::Unreadable => true,
        Quality::Refusal => !matches!(request.status, Some(404 | 410)),
        _ => false,
    };
    reads && worthless && request.met_fault()
}
