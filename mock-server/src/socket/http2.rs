//! Refusing HTTP/2 in its own words.
//!
//! A client that starts with HTTP/2 shows its user nothing of an answer in HTTP/1.1. So it gets the
//! refusal as an answer of its own version (RFC 9113), and is told to come back with HTTP/1.1.

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::api::TurnedAway;

/// What a client sends first, before any frame.
const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
/// How much is looked through for a request.
const MOST_BYTES: usize = 64 << 10;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// Flags: of DATA and HEADERS, the last of its stream; of HEADERS, the last of its block.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
/// The error code for "use HTTP/1.1".
const HTTP_1_1_REQUIRED: [u8; 4] = [0, 0, 0, 0xd];

/// How HTTP/2 is refused.
fn turned_away() -> TurnedAway {
    TurnedAway {
        status: StatusCode::HTTP_VERSION_NOT_SUPPORTED,
        reason: "http_1_1_only",
        why: "HTTP/2 is not spoken here: have the client use HTTP/1.1".to_owned(),
    }
}

/// What stands for a request of which only the version is known.
pub(super) fn heard() -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.version_mut() = Version::HTTP_2;
    *request.uri_mut() = Uri::from_static("*");
    if let Ok(method) = Method::from_bytes(b"PRI") {
        *request.method_mut() = method;
    }
    request.extensions_mut().insert(turned_away());
    request
}

/// Waits for the first request, and refuses it with 505. `read` is what was read already.
pub(super) async fn refuse(stream: &mut TcpStream, read: Bytes) -> std::io::Result<()> {
    let mut read = Vec::from(read);
    let mut asked = first_request(&read);
    while asked.is_none() && read.len() < MOST_BYTES {
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
        asked = first_request(&read);
    }
    stream.write_all(&refusal(asked.unwrap_or(0))).await
}

/// The stream of the first request in these bytes.
fn first_request(bytes: &[u8]) -> Option<u32> {
    let mut rest = bytes.get(PREFACE..)?;
    loop {
        let (head, after) = rest.split_first_chunk::<9>()?;
        let [a, b, c, kind, _, stream @ ..] = *head;
        if kind == HEADERS {
            return Some(u32::from_be_bytes(stream) & 0x7fff_ffff);
        }
        rest = after.get(u32::from_be_bytes([0, a, b, c]) as usize..)?;
    }
}

fn refusal(stream: u32) -> Vec<u8> {
    let answer = turned_away().answer();
    let mut wire = frame(SETTINGS, 0, 0, &[]);
    wire.extend(frame(SETTINGS, ACK, 0, &[]));
    if stream != 0 {
        // Two fields as literals with names of HPACK's static table: 8 is `:status`, 31 (15 and 16
        // more) is `content-type`.
        let fields = b"\x08\x03505\x0f\x10\x1fapplication/json; charset=utf-8";
        wire.extend(frame(HEADERS, END_HEADERS, stream, fields));
        wire.extend(frame(DATA, END_STREAM, stream, answer.body()));
    }
    let words = b"HTTP/2 is not spoken here: use HTTP/1.1";
    let last = [&stream.to_be_bytes()[..], &HTTP_1_1_REQUIRED, words].concat();
    wire.extend(frame(GOAWAY, 0, 0, &last));
    wire
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = (payload.len() as u32).to_be_bytes(); // at most a few hundred bytes
    let head = [a, b, c, kind, flags];
    [&head[..], &stream.to_be_bytes(), payload].concat()
}
