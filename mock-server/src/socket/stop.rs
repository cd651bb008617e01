//! The signal to stop, as connections see it.

use tokio::sync::watch;

/// Becomes true when the server is to stop; cheap to clone.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Receiver<bool>);

impl StopSignal {
    /// A signal, and its sender; dropping the sender gives the signal, too.
    #[must_use]
    pub fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Completes when the server is to stop.
    pub async fn stopped(&mut self) {
        // An error means that the sender was dropped.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }

    /// Waits for an event, but no longer than the server runs; none when it stops first.
    pub async fn or_stopped<T>(&mut self, event: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            value = event => Some(value),
            () = self.stopped() => None,
        }
    }
}
