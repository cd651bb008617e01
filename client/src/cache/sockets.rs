//! The socket to the RTM API: one at a time, a task for each.

use std::future::pending;

use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION};
use http::header::{UPGRADE, USER_AGENT};
use http::{HeaderValue, StatusCode};
use reqwest::Upgraded;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::AbortHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::builder::StartError;
use crate::Config;
use crate::machine::{LONGEST_TEXT, SocketAction, SocketEvent, SocketId};
use crate::transport::{SetupError, Timeouts, TransportError, builder};

/// So many texts wait in either direction. A socket whose machine is slow is read slowly.
const WAITING: usize = 64;

/// The socket that is open, if any, and what opens the next one.
pub(super) struct Sockets {
    client: Option<reqwest::Client>,
    user_agent: HeaderValue,
    open: Option<Open>,
}

/// A socket and its task, which ends with it.
struct Open {
    id: SocketId,
    texts: Sender<String>,
    events: Receiver<SocketEvent>,
    task: AbortHandle,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sockets {
    pub(super) fn new(config: &Config, timeouts: Timeouts) -> Result<Self, StartError> {
        let client = config.listening.map(|_| {
            // An upgrade is of HTTP/1.1, and proxies and certificates are those of the requests.
            builder(timeouts).http1_only().pool_max_idle_per_host(0).build()
        });
        let client = client.transpose().map_err(SetupError::from)?;
        Ok(Self { client, user_agent: config.user_agent.clone(), open: None })
    }

    pub(super) fn act(&mut self, id: SocketId, action: SocketAction) {
        match action {
            SocketAction::Open { url } => {
                let Some(client) = self.client.clone() else { return };
                let (texts, to_send) = channel(WAITING);
                let (tell, events) = channel(WAITING);
                let user_agent = self.user_agent.clone();
                let run = async move {
                    let why = match open(&client, &url, user_agent).await {
                        Ok(socket) => carry(socket, to_send, &tell).await,
                        Err(why) => why,
                    };
                    // The machine may have done with this socket.
                    let _ = tell.send(SocketEvent::Closed(why)).await;
                };
                let task = tokio::spawn(run).abort_handle();
                self.open = Some(Open { id, texts, events, task });
            }
            SocketAction::Text(text) => {
                // A server that reads nothing is given up when its heartbeat is due.
                if let Some(open) = self.open.as_ref().filter(|open| open.id == id) {
                    let _ = open.texts.try_send(text);
                }
            }
            SocketAction::Close => self.close(),
        }
    }

    /// Closes the socket without waiting.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// What happens to the socket next. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> (SocketId, SocketEvent) {
        let Some(open) = &mut self.open else { return pending().await };
        match open.events.recv().await {
            Some(event) => (open.id, event),
            // The last event said that it has ended.
            None => pending().await,
        }
    }
}

/// Opens a WebSocket; the error says why there is none.
async fn open(
    client: &reqwest::Client,
    url: &str,
    user_agent: HeaderValue,
) -> Result<WebSocketStream<Upgraded>, String> {
    let http = match (url.strip_prefix("wss:"), url.strip_prefix("ws:")) {
        (Some(rest), _) => format!("https:{rest}"),
        (_, Some(rest)) => format!("http:{rest}"),
        _ => return Err("the address is neither ws:// nor wss://".to_owned()),
    };
    let key = generate_key();
    let handshake = client
        .get(http)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, &key)
        .header(USER_AGENT, user_agent);
    let answer = handshake.send().await.map_err(|error| TransportError::of(&error).to_string())?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        let status = answer.status().as_u16();
        return Err(format!(
            "the handshake was answered with {status} instead of 101: see what answers there, or \
             whether a proxy on the way lets WebSockets through"
        ));
    }
    let accept = answer.headers().get(SEC_WEBSOCKET_ACCEPT);
    if accept.is_none_or(|accept| accept.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes())
    {
        return Err("the handshake was answered by something that is no WebSocket".to_owned());
    }
    let stream = answer.upgrade().await.map_err(|error| TransportError::of(&error).to_string())?;
    let config = WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .max_message_size(Some(LONGEST_TEXT))
        .max_frame_size(Some(LONGEST_TEXT));
    Ok(WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await)
}

/// Carries texts both ways until the socket ends; says why it did.
async fn carry(
    mut socket: WebSocketStream<Upgraded>,
    mut texts: Receiver<String>,
    tell: &Sender<SocketEvent>,
) -> String {
    let mut event = Some(SocketEvent::Opened);
    loop {
        if let Some(event) = event.take()
            && tell.send(event).await.is_err()
        {
            return String::new();
        }
        tokio::select! {
            text = texts.recv() => match text {
                Some(text) => {
                    if let Err(error) = socket.send(Message::text(text)).await {
                        return format!("a text could not be sent ({error})");
                    }
                }
                None => return String::new(),
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    event = Some(SocketEvent::Text(text.as_str().to_owned()));
                }
                Some(Ok(Message::Close(frame))) => {
                    let reason = frame.map(|frame| format!(" ({})", frame.reason));
                    return format!("the server closed the socket{}", reason.unwrap_or_default());
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return format!("the socket broke ({error})"),
                None => return "the server closed the connection".to_owned(),
            },
        }
    }
}
