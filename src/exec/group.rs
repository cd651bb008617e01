//! The process group of the command, and what has left it: what the command has started gets our
//! signals too, and is not left behind.
//!
//! Only where no terminal is at hand. At one the command stays in our group, so that Ctrl-C reaches
//! all of it and it may read what is typed.

use std::time::Duration;

use crisp_harness::peer::{Family, Warden, adopt, bury, signal_group};
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;
use crate::warden;

/// How long what outlived the command may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(20);

/// A process group that is asked to end when it is dropped, or when this program is killed.
pub struct Group {
    leader: u32,
    family: Family,
    warden: Warden,
}

impl Group {
    /// The warden of the command's group, if it is to have one.
    pub fn wanted() -> Option<Warden> {
        let at_terminal =
            rustix::termios::isatty(std::io::stdin()) || super::child::in_foreground();
        let warden = (!at_terminal).then(warden::start).flatten();
        if warden.is_some() {
            adopt();
        }
        warden
    }

    /// The group that this process leads.
    ///
    /// # Errors
    ///
    /// [`Failure::Environment`] when the system refuses to say when processes end.
    pub fn led_by(leader: u32, family: Family, warden: Warden) -> Result<Self, Failure> {
        warden.watch_politely(leader, &family);
        let own = [leader, warden.pid()];
        let mut ended = signal(SignalKind::child())
            .map_err(Failure::environment("listening for the end of processes"))?;
        tokio::spawn(async move {
            while ended.recv().await.is_some() {
                bury(&own);
            }
        });
        Ok(Self { leader, family, warden })
    }

    /// Sends a signal to the group.
    pub fn send(&self, signal: Signal) {
        signal_group(self.leader, signal);
    }

    /// Asks everything that outlived the command to end: it has no emulator any more. What does not end
    /// is killed.
    pub async fn end_what_is_left(&self) {
        self.send(Signal::TERM);
        self.send_outside(Signal::TERM);
        let gone = async {
            while self.is_there() {
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(PATIENCE, gone).await.is_err() {
            self.kill();
        }
    }

    /// Ends all of it at once.
    pub fn kill(&self) {
        self.send_outside(Signal::KILL);
        self.send(Signal::KILL);
        self.send_outside(Signal::KILL);
    }

    fn is_there(&self) -> bool {
        self.family.is_there(Some(std::process::id()), Some(self.warden.pid()))
    }

    /// Sends a signal to what has left the group: everything below us was started by the command, but
    /// for the warden.
    fn send_outside(&self, signal: Signal) {
        let own = Some(std::process::id());
        self.family.signal(own, self.leader, Some(self.warden.pid()), signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.send(Signal::TERM);
        self.warden.forget(self.leader);
    }
}
