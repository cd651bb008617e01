//! A socket whose session is elsewhere: what its client sends is handed over there, and what is to be
//! sent comes from there.

use tokio::sync::{mpsc, watch};

use super::OpenSocket;

/// So many texts of a client wait to be taken; then no more is read from it.
const MOST_WAITING: usize = 1_024;

/// What follows the answer to a handshake.
pub enum Frames {
    /// The session of a space.
    Session(OpenSocket),
    /// A session elsewhere.
    Relay(Relay),
}

/// Something to be done on a relayed socket.
#[derive(Debug)]
pub(crate) enum Order {
    Text(String),
    End { by_reset: bool },
}

/// How far a relayed socket has got. Bytes count from the end of the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The client's port; 0 before the handshake is answered.
    pub port: u16,
    /// Bytes of the client that were read; all texts among them were handed over.
    pub read: u64,
    /// Bytes that were written to the client.
    pub written: u64,
    /// Whether nothing goes either way any more.
    pub is_over: bool,
    /// Texts that were written.
    texts: u64,
}

/// The end of a relayed socket that the connection has.
pub struct Relay {
    pub(crate) orders: mpsc::UnboundedReceiver<Order>,
    pub(crate) heard: mpsc::Sender<String>,
    pub(crate) told: Told,
}

/// Tells how far a relayed socket has got, and at last that it is over.
pub(crate) struct Told(watch::Sender<Progress>);

impl Told {
    pub(crate) fn begins(&self, port: u16) {
        self.0.send_modify(|progress| progress.port = port);
    }

    /// Tells of so many bytes, where they are more than before.
    pub(crate) fn bytes(&self, read: u64, written: u64) {
        self.0.send_if_modified(|progress| {
            let before = std::mem::replace(progress, Progress { read, written, ..*progress });
            before != *progress
        });
    }

    /// Tells that a text is out, with all bytes up to it.
    pub(crate) fn text(&self, written: u64) {
        self.0.send_modify(|progress| {
            progress.written = written;
            progress.texts += 1;
        });
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.0.send_modify(|progress| progress.is_over = true);
    }
}

/// The end of a relayed socket that the session has. Dropping it closes the socket.
#[derive(Debug)]
pub struct Relayed {
    orders: mpsc::UnboundedSender<Order>,
    heard: mpsc::Receiver<String>,
    progress: watch::Receiver<Progress>,
    /// Texts that were given to be sent.
    given: u64,
}

/// A relayed socket: the end for its connection, and the end for its session.
#[must_use]
pub fn relay() -> (Relay, Relayed) {
    let (orders, to_do) = mpsc::unbounded_channel();
    let (hears, heard) = mpsc::channel(MOST_WAITING);
    let (tell, progress) = watch::channel(Progress::default());
    let relay = Relay { orders: to_do, heard: hears, told: Told(tell) };
    (relay, Relayed { orders, heard, progress, given: 0 })
}

impl Relayed {
    /// Sends a text. After the end of the socket nothing comes of it.
    pub fn send(&mut self, text: String) {
        self.given += 1;
        let _ = self.orders.send(Order::Text(text));
    }

    /// Ends the socket, once all texts are out: with a WebSocket close, or by an RST.
    pub fn end(&self, by_reset: bool) {
        let _ = self.orders.send(Order::End { by_reset });
    }

    /// The next text of the client, if one has come.
    pub fn heard(&mut self) -> Option<String> {
        self.heard.try_recv().ok()
    }

    /// How far it has got.
    #[must_use]
    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// Whether a text has yet to be written.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.progress().texts < self.given
    }

    /// Completes when it has got further; never once it is over.
    pub async fn changed(&mut self) {
        if self.progress.changed().await.is_err() {
            std::future::pending().await
        }
    }
}
