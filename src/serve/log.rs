//! One line a request on stderr, without slowing the server down.
//!
//! The server's tasks put what a line needs into a channel and go on; a thread of its own writes.
//! When stderr is read too slowly the channel fills up, and lines are dropped and counted.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc as done;
use std::time::Duration;

use crisp_mock_server::journal::Entry;
use tokio::sync::mpsc;

use crate::request_line;
use crate::terminal;

/// How many lines may wait: some megabytes at the most.
const MOST_WAITING: usize = 4_096;
/// How many lines are written at once.
const BATCH: usize = 256;
/// How long the last lines may take when stderr is no longer read.
const FAREWELL: Duration = Duration::from_secs(1);

/// The log of a running server.
pub struct Log {
    sender: Sender,
    done: done::Receiver<()>,
}

/// What is written.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every line is a request, and a box for each would cost more than it saves"
)]
enum Line {
    /// A request.
    Request(Entry),
    /// Something about the server itself.
    Remark(String),
}

/// The end of the log that the server's tasks hold.
#[derive(Clone)]
pub struct Sender {
    lines: mpsc::Sender<Line>,
    dropped: Arc<AtomicU64>,
}

impl Sender {
    /// Queues the line of a request; never waits.
    pub fn note(&self, entry: &Entry) {
        match self.lines.try_reserve() {
            Ok(place) => place.send(Line::Request(entry.clone())),
            Err(_) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Log {
    /// Starts the thread that writes.
    pub fn start() -> Self {
        let (lines, waiting) = mpsc::channel(MOST_WAITING);
        let (finished, done) = done::channel();
        let dropped = Arc::new(AtomicU64::new(0));
        let sender = Sender { lines, dropped };
        let dropped = Arc::clone(&sender.dropped);
        std::thread::spawn(move || {
            write_all(waiting, &dropped);
            let _ = finished.send(());
        });
        Self { sender, done }
    }

    /// What the server's tasks need.
    pub fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// Writes a remark about the server itself; it is dropped when stderr is read too slowly.
    pub fn remark(&self, text: String) {
        let _ = self.sender.lines.try_send(Line::Remark(text));
    }

    /// Writes what is still waiting; every other sender is gone by now.
    pub fn finish(self) {
        drop(self.sender);
        let _ = self.done.recv_timeout(FAREWELL);
    }
}

fn write_all(mut waiting: mpsc::Receiver<Line>, dropped: &AtomicU64) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut text = String::new();
    while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
        for line in batch.drain(..) {
            match line {
                Line::Request(entry) => request_line::write_entry(&entry, &mut text),
                Line::Remark(remark) => text.extend([remark.as_str(), "\n"]),
            }
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "({lost} lines were dropped: stderr is read too slowly; the journal has the requests)"
            );
        }
        terminal::complain(&text);
        text.clear();
    }
}
