//! Mistakes about what is under way at once.

use crisp_sync::machine::Operation;
use crisp_sync::machine::parts::{Flight, OneAtATime, Parts};

use super::{Make, Mutant};

pub(super) const MUTANTS: &[Mutant] = &[Mutant {
    name: "arrival-order",
    number: 38,
    about: "lets polls overtake one another, and applies their answers in the order of arrival",
    seen: Some("codemem PR #550"),
    make: Make::Parts(|config| Parts {
        flight: Box::new(Sends {
            beside: |operation, _| operation == Operation::Since,
            accepts: |_, _| true,
        }),
        ..Parts::reference(config)
    }),
}];

/// One request at a time, but for those that may go beside others.
pub(super) struct Sends {
    /// What may be sent beside what is under way.
    pub(super) beside: fn(Operation, &[Operation]) -> bool,
    /// Whether the answer with this number is wanted after that one.
    pub(super) accepts: fn(u64, u64) -> bool,
}

impl Flight for Sends {
    fn may_send(&self, operation: Operation, in_flight: &[Operation]) -> bool {
        OneAtATime.may_send(operation, in_flight) || (self.beside)(operation, in_flight)
    }

    fn accepts(&self, number: u64, newest: u64) -> bool {
        (self.accepts)(number, newest)
    }
}
