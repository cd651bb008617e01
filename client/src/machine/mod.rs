//! The sync machine: `(state, now, event) → actions`, without sockets, clocks or chance.
//!
//! # Driving it
//!
//! A driver owns a [`Machine`] and a clock, and does four things:
//!
//! 1. It calls [`Machine::handle`] with the present [`Moment`] and an [`Event`]; the first event
//!    is [`Event::Tick`].
//! 2. It carries out the [`Action`]s that come back, in order: [`Action::Send`] means sending the
//!    `http::Request` and handing the whole answer (or the failure) back as
//!    [`Event::Answer`] or [`Event::Failed`] under the same [`RequestId`].
//! 3. When [`Machine::next_wake`] is reached before anything else happens, it sends
//!    [`Event::Tick`]. `None` means that only an answer or a save can bring anything.
//! 4. Readers are given [`Machine::snapshot`], an `Arc` to one whole set, after each call.
//!
//! Time-outs are the machine's: at `next_wake` it gives a request up ([`Action::Abandon`]) and
//! ignores an answer that comes later, so in virtual time a request that hangs needs no event at
//! all. `Moment::elapsed` must never go back. Answers may be handed in in any order. The same
//! configuration, events and moments give the same actions, on any machine.
//!
//! ```
//! use bytes::Bytes;
//! use crisp_sync::machine::{Action, Event, Machine, Moment};
//! use crisp_sync::{Config, Credentials};
//! use std::time::Duration;
//!
//! /// A server with nothing in it: each of its lists is empty.
//! fn server(_request: http::Request<Bytes>) -> http::Response<Bytes> {
//!     let body = r#"{"error":false,"reason":"listed","data":[]}"#;
//!     let date = "Thu, 01 Jan 2026 00:00:00 GMT";
//!     http::Response::builder().header("date", date).body(Bytes::from(body)).unwrap()
//! }
//!
//! let config = Config::new(Credentials::new("identifier", "key"));
//! let mut now = Moment { elapsed: Duration::ZERO, wall: "2026-01-01T00:00:00Z".parse().unwrap() };
//! let mut machine = Machine::new(config, now);
//! let mut actions = machine.handle(now, Event::Tick);
//! while !machine.is_ready() {
//!     for action in std::mem::take(&mut actions) {
//!         if let Action::Send { id, request, .. } = action {
//!             let response = server(request);
//!             actions.extend(machine.handle(now, Event::Answer { id, response }));
//!         }
//!     }
//! }
//! assert!(machine.snapshot().websites.is_empty());
//!
//! // The next thing to happen is the poll, 60 s after the last differential.
//! now.elapsed = machine.next_wake().unwrap();
//! assert_eq!(now.elapsed, Duration::from_secs(60));
//! assert!(matches!(machine.handle(now, Event::Tick)[..], [Action::Send { .. }]));
//! ```
//!
//! For a simulation: set [`Config::plugin_id`](crate::Config::plugin_id), or the first save asks for it;
//! [`Quota::Unlimited`](crate::Quota::Unlimited) makes [`Config::poll_every`](crate::Config::poll_every) stand as it is (the
//! default quota stretches anything below 43 s); [`Config::seed`](crate::Config::seed) decides the jitter;
//! [`Machine::state`], [`Machine::status`] and [`Machine::counters`] may be read at any time, and
//! [`Config::convergence_bound`](crate::Config::convergence_bound) is the promise to hold it to.
//!
//! # States
//!
//! ```text
//!            ┌──── page failed: wait, same page ────┐
//!            ▼                                      │
//!  start ► Loading ── empty page, twice ──► Verifying ── drift: next pass ──► Loading
//!                                               │ differential agrees
//!                                               ▼ swap in one step, ready
//!            ┌──────── good poll ──────────► Steady ◄──────────────────────┐
//!            │                                  │                          │
//!        Retrying ◄── failure: cursor stays ────┤                          │
//!            │                                  │ net (hourly), drift seen │
//!            │                                  │ later, clock jumped      │ swap,
//!            │                                  ▼                          │ changes
//!            │                             Relisting (polls go on) ────────┤ told
//!            │                                                             │
//!            └── gap too long, date refused ─► Recovering (no polls) ──────┘
//! ```
//!
//! Saves, and reads of single websites, happen between the other requests in every state.
//! The cache only ever changes in four places, each in one step: the swap after a load, a whole
//! good poll, a confirmed save, a read-back.
//!
//! # Rules
//!
//! | Rule | Where |
//! |---|---|
//! | 1 load aside, to an empty page; cursor from the first page | `loading.rs`, `parts/load.rs` |
//! | 2 verify by a differential over the load's window | `loading.rs` |
//! | 3 verify again while polls reach back into it | `lists.rs` |
//! | 4 apply to a copy, swap, then move the cursor | `polling.rs`, `parts/difference.rs` |
//! | 5 the server's time | `parts/cursor.rs` |
//! | 6 backoff, slow regime, `Retry-After` for everything | `answers.rs`, `parts/backoff.rs` |
//! | 7 too old or refused: list again, replace | `schedule.rs`, `loading.rs` |
//! | 8 a save is done, refused or unknown | `saving.rs` |
//! | 9, 10 own writes against late and lagging answers | `parts/own_writes.rs` |
//! | 11 list again as a net | `lists.rs`, `parts/pacing.rs` |
//! | 12 an event is a hint to poll, not data | `listening/` |

mod answers;
mod budget;
mod chance;
mod client;
mod drift;
mod event;
mod flight;
mod hearing;
pub(crate) mod listening;
mod lists;
mod loading;
#[cfg(feature = "mistakes")]
mod mistaken;
#[cfg(feature = "mistakes")]
mod mistaken_turns;
mod parts;
mod pass;
mod phase;
mod polling;
mod polls;
mod publish;
mod requests;
mod saves;
mod saving;
mod schedule;
mod socket;
mod state;
mod waits;
mod words;

#[cfg(test)]
pub(crate) mod tests;

#[cfg(feature = "replicas")]
pub(crate) use budget::Spending;
pub use budget::{Budget, QuotaSource};
pub use client::Machine;
pub use event::{
    Action, Event, Failure, How, Moment, Operation, Refusal, RequestId, SaveOutcome, Ticket,
};
pub use socket::{SocketAction, SocketEvent, SocketId, SocketState};
pub use state::{Counters, Freshness, Snapshot, State, Status, WarmStart};

#[cfg(feature = "rtm")]
pub(crate) use listening::LONGEST_TEXT;
#[cfg(feature = "driver")]
pub(crate) use requests::Requests;
