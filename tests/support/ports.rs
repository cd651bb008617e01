//! Ports for what a test starts, and has to know the address of before.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// A port that is free. It lies below those that systems hand out by themselves: no socket of another test gets
/// it before the program has it, or while the program is killed and started again.
pub fn free_port() -> u16 {
    static ASKED: AtomicU16 = AtomicU16::new(0);
    // Programs that run side by side start their search far apart.
    let start = (std::process::id().wrapping_mul(61) % 10_000) as u16;
    let candidates = std::iter::repeat_with(|| {
        10_000 + start.wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed)) % 10_000
    });
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    candidates.take(10_000).find(is_free).expect("a port from 10000 to 19999 is free")
}
