//! What the cases of an exhaustive search are made of: deeds, times, faults and sets of quirks.
//!
//! What is left out, and why nothing is lost by it, stands in `docs/exhaustive.md`.

use std::time::Duration;

use crisp_mock_server::document::True;
use crisp_mock_server::fault::{Delay, Effect, Fault, Occurrence, Target, Throttle};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::quirks::{Profile, Settings};
use http::StatusCode;
use serde_json::{Value, json};

use crate::scenario::{Anchor, Deed, Spot, Step};

/// Websites that are there at the start, `w1` to `w3`. Things happen to the middle one: whatever the
/// order of the list is, one website stands before it and one behind it.
pub(super) const WEBSITES: u32 = 3;
/// Websites on a page, so that the list has two pages and an empty one.
pub(super) const PAGE_SIZE: u32 = 2;
/// From one poll to the next.
pub(super) const POLL_EVERY: Duration = Duration::from_secs(60);

/// One of the two websites to which something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Website {
    /// `w2`, which has the plugin at the start.
    There,
    /// `w4`, which has not.
    New,
}

impl Website {
    pub(super) const ALL: [Self; 2] = [Self::There, Self::New];

    fn id(self) -> WebsiteId {
        WebsiteId::numbered(match self {
            Self::There => 2,
            Self::New => WEBSITES + 1,
        })
    }
}

/// What happens to a website.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Change {
    /// An operator saves new settings.
    Save,
    /// An operator empties the settings.
    Empty,
    /// The plugin is uninstalled.
    Uninstall,
    /// The plugin is installed, without settings.
    Install,
}

impl Change {
    /// What can happen to a website that has the plugin, or has not.
    pub(super) fn possible(installed: bool) -> &'static [Self] {
        if installed { &[Self::Save, Self::Empty, Self::Uninstall] } else { &[Self::Install] }
    }

    /// Whether the website has the plugin afterwards.
    pub(super) fn leaves_it_installed(self) -> bool {
        self != Self::Uninstall
    }
}

/// One deed: what happens to which website, and when, by the place of that time in [`TIMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Doing {
    /// To which website.
    pub(super) website: Website,
    /// What.
    pub(super) change: Change,
    /// When, by the place in the table of times.
    pub(super) time: usize,
}

impl Doing {
    pub(super) fn step(self) -> Step {
        let id = self.website.id();
        let deed = match self.change {
            Change::Save => Deed::Save(vec![(id, message("new"))]),
            Change::Empty => Deed::Save(vec![(id, json!({}))]),
            Change::Uninstall => Deed::Uninstall(vec![id]),
            Change::Install => Deed::Install(vec![(id, None)]),
        };
        let (anchor, wait) = TIMES[self.time];
        Step { anchor, wait, deed }
    }
}

/// The settings of the websites at the start.
pub(super) fn start() -> Vec<(WebsiteId, Value)> {
    (1..=WEBSITES).map(|number| (WebsiteId::numbered(number), message("old"))).collect()
}

fn message(text: &str) -> Value {
    json!({ "message": text })
}

const fn list(number: u64) -> Spot {
    Spot { operation: Operation::List, page: None, number }
}

const fn since(number: u64) -> Spot {
    Spot { operation: Operation::Since, page: None, number }
}

/// The requests that faults meet: those of a load, and three differentials.
pub(super) const REQUESTS: [Spot; 6] = [list(1), list(2), list(3), since(1), since(2), since(3)];

type Time = (Anchor, Option<Duration>);

const fn at(millis: u64) -> Time {
    (Anchor::At(Duration::from_millis(millis)), None)
}

const fn during(spot: Spot) -> Time {
    (Anchor::During(spot), None)
}

const fn after(spot: Spot) -> Time {
    (Anchor::After(spot), None)
}

const fn later(spot: Spot, millis: u64) -> Time {
    (Anchor::After(spot), Some(Duration::from_millis(millis)))
}

