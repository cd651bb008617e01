//! Web hooks: which deliveries there are, when each is due, and what became of it.
//!
//! A [`Queue`] is a value, as a world is: it reads the events of an outbox, freezes the body, the time
//! stamp and the signature of each delivery, and is asked what is due at a moment. What carries a
//! delivery out over a socket reports back with [`Queue::answered`], and the queue decides on the next
//! attempt (docs/wire.md#web-hooks).

mod delivery;
mod hook;
mod queue;
mod signed;

#[cfg(test)]
mod tests;

pub use delivery::{Attempt, Delivery, DeliveryId, Ended, Outcome, State};
pub use hook::{Hook, Reach};
pub use queue::{CONCURRENT, MOST, MOST_BYTES, NotSent, Queue, Rules, Sending};
pub use signed::{Signed, body};
