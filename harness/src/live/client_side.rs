//! The client of one run in real time: its replies, its restarts, how its saves end.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::id::WebsiteId;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::peer::{Access, Launcher, Peer, PeerError, Reading, SaveOrder};
use crate::words::{How, SaveEnd};

/// Peers know more of their own silence: this is for those that do not keep the time themselves.
const GRACE: Duration = Duration::from_secs(5);

/// A reply, if it comes within the time that a client has for it.
pub(super) async fn in_time<T>(
    patience: Duration,
    op: &str,
    reply: impl Future<Output = Result<T, PeerError>>,
) -> Result<T, PeerError> {
    let within = duration::format(patience);
    let late = || PeerError::Late(format!("no reply to `{op}` within {within}"));
    timeout(patience + GRACE, reply).await.unwrap_or_else(|_| Err(late()))
}

/// A reply of the client.
pub(super) enum ClientReply {
    Read { asked: Duration, life: u32, result: Result<Reading, PeerError> },
    Saved { ticket: u32, life: u32, result: Result<SaveEnd, PeerError> },
}

/// The client of one run. Times are real, since the beginning of the scenario.
pub(super) struct ClientSide {
    pub(super) peer: Arc<dyn Peer>,
    /// Within this time it has to reply.
    patience: Duration,
    replies: JoinSet<ClientReply>,
    /// How often it was restarted: replies from before a restart are dropped.
    life: u32,
    /// Whether a `read` is under way.
    reading: bool,
    next_read: Duration,
    /// Saves without a reply.
    open: usize,
    /// Saves that have ended and that no reading has followed yet: how, and when the reply came.
    ended: Vec<(u32, SaveEnd, Duration)>,
    /// Why a failure is not held against it.
    pub(super) doubt: Option<String>,
}

impl ClientSide {
    pub(super) fn new(peer: Box<dyn Peer>, patience: Duration) -> Self {
        Self {
            peer: peer.into(),
            patience,
            replies: JoinSet::new(),
            life: 0,
            reading: false,
            next_read: Duration::ZERO,
            open: 0,
            ended: Vec::new(),
            doubt: None,
        }
    }

    /// Keeps the first reason not to hold a failure against the client.
    fn look_for_doubt(&mut self) {
        self.doubt = self.doubt.take().or_else(|| self.peer.doubt());
    }

    pub(super) async fn start(&self, access: &Access) -> Result<(), PeerError> {
        in_time(self.patience, "start", self.peer.start(access)).await
    }

    /// Ends the client and launches it anew; [`ClientSide::start`] follows.
    pub(super) async fn relaunch(
        &mut self,
        launcher: &dyn Launcher,
        access: &Access,
    ) -> Result<(), PeerError> {
        self.life += 1;
        (self.reading, self.open) = (false, 0);
        self.ended.clear();
        self.replies.shutdown().await;
        if self.peer.greeting().capabilities.reset {
            return in_time(self.patience, "reset", self.peer.reset()).await;
        }
        self.look_for_doubt();
        in_time(self.patience, "stop", self.peer.stop()).await?;
        self.peer = in_time(self.patience, "start", launcher.launch(access)).await?.into();
        Ok(())
    }

    /// Stops it; a client that has stopped already may not reply, and need not.
    pub(super) async fn stop(&mut self) {
        self.replies.abort_all();
        self.look_for_doubt();
        let _ = timeout(self.patience, self.peer.stop()).await;
    }

    /// The next reply; none when nothing was asked.
    pub(super) async fn next_reply(&mut self) -> Option<ClientReply> {
        // A task that was given up has no reply.
        self.replies.join_next().await?.ok()
    }

    pub(super) fn has_open_replies(&self) -> bool {
        !self.replies.is_empty()
    }

    /// When its cache is to be read next; none while it is being read.
    pub(super) fn next_read(&self) -> Option<Duration> {
        (!self.reading).then_some(self.next_read)
    }

    /// Has its cache read by this time.
    pub(super) fn read_by(&mut self, at: Duration) {
        self.next_read = self.next_read.min(at);
    }

    /// Asks it what its cache shows, unless that is being asked.
    pub(super) fn read_if_due(&mut self, now: Duration) {
        if self.reading || self.next_read > now {
            return;
        }
        self.reading = true;
        let (peer, life, patience) = (Arc::clone(&self.peer), self.life, self.patience);
        self.replies.spawn(async move {
            let result = in_time(patience, "read", peer.read()).await;
            ClientReply::Read { asked: now, life, result }
        });
    }

    /// Has it save.
    pub(super) async fn save(
        &mut self,
        ticket: u32,
        (website, settings, token): (WebsiteId, String, Option<String>),
        how: How,
    ) {
        let (peer, life) = (Arc::clone(&self.peer), self.life);
        let mut save = Box::pin(async move {
            let order = SaveOrder { website, settings: &settings, token, how };
            let result = peer.save(order).await;
            ClientReply::Saved { ticket, life, result }
        });
        // Polled once here, so that saves reach the client in the order of the steps.
        let begun = poll_fn(|cx| Poll::Ready(save.as_mut().poll(cx)));
        self.open += 1;
        match begun.await {
            Poll::Ready(heard) => self.replies.spawn(async move { heard }),
            Poll::Pending => self.replies.spawn(save),
        };
    }

    /// Takes a reply in; a reading is given back, with the time when it was asked for. The next is
    /// asked for `pause` later.
    pub(super) fn take(
        &mut self,
        heard: ClientReply,
        now: Duration,
        pause: Duration,
    ) -> Result<Option<(Reading, Duration)>, PeerError> {
        match heard {
            ClientReply::Read { life, .. } | ClientReply::Saved { life, .. }
                if life != self.life =>
            {
                Ok(None)
            }
            ClientReply::Read { asked, result, .. } => {
                self.reading = false;
                self.next_read = now + pause;
                result.map(|reading| Some((reading, asked)))
            }
            ClientReply::Saved { ticket, result, .. } => {
                self.open = self.open.saturating_sub(1);
                let end = match result {
                    Ok(end) => end,
                    Err(PeerError::Refused(_)) => SaveEnd::Unknown,
                    Err(error) => return Err(error),
                };
                self.ended.push((ticket, end, now));
                self.next_read = now;
                Ok(None)
            }
        }
    }

    /// Takes out the saves that had ended by this time: what the cache shows in a reading that was
    /// asked for later has to know of them.
    pub(super) fn ended_by(&mut self, asked: Duration) -> Vec<(u32, SaveEnd)> {
        let ended = self.ended.extract_if(.., |(_, _, at)| *at <= asked);
        ended.map(|(ticket, end, _)| (ticket, end)).collect()
    }

    /// Whether all its saves have ended, and a reading has followed each.
    pub(super) fn is_done_saving(&self) -> bool {
        self.open == 0 && self.ended.is_empty()
    }
}
