//! The frames of a WebSocket, carried between a connection and the session of its space.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderValue, Response};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::state::Termination;
use super::stop::StopSignal;
use crate::bounds;
use crate::rtm::End;
use crate::spaces::OpenSocket;

/// How long a client may take to read what was sent to it.
pub(super) const UNREAD: Duration = Duration::from_secs(20);

/// Bytes of the buffer into which frames are read; a longer frame grows it.
const BUFFER: usize = 2 << 10;

/// Completes the answer to a handshake with what shows that its key was read (RFC 6455, section 4.2.2).
pub(super) fn accepted<B>(response: &mut Response<B>, key: Option<&HeaderValue>) {
    let key = key.map_or(&[][..], HeaderValue::as_bytes);
    // The accept key is base64, which a header can always have.
    if let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key)) {
        response.headers_mut().insert("sec-websocket-accept", accept);
    }
}

/// What a wait ended with.
pub(super) enum Event {
    Frame(Utf8Bytes),
    /// Something to look at in the session.
    Look,
    Over(&'static str),
    Stopped,
}

/// Carries frames until the socket ends; returns the stream and how to end it.
pub(super) async fn carry(
    stream: TcpStream,
    read: Bytes,
    mut socket: OpenSocket,
    mut stop: StopSignal,
) -> (TcpStream, Option<Termination>) {
    let read = read.to_vec();
    let mut frames =
        WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config())).await;
    let mut changes = socket.changes();
    socket.begin();
    let mut frame: Option<Utf8Bytes> = None;
    let end = loop {
        if frame.as_ref().is_some_and(|frame| socket.follow_credentials(frame)) {
            changes = socket.changes();
        }
        let Some(step) = socket.step(frame.take().as_deref()) else {
            break closing("its space was removed");
        };
        let sent = async {
            for text in step.frames {
                frames.feed(Message::text(text)).await?;
            }
            frames.flush().await
        };
        match stop.or_stopped(timeout(UNREAD, sent)).await {
            None => break stopping(),
            Some(Err(_)) => break closing("the client read nothing for 20 s"),
            Some(Ok(Err(_))) => break closing("the client left"),
            Some(Ok(Ok(()))) => {}
        }
        if let Some(end) = step.end {
            break end;
        }
        let event = tokio::select! {
            biased;
            () = stop.stopped() => Event::Stopped,
            message = frames.next() => event(message),
            _ = changes.changed() => Event::Look,
            () = OpenSocket::outside(step.due) => Event::Look,
            () = socket.elapsed(step.elapsed_due) => Event::Look,
        };
        match event {
            Event::Frame(text) => frame = Some(text),
            Event::Look => {}
            Event::Over(why) => break closing(why),
            Event::Stopped => break stopping(),
        }
    };
    if !end.by_reset {
        // An error means that the client has closed it, too.
        let _ = stop.or_stopped(timeout(UNREAD, frames.send(closing_frame()))).await;
    }
    let how = if end.by_reset { Termination::Reset } else { Termination::Close };
    socket.ended(end.why);
    (frames.into_inner(), Some(how))
}

/// How frames are read and written.
pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(bounds::RTM_FRAME))
        .max_frame_size(Some(bounds::RTM_FRAME))
}

/// The frame that ends a socket.
pub(super) fn closing_frame() -> Message {
    let code = CloseCode::Normal;
    Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::default() }))
}

fn closing(why: &str) -> End {
    End { by_reset: false, why: why.to_owned() }
}

fn stopping() -> End {
    closing("the server stopped")
}

/// What came from the client.
pub(super) fn event(message: Option<Result<Message, Error>>) -> Event {
    match message {
        Some(Ok(Message::Text(text))) => Event::Frame(text),
        Some(Ok(Message::Binary(_))) => Event::Over("it sent a binary frame: Crisp's are texts"),
        // Answered by the library; the end of the stream follows a close.
        Some(Ok(_)) => Event::Look,
        Some(Err(Error::Capacity(_))) => {
            Event::Over("a frame was longer than frames may be, 64 KiB")
        }
        Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) | Error::Io(_))) => {
            Event::Over("the connection was lost: it ended without a closing frame")
        }
        Some(Err(Error::Utf8(_) | Error::Protocol(_))) => {
            Event::Over("what came was no WebSocket frame of a client")
        }
        Some(Err(_)) | None => Event::Over("the client left"),
    }
}
