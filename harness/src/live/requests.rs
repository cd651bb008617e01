//! The requests of a client whose clock is moved by hand: parked until the world decides when each answer arrives.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::fault::{Delivery, Outcome};
use crisp_mock_server::socket::{HttpServer, Limits};
use crisp_mock_server::spaces::{Frames, Relay, Reply};
use http::{Request, Response};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use crate::subject::Action;
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
    pub(super) count: u64,
    /// How requests end that get no whole answer.
    endings: HashMap<u64, Outcome>,
}

impl Requests {
    /// On a free port of loopback.
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

    /// Lets an answer go out, with the frames that follow it if there are any.
    pub(super) fn answer(&mut self, id: RequestId, outcome: Outcome, frames: Option<Relay>) {
        if let Some(parked) = self.parked.remove(&id.0) {
            let socket = frames.map(Frames::Relay);
            // A client that has left in the meantime wants nothing.
            let _ = parked.send(Reply { socket, ..ends(outcome).into() });
        }
    }

    /// How many wait.
    pub(super) fn parked(&self) -> usize {
        self.parked.len()
    }

    /// Ends one without a whole answer.
    pub(super) fn fail(&mut self, id: RequestId) {
        let outcome = self.endings.remove(&id.0).unwrap_or(Outcome::Reset);
        self.answer(id, outcome, None);
    }

    /// What had come of the answer of one that is about to fail.
    pub(super) fn breaks_off(&mut self, id: RequestId, begun: Response<Bytes>) {
        self.endings.insert(id.0, cut_off(begun));
    }

    fn park(&mut self, parked: Parked, actions: &mut Vec<Action>) {
        self.count += 1;
        self.parked.insert(self.count, parked.answer);
        actions.push(Action::Send(RequestId(self.count), parked.request));
    }

    /// Takes in what has come up to now, and drops what was given up: its connection is gone.
    pub(super) fn take_all(&mut self, actions: &mut Vec<Action>) {
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
    pub(super) async fn next(&mut self, actions: &mut Vec<Action>) -> bool {
        let arrived = timeout(A_MOMENT, self.arrived.recv()).await.ok().flatten();
        let came = arrived.is_some();
        if let Some(parked) = arrived {
            self.park(parked, actions);
        }
        came
    }

    /// Whether a request comes in or is given up soon, with the clock standing still.
    pub(super) async fn exchanges(&mut self, actions: &mut Vec<Action>) -> bool {
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
