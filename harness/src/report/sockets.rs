//! Sockets and events in the words of a timeline.

use crate::history::{History, Notice, SocketState};

/// What became of a socket, if it is worth a line: its handshake has one already.
pub(super) fn socket(state: SocketState) -> Option<&'static str> {
    match state {
        SocketState::Live => Some("socket authenticated"),
        SocketState::Bound => Some("socket:bind"),
        SocketState::Closed { by_client: true } => Some("✕ socket: the client closes it"),
        SocketState::Closed { by_client: false } => Some("✕ socket: lost"),
        SocketState::Opened | SocketState::Refused => None,
    }
}

/// An event by its number, its name and its website.
pub(super) fn noticed(history: &History, notice: &Notice) -> String {
    format!("rtm_event#{} {} {}", notice.number, notice.event, history.name(notice.site))
}
