//! Room for work that goes deep.

use std::thread::{Builder, scope};

/// Calls inside each other that fit on any stack, with room to spare.
const SHALLOW: usize = 500;
/// Bytes of the stack for more: a call takes less than 2 KiB, and there are at most 127 × 40.
const DEEP: usize = 32 * 1024 * 1024;

/// Does work that calls itself so many times in a row: on a stack of its own where the caller's might
/// not do. `None` if there is none to be had.
pub(super) fn with_room<T: Send>(calls: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    if calls <= SHALLOW {
        return Some(work());
    }
    scope(|threads| {
        let thread = Builder::new().name("deep check".to_owned()).stack_size(DEEP);
        thread.spawn_scoped(threads, work).ok()?.join().ok()
    })
}
