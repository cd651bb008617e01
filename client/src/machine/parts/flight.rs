//! How many requests may be under way.

use crate::machine::Operation;

/// **Unstable.** Decides what may be sent beside what, and which answers came too late
/// (hazard A7; research rules 9, 10).
pub trait Flight: Send {
    /// Whether a request may be sent while these are under way.
    fn may_send(&self, operation: Operation, in_flight: &[Operation]) -> bool;

    /// Whether a differential's answer is still wanted; `newest` is the highest request number
    /// whose answer was applied.
    fn accepts(&self, number: u64, newest: u64) -> bool;
}

/// The reference: one request at a time, saves included.
///
/// A save then waits for the answer to the poll before it, usually a tenth of a second, at worst
/// the request time-out. What it buys: no answer ever crosses another one, so there is no order
/// to restore, and the save's effect is known before the next question is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct OneAtATime;

impl Flight for OneAtATime {
    fn may_send(&self, _operation: Operation, in_flight: &[Operation]) -> bool {
        in_flight.is_empty()
    }

    fn accepts(&self, number: u64, newest: u64) -> bool {
        number > newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_beside_anything() {
        assert!(OneAtATime.may_send(Operation::Since, &[]));
        let save = Operation::SaveSettings(crate::WebsiteId::from_number(1));
        assert!(!OneAtATime.may_send(save, &[Operation::Since]));
    }

    #[test]
    fn an_answer_older_than_the_last_applied_one_is_not_wanted() {
        assert!(OneAtATime.accepts(3, 2));
        assert!(!OneAtATime.accepts(2, 3));
    }
}
