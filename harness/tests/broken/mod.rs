//! Clients with one fault each: the reference with one part replaced, or with a wrapper that lies.

use std::time::Duration;

use crisp_harness::scenario::{Client as Options, Standing};
use crisp_harness::subject::{About, Action, Client, Event, Moment, Setup, Subject, Sync, Told};
use crisp_mock_server::id::WebsiteId as Id;
use crisp_sync::machine::Operation;
use crisp_sync::machine::parts::*;
use crisp_sync::{Config, WebsiteId, Websites};
use jiff::Timestamp;

type M = crisp_sync::machine::Moment;

fn client(name: &str, parts: fn(&Config) -> Parts) -> Sync {
    Sync::with(name, parts, |_| {})
}

struct EagerCursor(ServerCursor);

impl Cursor for EagerCursor {
    fn behind(&self, exchange: &Exchange) -> Timestamp {
        self.0.behind(exchange)
    }
    fn ask(&self) -> Option<Timestamp> {
        self.0.ask()
    }
    fn advance(&mut self, poll: &Exchange) {
        self.0.advance(poll);
    }
    fn failed(&mut self, poll: &Exchange) {
        self.0.advance(poll);
    }
    fn outlived(&self, now: M) -> bool {
        self.0.outlived(now)
    }
    fn jumped(&self, poll: &Exchange) -> bool {
        self.0.jumped(poll)
    }
    fn resume(&mut self, ask: Timestamp, now: M) {
        self.0.resume(ask, now);
    }
}

pub fn moves_cursor_on_failure() -> Sync {
    client("moves the cursor on failure", |config| Parts {
        cursor: Box::new(EagerCursor(ServerCursor::new(config))),
        ..Parts::reference(config)
    })
}

struct LastItemAlone;

impl Difference for LastItemAlone {
    fn read(&self, body: &[u8]) -> Reading {
        WholeStates.read(body)
    }
    fn apply(&self, items: &[Item], draft: &mut Draft) {
        WholeStates.apply(&items[items.len().saturating_sub(1)..], draft);
    }
}

pub fn applies_the_last_item_alone() -> Sync {
    client("applies the last item alone", |config| Parts {
        difference: Box::new(LastItemAlone),
        ..Parts::reference(config)
    })
}

struct AnyOrder;

impl Flight for AnyOrder {
    fn may_send(&self, operation: Operation, in_flight: &[Operation]) -> bool {
        operation == Operation::Since || in_flight.is_empty()
    }
    fn accepts(&self, _number: u64, _newest: u64) -> bool {
        true
    }
}

pub fn applies_in_arrival_order() -> Sync {
    client("applies in the order of arrival", |config| Parts {
        flight: Box::new(AnyOrder),
        ..Parts::reference(config)
    })
}

#[derive(Default)]
struct Writes {
    unclear: Option<Unclear>,
    at_once: bool,
}

impl OwnWrites for Writes {
    fn learnt(&mut self, _website: WebsiteId, _now: M) {}
    fn judge(&mut self, _website: WebsiteId, _said: &Exchange, _source: Source) -> Touch {
        Touch::Apply
    }
    fn unclear(&self) -> Unclear {
        self.unclear.unwrap_or(Unclear::ReadBack)
    }
    fn shows_before_answer(&self) -> bool {
        self.at_once
    }
    fn forget(&mut self, _now: M) {}
}

pub fn shows_saves_at_once() -> Sync {
    client("shows saves at once", |config| Parts {
        own_writes: Box::new(Writes {
            at_once: true,
            ..Writes::default()
        }),
        ..Parts::reference(config)
    })
}

pub fn sends_saves_again() -> Sync {
    client("sends saves again", |config| Parts {
        own_writes: Box::new(Writes {
            unclear: Some(Unclear::SendAgain),
            ..Writes::default()
        }),
        ..Parts::reference(config)
    })
}

struct SavesBeside;

impl Flight for SavesBeside {
    fn may_send(&self, operation: Operation, in_flight: &[Operation]) -> bool {
        operation.is_save() || in_flight.is_empty()
    }
    fn accepts(&self, _number: u64, _newest: u64) -> bool {
        true
    }
}

/// It knows its plugin's id from the start, so that the save goes out beside the poll.
pub fn polls_over_own_saves() -> Sync {
    let configure = |config: &mut Config| {
        let id = crisp_mock_server::id::derive_uuid(&["plugin", "scenario"]);
        config.plugin_id = Some(crisp_sync::PluginId::from_bytes(*id.as_bytes()));
    };
    Sync::with(
        "polls over own saves",
        |config| Parts {
            own_writes: Box::new(Writes::default()),
            flight: Box::new(SavesBeside),
            ..Parts::reference(config)
        },
        configure,
    )
}

struct OnePage;

