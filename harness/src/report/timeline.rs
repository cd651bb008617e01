//! What happened around a failure, in three columns: Crisp, the wire, the cache.

mod folded;

use std::time::Duration;

use crisp_mock_server::operation::Operation;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::cause;
use super::sockets::{noticed, socket};
use crate::history::{By, Event, History, Request, RequestIndex, Site, State, What};
use crate::oracle::{Breach, MISSING};
use folded::fold;

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// When, in milliseconds since the start.
    pub at_ms: u64,
    /// What happened at Crisp.
    pub crisp: String,
    /// What went over the wire.
    pub wire: String,
    /// What the cache shows.
    pub cache: String,
}

impl Line {
    /// A row in place of some that are left out, at the time of the first of them.
    fn gap(first: &Self, count: usize, what: &str) -> Self {
        Self::gap_at(first.at_ms, count, what)
    }

    fn gap_at(at_ms: u64, count: usize, what: &str) -> Self {
        let wire = format!("… {count} more{what}");
        Self { at_ms, crisp: String::new(), wire, cache: String::new() }
    }
}

/// A timeline longer than this is no help.
const MOST: usize = 11;

/// So many moments of a run are kept for a report that can be zoomed, the first.
const MOST_MOMENTS: usize = 2_000;

/// The timeline of a failure: what concerns its website, and the requests.
#[must_use]
pub(super) fn timeline(history: &History, breach: &Breach) -> Vec<Line> {
    condense(drafts(history, breach))
}

/// The same with nothing left out.
#[must_use]
pub(super) fn in_full(history: &History, breach: &Breach) -> Vec<Line> {
    let drafts = drafts(history, breach).into_iter().take(MOST_MOMENTS);
    drafts.map(Draft::into_line).collect()
}

fn drafts(history: &History, breach: &Breach) -> Vec<Draft> {
    let mut lines: Vec<Draft> = Vec::new();
    let mut shown: Option<(Site, Option<State>)> = None;
    let concerns = |site: Site| breach.site.is_none_or(|wanted| wanted == site);
    for event in &history.events {
        match event.what {
            What::Truth { site, state, by: By::Start }
                if concerns(site) && breach.site.is_some() =>
            {
                lines.push(Draft::crisp(event, text(history, state), true));
            }
            What::Truth { site, state, by: By::Operator } => {
                let before = before(history, event, site);
                let text = operator(history, site, before, state);
                // Pages shift, and one is skipped, when others come and go.
                let shifts = breach.word == MISSING && before.is_some() != state.is_some();
                lines.push(Draft::crisp(event, text, shifts || concerns(site)));
            }
            What::Shows { site, state } if concerns(site) => {
                shown = Some((site, state));
                if let Some(last) = lines.last_mut().filter(|last| last.at == event.at) {
                    last.weight = true;
                } else {
                    lines.push(Draft::crisp(event, String::new(), true));
                }
            }
            What::Sent(index) => lines.push(sent(history, event, index)),
            What::Arriving(index) => arriving(history, event, index, &mut lines),
            What::Abandoned(index) => {
                let spot = history.requests[index as usize].spot();
                lines.push(Draft::wire(event, format!("✕ {spot}: given up"), true));
            }
            What::Ready => mark(&mut lines, event, "(ready)"),
            What::SaveOrdered(save) => {
                let save = &history.saves[save as usize];
                let what = history.values.pretty(save.settings);
                lines.push(Draft::crisp(
                    event,
                    format!("plugin saves {}: {what}", history.name(save.site)),
                    true,
                ));
            }
            What::SaveEnded(_, end) => mark(&mut lines, event, &format!("(save {end})")),
            What::Clock { side, millis } => {
                lines.push(Draft::crisp(event, format!("{side} clock {millis:+} ms"), true));
            }
            What::Restart => {
                shown = None;
                lines.push(Draft::crisp(event, "client restarted".to_owned(), true));
            }
            What::Kicked => lines.push(Draft::crisp(event, "sockets are lost".to_owned(), true)),
            What::Socket(state) => {
                if let Some(text) = socket(state) {
                    lines.push(Draft::wire(event, text.to_owned(), true));
                }
            }
            What::EventSent(index) => {
                let notice = &history.notices[index as usize];
                if let Some(fault) = notice.fault {
                    let text = format!("{}: {fault} (fault)", noticed(history, notice));
                    lines.push(Draft::wire(event, text, concerns(notice.site)));
                }
            }
            What::EventArriving(index) => {
                let notice = &history.notices[index as usize];
                let text = format!("← {}", noticed(history, notice));
                lines.push(Draft::wire(event, text, concerns(notice.site)));
            }
            What::Quiet => {
                lines.push(Draft::crisp(event, "quiet: no more faults".to_owned(), true))
            }
            _ => {}
        }
        if let (Some(last), Some(_)) = (lines.last_mut(), breach.site) {
            last.cache =
                shown.map_or_else(|| "nothing".to_owned(), |(_, state)| text(history, state));
        }
    }
    lines
}

