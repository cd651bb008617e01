//! What went over the wire, as far as it explains a failure.

use std::time::Duration;

use crisp_mock_server::operation::Operation;
use jiff::Timestamp;
use serde_json::Value;

use crate::history::{History, Request, RequestIndex, Site, State, What};

/// A page of the list, as the API has it when nothing else is said.
pub(super) const USUAL_PAGE: usize = 20;

/// What one item of an answer says about its website.
pub(super) struct Item {
    pub(super) website: String,
    pub(super) difference: Option<String>,
    /// Null, absent or without members.
    pub(super) unconfigured: bool,
}

impl Item {
    pub(super) fn is(&self, difference: &str) -> bool {
        self.difference.as_deref() == Some(difference)
    }
}

/// The items of an answer; none where there was nothing to read.
pub(super) fn items(request: &Request) -> Option<Vec<Item>> {
    if !request.is_question() || request.quality.is_failure() {
        return None;
    }
    let body: Value = serde_json::from_slice(request.body.as_deref()?).ok()?;
    let items = body.get("data")?.as_array()?.iter().map(|item| {
        let text = |member| item.get(member).and_then(Value::as_str).map(str::to_owned);
        let unconfigured = match item.get("settings") {
            None | Some(Value::Null) => true,
            Some(Value::Object(members)) => members.is_empty(),
            Some(_) => false,
        };
        let website = text("website_id").unwrap_or_default();
        Item { website, difference: text("difference"), unconfigured }
    });
    Some(items.collect())
}

/// The requests of one operation, in the order of sending.
pub(super) fn all(
    history: &History,
    operation: Operation,
) -> impl DoubleEndedIterator<Item = &Request> {
    history.requests.iter().filter(move |request| request.operation == operation)
}

/// The items of an answer that are about one website.
pub(super) fn about<'a>(
    items: &'a [Item],
    history: &History,
    site: Site,
) -> impl Iterator<Item = &'a Item> {
    let id = history.sites.get(site as usize).map(ToString::to_string).unwrap_or_default();
    items.iter().filter(move |item| item.website == id)
}

/// What the client was dealing with at a time: the answer that reached it last.
pub(super) fn handled(history: &History, at: Duration) -> Option<(Duration, &Request)> {
    let arriving = |event: &crate::history::Event| match event.what {
        What::Arriving(index) if event.at <= at => Some((event.at, index)),
        _ => None,
    };
    let (at, index): (_, RequestIndex) = history.events.iter().rev().find_map(arriving)?;
    Some((at, history.requests.get(index as usize)?))
}

/// What the cache showed of a website at a time, whether it ever had, and since when it shows that.
pub(super) fn shown(
    history: &History,
    site: Site,
    at: Duration,
) -> (Option<State>, bool, Duration) {
    let (mut state, mut ever, mut since) = (None, false, Duration::ZERO);
    for event in history.events.iter().take_while(|event| event.at <= at) {
        match event.what {
            What::Shows { site: other, state: now } if other == site => {
                (state, since) = (now, event.at);
                ever |= now.is_some();
            }
            What::Restart => (state, ever, since) = (None, false, event.at),
            _ => {}
        }
    }
    (state, ever, since)
}

/// How many seconds a poll asks after a moment of the run, by the server's clock: positive when the
/// moment lies before what it asks for. In the scenario's time.
pub(super) fn asks_after(history: &History, poll: &Request, moment: Duration) -> Option<f64> {
    let ago = poll.sent.as_secs_f64() - moment.as_secs_f64();
    Some(ago + ahead(poll)? * history.timing.stretch)
}

/// How many seconds a poll asks ahead of the server's clock at its sending, in the server's own
/// time; negative when it asks for what has been.
pub(in crate::report) fn ahead(poll: &Request) -> Option<f64> {
    let asked: Timestamp = poll.asks_from()?.parse().ok()?;
    let millis = asked.as_millisecond() - poll.clock?.as_millisecond();
    Some(millis as f64 / 1000.0)
}
