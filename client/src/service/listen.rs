//! Where a service listens, and its connections.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::Service;
use super::patience::Patient;

/// So many connections at a time; further ones wait in the system's queue.
const MOST_CONNECTIONS: usize = 4096;
/// So long a connection may take to say what it asks, and may rest between two requests.
const REST: Duration = Duration::from_secs(60);
/// So many bytes of a request's head are read, and so many of an answer wait to be taken.
const BUFFER: usize = 64 << 10;
/// So long a stop waits for answers that are under way: a save has 30 s by default.
const LAST: Duration = Duration::from_secs(35);
/// After an error of the system, such as too many open files.
const PAUSE: Duration = Duration::from_millis(50);

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// An address and a port; port 0 means any free one.
    Tcp(SocketAddr),
    /// The file of a Unix socket.
    Unix(PathBuf),
}

/// A text that says nowhere to listen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write an address with its port, as 127.0.0.1:8787, or unix:/run/crisp-sync.sock")]
pub struct InvalidListen;

/// The place cannot be listened at.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on {place}: {problem}\n  = hint: stop what listens there, or choose another place with `--listen`"
)]
pub struct CannotListen {
    place: Listen,
    problem: io::Error,
}

impl Listen {
    /// Whether other machines can reach it.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Tcp(address) if !address.ip().to_canonical().is_loopback())
    }
}

impl FromStr for Listen {
    type Err = InvalidListen;

    fn from_str(text: &str) -> Result<Self, InvalidListen> {
        if let Some(path) = text.strip_prefix("unix:") {
            let is_path = cfg!(unix) && !path.is_empty();
            return is_path.then(|| Self::Unix(path.into())).ok_or(InvalidListen);
        }
        if let Some(port) = text.strip_prefix("localhost:") {
            let port = port.parse().map_err(|_| InvalidListen)?;
            return Ok(Self::Tcp((Ipv4Addr::LOCALHOST, port).into()));
        }
        text.parse().map(Self::Tcp).map_err(|_| InvalidListen)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A place that is listened at, before anything is answered.
#[derive(Debug)]
pub struct Bound {
    socket: Socket,
    place: Listen,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Bound {
    /// Takes the place.
    ///
    /// # Errors
    /// [`CannotListen`] when it is taken, or the system refuses it.
    pub async fn new(listen: &Listen) -> Result<Self, CannotListen> {
        let refused = |problem| CannotListen { place: listen.clone(), problem };
        match listen {
            Listen::Tcp(address) => {
                let socket = TcpListener::bind(address).await.map_err(refused)?;
                let place = Listen::Tcp(socket.local_addr().map_err(refused)?);
                Ok(Self { socket: Socket::Tcp(socket), place })
            }
            Listen::Unix(path) => at_path(path)
                .await
                .map(|socket| Self { socket, place: listen.clone() })
                .map_err(refused),
        }
    }

    /// Where it is, with the port that was chosen.
    pub fn place(&self) -> &Listen {
        &self.place
    }

    /// Answers until `stop` is done; then streams of changes end, and answers under way are waited
    /// for, 35 s at most.
    pub async fn serve(self, service: Service, stop: impl Future<Output = ()>) {
        let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let (stopping, stopped) = watch::channel(false);
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = self.accept(&connections, &service, &stopped) => accepted,
            };
            if let Err(error) = accepted {
                tracing::warn!(%error, "a connection cannot be taken");
                tokio::select! {
                    () = &mut stop => break,
                    () = sleep(PAUSE) => {}
                }
            }
        }
        service.end_streams();
        stopping.send_replace(true);
        if let Listen::Unix(path) = &self.place {
            // What cannot be removed is taken over by the next one.
            let _ = std::fs::remove_file(path);
        }
        drop(self.socket);
        let all = u32::try_from(MOST_CONNECTIONS).unwrap_or(u32::MAX);
        if timeout(LAST, connections.acquire_many(all)).await.is_err() {
            tracing::warn!("some answers were still under way; their connections are closed");
        }
    }

    async fn accept(
        &self,
        connections: &Arc<Semaphore>,
        service: &Service,
        stopped: &watch::Receiver<bool>,
    ) -> io::Result<()> {
        let permit = Arc::clone(connections).acquire_owned().await.map_err(io::Error::other)?;
        let (service, stopped) = (service.clone(), stopped.clone());
        match &self.socket {
            Socket::Tcp(socket) => {
                let (stream, _) = socket.accept().await?;
                // Without it an answer may wait for the next packet; it is no more than slow.
                let _ = stream.set_nodelay(true);
                tokio::spawn(async move {
                    converse(stream, service, stopped).await;
                    drop(permit);
                });
            }
            #[cfg(unix)]
            Socket::Unix(socket) => {
                let (stream, _) = socket.accept().await?;
                tokio::spawn(async move {
                    converse(stream, service, stopped).await;
                    drop(permit);
                });
            }
        }
        Ok(())
    }
}

/// Listens at a path, in place of a file that a process left which has ended.
#[cfg(unix)]
async fn at_path(path: &Path) -> io::Result<Socket> {
    use std::os::unix::fs::PermissionsExt as _;
    let socket = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            match UnixStream::connect(path).await {
                Err(gone) if gone.kind() == io::ErrorKind::ConnectionRefused => {
                    std::fs::remove_file(path)?;
                    UnixListener::bind(path)?
                }
                _ => return Err(error),
            }
        }
        bound => bound?,
    };
    // The settings and tokens of all websites: for the owner, and for the group if a folder lets it in.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(Socket::Unix(socket))
}

#[cfg(not(unix))]
#[expect(clippy::unused_async, reason = "waits for a connection in the other form")]
async fn at_path(_: &Path) -> io::Result<Socket> {
    Err(io::ErrorKind::Unsupported.into())
}

/// One connection, request after request.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Service,
    mut stopped: watch::Receiver<bool>,
) {
    let answer = service_fn(move |request| {
        let service = service.clone();
        async move { Ok::<_, std::convert::Infallible>(service.answer(request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(REST).max_buf_size(BUFFER);
    let connection = builder.serve_connection(TokioIo::new(Patient::new(stream)), answer);
    tokio::pin!(connection);
    let stopping = async move {
        // The place ends only after its connections.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended before its answer did");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_and_rubbish_is_refused_with_an_example() {
        let place = |text: &str| text.parse::<Listen>().map(|listen| listen.to_string());
        assert_eq!(place("127.0.0.1:1").unwrap(), "http://127.0.0.1:1");
        assert_eq!(place("localhost:1").unwrap(), "http://127.0.0.1:1");
        assert_eq!(place("[::1]:1").unwrap(), "http://[::1]:1");
        #[cfg(unix)]
        assert_eq!(place("unix:/run/a.sock").unwrap(), "unix:/run/a.sock");
        for text in ["", "8787", "unix:", "example.com:80", "http://127.0.0.1:1"] {
            assert_eq!(place(text), Err(InvalidListen), "{text}");
        }
    }

    #[test]
    fn only_loopback_and_files_are_closed_to_other_machines() {
        for (text, is_open) in
            [("127.0.0.1:1", false), ("[::1]:1", false), ("[::]:1", true), ("10.0.0.1:1", true)]
        {
            assert_eq!(text.parse::<Listen>().unwrap().is_open(), is_open, "{text}");
        }
    }
}
