//! The signal to stop, as connections see it.

use tokio::sync::watch;

/// Tells when the server is to stop; cheap to clone.
#[derive(Clone)]
pub(super) struct Halt(watch::Receiver<bool>);

/// Stops everything that watches the matching [`Halt`].
pub(super) struct Halting(watch::Sender<bool>);

impl Halt {
    pub(super) fn new() -> (Halting, Self) {
        let (sender, receiver) = watch::channel(false);
        (Halting(sender), Self(receiver))
    }

    /// Completes when the server is to stop.
    pub(super) async fn halted(&mut self) {
        // The sender is only dropped by a server that is gone: stop as well.
        let _ = self.0.wait_for(|halted| *halted).await;
    }

    /// Waits for something, but no longer than the server runs; tells whether it came.
    pub(super) async fn or_halt<T>(&mut self, event: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            value = event => Some(value),
            () = self.halted() => None,
        }
    }
}

impl Halting {
    pub(super) fn halt(&self) {
        self.0.send_replace(true);
    }
}
