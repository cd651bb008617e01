//! A client outside that is in truth inside: a pure client of the harness on real sockets, by the
//! machine's clock or by one that is moved by hand.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use crisp_harness::peer::{
    Access, Advanced, Answer, Capabilities, Greeting, Launcher, Peer, PeerError, Reading, SaveOrder,
};
use crisp_harness::scenario::{SaveEnd, Setting};
use crisp_harness::subject::{Action, Client, Event, Held, Moment, RequestId, Setup, Subject};
use crisp_mock_server::id::WebsiteId;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// They take over whatever a scenario sets.
const SETTINGS: [Setting; 5] = [
    Setting::Overlap,
    Setting::RelistEvery,
    Setting::LongestGap,
    Setting::RequestTimeout,
    Setting::Quota,
];

/// Starts such clients.
pub struct Driven<C> {
    pub client: Arc<C>,
    pub manual: bool,
}

impl<C: Client + 'static> Launcher for Driven<C> {
    fn launch<'a>(&'a self, access: &'a Access) -> Answer<'a, Box<dyn Peer>> {
        Box::pin(async move {
            let about = self.client.about(&access.client);
            let greeting = Greeting {
                name: about.name,
                version: about.version,
                capabilities: Capabilities {
                    save: about.abilities.saves,
                    own_page: false,
                    tokens: about.abilities.tokens,
                    status: about.abilities.status,
                    manual_clock: self.manual,
                    reset: false,
                },
                timeout: Some(about.declared.request_timeout),
                backoff_max: Some(about.declared.refused_cap),
                relist: about.declared.relist_every,
                overlap: Some(about.declared.overlap),
                takes: SETTINGS.to_vec(),
            };
            Ok(Box::new(DrivenPeer {
                client: self.client.clone(),
                manual: self.manual,
                greeting,
                state: Arc::default(),
            }) as Box<dyn Peer>)
        })
    }

    fn view(&self, settings: Option<&str>) -> Option<String> {
        Some(settings.unwrap_or("{}").to_owned())
    }

    fn view_in_words(&self) -> Option<String> {
        None
    }
}

struct DrivenPeer<C> {
    client: Arc<C>,
    manual: bool,
    greeting: Greeting,
    state: Arc<Mutex<Option<State>>>,
}

type Landed = (RequestId, Option<Response<Bytes>>);

struct State {
    subject: Box<dyn Subject>,
    host: SocketAddr,
    elapsed: Duration,
    wall: Timestamp,
    websites: HashMap<WebsiteId, Held>,
    ready: bool,
    flights: HashMap<RequestId, tokio::task::AbortHandle>,
    land: mpsc::UnboundedSender<Landed>,
    landed: Option<mpsc::UnboundedReceiver<Landed>>,
    saves: HashMap<u64, oneshot::Sender<SaveEnd>>,
    tickets: u64,
    /// Rings when the next wake may be another.
    stirred: mpsc::UnboundedSender<()>,
}

fn gone() -> PeerError {
    PeerError::Stopped("it was stopped".to_owned())
}

impl<C> DrivenPeer<C> {
    fn state(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn take(&mut self, event: Event) {
        let now = Moment { elapsed: self.elapsed, wall: self.wall };
        let mut actions = Vec::new();
        self.subject.handle(now, event, &mut actions);
        for action in actions {
            match action {
                Action::Send(id, request) => {
                    let (land, host) = (self.land.clone(), self.host);
                    let flight = tokio::spawn(async move {
                        let _ = land.send((id, exchange(host, request).await));
                    });
                    self.flights.insert(id, flight.abort_handle());
                }
                Action::Abandon(id) => {
                    if let Some(flight) = self.flights.remove(&id) {
                        flight.abort();
                    }
                }
                Action::Shows(id, held) => {
                    match held {
                        Some(held) => self.websites.insert(id, held),
                        None => self.websites.remove(&id),
                    };
                }
                Action::Ready => self.ready = true,
                Action::Socket(_) => unreachable!("this client opens no socket"),
                Action::SaveEnded(ticket, end) => {
                    if let Some(save) = self.saves.remove(&ticket) {
                        let _ = save.send(end);
                    }
                }
            }
        }
    }

    fn land(&mut self, (id, response): Landed) {
        if self.flights.remove(&id).is_some() {
            self.take(match response {
                Some(response) => Event::Answer(id, response),
                None => Event::Failed(id),
            });
        }
    }

    fn wake_if_due(&mut self) {
        if self.subject.next_wake().is_some_and(|wake| wake <= self.elapsed) {
            self.take(Event::Tick);
        }
    }
}

impl<C: Client + 'static> Peer for DrivenPeer<C> {
    fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    fn start<'a>(&'a self, access: &'a Access) -> Answer<'a, ()> {
        Box::pin(async move {
            let setup = Setup {
                base: access.rest_url.clone(),
                identifier: access.identifier.clone(),
                key: access.key.clone(),
                client: access.client.clone(),
            };
            let now = Moment { elapsed: Duration::ZERO, wall: access.now };
            let (land, landed) = mpsc::unbounded_channel();
            let (stirred, stirs) = mpsc::unbounded_channel();
            *self.state() = Some(State {
                subject: self.client.start(&setup, now),
                host: access.rest_host.trim_start_matches("http://").parse().unwrap(),
                elapsed: Duration::ZERO,
                wall: access.now,
                websites: HashMap::new(),
                ready: false,
                flights: HashMap::new(),
                land,
                landed: Some(landed),
                saves: HashMap::new(),
                tickets: 0,
                stirred,
            });
            if !self.manual {
                tokio::spawn(live(Arc::clone(&self.state), access.now, stirs));
            }
            Ok(())
        })
    }