/// When things happen, in the order in which `crisp-sync` meets it while nothing goes wrong: one
/// time of each span within which no client can tell two times apart, and the edges of dates.
pub(super) const TIMES: [Time; 22] = [
    at(0),
    during(list(1)),
    after(list(1)),
    during(list(2)),
    after(list(2)),
    during(list(3)),
    after(list(3)),
    during(since(1)),
    after(since(1)),
    later(since(1), 1),
    // The date of the poll that follows, in whole seconds: what a later poll asks from, and, less an
    // overlap of whole minutes, the edge of that overlap.
    at(59_999),
    at(60_000),
    at(60_001),
    during(since(2)),
    after(since(2)),
    later(since(2), 1),
    // The second boundary behind that poll.
    at(61_000),
    // A millisecond before the next poll of a client that counts from sending, and from the answer.
    later(since(2), 59_989),
    during(since(3)),
    later(since(2), 59_999),
    after(since(3)),
    later(since(3), 1),
];

/// Something that goes wrong with one request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kind {
    effect: Effect,
    retry_after: Option<Duration>,
}

const fn kind(effect: Effect) -> Kind {
    Kind { effect, retry_after: None }
}

/// What goes wrong: one of each sort that a client's HTTP library can tell apart.
pub(super) const KINDS: [Kind; 14] = [
    kind(Effect::Status(StatusCode::INTERNAL_SERVER_ERROR)),
    kind(Effect::Status(StatusCode::UNAUTHORIZED)),
    Kind {
        effect: Effect::Throttle(Throttle::TooManyRequests),
        retry_after: Some(Duration::from_secs(20)),
    },
    kind(Effect::Reset(True)),
    kind(Effect::Hang(True)),
    kind(Effect::CutBody(400)),
    kind(Effect::Garbage(True)),
    kind(Effect::ErrorEnvelope(True)),
    kind(Effect::Stale(Duration::from_secs(30))),
    kind(Effect::Delay(Delay::Fixed(Duration::from_secs(5)))),
    kind(Effect::Delay(Delay::Fixed(Duration::from_secs(45)))),
    kind(Effect::EmptyPage(True)),
    kind(Effect::ShortPage(True)),
    kind(Effect::RepeatPage(True)),
];

/// A fault: which request it meets, by its place in [`REQUESTS`], and what it does, by its place in
/// [`KINDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Trouble {
    /// Which request.
    pub(super) request: usize,
    /// What goes wrong with it.
    pub(super) kind: usize,
}

impl Trouble {
    /// Whether it does anything to that request: there is no page before the first, and nothing to
    /// leave out of the empty one.
    pub(super) fn acts(self) -> bool {
        let spot = REQUESTS[self.request];
        let (lists, empty) = (spot.operation == Operation::List, spot == list(3));
        match KINDS[self.kind].effect {
            Effect::RepeatPage(_) => lists && spot.number > 1,
            Effect::EmptyPage(_) | Effect::ShortPage(_) => !empty,
            _ => true,
        }
    }

    pub(super) fn fault(self) -> Fault {
        let Spot { operation, page, number } = REQUESTS[self.request];
        let occurrence = Occurrence::Range { first: number, last: Some(number) };
        let Kind { effect, retry_after } = KINDS[self.kind].clone();
        Fault { retry_after, ..Fault::new(Target { operation, page, occurrence }, effect) }
    }
}

/// How the server behaves where Crisp says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Manner {
    /// Every quirk at its default.
    Typical,
    /// Every quirk as awkward as the profile `hostile` has it.
    Hostile,
    /// What a client that asks with `filter_configured=1` may meet besides. To any other client it is
    /// the same as [`Manner::Typical`].
    FilterConfigured,
}

impl Manner {
    /// Those that a client can tell apart, which filters or does not.
    pub(super) fn all(filters: bool) -> &'static [Self] {
        let all = &[Self::Typical, Self::Hostile, Self::FilterConfigured];
        if filters { all } else { &all[..2] }
    }

    /// The quirks that it changes, written out so that a failure can be shrunk to those that it needs.
    pub(super) fn quirks(self) -> Settings {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Settings(match self {
            Self::Typical => Vec::new(),
            Self::Hostile => {
                let changes = Profile::Hostile.changes().map(|(quirk, value)| (quirk.name, value));
                // The page size is the case's own, and no case has a quota.
                let drawn = changes.filter(|(name, _)| *name != "page-size");
                drawn.map(owned).collect()
            }
            Self::FilterConfigured => {
                [("unconfigured-under-filter", "removed"), ("first-configured", "added")]
                    .map(owned)
                    .into()
            }
        })
    }
}
