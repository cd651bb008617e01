//! The emulator as a server: spaces behind sockets.
//!
//! # Examples
//!
//! One line in a test starts a server on a free port; dropping it stops it.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use crisp_mock_server::server::{MockServer, ServerOptions};
//!
//! let server = MockServer::start(ServerOptions::default()).await?;
//! let info = server.info();
//! assert!(info.rest_url.ends_with("/v1/"));
//! server.stop().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod head;
mod in_process;
mod router;
mod space_listener;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use in_process::InProcess;
pub use space_listener::SpaceListener;

use router::Routes;

use crate::control::ControlState;
use crate::hooks::Reach;
use crate::options::{self, Blueprint, OptionError, WorldOptions};
use crate::sender;
use crate::socket::{HttpServer, Limits, StopSignal};
use crate::spaces::{Activity, Info, Listener, Reply, Spaces};

/// How often unused spaces are looked for.
const EXPIRY_CHECK: Duration = Duration::from_secs(5);

/// Where a server listens, and what it starts with.
#[derive(Clone)]
pub struct ServerOptions {
    /// The address; port 0 is any free one. `127.0.0.1:0` by default.
    pub listen: SocketAddr,
    /// A second address, used if it can be had.
    pub also_listen: Option<SocketAddr>,
    /// An address with port 80, on which Crisp's Go client finds sockets.
    pub rtm_listen: Option<SocketAddr>,
    /// The default space.
    pub world: WorldOptions,
    /// The token that every control call has to bring.
    pub control_token: Option<String>,
    /// What to call itself; by default the address it listens on.
    pub public_url: Option<String>,
    /// Called for every request to the REST API.
    pub on_request: Option<Listener>,
    /// Which addresses web hooks may go to.
    pub reach: Reach,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            also_listen: None,
            rtm_listen: None,
            world: WorldOptions::default(),
            control_token: None,
            public_url: None,
            on_request: None,
            reach: Reach::default(),
        }
    }
}

