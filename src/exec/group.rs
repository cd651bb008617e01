//! The process group of the command: what it has started gets our signals too, and is not left
//! behind.
//!
//! Only where no terminal is at hand. At one the command stays in our group, so that Ctrl-C reaches
//! all of it and it may read what is typed.

use crisp_harness::peer::Warden;
use rustix::process::{Pid, Signal};

use crate::warden;

/// A process group that is asked to end when it is dropped, or when this program is killed.
pub struct Group {
    leader: u32,
    warden: Warden,
}

impl Group {
    /// Who will watch over the command's group, if it is to have one.
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

    /// Sends a signal to all of it; an error means that nobody is left.
    pub fn send(&self, signal: Signal) {
        let leader = i32::try_from(self.leader).ok().and_then(Pid::from_raw);
        if let Some(leader) = leader {
            let _ = rustix::process::kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Whoever outlived the command has no emulator any more.
        self.send(Signal::TERM);
        self.warden.forget(self.leader);
    }
}
