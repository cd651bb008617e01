//! A port for a plugin.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

use super::PeerError;

/// A port on which nothing listens.
///
/// It lies below those that systems hand out by themselves, so that none of the many sockets of a
/// run gets it between this look and the plugin's start.
pub(super) fn free_port() -> Result<u16, PeerError> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    // Programs that run side by side start their search far apart.
    let start = std::process::id().wrapping_mul(61);
    let candidates = std::iter::repeat_with(|| {
        let offset = start.wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed)) % 10_000;
        u16::try_from(20_000 + offset).unwrap_or(u16::MAX)
    });
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let free = candidates.take(10_000).find(is_free);
    free.ok_or_else(|| PeerError::NeverStarted("no port from 20000 to 29999 is free".to_owned()))
}
