//! What is written down of a request, in virtual and in real time alike.

use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::fault::Effect;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::journal::Filter;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::space::{Handled, Space};
use jiff::Timestamp;
use serde_json::Value;

use super::intake;
use super::server_side::{Occurrence, ServerSide};
use crate::history::{History, Quality, Request, RequestIndex, Save};
use crate::subject::How;

/// A request that the emulator has dealt with, before it is entered into a history.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) which: Occurrence,
    pub(crate) website: Option<WebsiteId>,
    pub(crate) quality: Quality,
    pub(crate) status: Option<u16>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) explains_silence: Duration,
    pub(crate) carried_out: bool,
    clock: Option<Timestamp>,
    configured_only: bool,
    since: Option<Box<str>>,
    faults: Vec<&'static str>,
    asked: Bytes,
    body: Option<Bytes>,
}

impl Taken {
    /// What the newest request of this space came to.
    pub(crate) fn of(
        space: &Space,
        server: &mut ServerSide,
        handled: &Handled,
        request: &http::Request<Bytes>,
    ) -> Self {
        let filter = Filter::default();
        let entry = space.journal.entries(&filter).next_back();
        let (fired, website, carried_out) = entry.map_or((&[][..], None, false), |entry| {
            (&entry.faults[..], entry.website, entry.carried_out)
        });
        let clock = entry.map(|entry| entry.time.timestamp());
        let operation = handled.operation;
        let response = handled.delivery.outcome.response();
        let page = (operation == Operation::List).then(|| page_of(request.uri().path()));
        Self {
            which: server.count(operation, page),
            website,
            quality: intake::quality(&handled.delivery, operation, fired),
            status: response.map(|response| response.status().as_u16()),
            retry_after: intake::retry_after(response),
            explains_silence: intake::explains_silence(response, clock),
            carried_out,
            clock,
            configured_only: intake::asks_for_configured(request.uri().query()),
            since: intake::asked_since(request.uri().query()),
            faults: fired.iter().map(|fired| fired.fault.effect.key()).collect(),
            asked: request.body().clone(),
            body: response.map(|response| response.body().clone()),
        }
    }

    /// Whether it could have changed settings.
    pub(crate) fn is_save(&self) -> bool {
        matches!(self.which.operation, Operation::SaveSettings | Operation::UpdateSettings)
    }

    /// Enters it into the history as sent at this time.
    pub(crate) fn enter(self, history: &mut History, at: Duration) -> RequestIndex {
        let is_save = self.is_save();
        history.longest_asked = history.longest_asked.max(self.explains_silence);
        let Occurrence { operation, page, number, page_number } = self.which;
        let request = Request {
            operation,
            page,
            site: self.website.map(|id| history.site(id)),
            number,
            page_number,
            life: history.life,
            sent: at,
            ended: None,
            quality: self.quality,
            status: self.status,
            retry_after: self.retry_after,
            carried_out: self.carried_out,
            clock: self.clock,
            configured_only: self.configured_only,
            since: self.since,
            faults: self.faults,
            save: None,
            body: self.body,
        };
        let index = RequestIndex::try_from(history.requests.len()).unwrap_or(RequestIndex::MAX);
        history.requests.push(request);
        if is_save {
            attribute(history, index, &self.asked);
        }
        index
    }
}

/// Finds the order that a save's request carries out, of those with the same content: the oldest of
/// this life of the client that is open and has no request yet, else the oldest that is open, else
/// the latest. Of two equal orders the second request belongs to the second, and is no repetition.
/// An order that a restart cut off would be open for ever. A PUT of all members may carry out an order
/// for some of them. A client that saves by a page of its own may send more than it was given: its
/// request may belong to any order without one, and no other content is ever a repetition.
fn attribute(history: &mut History, index: RequestIndex, body: &Bytes) {
    let Ok(asked) = serde_json::from_slice::<Value>(body) else { return };
    let settings = std::str::from_utf8(body).map(|text| history.values.json(text));
    let request = &history.requests[index as usize];
    let how = match request.operation {
        Operation::SaveSettings => How::Put,
        _ => How::Patch,
    };
    let (Ok(settings), Some(site)) = (settings, request.site) else {
        return;
    };
    let (own_page, values) = (history.own_page, &history.values);
    let same = |save: &Save| save.site == site && save.how == how && save.settings == settings;
    let whole = |save: &Save| {
        let part = || serde_json::from_str(values.text(save.settings)).unwrap_or_default();
        how == How::Put && save.how == How::Patch && save.site == site && includes(&asked, &part())
    };
    let is_open = |save: &Save| save.end.is_none() && save.life == request.life;
    let untried = |save: &Save| is_open(save) && save.attempts.is_empty();
    let by_own_page = |save: &Save| own_page && untried(save) && save.site == site;
    let oldest = |fits: &dyn Fn(&Save) -> bool| history.saves.iter().position(fits);
    let found = oldest(&|save| untried(save) && same(save))
        .or_else(|| oldest(&|save| by_own_page(save) || (untried(save) && whole(save))))
        .or_else(|| oldest(&|save| is_open(save) && (same(save) || (!own_page && whole(save)))))
        .or_else(|| history.saves.iter().rposition(same));
    let Some(save) = found else {
        return;
    };
    let order = &mut history.saves[save];
    if own_page && order.settings == settings {
        // The page is one that sends the whole, or a part, of what it is given.
        order.how = how;
    }
    order.attempts.push(index);
    history.requests[index as usize].save = u32::try_from(save).ok();
}