impl From<WorldOptions> for ServerOptions {
    fn from(world: WorldOptions) -> Self {
        Self { world, ..Self::default() }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The options do not fit; all problems at once.
    #[error("{}", all(.0))]
    Options(Vec<OptionError>),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The address for the Go client's sockets cannot be listened on.
    #[error("cannot listen on {address} for the RTM API: {source}")]
    Rtm {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// The host of an address that is listened on; of one that stands for all of the machine's, the host
/// of the public address.
fn portless(address: SocketAddr, public_url: &str) -> Arc<str> {
    let public = public_url.parse::<http::Uri>().ok();
    let host = public.as_ref().and_then(http::Uri::host);
    match (address.ip(), host) {
        (ip, Some(host)) if ip.is_unspecified() => host.into(),
        (IpAddr::V6(ip), _) => format!("[{ip}]").into(),
        (ip, _) => ip.to_string().into(),
    }
}

/// An address that can be dialled: a server that listens on all addresses of the machine is reached by
/// loopback.
#[must_use]
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

fn all(errors: &[OptionError]) -> String {
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    texts.join("\n")
}

/// A world whose web hooks go no further than they may.
fn blueprint(world: WorldOptions, reach: Reach) -> Result<Blueprint, StartError> {
    let far = options::unreachable_hook(&world, reach);
    let blueprint = Blueprint::new(world);
    match (blueprint, far) {
        (Ok(blueprint), None) => Ok(blueprint),
        (blueprint, far) => {
            let errors = blueprint.err().unwrap_or_default().into_iter().chain(far);
            Err(StartError::Options(errors.collect()))
        }
    }
}

/// Addresses that are bound and not served yet.
#[derive(Debug)]
pub struct Bound {
    listeners: Vec<TcpListener>,
    address: SocketAddr,
    rtm: Option<SocketAddr>,
}

impl Bound {
    /// Takes the address on which Crisp's Go client finds sockets, too: it dials port 80.
    ///
    /// # Errors
    ///
    /// [`StartError::Rtm`] when it cannot be listened on.
    pub async fn with_rtm(mut self, address: SocketAddr) -> Result<Self, StartError> {
        let bind = |source| StartError::Rtm { address, source };
        self.listeners.push(TcpListener::bind(address).await.map_err(bind)?);
        self.rtm = Some(address);
        Ok(self)
    }
}

/// A running emulator. Dropping it stops it.
pub struct MockServer {
    info: Info,
    addresses: Vec<SocketAddr>,
    shared: Arc<ControlState>,
    routes: Arc<Routes>,
    activity: Arc<Activity>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl MockServer {
    /// Starts a server; when this returns it accepts requests and its websites are there.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the options do not fit or the address cannot be listened on.
    pub async fn start(options: ServerOptions) -> Result<Self, StartError> {
        let mut bound = Self::bind(options.listen, options.also_listen).await?;
        if let Some(address) = options.rtm_listen {
            bound = bound.with_rtm(address).await?;
        }
        Self::start_on(bound, options)
    }

    /// Takes addresses without serving them yet: for a program that changes files of its own only
    /// once it is sure of its port.
    ///
    /// # Errors
    ///
    /// [`StartError::Bind`] when `address` cannot be listened on; `also` is used if it can be had.
    pub async fn bind(address: SocketAddr, also: Option<SocketAddr>) -> Result<Bound, StartError> {
        let bind = |source| StartError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let mut listeners = vec![listener];
        if let Some(mut also) = also {
            also.set_port(if also.port() == 0 { address.port() } else { also.port() });
            listeners.extend(TcpListener::bind(also).await.ok());
        }
        Ok(Bound { listeners, address, rtm: None })
    }

    /// Starts a server on addresses that are bound; those in the options are not looked at.
    ///
    /// # Errors
    ///
    /// [`StartError::Options`] when the options do not fit.
    pub fn start_on(bound: Bound, options: ServerOptions) -> Result<Self, StartError> {
        let blueprint = blueprint(options.world, options.reach)?;
        let Bound { listeners, address, rtm } = bound;
        let addresses =
            listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
        let public_url = options.public_url.unwrap_or_else(|| format!("http://{address}"));
        let public_url = public_url.trim_end_matches('/').to_owned();
        let (stop, stopped) = StopSignal::new();
        let shared = Arc::new(ControlState {
            stopping: stopped.clone(),
            spaces: Spaces::new(
                blueprint,
                public_url.clone(),
                rtm.map(|rtm| portless(rtm, &public_url)),
            ),
            public_url,
            control_token: options.control_token,
            reach: options.reach,
            ready: AtomicBool::new(true),
        });
        let info = Info::of(&shared.spaces.default_space().lock(), &shared.public_url);
        sender::start(shared.spaces.default_space(), options.reach, stopped.clone());
        let activity = Activity::start();
        let routes = Routes::new(Arc::clone(&shared), options.on_request);
        let mut tasks = serve(listeners, &routes, &activity, &stopped);
        tasks.push(tokio::spawn(sweep(Arc::clone(&shared), stopped)));
        Ok(Self { info, addresses, shared, routes, activity, stop, tasks })
    }

    /// Where the default space is reached, and with which credentials.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The addresses that it listens on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What could not be done at the start, for people to read.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.shared.spaces.default_space().lock().warnings.clone()
    }

    /// All spaces, for tests in the same process.
    #[must_use]
    pub fn spaces(&self) -> &Spaces {
        &self.shared.spaces
    }

    /// The same, to be read after the server has stopped.
    #[must_use]
    pub fn shared_spaces(&self) -> impl std::ops::Deref<Target = Spaces> + use<> {
        SharedSpaces(Arc::clone(&self.shared))
    }

    /// For how long no request of any kind came in, and no answer was due.
    #[must_use]
    pub fn idle_for(&self) -> Duration {
        self.activity.idle_for()
    }

    /// Stops accepting, finishes the answers in flight, and returns.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await; // a task that was aborted has stopped, too
        }
    }
}

struct SharedSpaces(Arc<ControlState>);

impl std::ops::Deref for SharedSpaces {
    type Target = Spaces;

    fn deref(&self) -> &Spaces {
        &self.0.spaces
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Serves listeners, each in a task of its own, until the stop.
fn serve(
    listeners: Vec<TcpListener>,
    routes: &Arc<Routes>,
    activity: &Arc<Activity>,
    stopped: &StopSignal,
) -> Vec<JoinHandle<()>> {
    let (asked, routes, activity) = (Arc::clone(routes), Arc::clone(routes), Arc::clone(activity));
    let wants_body =
        Arc::new(move |request: &http::Request<bytes::Bytes>| asked.wants_body(request));
    let service = move |request| {
        let (under_way, routes) = (activity.begin(), Arc::clone(&routes));
        async move {
            let reply = routes.answer(head::checked(request)).await;
            Reply { under_way: Some(under_way), ..reply }
        }
    };
    let server = Arc::new(HttpServer::new(service, Limits::default()).asking(wants_body));
    listeners
        .into_iter()
        .map(|listener| {
            let (server, mut stopped) = (Arc::clone(&server), stopped.clone());
            tokio::spawn(async move { server.serve(listener, stopped.stopped()).await })
        })
        .collect()
}

/// Looks for unused spaces until the stop.
async fn sweep(shared: Arc<ControlState>, mut stopped: StopSignal) {
    let sweep = async {
        loop {
            tokio::time::sleep(EXPIRY_CHECK).await;
            shared.spaces.remove_expired();
        }
    };
    tokio::select! {
        () = sweep => {}
        () = stopped.stopped() => {}
    }
}
