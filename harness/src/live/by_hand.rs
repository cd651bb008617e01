//! Virtual time over HTTP: a client outside whose clock is moved by hand.
//!
//! To the [world](crate::world) such a client is a [`Subject`] like any other. Its requests come
//! in over a socket of their own and are parked here; the world sends them to the emulator, decides
//! when each answer arrives, and then it goes out for real. Between two moments nothing moves: the
//! client is told to advance by nothing until it waits for exactly the requests that are parked.

use std::borrow::Cow;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::fault::{Delivery, Outcome};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::socket::{Edge, Limits, Reply};
use crisp_mock_server::space::{Outside, Space};
use crisp_mock_server::spaces::Info;
use http::{Request, Response};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::Terms;
use super::stage::in_time;
use crate::peer::{Launcher, Peer, PeerError, Place, Reading};
use crate::scenario::{self, SaveEnd};
use crate::subject::{About, Action, Client, Event, Held, Moment, RequestId, Setup, Subject, Told};
use crate::world::{Prepared, START};

/// How long to wait for something to come in over a socket before asking the client again.
const A_MOMENT: Duration = Duration::from_millis(2);
/// How long a client may take to give one request up and send another: the number of answers that
/// it waits for is the same before and after.
const AN_EXCHANGE: Duration = Duration::from_millis(100);

/// A client outside whose clock is moved by hand.
pub(super) struct ByHand {
    pub(super) launcher: Arc<dyn Launcher>,
    pub(super) terms: Terms,
    pub(super) about: About,
    pub(super) runtime: Handle,
    pub(super) prepared: Arc<Prepared>,
    pub(super) shared: Arc<Shared>,
}

/// What outlives a restart of the client.
#[derive(Default)]
pub(super) struct Shared {
    trouble: Mutex<Option<PeerError>>,
    peer: Mutex<Option<Arc<dyn Peer>>>,
}

impl Shared {
    /// What went wrong with the client, if anything did.
    pub(super) fn trouble(&self) -> Option<PeerError> {
        lock(&self.trouble).clone()
    }

    /// What the client wrote.
    pub(super) fn log(&self) -> Vec<String> {
        let peer = lock(&self.peer).clone();
        peer.map(|peer| peer.log()).unwrap_or_default()
    }

    /// Ends the client.
    pub(super) async fn stop(&self, patience: Duration) {
        let peer = lock(&self.peer).take();
        if let Some(peer) = peer {
            // The run is over; whether it hears of it changes nothing.
            let _ = timeout(patience, peer.stop()).await;
        }
    }

    fn fail(&self, error: PeerError) {
        lock(&self.trouble).get_or_insert(error);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Client for ByHand {
    fn about(&self, _: &scenario::Client) -> About {
        self.about.clone()
    }

    fn start(&self, _: &Setup, now: Moment) -> Box<dyn Subject> {
        match self.runtime.block_on(self.bring_up(now)) {
            Ok(running) => Box::new(running),
            Err(error) => {
                self.shared.fail(error);
                Box::new(Gone)
            }
        }
    }

    fn view<'a>(&self, settings: Option<&'a str>) -> Option<Cow<'a, str>> {
        self.launcher.view(settings).map(Cow::Owned)
    }
}

impl ByHand {
    async fn bring_up(&self, now: Moment) -> Result<Running, PeerError> {
        let (arrivals, arrived) = mpsc::unbounded_channel();
        let (url, serving) = listen(arrivals)
            .await
            .map_err(|error| PeerError::NeverStarted(format!("no port was free: {error}")))?;
        let place = self.place(&url, now);
        let patience = self.terms.client_timeout;
        let before = lock(&self.shared.peer).take();
        let peer = match before {
            Some(peer) if peer.greeting().capabilities.reset => {
                in_time(patience, "reset", peer.reset()).await?;
                peer
            }
            before => {
                if let Some(peer) = before {
                    in_time(patience, "stop", peer.stop()).await?;
                }
                in_time(patience, "hello", self.launcher.launch(&place)).await?.into()
            }
        };
        *lock(&self.shared.peer) = Some(Arc::clone(&peer));
        in_time(patience, "start", peer.start(&place)).await?;
        Ok(Running {
            peer,
            patience,
            runtime: self.runtime.clone(),
            shared: Arc::clone(&self.shared),
            arrived,
            serving,
            parked: HashMap::new(),
            requests: 0,
            saves: Vec::new(),
            endings: HashMap::new(),
            elapsed: now.elapsed,
            next: Some(now.elapsed),
            shown: HashMap::new(),
            ready: false,
            told: None,
        })
    }