/// What reached a client last, in a sentence.
pub(super) fn last_answer(history: &History) -> String {
    let arrived = history.events.iter().rev().find_map(|event| match event.what {
        What::Arriving(index) => Some((event.at, &history.requests[index as usize])),
        _ => None,
    });
    match arrived {
        None => "No answer had reached it.".to_owned(),
        Some((at, request)) => format!(
            "The last that reached it, at {:.2} s, was the end of {}: {}.",
            at.as_secs_f64(),
            request.spot(),
            answer(request)
        ),
    }
}

struct Draft {
    at: Duration,
    crisp: String,
    wire: String,
    cache: String,
    note: String,
    /// Whether it must not be left out.
    weight: bool,
    request: Option<RequestIndex>,
}

impl Draft {
    fn crisp(event: &Event, crisp: String, weight: bool) -> Self {
        let empty = String::new;
        Self {
            at: event.at,
            crisp,
            wire: empty(),
            cache: empty(),
            note: empty(),
            weight,
            request: None,
        }
    }

    fn into_line(self) -> Line {
        let cache = format!("{}{}", self.cache, self.note);
        Line { at_ms: millis(self.at), crisp: self.crisp, wire: self.wire, cache }
    }

    fn wire(event: &Event, wire: String, weight: bool) -> Self {
        Self { wire, ..Self::crisp(event, String::new(), weight) }
    }
}

fn mark(lines: &mut Vec<Draft>, event: &Event, note: &str) {
    match lines.last_mut() {
        Some(last) if last.at == event.at => last.note = format!("{} {note}", last.note),
        _ => {
            let mut line = Draft::crisp(event, String::new(), true);
            line.note = format!(" {note}");
            lines.push(line);
        }
    }
}

/// What a website was until something happened to it.
fn before(history: &History, event: &Event, site: Site) -> Option<State> {
    let versions = &history.track(site).versions;
    let before =
        versions.iter().rev().find(|version| version.from < event.at || version.by == By::Start);
    before.and_then(|version| version.state)
}

fn operator(history: &History, site: Site, before: Option<State>, state: Option<State>) -> String {
    let name = history.name(site);
    match (before, state) {
        (_, None) => format!("{name} uninstalls"),
        (None, Some(_)) => format!("{name} installs: {}", text(history, state)),
        (Some(_), Some(_)) => format!("operator saves {name}: {}", text(history, state)),
    }
}

fn text(history: &History, state: Option<State>) -> String {
    state.map_or_else(
        || "nothing".to_owned(),
        |state| history.values.pretty(state.settings).chars().take(40).collect(),
    )
}

fn sent(history: &History, event: &Event, index: RequestIndex) -> Draft {
    let request = &history.requests[index as usize];
    let quick = request.ended.is_some_and(|ended| ended <= request.sent + history.timing.at_once);
    let asks = asks(history, request);
    let mut line = Draft::wire(event, format!("{}{asks}", request.spot()), request.is_save());
    line.request = Some(index);
    if !quick {
        line.wire.push_str(" →");
        line.weight = true;
    }
    line
}