/// Whether every member of the part is in the whole.
fn includes(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|held| includes(held, value)))
        }
        _ => whole == part,
    }
}

/// Enters an order to save; returns its place.
pub(crate) fn order(
    history: &mut History,
    at: Duration,
    id: WebsiteId,
    settings: &Value,
    how: How,
) -> u32 {
    let ticket = history.saves.len();
    let save = Save {
        site: history.site(id),
        how,
        settings: history.values.json(&settings.to_string()),
        ordered: at,
        end: None,
        life: history.life,
        attempts: Vec::new(),
    };
    history.saves.push(save);
    u32::try_from(ticket).unwrap_or(u32::MAX)
}

/// The token that the website of an order has at the server: its settings page is opened with it.
pub(crate) fn token(history: &History, ticket: u32) -> Option<String> {
    let save = history.saves.get(ticket as usize)?;
    let token = history.track(save.site).truth()?.token?;
    Some(history.values.text(token).to_owned())
}

/// Takes the faults away; those that never acted, by their place in the plan.
pub(crate) fn end_faults(space: &mut Space) -> Vec<usize> {
    let unfired = unfired(space);
    space.faults.clear();
    unfired
}

/// The faults that never acted on a request, by their place in the plan.
pub(crate) fn unfired(space: &Space) -> Vec<usize> {
    let reports = space.faults.list();
    let never = reports.iter().enumerate().filter(|(_, report)| {
        report.never_fired && !matches!(report.fault.effect, Effect::Clock(_))
    });
    never.map(|(index, _)| index).collect()
}

/// The page in the path of a list; without one, the first.
fn page_of(path: &str) -> u32 {
    let last = path.rsplit('/').next().unwrap_or_default();
    last.parse().unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str = r#"{"message":"mine"}"#;

    /// A request that saves [`SETTINGS`] to w1.
    fn put(history: &mut History) -> RequestIndex {
        let site = Some(history.site(WebsiteId::numbered(1)));
        let request = Request::sent_at(Operation::SaveSettings, Duration::ZERO, Quality::Good);
        let request = Request { site, ended: None, status: Some(200), ..request };
        let index = RequestIndex::try_from(history.requests.len()).unwrap();
        history.requests.push(request);
        attribute(history, index, &Bytes::from(SETTINGS));
        index
    }

    #[test]
    fn of_two_equal_orders_each_has_its_own_request_and_a_third_is_a_repetition() {
        let mut history = History::default();
        let settings: Value = serde_json::from_str(SETTINGS).unwrap();
        for _ in 0..2 {
            order(&mut history, Duration::ZERO, WebsiteId::numbered(1), &settings, How::Put);
        }
        let requests = [(); 3].map(|()| put(&mut history));
        let belongs = requests.map(|index| history.requests[index as usize].save);
        assert_eq!(belongs, [Some(0), Some(1), Some(0)]);
    }

    #[test]
    fn a_put_of_all_members_carries_out_an_order_for_some_of_them() {
        let belongs = |part: &str| {
            let mut history = History::default();
            let settings: Value = serde_json::from_str(part).unwrap();
            order(&mut history, Duration::ZERO, WebsiteId::numbered(1), &settings, How::Patch);
            let request = put(&mut history);
            history.requests[request as usize].save
        };
        assert_eq!(belongs(r#"{"message":"mine"}"#), Some(0));
        assert_eq!(belongs("{}"), Some(0));
        assert_eq!(belongs(r#"{"message":"theirs"}"#), None);
        assert_eq!(belongs(r#"{"message":"mine","color":"red"}"#), None);
    }

    #[test]
    fn what_an_own_page_makes_of_an_order_belongs_to_it_and_what_it_saves_besides_to_none() {
        let mut history = History::default();
        history.own_page = true;
        let other: Value = serde_json::from_str(r#"{"color":"red"}"#).unwrap();
        order(&mut history, Duration::ZERO, WebsiteId::numbered(1), &other, How::Patch);
        let requests = [(); 2].map(|()| put(&mut history));
        let belongs = requests.map(|index| history.requests[index as usize].save);
        assert_eq!(belongs, [Some(0), None]);
        assert_eq!(history.saves[0].how, How::Patch, "it was sent with other content");
    }
}
