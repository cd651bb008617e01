//! A running service that speaks the client protocol (`--client-url`): `POST`, and the reply is the
//! body of the 200.
//!
//! There is one service, so one scenario at a time. One that can `reset` goes from scenario to
//! scenario; one that cannot is asked to `stop` after each, and has to be there again for the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crisp_mock_server::duration;
use reqwest::{StatusCode, Url};
use serde_json::Value;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use super::ask::Ask;
use super::conversation::{Channel, Conversation};
use super::http::{Http, Unanswered};
use super::log::{Log, shortened};
use super::options::{PeerOptions, ValidView};
use super::reply::Reply;
use super::view::kind;
use super::{Access, Answer, Greeting, Launcher, Peer, PeerError};

/// Between two attempts to reach a service that is not there yet.
const PAUSE: Duration = Duration::from_millis(50);

/// A service that takes part in one scenario after another.
#[derive(Debug)]
pub struct Service {
    endpoint: Arc<Endpoint>,
    /// One scenario at a time.
    turn: Arc<Semaphore>,
    view: ValidView,
    was_stopped: Arc<AtomicBool>,
}

/// Where requests are made.
#[derive(Debug)]
struct Endpoint {
    url: Url,
    http: Http,
    timeout: Duration,
    last: AtomicU64,
    log: Log,
}

impl Service {
    /// A service at this address.
    ///
    /// # Errors
    ///
    /// In words, when it is no address of a service, or the machine refuses an HTTP client.
    pub fn new(url: &str, options: &PeerOptions) -> Result<Self, String> {
        Ok(Self {
            endpoint: Arc::new(Endpoint {
                url: super::http::address(url)?,
                http: Http::new()?,
                timeout: options.timeout,
                last: AtomicU64::new(0),
                log: Log::default(),
            }),
            turn: Arc::new(Semaphore::new(1)),
            view: ValidView::of(options),
            was_stopped: Arc::default(),
        })
    }

    async fn begin(&self) -> Result<Box<dyn Peer>, PeerError> {
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        let turn = turn.map_err(|error| PeerError::NeverStarted(error.to_string()))?;
        self.endpoint.log.clear();
        let reply = self.hello().await?;
        let (greeting, view) =
            reply.greeting().map_err(|useless| PeerError::NeverStarted(useless.how()))?;
        self.view.greeted(view);
        if greeting.capabilities.reset {
            // Whatever it did before is not to be judged.
            self.endpoint.ask(&Ask::Reset, &greeting).await?;
        }
        Ok(Box::new(Conversation {
            greeting,
            view: self.view.get(),
            channel: ServiceChannel {
                endpoint: Arc::clone(&self.endpoint),
                turn: Mutex::new(Some(turn)),
                was_stopped: Arc::clone(&self.was_stopped),
            },
        }))
    }

    /// A service may take a moment to come up, and another to come back.
    async fn hello(&self) -> Result<Reply, PeerError> {
        let attempts = async {
            loop {
                match self.endpoint.ask(&Ask::HELLO, &Greeting::default()).await {
                    Err(PeerError::Stopped(why)) if why.starts_with(NOT_THERE) => {
                        tokio::time::sleep(PAUSE).await;
                    }
                    other => return other,
                }
            }
        };
        let url = &self.endpoint.url;
        let why = match tokio::time::timeout(self.endpoint.timeout, attempts).await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(
                PeerError::Stopped(why)
                | PeerError::Late(why)
                | PeerError::Refused(why)
                | PeerError::Ended { how: why, .. }
                | PeerError::NeverStarted(why),
            )) => why,
            Err(_) => format!("{NOT_THERE} within {}", duration::format(self.endpoint.timeout)),
        };
        let hint = if self.was_stopped.load(Ordering::Relaxed) {
            "it was told to `stop` after the scenario before, as it cannot `reset`; with that \
             capability it is kept"
        } else {
            "start it before; it speaks the client protocol, see docs/client-protocol.md"
        };
        Err(PeerError::NeverStarted(format!("{url} did not say hello: {why}\n  = hint: {hint}")))
    }
}

