//! The sockets of one space.

use std::collections::BTreeMap;

use super::info::SocketInfo;
use super::session::{Opening, Session};
use crate::bounds;
use crate::id::derive_key;
use crate::quirks::Quirks;

const KICKED: &str = "it was ended by a control call";

/// The sockets of one space, by their names.
#[derive(Debug, Clone, Default)]
pub struct Sockets {
    open: BTreeMap<String, Session>,
    /// How many were opened, for their names.
    opened: u64,
}

impl Sockets {
    /// Whether another may be opened.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.open.len() < bounds::RTM_SOCKETS
    }

    /// Opens a socket in the space of that name and returns the socket's name.
    pub fn open(&mut self, space: &str, opening: Opening, quirks: &Quirks) -> String {
        self.opened += 1;
        let mut sid = derive_key(&["socket", space, &self.opened.to_string()]);
        sid.truncate(20);
        self.open.insert(sid.clone(), Session::open(sid.clone(), opening, quirks));
        sid
    }

    /// The socket of that name.
    pub fn get_mut(&mut self, sid: &str) -> Option<&mut Session> {
        self.open.get_mut(sid)
    }

    /// Takes a socket out.
    pub fn remove(&mut self, sid: &str) -> Option<Session> {
        self.open.remove(sid)
    }

    /// Goes on with a socket of another space.
    pub fn take_over(&mut self, session: Session) {
        self.open.insert(session.sid().to_owned(), session);
    }

    /// Ends a socket from outside; false when there is none of that name.
    pub fn kick(&mut self, sid: &str) -> bool {
        let found = self.open.get_mut(sid);
        let kicked = found.map(|session| session.close(KICKED));
        kicked.is_some()
    }

    /// Ends all of them; answers how many.
    pub fn kick_all(&mut self) -> usize {
        for session in self.open.values_mut() {
            session.close(KICKED);
        }
        self.open.len()
    }

    /// Another world took the place of the one before, whose events ended with this number.
    pub fn follow_another_world(&mut self, last_seq: u64) {
        for session in self.open.values_mut() {
            session.follow_another_world(last_seq);
        }
    }

    /// The same after a reset, which emptied the journal, too.
    pub fn follow_a_reset(&mut self, last_seq: u64) {
        self.follow_another_world(last_seq);
        for session in self.open.values_mut() {
            session.forget_request();
        }
    }

    /// How many are authenticated.
    #[must_use]
    pub fn live(&self) -> usize {
        self.open.values().filter(|session| session.is_live()).count()
    }

    /// All of them, in the order in which they were opened.
    #[must_use]
    pub fn list(&self) -> Vec<SocketInfo> {
        let mut all: Vec<_> = self.open.values().collect();
        all.sort_by_key(|session| session.since());
        all.into_iter().map(Session::info).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Stamp;
    use crate::rtm::{EngineIo, Spoilt};

    #[test]
    fn sockets_are_listed_in_the_order_in_which_they_were_opened_after_a_reset_too() {
        let (mut sockets, quirks) = (Sockets::default(), Quirks::default());
        let opened: Vec<_> = (1..=20)
            .map(|number| {
                let now = Duration::from_millis(number);
                let (engine, spoilt) = (EngineIo::V4, Spoilt::default());
                let opening = Opening { engine, now, wall: Stamp(0), request: number, spoilt };
                sockets.open("default", opening, &quirks)
            })
            .collect();
        let listed = |sockets: &Sockets| -> Vec<_> {
            sockets.list().into_iter().map(|socket| socket.sid).collect()
        };
        assert_eq!(listed(&sockets), opened);
        sockets.follow_a_reset(7);
        assert_eq!(listed(&sockets), opened);
    }
}
