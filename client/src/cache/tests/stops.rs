//! A stop waits for saves and for nothing else, however long something takes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Server;
use crate::Cache;

/// Something that takes until it is opened. After ten seconds it goes on all the same, and tells:
/// then a thread waited for it that should not have.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
    entered: AtomicBool,
    waited: AtomicBool,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self) {
        self.entered.store(true, Ordering::SeqCst);
        let limit = Duration::from_secs(10);
        let passed = self.opened.wait_timeout_while(self.lock(), limit, |open| !*open);
        if passed.is_ok_and(|(_, waited)| waited.timed_out()) {
            self.waited.store(true, Ordering::SeqCst);
        }
    }

    fn open(&self) {
        *self.lock() = true;
        self.opened.notify_all();
    }

    /// Until something is inside.
    async fn is_entered(&self) {
        while !self.entered.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    }

    fn assert_no_wait(&self) {
        assert!(!self.waited.load(Ordering::SeqCst), "a thread waited for the gate");
    }
}

/// Settings that take for ever to read.
#[derive(Debug)]
struct Slow;

static READING: Gate = Gate {
    open: Mutex::new(false),
    opened: Condvar::new(),
    entered: AtomicBool::new(false),
    waited: AtomicBool::new(false),
};

impl<'de> serde::Deserialize<'de> for Slow {
    fn deserialize<D: serde::Deserializer<'de>>(settings: D) -> Result<Self, D::Error> {
        READING.pass();
        serde::de::IgnoredAny::deserialize(settings).map(|_| Self)
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_set_that_is_being_read() {
    let server = Server::start(2).await;
    let cache = Cache::<Slow>::start(server.config()).unwrap();
    READING.is_entered().await;
    cache.stop().await;
    assert!(cache.view().is_empty(), "nothing of it is shown");
    READING.assert_no_wait();
    READING.open();
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_step_of_the_machine_and_its_saves_are_refused() {
    let gate = Arc::new(Gate::default());
    let inside = gate.clone();
    let server = Server::start(2).await;
    let cache = Cache::<serde_json::Value>::builder(server.config())
        .bug(move |_| inside.pass())
        .start()
        .unwrap();
    gate.is_entered().await;
    cache.stop().await;
    assert!(cache.ready().await.is_err());
    gate.assert_no_wait();
    gate.open();
}

#[cfg(feature = "persist")]
mod shelf {
    use std::io;

    use serde_json::Value;

    use super::*;
    use crate::Shelf;
    use crate::machine::WarmStart;

    /// A shelf whose disk hangs.
    struct Hangs {
        loading: Arc<Gate>,
        storing: Arc<Gate>,
    }

    impl Shelf for Hangs {
        fn load(&self) -> io::Result<Option<WarmStart>> {
            self.loading.pass();
            Ok(None)
        }

        fn store(&self, _: &WarmStart) -> io::Result<()> {
            self.storing.pass();
            Ok(())
        }
    }

    fn gates() -> (Arc<Gate>, Arc<Gate>) {
        (Arc::default(), Arc::default())
    }

    #[tokio::test]
    async fn a_stop_does_not_wait_for_a_disk_that_hangs_when_the_set_is_stored() {
        let server = Server::start(2).await;
        let (loading, storing) = gates();
        loading.open();
        let shelf = Hangs { loading, storing: storing.clone() };
        let cache = Cache::<Value>::builder(server.config()).shelf(shelf).start().unwrap();
        cache.ready().await.unwrap();
        storing.is_entered().await;
        cache.stop().await;
        storing.assert_no_wait();
        storing.open();
    }

    #[tokio::test]
    async fn a_stop_does_not_wait_for_a_disk_that_hangs_when_the_set_is_fetched() {
        let server = Server::start(2).await;
        let (loading, storing) = gates();
        let shelf = Hangs { loading: loading.clone(), storing };
        let cache = Cache::<Value>::builder(server.config()).shelf(shelf).start().unwrap();
        loading.is_entered().await;
        cache.stop().await;
        loading.assert_no_wait();
        loading.open();
    }
}
