//! How late this machine's timers come while something runs: on a busy one they do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

/// From one look at the clock to the next.
const EVERY: Duration = Duration::from_millis(5);

/// A watch over the timers of a runtime, until it is dropped.
pub(super) struct Lateness {
    watch: AbortHandle,
    most_micros: Arc<AtomicU64>,
}

impl Lateness {
    /// Watches from now on.
    pub(super) fn watch(runtime: &Handle) -> Self {
        let most_micros = Arc::<AtomicU64>::default();
        let most = Arc::clone(&most_micros);
        let watch = runtime.spawn(async move {
            loop {
                let due = Instant::now() + EVERY;
                sleep_until(due).await;
                let micros = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
                most.fetch_max(micros, Ordering::Relaxed);
            }
        });
        Self { watch: watch.abort_handle(), most_micros }
    }

    /// The most that one was late so far.
    pub(super) fn most(&self) -> Duration {
        Duration::from_micros(self.most_micros.load(Ordering::Relaxed))
    }
}

impl Drop for Lateness {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_holds_up_a_timer_shows() {
        let lateness = Lateness::watch(&Handle::current());
        tokio::task::yield_now().await;
        // The one thread of this runtime is taken: no timer of it can come.
        let (_held, silence) = std::sync::mpsc::channel::<()>();
        let _ = silence.recv_timeout(Duration::from_millis(70));
        tokio::time::sleep(EVERY).await;
        assert!(lateness.most() >= Duration::from_millis(60), "{:?}", lateness.most());
    }
}
