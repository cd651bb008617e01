//! A port for a plugin.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

use super::PeerError;

/// A port for one plugin, while this lives.
///
/// It lies below those that systems hand out by themselves, so that none of the many sockets of a
/// run gets it between this look and the plugin's start. Other judges on the machine leave it
/// alone, while the plugin is down for a restart too, for they find its UDP socket: a plugin may
/// take the TCP port all the same.
#[derive(Debug)]
pub(super) struct Port {
    number: u16,
    _held: UdpSocket,
}

impl Port {
    /// One on which nothing listens.
    pub(super) fn free() -> Result<Self, PeerError> {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        // Programs that run side by side start their search far apart.
        let start = std::process::id().wrapping_mul(61);
        let candidates = std::iter::repeat_with(|| {
            let offset = start.wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed)) % 10_000;
            u16::try_from(20_000 + offset).unwrap_or(u16::MAX)
        });
        let free = candidates.take(10_000).find_map(Self::hold);
        free.ok_or_else(|| {
            PeerError::NeverStarted("no port from 20000 to 29999 is free".to_owned())
        })
    }

    /// That one, if it is free. A port that another judge holds is not tried: even that would be in its
    /// plugin's way.
    fn hold(number: u16) -> Option<Self> {
        let held = UdpSocket::bind(("127.0.0.1", number)).ok()?;
        TcpListener::bind(("127.0.0.1", number)).ok()?;
        Some(Self { number, _held: held })
    }

    pub(super) fn number(&self) -> u16 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_held_for_its_plugin_while_nothing_listens_on_it() {
        let port = Port::free().unwrap();
        assert!(Port::hold(port.number()).is_none(), "another judge would take it");
        let listener = TcpListener::bind(("127.0.0.1", port.number()));
        assert!(listener.is_ok(), "the plugin itself can listen: {listener:?}");
        let number = port.number();
        drop(port);
        assert!(Port::hold(number).is_none(), "something listens on it");
        drop(listener);
        assert!(Port::hold(number).is_some());
    }
}