    fn place(&self, url: &str, now: Moment) -> Place {
        // The world's own space has these credentials: they follow from its name and blueprint.
        let outside = Outside { elapsed: Duration::ZERO, wall: START.into() };
        let blueprint = Arc::clone(&self.prepared.blueprint);
        let info = Info::of(&Space::start(crate::world::SPACE, blueprint, url, outside), url);
        Place {
            rest_host: info.url,
            rest_url: info.rest_url,
            control_url: info.control_url,
            identifier: info.identifier,
            key: info.key,
            tier: info.tier,
            plugin_id: info.plugin_id,
            poll_every: self.about.manners.poll_every,
            now: now.wall,
            client: self.prepared.scenario.client.clone(),
        }
    }
}

/// A request that has come in and is not answered.
struct Parked {
    request: Request<Bytes>,
    answer: oneshot::Sender<Delivery>,
}

/// Listens where nothing is answered before the world says so.
async fn listen(arrivals: mpsc::UnboundedSender<Parked>) -> std::io::Result<(String, AbortHandle)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let edge = Edge::new(
        move |request| {
            let (answer, answered) = oneshot::channel();
            // Without a world there is no answer.
            let _ = arrivals.send(Parked { request, answer });
            async move {
                let delivery = answered.await.unwrap_or_else(|_| ends(Outcome::Reset));
                Reply::new(delivery, None)
            }
        },
        Limits::default(),
    );
    let serve = async move { edge.serve(listener, std::future::pending()).await };
    Ok((url, tokio::spawn(serve).abort_handle()))
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

type Saving = Pin<Box<dyn Future<Output = Result<SaveEnd, PeerError>> + Send>>;

/// The client as the world knows it.
struct Running {
    peer: Arc<dyn Peer>,
    patience: Duration,
    runtime: Handle,
    shared: Arc<Shared>,
    arrived: mpsc::UnboundedReceiver<Parked>,
    serving: AbortHandle,
    parked: HashMap<u64, oneshot::Sender<Delivery>>,
    requests: u64,
    saves: Vec<(u64, Saving)>,
    /// How requests end that get no whole answer.
    endings: HashMap<u64, Outcome>,
    /// What its clock shows.
    elapsed: Duration,
    next: Option<Duration>,
    shown: HashMap<WebsiteId, Held>,
    ready: bool,
    told: Option<Told>,
}

