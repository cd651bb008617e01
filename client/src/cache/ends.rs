//! A new cache, and the ends of it that what drives it holds.

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, watch};

use super::outlet::Outlet;
use super::shared::Shared;
use super::{Cache, Order};

/// Steps that a slow reader of changes may lag behind before it is told the sum of them.
const LAG: usize = 256;
/// Orders that wait; who gives one more waits, too.
const ORDERS: usize = 64;

/// The driver's ends.
pub(super) struct Ends<T> {
    pub(super) outlet: Outlet<T>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) ready: watch::Sender<bool>,
}

impl<T: Send + Sync + 'static> Ends<T> {
    /// An empty cache that is not ready, and its other ends.
    pub(super) fn open() -> (Cache<T>, Self) {
        let shared = Arc::new(Shared::new());
        let (orders, received) = mpsc::channel(ORDERS);
        let (is_ready, ready) = watch::channel(false);
        let (steps, _) = broadcast::channel(LAG);
        let cache = Cache {
            shared: shared.clone(),
            orders,
            ready,
            steps: steps.downgrade(),
            #[cfg(feature = "validate")]
            schema: None,
        };
        (cache, Self { outlet: Outlet::new(shared, steps), orders: received, ready: is_ready })
    }
}
