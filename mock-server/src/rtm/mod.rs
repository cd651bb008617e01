//! The RTM API without a socket: sessions of Engine.IO and Socket.IO as values
//! (docs/events.md#rtm).
//!
//! A handshake is a request like any other ([`Space::handle`](crate::space::Space::handle)); the
//! session that it opens is driven by [`Space::socket`](crate::space::Space::socket), a frame or a
//! moment at a time. Events are read from the [`Outbox`](crate::engine::Outbox) by their numbers, so
//! nothing is queued for a client but numbers.
//!
//! | Module | What it holds |
//! |---|---|
//! | `handshake` | the request that becomes a socket, and what refuses it |
//! | `frame` | text frames, read and written |
//! | `session` | one socket: its state, events, its end |
//! | `step` | what the edge is to do for a socket |
//! | `authentication` | who a client says it is |
//! | `heartbeat` | whether the client is still there, in outside time |
//! | `binding` | which events reach a socket |
//! | `queue` | events on their way to one socket, and what faults do to them |
//! | `sockets`, `info` | the sockets of a space, and what is told of them |

mod authentication;
mod binding;
mod frame;
mod handshake;
mod heartbeat;
mod info;
mod queue;
mod session;
mod sockets;
mod step;

pub use authentication::username_of;
pub use frame::{EngineIo, FrameError, In, Out};
pub use handshake::{HandshakeRefusal, read, space_of, switching};
pub use info::SocketInfo;
pub use queue::Handling;
pub use session::{Access, Opening, Session, Spoilt};
pub use sockets::Sockets;
pub use step::{End, Step};
