//! A connection's stream, which notes how far writes come, and when all is with the kernel.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;

use super::state::{ConnectionState, Side};
use super::unparsed;

/// The stream under one HTTP connection.
pub(super) struct Wire {
    stream: TokioIo<TcpStream>,
    connection: Arc<ConnectionState>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, connection: Arc<ConnectionState>) -> Self {
        Self { stream: TokioIo::new(stream), connection }
    }

    /// Whether these bytes are an answer of the HTTP library's own, to a request that it could not
    /// read: that is withheld, and its status is noted.
    fn withholds(&self, bytes: &[u8]) -> bool {
        if self.connection.is_answering() {
            return false;
        }
        if let Some(status) = unparsed::status_of(bytes) {
            self.connection.withhold(status);
        }
        self.connection.withheld().is_some()
    }

    /// Notes how far a write came.
    fn note(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &polled {
            Poll::Pending => self.connection.wrote(None),
            Poll::Ready(bytes) => self.connection.wrote(Some(*bytes.as_ref().unwrap_or(&0))),
        }
        polled
    }

    /// Looks for the end of the client's side: hyper reads nothing while an answer is to come.
    fn watch(&self, cx: &mut Context<'_>) {
        if !self.connection.watches_client() {
            return;
        }
        let mut byte = [0];
        match self.stream.inner().poll_peek(cx, &mut ReadBuf::new(&mut byte)) {
            Poll::Ready(Ok(0)) => self.connection.client_is(Side::Ended),
            Poll::Ready(Err(_)) => self.connection.client_is(Side::Gone),
            // The next request, which is left where it is, or nothing.
            Poll::Ready(Ok(_)) | Poll::Pending => {}
        }
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.stream.into_inner()
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl Write for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.withholds(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if slices.first().is_some_and(|first| self.withholds(first)) {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when nothing is left to write: hyper flushes its own buffer first.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.connection.flushed();
        self.watch(cx);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
