//! What the machine does with what it hears.

use super::client::Machine;
use super::event::Action;
use super::listening::{Listener, Turn, read_address};
use super::socket::{SocketAction, SocketEvent, SocketId, SocketState};
use super::words::{Exchange, Job, Lane, Setback};
use crate::Change;
use crate::mistake::Mistake;

impl Machine {
    /// Whether and how the machine listens.
    pub fn socket_state(&self) -> SocketState {
        self.listener.state(self.now.elapsed)
    }

    /// Discovery answered with a success status.
    pub(super) fn endpoints_read(&mut self, exchange: &Exchange, body: &[u8]) {
        let secure = self.config.base.as_str().starts_with("https:");
        match read_address(body, secure) {
            Ok(url) => {
                self.waits.succeeded(Lane::Listen);
                self.ledger.let_through();
                let open = self.listener.discovered(url, self.now.elapsed);
                self.act_on_socket(open);
            }
            Err(problem) => {
                let setback = Setback::unreadable(problem);
                self.set_back(&Job::Endpoints, exchange, setback);
            }
        }
    }

    /// Something happened to a socket.
    pub(super) fn hear(&mut self, id: SocketId, event: &SocketEvent) {
        if let Some(turn) = self.listener.receive(id, event, self.now.elapsed) {
            self.turn(turn);
        }
    }

    /// Does what is due with the socket.
    pub(super) fn listen(&mut self) {
        while let Some(turn) = self.listener.tick(self.now.elapsed) {
            self.turn(turn);
        }
    }

    /// These changes are in the cache.
    pub(super) fn bind_to_new_websites(&mut self, changes: &[Change]) {
        if self.config.mistakes.has(Mistake::NoRebind) {
            return;
        }
        for change in changes {
            match change {
                Change::Added { new } => self.listener.came(&new.id),
                Change::Updated { old, new } if old.token != new.token => {
                    self.listener.came(&new.id);
                }
                Change::Updated { .. } | Change::Removed { .. } => {}
            }
        }
    }

    fn turn(&mut self, turn: Turn<'_>) {
        match turn {
            Turn::Act(action) => {
                if Listener::is_bind(&action) {
                    // What a website saved between its install and this bind was not heard.
                    self.hint();
                }
                self.act_on_socket(action);
            }
            Turn::Live => {
                self.counters.connects += 1;
                if !self.config.mistakes.has(Mistake::NoPollAfterReconnect) {
                    self.hint();
                }
            }
            Turn::Heard(heard) => {
                self.counters.events += 1;
                #[cfg(feature = "mistakes")]
                if self.took_for_data(&heard) {
                    return;
                }
                if !self.config.mistakes.has(Mistake::NoRebind) {
                    let known = &self.snapshot.websites;
                    self.listener.heard(&heard, |id| known.contains(id));
                }
                self.hint();
            }
            Turn::Lost { was_live, close } => {
                if close {
                    self.act_on_socket(SocketAction::Close);
                }
                if was_live && !self.config.mistakes.has(Mistake::NoPollAfterReconnect) {
                    let usual = self.usual_interval();
                    self.polls.due = self.polls.due.min(self.now.elapsed.saturating_add(usual));
                }
            }
        }
    }

    /// Something may have changed.
    fn hint(&mut self) {
        self.listener.hints.heard(self.now.elapsed, self.flight.last());
    }

    fn act_on_socket(&mut self, action: SocketAction) {
        let id = self.listener.socket();
        self.actions.push(Action::Socket { id, action });
    }
}
