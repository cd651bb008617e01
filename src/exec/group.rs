//! The process group of the command: what it has started gets our signals too, and is not left
//! behind.
//!
//! Only where no terminal is at hand. At one the command stays in our group, so that Ctrl-C reaches
//! all of it and it may read what is typed.

use crisp_harness::peer::{Warden, signal_group};
use rustix::process::Signal;

use crate::warden;

/// A process group that is asked to end when it is dropped, or when this program is killed.
pub struct Group {
    leader: u32,
    warden: Warden,
}

impl Group {
    /// The warden of the command's group, if it is to have one.
    pub fn wanted() -> Option<Warden> {
        let at_terminal =
            rustix::termios::isatty(std::io::stdin()) || super::child::in_foreground();
        (!at_terminal).then(warden::start).flatten()
    }

    /// The group that this process leads.
    pub fn led_by(leader: u32, warden: Warden) -> Self {
        warden.watch_politely(leader);
        Self { leader, warden }
    }

    /// Sends a signal to all of it.
    pub fn send(&self, signal: Signal) {
        signal_group(self.leader, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // What outlived the command has no emulator any more.
        self.send(Signal::TERM);
        self.warden.forget(self.leader);
    }
}
