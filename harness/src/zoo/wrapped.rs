//! Mistakes that no part of the machine could make: the reference behind a wrapper that lies.

use std::time::Duration;

use bytes::Bytes;
use crisp_sync::machine::Parts;
use http::Response;
use jiff::{SignedDuration, Timestamp};

use super::{Make, Mutant, backoff, difference, load};
use crate::scenario::{self, Standing};
use crate::subject::{
    About, Action, Client, Event, Moment, ReportedStatus, RequestId, Setup, Subject, Sync,
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "local-time-as-utc",
        number: 7,
        about: "writes its local time, two hours ahead, as though it were UTC",
        seen: Some("python-skills PR #98"),
        make: Make::Wrapped(Parts::reference, Wrap::LocalTime),
    },
    Mutant {
        name: "half-applied-answer",
        number: 21,
        about: "applies the items that came before an answer broke off",
        seen: Some("pouchdb #5033"),
        make: Make::Wrapped(difference::items_before_the_cut, Wrap::TakesPartial),
    },
    Mutant {
        name: "publishes-page-by-page",
        number: 45,
        about: "shows pages as they come, and says that it is ready with the first",
        seen: Some("Kubernetes' informers, whose `InitDone` exists for this"),
        make: Make::Wrapped(load::page_by_page, Wrap::ReadyAtFirst),
    },
    Mutant {
        name: "always-fresh",
        number: 47,
        about: "says that its cache is fresh while every poll fails",
        seen: None,
        make: Make::Wrapped(Parts::reference, Wrap::SaysFresh),
    },
    Mutant {
        name: "once-a-second",
        number: 50,
        about: "asks once a second through a whole outage, and does not say how it waits",
        seen: None,
        make: Make::Wrapped(backoff::once_a_second, Wrap::TellsNoWaits),
    },
    Mutant {
        name: "item-by-item",
        number: 49,
        about: "shows the changes of one answer one after the other, not in one step",
        seen: None,
        make: Make::Wrapped(Parts::reference, Wrap::OneByOne),
    },
];

/// What a wrapper does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrap {
    /// Dates are asked in the time of a clock two hours ahead.
    LocalTime,
    /// Answers that broke off are read.
    TakesPartial,
    /// Ready is said as soon as there is anything.
    ReadyAtFirst,
    /// The status is fresh whatever happens.
    SaysFresh,
    /// Readers are let in between two changes.
    OneByOne,
    /// The client does not declare its waits.
    TellsNoWaits,
}

/// A client behind a wrapper.
pub(super) struct Wrapped {
    pub(super) inner: Sync,
    pub(super) wrap: Wrap,
}

impl Client for Wrapped {
    fn about(&self, setup: &scenario::Client) -> About {
        let mut about = self.inner.about(setup);
        about.abilities.waits = self.wrap != Wrap::TellsNoWaits;
        about
    }

    fn start(&self, setup: &Setup, now: Moment) -> Box<dyn Subject> {
        Box::new(Running { inner: self.inner.start(setup, now), wrap: self.wrap, ready: false })
    }
}

struct Running {
    inner: Box<dyn Subject>,
    wrap: Wrap,
    ready: bool,
}

impl Subject for Running {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        let from = actions.len();
        self.inner.handle(now, event, actions);
        self.distort(actions, from);
    }

    fn broke_off(
        &mut self,
        now: Moment,
        id: RequestId,
        begun: Response<Bytes>,
        actions: &mut Vec<Action>,
    ) {
        if self.wrap == Wrap::TakesPartial {
            self.handle(now, Event::Answer(id, begun), actions);
        }
    }

    fn next_wake(&self) -> Option<Duration> {
        self.inner.next_wake()
    }

    fn status(&self, now: Moment) -> Option<ReportedStatus> {
        match self.wrap {
            Wrap::SaysFresh => Some(ReportedStatus { standing: Standing::Fresh, age: None }),
            _ => self.inner.status(now),
        }
    }
}

impl Running {
    fn distort(&mut self, actions: &mut Vec<Action>, from: usize) {
        match self.wrap {
            Wrap::LocalTime => {
                for action in &mut actions[from..] {
                    if let Action::Send(_, request) = action {
                        two_hours_later(request.uri_mut());
                    }
                }
            }
            Wrap::ReadyAtFirst if !self.ready => {
                let shows = |action: &Action| matches!(action, Action::Shows(..));
                if actions[from..].iter().any(shows) {
                    self.ready = true;
                    actions.push(Action::Ready);
                }
            }
            Wrap::OneByOne => {
                let told = actions.split_off(from);
                for action in told {
                    actions.push(action);
                    // Nothing is under way by that name: it only lets a reader in.
                    actions.push(Action::Abandon(RequestId(u64::MAX)));
                }
            }
            Wrap::ReadyAtFirst | Wrap::TakesPartial | Wrap::SaysFresh | Wrap::TellsNoWaits => {}
        }
    }
}

/// Moves the date that a differential asks from.
fn two_hours_later(uri: &mut http::Uri) {
    let text = uri.to_string();
    let Some((before, rest)) = text.split_once("date_since=") else {
        return;
    };
    let (date, after) = rest.split_once('&').unwrap_or((rest, ""));
    let Ok(date) = date.replace("%3A", ":").parse::<Timestamp>() else {
        return;
    };
    let date = format!("{:.3}", date + SignedDuration::from_hours(2)).replace(':', "%3A");
    if let Ok(moved) = format!("{before}date_since={date}&{after}").parse() {
        *uri = moved;
    }
}
