//! `crisp-sync judged`: the service under trial, by a clock that the judge moves.
//!
//! Speaks the client protocol (docs/client-protocol.md) on two streams. The requests to the API are
//! real; what is read and saved goes through the service's own answers, so that these are judged, too.

mod driver;
mod message;
mod mirror;
mod plugin;
mod shared;

use std::future::poll_fn;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::{Access, Service};
use driver::Driver;
use message::{Ask, Message, Start};
use mirror::Mirror;
use plugin::Plugin;
pub use plugin::PluginCommand;
pub use shared::SharedStore;

/// What the judge's readings come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JudgedBy {
    /// `GET /websites` at each reading.
    Reads,
    /// The events of `GET /changes`, applied one after another.
    Changes,
    /// What a plugin holds that follows the service.
    Plugin(PluginCommand),
    /// What a reader of the shared store holds, who asks for what is new at each reading.
    Store,
}

/// A save that is under way: the message it replies to, and its outcome.
type Saving = Pin<Box<dyn Future<Output = (u64, Result<Value, String>)> + Send>>;

/// Answers messages, one JSON object each, until there are no more or one says to stop. With a store there are replicas that
/// share it.
///
/// # Errors
/// When the output cannot be written.
pub async fn judged(
    by: JudgedBy,
    store: Option<SharedStore>,
    mut messages: mpsc::Receiver<Vec<u8>>,
    mut output: impl Write,
) -> io::Result<()> {
    let mut session = Session { by, store, plugin: None, running: None };
    loop {
        for (id, outcome) in session.settle().await {
            reply(&mut output, id, outcome)?;
        }
        let message = tokio::select! {
            biased;
            message = messages.recv() => message,
            () = session.landed() => continue,
        };
        let Some(message) = message else {
            session.end().await;
            return Ok(());
        };
        // What is no message has no number to reply to.
        let Ok(Message { id, ask }) = serde_json::from_slice(&message) else { continue };
        let stops = matches!(ask, Ask::Stop {});
        if let Some(outcome) = session.obey(id, ask).await {
            reply(&mut output, id, outcome)?;
        }
        if stops {
            return Ok(());
        }
    }
}

fn reply(output: &mut impl Write, id: u64, outcome: Result<Value, String>) -> io::Result<()> {
    let mut form = Map::from_iter([("id".to_owned(), id.into()), ("ok".to_owned(), true.into())]);
    match outcome {
        Ok(Value::Object(more)) => form.extend(more),
        Ok(_) => {}
        Err(error) => {
            form.insert("ok".to_owned(), false.into());
            form.insert("error".to_owned(), error.into());
        }
    }
    writeln!(output, "{}", Value::Object(form))?;
    output.flush()
}

struct Session {
    by: JudgedBy,
    store: Option<SharedStore>,
    /// It lives on from scenario to scenario, and follows one service after another.
    plugin: Option<Plugin>,
    running: Option<Running>,
}

/// A service that was started.
struct Running {
    service: Service,
    by_hand: Driver<IgnoredAny>,
    mirror: Option<Mirror>,
    reader: Option<crate::stores::Reader>,
    /// Whether what that one holds is what is judged.
    by_store: bool,
    saves: Vec<Saving>,
}

impl Session {
    /// Goes on with all that can go on by now; gives the saves that have ended.
    async fn settle(&mut self) -> Vec<(u64, Result<Value, String>)> {
        let mut ended = Vec::new();
        let Some(running) = &mut self.running else { return ended };
        loop {
            let mut open = Vec::new();
            for mut save in std::mem::take(&mut running.saves) {
                match poll_fn(|cx| Poll::Ready(save.as_mut().poll(cx))).await {
                    Poll::Ready(end) => ended.push(end),
                    Poll::Pending => open.push(save),
                }
            }
            running.saves = open;
            if !running.by_hand.take_all() {
                return ended;
            }
        }
    }

    async fn landed(&mut self) {
        match &mut self.running {
            Some(running) => running.by_hand.landed().await,
            None => std::future::pending().await,
        }
    }

    /// Carries an order out; none: its reply comes later.
    async fn obey(&mut self, id: u64, ask: Ask) -> Option<Result<Value, String>> {
        let running = match (ask, &mut self.running) {
            (Ask::Hello {}, _) => {
                let replicas = self.store.as_ref().map_or(1, |store| store.replicas);
                return Some(Ok(message::greeting(replicas > 1)));
            }
            (Ask::Start(start), _) => return Some(self.start(&start).await),
            (Ask::Reset {} | Ask::Stop {}, _) => {
                self.end().await;
                if let Some(plugin) = &mut self.plugin {
                    plugin.end().await;
                }
                return Some(Ok(Value::Null));
            }
            (Ask::Unknown, _) => return Some(Err("this client cannot do that".to_owned())),
            (_, None) => return Some(Err("it was not started: `start` comes first".to_owned())),
            (ask, Some(running)) => (running, ask),
        };
        let (running, ask) = running;
        match ask {
            Ask::Read {} => Some(running.read(self.plugin.as_ref()).await),
            Ask::Advance { ms, now } => {
                running.by_hand.advance(Duration::from_millis(ms), now);
                if let Err(late) = running.by_hand.rest().await {
                    return Some(Err(late));
                }
                // The clock is moved by whole milliseconds: by less it would never come to the wake.
                let whole = |wake: Duration| wake.as_nanos().div_ceil(1_000_000);
                let next = running.by_hand.next_wake().map(whole);
                let next = next.map(|millis| u64::try_from(millis).unwrap_or(u64::MAX));
                Some(Ok(json!({ "next_ms": next, "in_flight": running.by_hand.in_flight() })))
            }
            Ask::Save { website_id, settings, how } => {
                let method = if how == message::How::Put { Method::PUT } else { Method::PATCH };
                let path = format!("/websites/{website_id}/settings");
                running.saves.push(Box::pin(save(
                    running.service.clone(),
                    id,
                    method,
                    path,
                    settings,
                )));
                None
            }
            _ => None,
        }
    }