impl Subject for Running {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        if self.shared.trouble().is_some() {
            return;
        }
        let runtime = self.runtime.clone();
        if let Err(error) = runtime.block_on(self.step(now, event, actions)) {
            self.shared.fail(error);
            self.next = None;
        }
    }

    fn next_wake(&self) -> Option<Duration> {
        self.next
    }

    fn told(&self, _: Moment) -> Option<Told> {
        self.told
    }

    fn broke_off(&mut self, _: Moment, id: RequestId, begun: Response<Bytes>, _: &mut Vec<Action>) {
        self.endings.insert(id.0, cut_off(begun));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Running {
    async fn step(
        &mut self,
        now: Moment,
        event: Event,
        actions: &mut Vec<Action>,
    ) -> Result<(), PeerError> {
        let mut sends = Vec::new();
        self.settle(now, &mut sends).await?;
        match event {
            Event::Tick => {}
            Event::Answer(id, response) => self.answer(id, Outcome::Answer(response)),
            Event::Failed(id) => {
                let outcome = self.endings.remove(&id.0).unwrap_or(Outcome::Reset);
                self.answer(id, outcome);
            }
            Event::Save { ticket, website, settings, how } => {
                let peer = Arc::clone(&self.peer);
                let save = async move { peer.save(website, &settings, how).await };
                self.saves.push((ticket, Box::pin(save)));
            }
        }
        self.settle(now, &mut sends).await?;
        let reading = in_time(self.patience, "read", self.peer.read()).await?;
        self.show(reading, actions);
        self.end_saves(actions).await?;
        // Asked for because of what is shown by now.
        actions.append(&mut sends);
        Ok(())
    }

    fn answer(&mut self, id: RequestId, outcome: Outcome) {
        if let Some(parked) = self.parked.remove(&id.0) {
            // A client that has left in the meantime wants nothing.
            let _ = parked.send(ends(outcome));
        }
    }

    /// Moves the client's clock to now, and waits until it does nothing but wait.
    async fn settle(&mut self, now: Moment, actions: &mut Vec<Action>) -> Result<(), PeerError> {
        let late = Instant::now() + self.patience;
        let awake = self.next.is_some_and(|next| next <= now.elapsed);
        let mut may_exchange = awake && !self.parked.is_empty();
        let mut by = now.elapsed.saturating_sub(self.elapsed);
        self.elapsed = now.elapsed;
        loop {
            self.poll_saves().await;
            let advanced =
                in_time(self.patience, "advance", self.peer.advance(by, now.wall)).await?;
            by = Duration::ZERO;
            while let Ok(parked) = self.arrived.try_recv() {
                self.park(parked, actions);
            }
            self.forget_the_left(actions);
            let waits_for = usize::try_from(advanced.in_flight).unwrap_or(usize::MAX);
            if waits_for == self.parked.len() {
                if std::mem::take(&mut may_exchange) && self.exchanges(actions).await {
                    continue;
                }
                self.next = advanced.next.map(|next| now.elapsed.saturating_add(next));
                return Ok(());
            }
            if Instant::now() > late {
                return Err(PeerError::Stopped(format!(
                    "it says that it waits for {waits_for} answers, and {} are held back",
                    self.parked.len()
                )));
            }
            if let Ok(Some(parked)) = timeout(A_MOMENT, self.arrived.recv()).await {
                self.park(parked, actions);
            }
        }
    }

    /// Whether a request comes in or is given up soon, with the clock standing still.
    async fn exchanges(&mut self, actions: &mut Vec<Action>) -> bool {
        let until = Instant::now() + AN_EXCHANGE;
        while Instant::now() < until {
            if let Ok(Some(parked)) = timeout(A_MOMENT, self.arrived.recv()).await {
                self.park(parked, actions);
                return true;
            }
            if self.parked.values().any(oneshot::Sender::is_closed) {
                return true;
            }
        }
        false
    }

    fn park(&mut self, parked: Parked, actions: &mut Vec<Action>) {
        self.requests += 1;
        self.parked.insert(self.requests, parked.answer);
        actions.push(Action::Send(RequestId(self.requests), parked.request));
    }

    /// Requests whose connection has gone were given up.
    fn forget_the_left(&mut self, actions: &mut Vec<Action>) {
        let gone = self.parked.iter().filter(|(_, parked)| parked.is_closed());
        let mut gone: Vec<_> = gone.map(|(id, _)| *id).collect();
        gone.sort_unstable();
        for id in gone {
            self.parked.remove(&id);
            actions.push(Action::Abandon(RequestId(id)));
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
        self.told = reading.told;
    }

    /// Lets saves go on; an end is told after the next reading.
    async fn poll_saves(&mut self) {
        for (_, save) in &mut self.saves {
            let polled = std::future::poll_fn(|cx| Poll::Ready(save.as_mut().poll(cx))).await;
            if let Poll::Ready(end) = polled {
                *save = Box::pin(std::future::ready(end));
            }
        }
    }

    /// Tells the ends of saves: all that had ended before the reading that was just shown.
    async fn end_saves(&mut self, actions: &mut Vec<Action>) -> Result<(), PeerError> {
        let mut open = Vec::new();
        for (ticket, mut save) in std::mem::take(&mut self.saves) {
            let polled = std::future::poll_fn(|cx| Poll::Ready(save.as_mut().poll(cx))).await;
            match polled {
                Poll::Pending => open.push((ticket, save)),
                Poll::Ready(Ok(end)) => actions.push(Action::SaveEnded(ticket, end)),
                Poll::Ready(Err(PeerError::Refused(_))) => {
                    actions.push(Action::SaveEnded(ticket, SaveEnd::Unknown));
                }
                Poll::Ready(Err(error)) => return Err(error),
            }
        }
        self.saves = open;
        Ok(())
    }
}

/// A client that could not be started: it does nothing.
struct Gone;

impl Subject for Gone {
    fn handle(&mut self, _: Moment, _: Event, _: &mut Vec<Action>) {}

    fn next_wake(&self) -> Option<Duration> {
        None
    }

    fn told(&self, _: Moment) -> Option<Told> {
        None
    }
}
