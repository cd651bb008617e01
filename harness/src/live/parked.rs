//! A client outside in virtual time. Its requests come in over a socket of their own and are parked
//! here; the world sends them to the emulator, decides when each answer arrives, and then it goes out
//! for real. Between two moments nothing moves: the client is asked to advance by nothing until it
//! waits for exactly the requests that are parked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::fault::{Delivery, Outcome};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::socket::{HttpServer, Limits};
use crisp_mock_server::spaces::{Frames, Relay, Reply};
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::client_side::in_time;
use super::saves::Saves;
use super::sockets::{self, Sockets, is_handshake};
use super::virtual_time::{ByHand, Shared};
use crate::peer::{Peer, PeerError, Reading, SaveOrder};
use crate::subject::{Action, Event, Held, Moment, ReportedStatus, Subject};
use crate::words::RequestId;

/// How long to wait for something to come in over a socket before asking the client again.
const A_MOMENT: Duration = Duration::from_millis(2);
/// How long a client that does not say how much it has sent may take to give one request up and send another: the
/// number of answers that it waits for is the same before and after.
const AN_EXCHANGE: Duration = Duration::from_millis(100);

/// A request that has come in and is not answered.
struct Parked {
    request: Request<Bytes>,
    answer: oneshot::Sender<Reply>,
}

/// A socket on which nothing is answered before the world says so.
pub(super) struct Requests {
    pub(super) url: String,
    arrived: mpsc::UnboundedReceiver<Parked>,
    serving: AbortHandle,
    parked: HashMap<u64, oneshot::Sender<Reply>>,
    /// How many have come in.
    count: u64,
    /// How requests end that get no whole answer.
    endings: HashMap<u64, Outcome>,
}

