//! What can go wrong between a plugin and the API, on demand and repeatably.
//!
//! A [`Fault`] has a target, one effect and optional limits. A [`FaultPlan`] is a list of them,
//! read from YAML or JSON by [`FaultPlan::parse`], which reports every mistake at once.
//! [`ArmedFaults`] is a plan at work in one world: asked once for each request, it answers with a
//! [`Decision`], and [`Decision::deliver`] turns the honest answer into a [`Delivery`]: a
//! description that a socket carries out for real and virtual time schedules without one.
//!
//! Nothing here knows a socket or reads a clock, and no chance is drawn from a shared generator:
//! the same history of requests meets the same faults whatever runs beside it ([`chance`]).
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//! use crisp_mock_server::clock::{Moment, Stamp};
//! use crisp_mock_server::fault::{ArmedFaults, RequestFacts, FaultPlan, Outcome};
//! use crisp_mock_server::operation::Operation;
//!
//! let plan = FaultPlan::parse(&serde_json::json!([{ "at": "since#2", "status": 503 }])).unwrap();
//! let mut armed = ArmedFaults::new(&plan, "default");
//! let request = RequestFacts {
//!     operation: Operation::Since,
//!     page: None,
//!     website: None,
//!     method: &http::Method::GET,
//!     elapsed: Duration::from_secs(20),
//! };
//! assert!(armed.decide(&request).carried_out());
//! let second = armed.decide(&request);
//! assert!(!second.carried_out());
//! let now = Moment { elapsed: request.elapsed, wall: Stamp(0) };
//! let delivery = second.deliver(now, |_| unreachable!("it is not carried out"));
//! let Outcome::Answer(answer) = delivery.outcome else { panic!() };
//! assert_eq!(answer.status(), 503);
//! ```

mod answer;
mod armed;
pub mod chance;
mod contradiction;
mod decision;
mod delivery;
mod effect;
mod event;
mod plan;
mod rate;
mod reading;
mod request;
mod rules;
mod target;
mod window;

#[cfg(test)]
mod tests;

pub(crate) use answer::status_answer;
pub use armed::{ArmedFaults, FaultReport};
pub use decision::{Decision, Fired};
pub use delivery::{Carry, Delivery, HOLD_ORDER_AT_MOST, Outcome};
pub use effect::{Delay, Effect, STALE_AT_MOST, Side, Throttle};
pub use event::{EventFaults, Forgery};
pub use plan::{Chance, Fault, FaultPlan, RetryAfterForm};
pub use rate::Rate;
pub use request::{FaultId, RequestFacts};
pub use target::{Occurrence, Target, parse_number, parse_operation, parse_place};
pub use window::Window;
