//! Requests that are refused before they have a route.

use http::StatusCode;

/// Stands in the extensions of a request that expects `100 Continue` and that [`Space::wants_body`] refuses
/// by its head: its body was not asked for, and is empty.
///
/// [`Space::wants_body`]: crate::space::Space::wants_body
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsent {
    /// The bytes that its head declares; 0 when it declares none.
    pub declared: u64,
}

/// Stands in the extensions of a request that is refused whatever its route, so that the journal
/// has it: its body could not be had, or it is HTTP/2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnedAway {
    /// What it is refused with.
    pub status: StatusCode,
    /// The same in the envelope.
    pub reason: &'static str,
    /// Why, in words that name the fix.
    pub why: String,
}
