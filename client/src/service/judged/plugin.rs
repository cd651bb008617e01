//! A plugin that follows the service, as another program: what it holds is what is judged.

use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::net::{TcpListener, UdpSocket};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::service::{Bound, Listen, Service};

/// So long the plugin may take to be where the service is; an interpreter has to start first.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(2);
/// Stands for a free port, which the plugin finds as `PORT`.
const PORT: &str = "{port}";

/// How a plugin is started, and where it shows what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginCommand {
    /// The program and its arguments.
    pub words: Vec<OsString>,
    /// Where `GET` answers `{"event": …, "websites": {"<website_id>": {"settings": …, "token": …}}}`:
    /// the event of `/changes` that it applied last, and what it holds. `{port}` is a free port.
    pub read: String,
    /// Whether it reads the shared store, under the name in `CRISP_STORE_NAME`. Then it shows `"version"`, that of the last batch which
    /// it applied, in place of the event; and it is started anew for each service.
    pub published: bool,
}

/// A plugin that lives for the whole trial, and the service that it follows at present.
pub(super) struct Plugin {
    /// Ends when it is dropped.
    _child: Child,
    http: reqwest::Client,
    read: String,
    /// Whether it reads the store, and not the service.
    published: bool,
    listen: Listen,
    served: Option<(Service, JoinHandle<()>)>,
    /// Where the service is, and the plugin.
    _held: [Port; 2],
}

impl Plugin {
    /// Starts the plugin, for the store of this name if there is one.
    pub(super) async fn start(command: &PluginCommand, name: Option<&str>) -> Result<Self, String> {
        let (service, own) = (Port::free().await?, Port::free().await?);
        let (program, arguments) =
            command.words.split_first().ok_or("no command: write `judged --read URL -- CMD`")?;
        let child = Command::new(program)
            .args(arguments)
            .envs(name.map(|name| ("CRISP_STORE_NAME", name)))
            .env("CRISP_SYNC_URL", format!("http://127.0.0.1:{}", service.number))
            .env("PORT", own.number.to_string())
            .stdin(Stdio::null())
            // Replies go to stdout, and nothing else.
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let named = program.display();
        let child = child.map_err(|error| format!("{named} cannot be started: {error}"))?;
        let http = crate::transport::builder(crate::Timeouts::default()).no_proxy().build();
        Ok(Self {
            _child: child,
            http: http.map_err(|error| error.to_string())?,
            read: command.read.replace(PORT, &own.number.to_string()),
            published: command.published,
            listen: Listen::Tcp((Ipv4Addr::LOCALHOST, service.number).into()),
            served: None,
            _held: [service, own],
        })
    }

    pub(super) fn reads_the_store(&self) -> bool {
        self.published
    }

    /// What says how far it is: the last event, or the version of the store.
    fn mark(&self) -> &'static str {
        if self.published { "version" } else { "event" }
    }

    /// Puts a service in the place of the one before, as a restart does.
    pub(super) async fn serve(&mut self, service: &Service) -> Result<(), String> {
        self.end().await;
        let bound = Bound::new(&self.listen).await.map_err(|error| error.to_string())?;
        let serving = bound.serve(service.clone(), std::future::pending());
        self.served = Some((service.clone(), tokio::spawn(serving)));
        Ok(())
    }

    /// Ends the service that is there; its place is free then.
    pub(super) async fn end(&mut self) {
        if let Some((service, serving)) = self.served.take() {
            service.end_streams();
            serving.abort();
            // It was told to.
            let _ = serving.await;
        }
    }

    /// What it holds once it applied this event, or the batch of this version.
    pub(super) async fn up_to(&self, event: &Value) -> Result<Map<String, Value>, String> {
        let reached = async {
            loop {
                if let Some(held) = self.look(event).await {
                    return held;
                }
                sleep(PAUSE).await;
            }
        };
        let late = |_| format!("the plugin never came to {} {event} at {}", self.mark(), self.read);
        timeout(PATIENCE, reached).await.map_err(late)
    }

    async fn look(&self, event: &Value) -> Option<Map<String, Value>> {
        let answer = self.http.get(&self.read).send().await.ok()?;
        let mut held = answer.json::<Map<String, Value>>().await.ok()?;
        match held.remove("websites") {
            Some(Value::Object(websites)) if held.get(self.mark()) == Some(event) => Some(websites),
            _ => None,
        }
    }
}

/// A port, while this lives.
///
/// It lies below those that systems hand out by themselves, so that no other socket gets it before the plugin
/// has it. Other trials on the machine find its UDP socket and leave it alone, while nothing listens there too;
/// TCP is free for the plugin or the service.
struct Port {
    number: u16,
    _held: UdpSocket,
}

impl Port {
    /// One on which nothing listens.
    async fn free() -> Result<Self, String> {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        // Programs that run side by side start their search far apart.
        let start = std::process::id().wrapping_mul(61);
        for _ in 0..10_000 {
            let offset = start.wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed)) % 10_000;
            let number = u16::try_from(20_000 + offset).unwrap_or(u16::MAX);
            let Ok(held) = UdpSocket::bind((Ipv4Addr::LOCALHOST, number)).await else { continue };
            if TcpListener::bind((Ipv4Addr::LOCALHOST, number)).await.is_ok() {
                return Ok(Self { number, _held: held });
            }
        }
        Err("no port from 20000 to 29999 is free".to_owned())
    }
}
