//! A socket of the RTM API, from its handshake to its end.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{SharedSpace, system_clock};
use crate::rtm::{self, Step};

/// A socket whose handshake was answered. Dropping it closes its session in the space, and notes why in
/// the journal.
pub struct OpenSocket {
    space: Arc<SharedSpace>,
    sid: String,
    why: Cow<'static, str>,
    /// Finds the space that an identifier belongs to, where the path of the handshake named none.
    find: Option<FindSpace>,
}

/// The space whose credentials have this identifier, if it is not the default one's.
pub(crate) type FindSpace = Arc<dyn Fn(&str) -> Option<Arc<SharedSpace>> + Send + Sync>;

impl OpenSocket {
    pub(super) fn new(space: Arc<SharedSpace>, sid: String) -> Self {
        let why = "the client left before the handshake was answered".into();
        Self { space, sid, why, find: None }
    }

    /// Lets the credentials choose its space, as they do for requests.
    pub(crate) fn chosen_by(&mut self, find: FindSpace) {
        self.find = Some(find);
    }

    /// Goes to the space that the credentials in a frame belong to, if it is another; whether it did.
    pub(crate) fn follow_credentials(&mut self, frame: &str) -> bool {
        let username = self.find.as_ref().and_then(|_| rtm::username_of(frame));
        let found = username.and_then(|username| self.find.as_ref()?(&username));
        let Some(other) = found.filter(|other| !Arc::ptr_eq(other, &self.space)) else {
            return false;
        };
        let why = format!("it belongs to space `{}` by its credentials", other.name());
        let Some(session) = self.space.lock().hand_over_socket(&self.sid, &why) else {
            return false;
        };
        other.lock().take_over_socket(session);
        self.space = other;
        self.find = None;
        true
    }

    /// The handshake is answered: heartbeats and the time to authenticate count from now.
    pub(crate) fn begin(&mut self) {
        self.space.lock().begin_socket(system_clock::elapsed(), &self.sid);
        self.why = "the client left".into();
    }

    /// Takes a frame of the client, if one came, and answers with what is to be done; none when the space
    /// has no such socket.
    pub(crate) fn step(&self, frame: Option<&str>) -> Option<Step> {
        let step = self.space.lock().socket(system_clock::elapsed(), &self.sid, frame);
        if frame.is_some() {
            // It may be authenticated now, which control calls wait for.
            self.space.journaled(None);
        }
        step
    }

    /// Changes with each event of the space, with each step of its clock and with each control call.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.space.events()
    }

    /// Completes at that outside time.
    pub(crate) async fn outside(due: Option<Duration>) {
        match due {
            Some(due) => {
                tokio::time::sleep(due.saturating_sub(system_clock::elapsed())).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Completes at that elapsed time of its space, or when the space is reset.
    pub(crate) async fn elapsed(&self, due: Option<Duration>) {
        match due {
            Some(due) => self.space.wait_until(self.space.life(), due).await,
            None => std::future::pending().await,
        }
    }

    /// Why it ends, for the journal.
    pub(crate) fn ended(&mut self, why: impl Into<Cow<'static, str>>) {
        self.why = why.into();
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.space.lock().close_socket(&self.sid, &self.why);
        self.space.journaled(None);
    }
}
