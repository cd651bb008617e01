//! Runtimes, and whether the machine has room for one.

use std::num::NonZeroU8;

use crisp_harness::open_files;
use tokio::runtime::{Builder, Runtime};

use crate::failure::Failure;

/// A runtime for a few calls, one after another.
///
/// # Errors
///
/// [`Failure::Environment`] when the machine refuses one.
pub fn for_calls() -> Result<Runtime, Failure> {
    start(&mut Builder::new_current_thread())
}

/// A runtime for a server, with so many threads that answer; one if not said. A request takes some
/// microseconds of a world that one thread at a time may touch, so that a second thread costs more in
/// being woken than it gains (docs/benchmarks.md).
///
/// # Errors
///
/// [`Failure::Environment`] when the machine refuses one.
pub fn for_a_server(workers: Option<NonZeroU8>) -> Result<Runtime, Failure> {
    let workers = workers.map_or(1, |workers| workers.get().into());
    // Not of the flavour that has one thread: seeding and blocking calls have threads of their own.
    start(Builder::new_multi_thread().worker_threads(workers))
}

fn start(builder: &mut Builder) -> Result<Runtime, Failure> {
    open_files::look()
        .and_then(|()| builder.enable_all().build())
        .map_err(Failure::environment("starting the runtime"))
}
