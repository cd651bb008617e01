//! The frames of a WebSocket, carried between a connection and a session elsewhere. Bytes are counted, so
//! that it is known what lies between the two ends.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::frames::{Event, UNREAD, closing_frame, config, event};
use super::stop::StopSignal;
use crate::spaces::{Order, Relay};

/// Carries frames until the socket ends; returns the stream if more may come from the client, who was
/// told of the end.
pub(super) async fn carry(
    stream: TcpStream,
    read: Bytes,
    relay: Relay,
    mut stop: StopSignal,
) -> Option<TcpStream> {
    let Relay { mut orders, heard, told } = relay;
    told.begins(stream.peer_addr().map_or(0, |address| address.port()));
    let stream = Counted { stream, read: read.len() as u64, written: 0 };
    let mut frames =
        WebSocketStream::from_partially_read(stream, read.to_vec(), Role::Server, Some(config()))
            .await;
    let by_reset = loop {
        let message = poll_fn(|cx| {
            let polled = frames.poll_next_unpin(cx);
            if polled.is_pending() {
                // All that has come was handed over.
                let counted = frames.get_ref();
                told.bytes(counted.read, counted.written);
            }
            polled
        });
        tokio::select! {
            biased;
            () = stop.stopped() => break false,
            message = message => match event(message) {
                Event::Frame(text) => {
                    let handed_over = heard.send(text.as_str().to_owned());
                    if !matches!(stop.or_stopped(handed_over).await, Some(Ok(()))) {
                        break false;
                    }
                }
                Event::Look => {}
                Event::Over(_) | Event::Stopped => break false,
            },
            order = orders.recv() => match order {
                Some(Order::Text(text)) => {
                    let sent = timeout(UNREAD, frames.send(Message::text(text)));
                    if !matches!(stop.or_stopped(sent).await, Some(Ok(Ok(())))) {
                        break false;
                    }
                    told.text(frames.get_ref().written);
                }
                Some(Order::End { by_reset }) => break by_reset,
                None => break false,
            },
        }
    };
    if by_reset {
        // With a linger time of zero the kernel sends RST when the stream is dropped.
        let _ = frames.get_ref().stream.set_zero_linger();
        return None;
    }
    // An error means that the client has closed it, too.
    let _ = stop.or_stopped(timeout(UNREAD, frames.send(closing_frame()))).await;
    let Counted { mut stream, read, written } = frames.into_inner();
    let _ = stream.shutdown().await;
    told.bytes(read, written);
    Some(stream)
}

/// A stream whose bytes are counted.
struct Counted {
    stream: TcpStream,
    read: u64,
    written: u64,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.read += (buffer.filled().len() - before) as u64;
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = polled {
            self.written += count as u64;
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
