//! Bytes carried between a client and a server, and what became of the connection.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// A connection on which no byte moves for so long is given up. A fault may hold an answer for minutes.
const IDLE: Duration = Duration::from_secs(600);
/// How long a client may take to close a connection that the server has closed.
const LINGER: Duration = Duration::from_secs(2);
/// Bytes that are taken at once, in each direction.
const CHUNK: usize = 16 << 10;

/// How a relayed connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Both sides closed it, or the client went away, or nothing moved for too long.
    Closed,
    /// The server broke it off: the client is to see the same.
    Reset,
}

/// How one direction ended.
enum Direction {
    /// Its source closed it.
    Ended,
    /// Its source broke it off.
    SourceBroke,
    /// Its target takes nothing any more.
    TargetBroke,
}

/// Carries bytes both ways until the server has closed the connection, or it is broken off.
pub(super) async fn relay<C>(client: &mut C, mut server: TcpStream) -> End
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    let moved = AtomicU64::new(0);
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = server.split();
    let up = async {
        match carry(&mut from_client, &mut to_server, &moved).await {
            // It may still read: what the server answers ends this.
            Direction::Ended if to_server.shutdown().await.is_ok() => std::future::pending().await,
            _ => End::Closed,
        }
    };
    let mut up = std::pin::pin!(up);
    let down = tokio::select! {
        biased;
        down = carry(&mut from_server, &mut to_client, &moved) => down,
        end = &mut up => return end,
        () = idleness(&moved) => return End::Closed,
    };
    match down {
        Direction::SourceBroke => End::Reset,
        Direction::TargetBroke => End::Closed,
        Direction::Ended => {
            // Errors mean that the client has closed it, too.
            let _ = to_client.shutdown().await;
            let _ = timeout(LINGER, up).await;
            End::Closed
        }
    }
}

async fn carry(
    source: &mut (impl AsyncRead + Unpin),
    target: &mut (impl AsyncWrite + Unpin),
    moved: &AtomicU64,
) -> Direction {
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match source.read(&mut chunk).await {
            Ok(0) => return Direction::Ended,
            Ok(read) => read,
            Err(_) => return Direction::SourceBroke,
        };
        moved.fetch_add(1, Ordering::Relaxed);
        let bytes = chunk.get(..read).unwrap_or_default();
        // TLS keeps what is not flushed.
        if target.write_all(bytes).await.is_err() || target.flush().await.is_err() {
            return Direction::TargetBroke;
        }
        moved.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns when nothing has moved between two looks.
async fn idleness(moved: &AtomicU64) {
    let mut before = None;
    loop {
        let now = moved.load(Ordering::Relaxed);
        if before == Some(now) {
            return;
        }
        before = Some(now);
        sleep(IDLE).await;
    }
}
