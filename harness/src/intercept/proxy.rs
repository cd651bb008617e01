//! The proxy on loopback: its connections, bounded in number, bytes and time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crisp_mock_server::bounds::{INTERCEPTED_CONNECTIONS, REFUSED_HOSTS};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::hosts::Hosts;
use super::relay::{End, relay};
use super::request::{self, LONGEST_HEAD, OPENED, Verdict, judge};

/// How long a client may take for the head of its request, and for each step of what follows until bytes
/// are relayed.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the system is left alone when it has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(50);
/// The first byte of a TLS connection: a record of the handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 0x16;

/// A host that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How often it was asked for.
    pub times: u64,
}

/// What came to a proxy in vain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefusedHosts {
    /// The hosts that were refused, in the order in which they were first asked for; a bounded number.
    pub hosts: Vec<Refused>,
    /// Requests for further hosts.
    pub besides: u64,
    /// Connections to Crisp's hosts that ended before TLS was there: their clients do not take the
    /// certificate.
    pub distrusted: u64,
}

impl RefusedHosts {
    fn note(&mut self, host: String, port: u16) {
        let has_room = self.hosts.len() < REFUSED_HOSTS;
        match self.hosts.iter_mut().find(|known| known.host == host && known.port == port) {
            Some(known) => known.times += 1,
            None if has_room => self.hosts.push(Refused { host, port, times: 1 }),
            None => self.besides += 1,
        }
    }
}

/// What all proxies of an interception have in common.
pub(super) struct Shared {
    pub(super) hosts: Hosts,
    pub(super) tls: TlsAcceptor,
    pub(super) refused: Mutex<RefusedHosts>,
}

/// A listening proxy before one emulator. Dropping it ends it, with its connections.
pub struct Proxy {
    address: SocketAddr,
    emulator: SocketAddr,
    /// The task that accepts owns those of the connections.
    _accepting: JoinSet<()>,
}

impl Proxy {
    pub(super) async fn start(emulator: SocketAddr, shared: Arc<Shared>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, emulator, shared));
        Ok(Self { address, emulator, _accepting: accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where connections to Crisp's hosts end.
    #[must_use]
    pub fn emulator(&self) -> SocketAddr {
        self.emulator
    }
}

async fn accept(listener: TcpListener, emulator: SocketAddr, shared: Arc<Shared>) {
    let room = Arc::new(Semaphore::new(INTERCEPTED_CONNECTIONS));
    let mut connections = JoinSet::new();
    // Beyond the bound connections wait in the kernel's queue.
    while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, emulator, Arc::clone(&shared), permit));
            }
            // A connection that broke off before it was there, or no file descriptor is left.
            Err(_) => tokio::time::sleep(NO_ROOM).await,
        }
    }
}

async fn serve(
    mut stream: TcpStream,
    emulator: SocketAddr,
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
) {
    // A small answer waits for nothing.
    let _ = stream.set_nodelay(true);
    let Ok(Some(head)) = timeout(PATIENCE, read_head(&mut stream)).await else { return };
    match judge(&head, &shared.hosts) {
        Verdict::TunnelToEmulator => {
            if stream.write_all(OPENED).await.is_ok() {
                to_emulator(stream, emulator, &shared).await;
            }
        }
        Verdict::Forward => {
            let Some(mut server) = dial(emulator).await else { return };
            if server.write_all(&head).await.is_ok() {
                carry(stream, server).await;
            }
        }
        Verdict::Tunnel(host, port) => to_itself(stream, &host, port).await,
        Verdict::Refuse(host, port) => {
            let refusal = request::refusal(&host);
            // First: one that has the answer may end the program, which then tells what was refused.
            shared.refused.lock().note(host, port);
            say(stream, &refusal).await;
        }
        Verdict::Bad(why) => say(stream, &request::bad(why)).await,
    }
}

/// Reads up to the empty line and no byte further: what follows belongs to whom the tunnel leads to. None:
/// it ended, or is too long.
async fn read_head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::with_capacity(512);
    while head.len() < LONGEST_HEAD {
        head.push(stream.read_u8().await.ok()?);
        if head.ends_with(b"\r\n\r\n") {
            return Some(head);
        }
    }
    None
}

async fn dial(emulator: SocketAddr) -> Option<TcpStream> {
    let server = timeout(PATIENCE, TcpStream::connect(emulator)).await.ok()?.ok()?;
    let _ = server.set_nodelay(true);
    Some(server)
}

/// TLS ends here, if the client begins it; the preloads do not.
async fn to_emulator(stream: TcpStream, emulator: SocketAddr, shared: &Shared) {
    let mut first = [0];
    match timeout(PATIENCE, stream.peek(&mut first)).await {
        Ok(Ok(1)) => {}
        _ => return,
    }
    if first != [HANDSHAKE] {
        if let Some(server) = dial(emulator).await {
            carry(stream, server).await;
        }
        return;
    }
    let Ok(Ok(mut client)) = timeout(PATIENCE, shared.tls.accept(stream)).await else {
        shared.refused.lock().distrusted += 1;
        return;
    };
    let Some(server) = dial(emulator).await else { return };
    if relay(&mut client, server).await == End::Reset {
        reset(client.get_ref().0);
    }
}

async fn to_itself(mut stream: TcpStream, host: &str, port: u16) {
    match timeout(PATIENCE, TcpStream::connect((host, port))).await {
        Ok(Ok(server)) => {
            let _ = server.set_nodelay(true);
            if stream.write_all(OPENED).await.is_ok() {
                carry(stream, server).await;
            }
        }
        Ok(Err(error)) => {
            say(stream, &request::unreachable(host, port, &error.to_string())).await;
        }
        Err(_) => say(stream, &request::unreachable(host, port, "it does not answer")).await,
    }
}

async fn carry(mut client: TcpStream, server: TcpStream) {
    if relay(&mut client, server).await == End::Reset {
        reset(&client);
    }
}

/// The connection ends with an RST when it is dropped, as the emulator's did.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

/// Answers, and waits for the client to close: an early close would take the answer away with an RST.
async fn say(mut stream: TcpStream, answer: &[u8]) {
    let said = async {
        stream.write_all(answer).await?;
        stream.shutdown().await?;
        let mut scrap = [0; 1_024];
        let mut left = LONGEST_HEAD;
        while left > 0 {
            match stream.read(&mut scrap).await? {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        io::Result::Ok(())
    };
    // Of a client that went away there is nothing to say.
    let _ = timeout(PATIENCE, said).await;
}