    async fn start(&mut self, start: &Start) -> Result<Value, String> {
        self.end().await;
        let config = start.config()?;
        // Each start has the store for itself.
        let name = format!("judged-{:x}", RandomState::new().hash_one(std::process::id()));
        let (cache, by_hand, reader) = match &self.store {
            Some(store) => store.start(&name, config, start.now).await?,
            None => {
                let started = crate::cache::ByHand::start(config, start.now);
                let (cache, by_hand) = started.map_err(|error| error.to_string())?;
                (cache, Driver::Alone(Box::new(by_hand)), None)
            }
        };
        let service = Service::new(cache, Access::in_process());
        let mirror = match &self.by {
            JudgedBy::Reads | JudgedBy::Store => None,
            JudgedBy::Changes => Some(Mirror::of(&service).await?),
            JudgedBy::Plugin(command) => {
                let plugin = match &mut self.plugin {
                    Some(plugin) if !command.published => plugin,
                    other => {
                        // The old one ends before there is a new one.
                        *other = None;
                        let name = self.store.as_ref().map(|_| &*name);
                        other.insert(Plugin::start(command, name).await?)
                    }
                };
                plugin.serve(&service).await?;
                None
            }
        };
        let by_store = self.by == JudgedBy::Store;
        let saves = Vec::new();
        self.running = Some(Running { service, by_hand, mirror, reader, by_store, saves });
        Ok(Value::Null)
    }

    /// Ends what was started, and removes what it left in the store.
    async fn end(&mut self) {
        let Some(Running { reader, .. }) = self.running.take() else { return };
        if let Some(mut reader) = reader {
            // What is left is left: the next trial has another name.
            let _ = reader.remove_all().await;
        }
    }
}

impl Running {
    async fn read(&mut self, plugin: Option<&Plugin>) -> Result<Value, String> {
        self.by_hand.tell();
        let (ready, _) = asked(&self.service, Method::GET, "/readyz", String::new()).await?;
        let (_, status) = asked(&self.service, Method::GET, "/status", String::new()).await?;
        let is_ready = ready == StatusCode::OK;
        let reader = self.reader.as_mut().filter(|_| self.by_store);
        let websites = match (&self.mirror, plugin) {
            _ if let Some(reader) = reader => reader.catch_up().await?,
            (Some(mirror), _) if is_ready => mirror.up_to(&status["event"]).await?,
            (None, Some(plugin)) if is_ready => match &mut self.reader {
                Some(reader) if plugin.reads_the_store() => {
                    plugin.up_to(&reader.version().await?.into()).await?
                }
                _ => plugin.up_to(&status["event"]).await?,
            },
            (None, None) if is_ready => {
                let (_, all) =
                    asked(&self.service, Method::GET, "/websites", String::new()).await?;
                let all = all["websites"].as_array().cloned().unwrap_or_default();
                all.into_iter().filter_map(mirror::named).collect()
            }
            _ => Map::new(),
        };
        Ok(json!({
            "ready": is_ready,
            "websites": websites,
            "status": { "state": status["state"], "age_ms": status["age_ms"] },
        }))
    }
}

async fn save(
    service: Service,
    id: u64,
    method: Method,
    path: String,
    settings: Value,
) -> (u64, Result<Value, String>) {
    let answered = asked(&service, method, &path, settings.to_string()).await;
    let outcome = answered.map(|(_, body)| match body["outcome"].as_str() {
        Some(outcome) => json!({ "outcome": outcome }),
        // The service itself refused it: it never was a save.
        None => json!({ "outcome": "refused" }),
    });
    (id, outcome)
}

/// A request to the service and its whole answer.
async fn asked(
    service: &Service,
    method: Method,
    path: &str,
    body: String,
) -> Result<(StatusCode, Value), String> {
    let request = Request::builder().method(method).uri(path).body(Full::from(body));
    let request = request.map_err(|error| error.to_string())?;
    let response = service.answer(request).await;
    let status = response.status();
    let Ok(body) = response.into_body().collect().await;
    let body = serde_json::from_slice(&body.to_bytes());
    Ok((status, body.map_err(|error| format!("{path} answered no JSON: {error}"))?))
}