impl Requests {
    pub(super) async fn listen() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (arrivals, arrived) = mpsc::unbounded_channel();
        let server = HttpServer::new(
            move |request| {
                let (answer, answered) = oneshot::channel();
                // Without a world there is no answer.
                let _ = arrivals.send(Parked { request, answer });
                async move { answered.await.unwrap_or_else(|_| ends(Outcome::Reset).into()) }
            },
            Limits::default(),
        );
        let serve = async move { server.serve(listener, std::future::pending()).await };
        Ok(Self {
            url,
            arrived,
            serving: tokio::spawn(serve).abort_handle(),
            parked: HashMap::new(),
            count: 0,
            endings: HashMap::new(),
        })
    }

    fn answer(&mut self, id: RequestId, outcome: Outcome, frames: Option<Relay>) {
        if let Some(parked) = self.parked.remove(&id.0) {
            let socket = frames.map(Frames::Relay);
            // A client that has left in the meantime wants nothing.
            let _ = parked.send(Reply { socket, ..ends(outcome).into() });
        }
    }

    fn fail(&mut self, id: RequestId) {
        let outcome = self.endings.remove(&id.0).unwrap_or(Outcome::Reset);
        self.answer(id, outcome, None);
    }

    fn park(&mut self, parked: Parked, actions: &mut Vec<Action>) {
        self.count += 1;
        self.parked.insert(self.count, parked.answer);
        actions.push(Action::Send(RequestId(self.count), parked.request));
    }

    /// Takes in what has come up to now, and drops what was given up: its connection is gone.
    fn take_all(&mut self, actions: &mut Vec<Action>) {
        while let Ok(parked) = self.arrived.try_recv() {
            self.park(parked, actions);
        }
        let gone = self.parked.iter().filter(|(_, parked)| parked.is_closed());
        let mut gone: Vec<_> = gone.map(|(id, _)| *id).collect();
        gone.sort_unstable();
        for id in gone {
            self.parked.remove(&id);
            actions.push(Action::Abandon(RequestId(id)));
        }
    }

    /// Waits a moment for a request; says whether one came.
    async fn next(&mut self, actions: &mut Vec<Action>) -> bool {
        let arrived = timeout(A_MOMENT, self.arrived.recv()).await.ok().flatten();
        let came = arrived.is_some();
        if let Some(parked) = arrived {
            self.park(parked, actions);
        }
        came
    }

    /// Whether a request comes in or is given up soon, with the clock standing still.
    async fn exchanges(&mut self, actions: &mut Vec<Action>) -> bool {
        let until = Instant::now() + AN_EXCHANGE;
        while Instant::now() < until {
            if self.next(actions).await || self.parked.values().any(oneshot::Sender::is_closed) {
                return true;
            }
        }
        false
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn ends(outcome: Outcome) -> Delivery {
    Delivery { hold: Duration::ZERO, outcome, after_next: None }
}

/// An answer that breaks off where this one ends: a byte is declared that never comes.
fn cut_off(begun: Response<Bytes>) -> Outcome {
    let bytes = begun.body().len() as u64;
    let longer = |body: Bytes| [&body[..], b"}"].concat().into();
    Outcome::Cut { response: begun.map(longer), bytes, pace: None }
}

/// The client as the world knows it.
pub(super) struct ParkedClient {
    peer: Arc<dyn Peer>,
    requests: Requests,
    sockets: Sockets,
    patience: Duration,
    runtime: Arc<Runtime>,
    shared: Arc<Shared>,
    saves: Saves,
    /// What its clock shows.
    elapsed: Duration,
    wall: Option<Timestamp>,
    /// Whether it is at rest, and nothing has reached it since.
    at_rest: bool,
    /// What it last said of its activity, and what it had said when its cache was read.
    activity: Option<u64>,
    read_at: Option<u64>,
    next: Option<Duration>,
    shown: HashMap<WebsiteId, Held>,
    ready: bool,
    status: Option<ReportedStatus>,
}

impl ParkedClient {
    pub(super) fn new(
        peer: Arc<dyn Peer>,
        requests: Requests,
        patience: Duration,
        elapsed: Duration,
        client: &ByHand,
    ) -> Self {
        Self {
            peer,
            requests,
            sockets: Sockets::default(),
            patience,
            runtime: Arc::clone(&client.runtime),
            shared: Arc::clone(&client.shared),
            saves: Saves::default(),
            elapsed,
            wall: None,
            at_rest: false,
            activity: None,
            read_at: None,
            next: Some(elapsed),
            shown: HashMap::new(),
            ready: false,
            status: None,
        }
    }

    async fn step(
        &mut self,
        now: Moment,
        event: Event,
        actions: &mut Vec<Action>,
    ) -> Result<(), PeerError> {
        let mut sends = Vec::new();
        self.settle(now, &mut sends).await?;
        self.at_rest = matches!(event, Event::Tick);
        match event {
            Event::Tick => {}
            Event::Answer(id, response) => {
                let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
                let frames = switches.then(|| self.sockets.begin());
                let response = sockets::found_at(&self.requests.url, response);
                self.requests.answer(id, Outcome::Answer(response), frames);
            }
            Event::Failed(id) => self.requests.fail(id),
            Event::Socket(event) => self.sockets.happens(event),
            Event::Save { ticket, website, settings, token, how } => {
                let peer = Arc::clone(&self.peer);
                let save = async move {
                    let order = SaveOrder { website, settings: &settings, token, how };
                    peer.save(order).await
                };
                self.saves.begin(ticket, save);
            }
        }
        // What a save left in the cache is what is read after its end: one that ends meanwhile has it read again.
        let mut ended = usize::MAX;
        while ended != self.saves.go_on().await {
            self.settle(now, &mut sends).await?;
            ended = self.saves.go_on().await;
            self.read(now, actions, &mut sends).await?;
        }
        actions.append(&mut self.saves.ends()?);
        // Asked for because of what is shown by now.
        actions.append(&mut sends);
        Ok(())
    }

    /// Looks at the client's cache, unless the client has done nothing since: it holds the same then.
    async fn read(
        &mut self,
        now: Moment,
        actions: &mut Vec<Action>,
        sends: &mut Vec<Action>,
    ) -> Result<(), PeerError> {
        if self.activity.is_some() && self.read_at == self.activity {
            return Ok(());
        }
        let reading = in_time(self.patience, "read", self.peer.read()).await?;
        self.show(reading, actions);
        self.at_rest = false;
        if self.activity.is_some() {
            // To be read is an activity, too.
            self.settle(now, sends).await?;
            self.read_at = self.activity;
        }
        Ok(())
    }

    /// Moves the client's clock to now, and waits until it does nothing but wait.
    async fn settle(&mut self, now: Moment, actions: &mut Vec<Action>) -> Result<(), PeerError> {
        let stands = self.elapsed == now.elapsed && self.wall == Some(now.wall);
        if stands && self.at_rest && self.activity.is_some() {
            return Ok(());
        }
        let (late, first) = (Instant::now() + self.patience, actions.len());
        let awake = self.next.is_some_and(|next| next <= now.elapsed);
        let mut may_exchange = awake && !self.requests.parked.is_empty();
        let mut by = now.elapsed.saturating_sub(self.elapsed);
        (self.elapsed, self.wall) = (now.elapsed, Some(now.wall));
        loop {
            self.saves.go_on().await;
            let advanced =
                in_time(self.patience, "advance", self.peer.advance(by, now.wall)).await?;
            by = Duration::ZERO;
            self.requests.take_all(actions);
            let waits_for = usize::try_from(advanced.in_flight).unwrap_or(usize::MAX);
            let is_settled = self.sockets.is_settled(advanced.sockets.as_deref());
            if waits_for == self.requests.parked.len() && is_settled {
                // Where all that it has sent is here, it has sent nothing in place of what it gave up.
                may_exchange &= advanced.asked != Some(self.requests.count);
                if std::mem::take(&mut may_exchange) && self.requests.exchanges(actions).await {
                    continue;
                }
                self.next = advanced.next.map(|next| now.elapsed.saturating_add(next));
                (self.at_rest, self.activity) = (true, advanced.activity);
                self.take_frames(first, advanced.sockets.is_some(), actions);
                return Ok(());
            }
            if Instant::now() > late {
                if !is_settled {
                    self.shared.doubt(sockets::UNREAD);
                }
                return Err(PeerError::Late(match is_settled {
                    true => format!(
                        "it says that it waits for {waits_for} answers, and {} are held back",
                        self.requests.parked.len()
                    ),
                    false => sockets::UNREAD.to_owned(),
                }));
            }
            tokio::select! {
                _ = self.requests.next(actions) => {}
                () = self.sockets.changed() => {}
            }
        }
    }

    /// What the client did on its socket comes first: before the requests that stand from there on.
    fn take_frames(&mut self, first: usize, counts: bool, actions: &mut Vec<Action>) {
        let done = self.sockets.take().into_iter().map(Action::Socket);
        actions.splice(first..first, done);
        let shakes = |action: &Action| match action {
            Action::Send(_, request) => is_handshake(request),
            _ => false,
        };
        let handshakes = actions[first..].iter().filter(|action| shakes(action)).count();
        if handshakes + usize::from(self.sockets.is_open()) > 1 {
            self.shared.doubt(sockets::SEVERAL);
        }
        if self.sockets.is_open() && !counts {
            self.shared.doubt(sockets::UNTOLD);
        }
    }

    fn show(&mut self, reading: Reading, actions: &mut Vec<Action>) {
        let websites: HashMap<_, _> = reading.websites.into_iter().collect();
        let mut ids: Vec<_> = websites.keys().chain(self.shown.keys()).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let held = websites.get(&id);
            if held != self.shown.get(&id) {
                actions.push(Action::Shows(id, held.cloned()));
            }
        }
        self.shown = websites;
        if reading.ready && !std::mem::replace(&mut self.ready, true) {
            actions.push(Action::Ready);
        }
        self.status = reading.status;
    }
}

impl Subject for ParkedClient {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        if self.shared.trouble().is_some() {
            return;
        }
        let runtime = Arc::clone(&self.runtime);
        if let Err(error) = runtime.block_on(self.step(now, event, actions)) {
            self.shared.fail(error);
            self.next = None;
        }
    }

    fn next_wake(&self) -> Option<Duration> {
        self.next
    }

    fn status(&self, _: Moment) -> Option<ReportedStatus> {
        self.status
    }

    fn before_answer(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.handle(now, Event::Tick, actions);
    }

    fn broke_off(&mut self, _: Moment, id: RequestId, begun: Response<Bytes>, _: &mut Vec<Action>) {
        self.requests.endings.insert(id.0, cut_off(begun));
    }
}
