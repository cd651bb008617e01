//! Listening to the RTM API, without a socket: texts in, texts out (docs/sync/listening.md).
//!
//! An event is a hint to poll at once and never data: it may be missing, late, doubled, out of order or
//! about settings that the API does not show yet (hazards E1, E2, E5). Texts are Engine.IO 4 and
//! Socket.IO 4 (docs/wire.md#rtm-frames).
//!
//! | File | What it holds |
//! |---|---|
//! | `address` | the address that discovery gives |
//! | `frame` | texts of the server, read |
//! | `session` | one socket, from the first text to its end |
//! | `listener` | sockets one after the other, with waits between them; what is to be bound again |
//! | `hints` | when to poll because of an event |
//!
//! What goes in and out is in `machine/socket.rs`, what the machine does with it in `machine/hearing.rs`.

mod address;
mod frame;
mod hints;
mod listener;
mod session;

pub(super) use address::read as read_address;
#[cfg(feature = "mistakes")]
pub(super) use frame::Heard;
#[cfg(feature = "rtm")]
pub(crate) use frame::LONGEST_TEXT;
pub(super) use listener::{Listener, Turn};