/// How the news begins that there is no service.
const NOT_THERE: &str = "nothing answers there";

impl Launcher for Service {
    fn launch<'a>(&'a self, _: &'a Access) -> Answer<'a, Box<dyn Peer>> {
        Box::pin(self.begin())
    }

    fn view(&self, settings: Option<&str>) -> Option<String> {
        self.view.get().of(settings)
    }

    fn view_in_words(&self) -> Option<String> {
        self.view.get().in_words()
    }

    fn at_most(&self) -> usize {
        1
    }
}

impl Endpoint {
    async fn ask(&self, ask: &Ask<'_>, greeting: &Greeting) -> Result<Reply, PeerError> {
        let limit = ask.limit(self.timeout, greeting);
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let op = ask.op();
        let answer = self.http.post(&self.url, ask.line(id), limit).await;
        let (status, body) = answer.map_err(|unanswered| match unanswered {
            Unanswered::NotThere(why) => PeerError::Stopped(format!("{NOT_THERE}: {why}")),
            Unanswered::Late => PeerError::Late(format!(
                "no reply to `{op}` within {} (--client-timeout)",
                duration::format(limit)
            )),
            Unanswered::Broken(why) => PeerError::Stopped(format!("no reply to `{op}`: {why}")),
        })?;
        if status != StatusCode::OK {
            self.log.note(&format!("{op}: {status} {}", shortened(&body, 300)));
            return Err(PeerError::Stopped(format!(
                "it answered `{op}` with status {status}, expected 200; a failing operation replies \
                 {{\"id\": {id}, \"ok\": false, \"error\": \"…\"}}\n  it wrote: {}",
                shortened(&body, 300)
            )));
        }
        reply(op, id, &body)?.fine(op)
    }
}

/// The body of a 200 as a reply.
fn reply(op: &str, id: u64, body: &str) -> Result<Reply, PeerError> {
    let wrong = |got: String| {
        PeerError::Stopped(format!(
            "its reply to `{op}` cannot be used: {got}, expected an object with `\"id\": {id}`\n  it \
             wrote: {}",
            shortened(body, 300)
        ))
    };
    let members = match serde_json::from_str(body) {
        Ok(Value::Object(members)) => members,
        Ok(other) => return Err(wrong(format!("it is {}", kind(&other)))),
        Err(error) => return Err(wrong(format!("it is no JSON ({error})"))),
    };
    match members.get("id") {
        None => Err(wrong("`id` is missing".to_owned())),
        Some(other) if other.as_f64() != Value::from(id).as_f64() => {
            Err(wrong(format!("`id` is {}", shortened(&other.to_string(), 40))))
        }
        Some(_) => Ok(Reply::new(body, members)),
    }
}

/// The service in one scenario.
struct ServiceChannel {
    endpoint: Arc<Endpoint>,
    turn: Mutex<Option<OwnedSemaphorePermit>>,
    was_stopped: Arc<AtomicBool>,
}

impl Channel for ServiceChannel {
    async fn ask(&self, ask: &Ask<'_>, greeting: &Greeting) -> Result<Reply, PeerError> {
        self.endpoint.ask(ask, greeting).await
    }

    async fn end(&self, greeting: &Greeting) -> Result<(), PeerError> {
        let Some(_turn) = self.turn.lock().await.take() else {
            return Ok(());
        };
        let last = if greeting.capabilities.reset {
            Ask::Reset
        } else {
            self.was_stopped.store(true, Ordering::Relaxed);
            Ask::Stop
        };
        // Its last reply is not judged.
        let _ = self.endpoint.ask(&last, greeting).await;
        Ok(())
    }

    fn log(&self) -> Vec<String> {
        self.endpoint.log.lines()
    }
}