impl Load for OnePage {
    fn after_page(&mut self, _seen: &PageSeen) -> PageStep {
        PageStep::End
    }
    fn drifted(&self, _evidence: &Evidence) -> bool {
        false
    }
}

pub fn reads_one_page() -> Sync {
    client("reads one page", |config| Parts {
        load: Box::new(OnePage),
        ..Parts::reference(config)
    })
}

/// What a [`Waits`] does wrong.
#[derive(Clone, Copy, PartialEq)]
enum Slip {
    StopsOnRefusal,
    IgnoresRetryAfter,
    NeverResets,
    AtOnce,
}

struct Waits(Jittered, Slip);

impl Backoff for Waits {
    fn wait(&mut self, lane: Lane, trouble: Trouble, chance: f64) -> Option<Duration> {
        match self.1 {
            Slip::StopsOnRefusal if trouble == Trouble::Refused => None,
            Slip::AtOnce => Some(Duration::ZERO),
            _ => self.0.wait(lane, trouble, chance),
        }
    }
    fn succeeded(&mut self, lane: Lane) {
        if self.1 != Slip::NeverResets {
            self.0.succeeded(lane);
        }
    }
    fn obeyed(&self, asked: Duration) -> Duration {
        if self.1 == Slip::IgnoresRetryAfter {
            Duration::ZERO
        } else {
            self.0.obeyed(asked)
        }
    }
    fn silences(&self, operation: Operation) -> bool {
        self.0.silences(operation)
    }
}

fn waits(config: &Config, slip: Slip) -> Parts {
    Parts {
        backoff: Box::new(Waits(Jittered::new(config), slip)),
        ..Parts::reference(config)
    }
}

pub fn stops_on_refusal() -> Sync {
    client("stops on refusal", |config| {
        waits(config, Slip::StopsOnRefusal)
    })
}

pub fn ignores_retry_after() -> Sync {
    client("ignores Retry-After", |config| {
        waits(config, Slip::IgnoresRetryAfter)
    })
}

pub fn never_resets_its_waits() -> Sync {
    client("never resets its waits", |config| {
        waits(config, Slip::NeverResets)
    })
}

pub fn retries_at_once() -> Sync {
    client("retries at once", |config| waits(config, Slip::AtOnce))
}

struct Busy {
    inner: WithinQuota,
    each: bool,
}

impl Pacing for Busy {
    fn poll_interval(&self, budget: &crisp_sync::machine::Budget) -> Duration {
        self.inner.poll_interval(budget)
    }
    fn relist_interval(&self, budget: &crisp_sync::machine::Budget) -> Duration {
        if self.each {
            self.inner.relist_interval(budget)
        } else {
            Duration::from_secs(90)
        }
    }
    fn affords_relist(&self, budget: &crisp_sync::machine::Budget) -> bool {
        self.inner.affords_relist(budget)
    }
    fn reads_after_poll(&self, known: &Websites) -> Vec<WebsiteId> {
        if self.each {
            known.iter().map(|website| website.id).collect()
        } else {
            Vec::new()
        }
    }
}

pub fn reads_each_website() -> Sync {
    client("reads each website", |config| Parts {
        pacing: Box::new(Busy {
            inner: WithinQuota::new(config),
            each: true,
        }),
        ..Parts::reference(config)
    })
}

pub fn lists_again_and_again() -> Sync {
    client("lists again and again", |config| Parts {
        pacing: Box::new(Busy {
            inner: WithinQuota::new(config),
            each: false,
        }),
        ..Parts::reference(config)
    })
}

/// The reference behind a wrapper that does one thing of its own.
pub struct Wrapped {
    fresh: bool,
}

struct Liar {
    inner: Box<dyn Subject>,
    fresh: bool,
}

pub fn always_says_fresh() -> Wrapped {
    Wrapped { fresh: true }
}

pub fn drops_everything_on_an_error() -> Wrapped {
    Wrapped { fresh: false }
}

impl Client for Wrapped {
    fn about(&self, options: &Options) -> About {
        Sync::reference().about(options)
    }
    fn start(&self, setup: &Setup, now: Moment) -> Box<dyn Subject> {
        let inner = Sync::reference().start(setup, now);
        Box::new(Liar {
            inner,
            fresh: self.fresh,
        })
    }
}

impl Subject for Liar {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        if matches!(event, Event::Failed(_)) && !self.fresh {
            actions.push(Action::Shows(Id::numbered(1), None));
        }
        self.inner.handle(now, event, actions);
    }
    fn next_wake(&self) -> Option<Duration> {
        self.inner.next_wake()
    }
    fn told(&self, now: Moment) -> Option<Told> {
        match self.fresh {
            true => Some(Told {
                standing: Standing::Fresh,
                age: None,
            }),
            false => self.inner.told(now),
        }
    }
}
