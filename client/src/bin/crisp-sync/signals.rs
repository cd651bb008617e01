//! Signals that ask the service to stop.

use std::io;

/// Waits for them.
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// From now on signals wait here.
    ///
    /// # Errors
    /// What the system says.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// From now on signals wait here.
    ///
    /// # Errors
    /// None on this platform.
    #[cfg(not(unix))]
    pub fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// The next one: its name, and the exit code of a process that it ends.
    #[cfg(unix)]
    pub async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.interrupt.recv() => ("SIGINT", 130),
            _ = self.terminate.recv() => ("SIGTERM", 143),
        }
    }

    /// The next one: its name, and the exit code of a process that it ends.
    #[cfg(not(unix))]
    pub async fn next(&mut self) -> (&'static str, i32) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        ("SIGINT", 130)
    }

    /// From now on the next one ends the process, with answers in flight.
    pub fn end_at_the_next(mut self) {
        tokio::spawn(async move {
            let (_, code) = self.next().await;
            std::process::exit(code);
        });
    }
}
