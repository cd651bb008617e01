//! A look at a client before it is judged: whether it is set up rightly. A wrong address, wrong
//! credentials, a cache that stands elsewhere or a poll interval that is not taken over would fail
//! every scenario, and none of these failures would name the cause.
//!
//! The client is started in a space in which nothing happens. As soon as its cache was read and it
//! has polled twice, all is well. What a slow machine may explain is no misconfiguration: it is
//! left to the judge, who knows what to make of it.

pub(super) mod interval;
mod sight;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crisp_mock_server::journal::Filter;
use crisp_mock_server::spaces::{SharedSpace, system_clock};
use tokio::time::{Instant, sleep_until};

use super::Terms;
use super::client_side::ClientSide;
use super::over_http::untried;
use super::run::asked_nothing;
use super::verdict::TOO_LATE;
use crate::candidate::Untried;
use crate::peer::{Access, Peer, PeerError};
use sight::{Cache, Saying, Sight};

/// So often a probe looks.
const STEP: Duration = Duration::from_millis(20);

/// Starts a client and looks whether it is set up rightly; it is stopped in the end. `space` is one
/// that no other client uses, and where requests with other credentials come in, too.
///
/// # Errors
///
/// [`Untried`], with what was seen and what to do about it.
pub(super) async fn probe(
    peer: Box<dyn Peer>,
    access: &Access,
    space: &Arc<SharedSpace>,
    terms: Terms,
) -> Result<(), Untried> {
    let mut client = ClientSide::new(peer, terms.client_timeout);
    let said = watch(&mut client, access, space, terms).await;
    let log = client.peer.log();
    client.stop().await;
    match said {
        // What else becomes of it is the judge's affair: it may have started rightly.
        Ok(Saying::GoOn | Saying::Fine) => Ok(()),
        Ok(Saying::Unasked(within)) => Err(untried(&asked_nothing(within, &log))),
        Ok(Saying::Wrong(wrong)) => Err(wrong),
        Err(never @ PeerError::NeverStarted(_)) => Err(untried(&never)),
        Err(_) => Ok(()),
    }
}

async fn watch(
    client: &mut ClientSide,
    access: &Access,
    space: &SharedSpace,
    terms: Terms,
) -> Result<Saying, PeerError> {
    let (mut seen, now) = {
        let space = space.lock();
        (space.journal.next_seq() - 1, space.clock.now(system_clock::elapsed()).elapsed)
    };
    let mut sight = Sight::new(terms.poll, terms.client_timeout, now);
    let (began, mut late) = (Instant::now(), Duration::ZERO);
    client.start(access).await?;
    loop {
        let now = look(space, &mut sight, &mut seen);
        match sight.say(now, late > TOO_LATE) {
            Saying::GoOn => {}
            said => return Ok(said),
        }
        client.read_if_due(began.elapsed());
        let wake = Instant::now() + STEP;
        tokio::select! {
            Some(reply) = client.next_reply(), if client.has_open_replies() => {
                let pause = terms.poll / 4;
                match client.take(reply, began.elapsed(), pause) {
                    Ok(Some((reading, _))) => sight.cache = shown(&*client.peer, reading.ready),
                    Ok(None) => {}
                    Err(error) => {
                        look(space, &mut sight, &mut seen);
                        return match sight.at_its_end() {
                            Saying::Fine => Err(error),
                            said => Ok(said),
                        };
                    }
                }
            }
            () = sleep_until(wake) => late = late.max(wake.elapsed()),
        }
    }
}

/// Takes in what was asked since the last look; what time it is at the emulator.
fn look(space: &SharedSpace, sight: &mut Sight, seen: &mut u64) -> Duration {
    let space = space.lock();
    let filter = Filter { since_seq: *seen, ..Filter::default() };
    for entry in space.journal.entries(&filter) {
        sight.see(entry);
        *seen = entry.seq;
    }
    space.clock.now(system_clock::elapsed()).elapsed
}

fn shown(peer: &dyn Peer, ready: bool) -> Cache {
    match peer.misplaced() {
        _ if ready => Cache::Shown,
        Some(what) => Cache::Misplaced(what),
        None => Cache::Loading,
    }
}
