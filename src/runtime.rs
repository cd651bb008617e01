//! Runtimes, and whether the machine has room for one.

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

/// A runtime for a server: as many threads as there are processors.
///
/// # Errors
///
/// [`Failure::Environment`] when the machine refuses one.
pub fn for_a_server() -> Result<Runtime, Failure> {
    start(&mut Builder::new_multi_thread())
}

fn start(builder: &mut Builder) -> Result<Runtime, Failure> {
    open_files::look()
        .and_then(|()| builder.enable_all().build())
        .map_err(Failure::environment("starting the runtime"))
}
