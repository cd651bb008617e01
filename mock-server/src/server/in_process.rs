//! The same routes without a socket: spaces, credentials and control API, one call away.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::watch;

use crate::control::ControlState;
use crate::server::router::Routes;
use crate::server::{ServerOptions, StartError};
use crate::socket::StopSignal;
use crate::spaces::{Info, Reply, Spaces};

/// An emulator that listens nowhere.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use crisp_mock_server::options::WorldOptions;
/// use crisp_mock_server::server::InProcess;
///
/// let emulator = InProcess::new(WorldOptions { websites: Some(2), ..Default::default() }.into())?;
/// let request = http::Request::get("http://localhost/_mock/websites").body("".into())?;
/// let response = emulator.answer(request).await.expect("no fault is armed");
/// assert_eq!(response.status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct InProcess {
    info: Info,
    shared: Arc<ControlState>,
    routes: Arc<Routes>,
    /// Never given; without it calls that wait would take the server for stopped.
    _stop: watch::Sender<bool>,
}

impl InProcess {
    /// Starts an emulator; the addresses in the options say what it calls itself.
    ///
    /// # Errors
    ///
    /// [`StartError::Options`] when the options do not fit.
    pub fn new(options: ServerOptions) -> Result<Self, StartError> {
        let blueprint = super::blueprint(options.world, options.reach)?;
        let public_url = options.public_url.unwrap_or_else(|| format!("http://{}", options.listen));
        let (stop, stopping) = StopSignal::new();
        let shared = Arc::new(ControlState {
            stopping,
            spaces: Spaces::new(blueprint, public_url.clone(), None),
            public_url,
            control_token: options.control_token,
            reach: options.reach,
            ready: AtomicBool::new(true),
        });
        let info = Info::of(&shared.spaces.default_space().lock(), &shared.public_url);
        let routes = Routes::new(Arc::clone(&shared), options.on_request);
        Ok(Self { info, shared, routes, _stop: stop })
    }

    /// With which credentials the default space is reached.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// All spaces.
    #[must_use]
    pub fn spaces(&self) -> &Spaces {
        &self.shared.spaces
    }

    /// What a request leads to, with everything that a fault wants done to it.
    pub async fn reply(&self, request: Request<Bytes>) -> Reply {
        Arc::clone(&self.routes).answer(request).await
    }

    /// The answer to a request, at once and whole; none when a fault withholds it.
    pub async fn answer(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        self.reply(request).await.delivery.outcome.response().cloned()
    }
}