/// What a request asks for that an author may not have meant.
fn asks(history: &History, request: &Request) -> String {
    let filter = if request.configured_only { " filter_configured=1" } else { "" };
    format!("{filter}{}", from(history, request))
}

fn from(history: &History, request: &Request) -> String {
    let Some(since) = request.asks_from() else {
        return String::new();
    };
    let Ok(from) = since.parse::<Timestamp>() else {
        return format!(" asks from {since}");
    };
    let from = history.timing.since_start(from);
    if let Some(ahead) = cause::ahead(request).filter(|ahead| *ahead >= 1.0) {
        return format!(" asks from {} in the future", length(ahead));
    }
    if from < 0.0 && history.timing.stretch != 1.0 {
        return " asks from before the start".to_owned();
    }
    format!(" asks from {from:.2} s")
}

/// A length of time by the server's clock, in seconds.
fn length(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        ..7200.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

fn arriving(history: &History, event: &Event, index: RequestIndex, lines: &mut Vec<Draft>) {
    let request = &history.requests[index as usize];
    let answer = answer(request);
    let weight = request.met_fault() || request.quality.is_failure();
    // An answer right behind its question shares its line.
    if let Some(last) = lines.last_mut().filter(|last| last.request == Some(index))
        && event.at <= last.at + history.timing.at_once
    {
        last.wire = format!("{}: {answer}", last.wire.trim_end_matches(" →"));
        last.at = event.at;
        last.weight |= weight;
        return;
    }
    let mut line = Draft::wire(event, format!("← {}: {answer}", request.spot()), true);
    line.request = Some(index);
    lines.push(line);
}

/// An answer in a few words.
fn answer(request: &Request) -> String {
    let faults = request.faults.join(", ");
    let fault = if faults.is_empty() { String::new() } else { format!(" (fault: {faults})") };
    let body = request.body.as_deref().unwrap_or_default();
    let said = match request.status {
        None => "no answer".to_owned(),
        Some(status) if status >= 300 => status.to_string(),
        Some(_) if request.quality.is_failure() => "cannot be read".to_owned(),
        Some(status) => items(request.operation, body).unwrap_or_else(|| status.to_string()),
    };
    format!("{said}{fault}")
}

fn items(operation: Operation, body: &[u8]) -> Option<String> {
    if !matches!(operation, Operation::List | Operation::Since) {
        return None;
    }
    let value: Value = serde_json::from_slice(body).ok()?;
    let items = value.get("data")?.as_array()?;
    let names = items.iter().map(|item| {
        let id = item.get("website_id").and_then(Value::as_str).unwrap_or("?");
        let name = id
            .parse()
            .map_or_else(|_| id.to_owned(), |id: crisp_mock_server::id::WebsiteId| id.short());
        match item.get("difference").and_then(Value::as_str) {
            Some(difference) => format!("{name} {difference}"),
            None => name,
        }
    });
    let mut names: Vec<_> = names.collect();
    let more = names.len().saturating_sub(6);
    names.truncate(6);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(match (names.is_empty(), operation) {
        (true, Operation::Since) => "no changes".to_owned(),
        (true, _) => "empty".to_owned(),
        (false, _) => format!("{}{more}", names.join(", ")),
    })
}

/// Keeps what must not be left out, the requests next to it, and the first and last of the rest.
fn condense(drafts: Vec<Draft>) -> Vec<Line> {
    let count = drafts.len();
    let near = |index: usize| {
        drafts[index.saturating_sub(1)..(index + 2).min(count)].iter().any(|draft| draft.weight)
    };
    let keep: Vec<bool> = (0..count)
        .map(|index| {
            count <= MOST || drafts[index].weight || near(index) || index < 2 || index + 2 > count
        })
        .collect();
    let mut lines = Vec::new();
    let mut skipped = 0;
    for (draft, keep) in drafts.into_iter().zip(keep) {
        if !keep {
            skipped += 1;
            continue;
        }
        if skipped > 0 {
            lines.push(Line::gap_at(millis(draft.at), skipped, ""));
            skipped = 0;
        }
        lines.push(draft.into_line());
    }
    fold(lines)
}

fn millis(at: Duration) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or(u64::MAX)
}