    fn read(&self) -> Answer<'_, Reading> {
        Box::pin(async move {
            let state = self.state();
            let state = state.as_ref().ok_or_else(gone)?;
            let now = Moment { elapsed: state.elapsed, wall: state.wall };
            Ok(Reading {
                ready: state.ready,
                websites: state.websites.clone().into_iter().collect(),
                status: state.subject.status(now),
            })
        })
    }

    fn save<'a>(&'a self, order: SaveOrder<'a>) -> Answer<'a, SaveEnd> {
        let SaveOrder { website, settings, token, how } = order;
        Box::pin(async move {
            let ended = {
                let mut state = self.state();
                let state = state.as_mut().ok_or_else(gone)?;
                let (end, ended) = oneshot::channel();
                state.tickets += 1;
                let ticket = state.tickets;
                state.saves.insert(ticket, end);
                state.take(Event::Save {
                    ticket,
                    website,
                    settings: settings.to_owned(),
                    token,
                    how,
                });
                let _ = state.stirred.send(());
                ended
            };
            ended.await.map_err(|_| gone())
        })
    }

    fn advance(&self, by: Duration, now: Timestamp) -> Answer<'_, Advanced> {
        Box::pin(async move {
            let mut state = self.state();
            let state = state.as_mut().ok_or_else(gone)?;
            state.elapsed += by;
            state.wall = now;
            while let Some(landed) = state.landed.as_mut().and_then(|all| all.try_recv().ok()) {
                state.land(landed);
            }
            state.wake_if_due();
            let next = state.subject.next_wake();
            Ok(Advanced {
                next: next.map(|next| next.saturating_sub(state.elapsed)),
                in_flight: u32::try_from(state.flights.len()).unwrap(),
                asked: None,
                activity: None,
                sockets: None,
            })
        })
    }

    fn reset(&self) -> Answer<'_, ()> {
        Box::pin(async { Err(PeerError::Refused("it cannot".to_owned())) })
    }

    fn stop(&self) -> Answer<'_, ()> {
        Box::pin(async {
            if let Some(state) = self.state().take() {
                state.flights.into_values().for_each(|flight| flight.abort());
            }
            Ok(())
        })
    }

    fn log(&self) -> Vec<String> {
        vec!["driven".to_owned()]
    }
}

/// Lets a client live by the machine's clock.
async fn live(
    shared: Arc<Mutex<Option<State>>>,
    start: Timestamp,
    mut stirs: mpsc::UnboundedReceiver<()>,
) {
    let began = Instant::now();
    let landed = shared.lock().unwrap().as_mut().and_then(|state| state.landed.take());
    let Some(mut landed) = landed else { return };
    loop {
        let wake = {
            let mut state = shared.lock().unwrap();
            let Some(state) = state.as_mut() else { return };
            state.elapsed = began.elapsed();
            state.wall = start + SignedDuration::try_from(state.elapsed).unwrap();
            state.wake_if_due();
            state.subject.next_wake()
        };
        let wake = began + wake.unwrap_or(Duration::from_secs(3600));
        let landing = tokio::select! {
            landing = landed.recv() => landing,
            _ = stirs.recv() => None,
            () = sleep_until(wake) => None,
        };
        if let (Some(landing), Some(state)) = (landing, shared.lock().unwrap().as_mut()) {
            state.elapsed = began.elapsed();
            state.wall = start + SignedDuration::try_from(state.elapsed).unwrap();
            state.land(landing);
        }
    }
}

/// One request on a connection of its own; none when no whole answer came.
async fn exchange(host: SocketAddr, request: Request<Bytes>) -> Option<Response<Bytes>> {
    let stream = TcpStream::connect(host).await.ok()?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let connection = tokio::spawn(connection);
    let _ending = Ending(connection.abort_handle());
    let (mut head, body) = request.into_parts();
    head.uri = head.uri.path_and_query()?.as_str().parse().ok()?;
    head.headers.insert("host", host.to_string().parse().ok()?);
    let answer = sender.send_request(Request::from_parts(head, Full::new(body))).await.ok()?;
    let (head, body) = answer.into_parts();
    Some(Response::from_parts(head, body.collect().await.ok()?.to_bytes()))
}

/// Ends a connection with its exchange.
struct Ending(tokio::task::AbortHandle);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.abort();
    }
}
