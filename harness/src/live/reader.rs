//! What the client says: what its cache shows, and how saves ended.
//!
//! A reading is a sample: the cache came to be so some time before. What it shows is true of the
//! cache, and what the client can know happened at the server before; so readings convict of what
//! was shown, never of when.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::stage::{Heard, Stage, in_time};
use crate::history::{State, What};
use crate::peer::{PeerError, Reading};
use crate::scenario::SaveEnd;
use crate::world::Witness;

impl<W: Witness> Stage<'_, W> {
    /// Asks the client what its cache shows, unless that is being asked.
    pub(super) fn read_if_due(&mut self) {
        let asked = self.elapsed();
        if self.reading || self.next_read > asked {
            return;
        }
        self.reading = true;
        let (peer, life) = (Arc::clone(&self.peer), self.life);
        let patience = self.scene.terms.client_timeout;
        self.heard.spawn(async move {
            let result = in_time(patience, "read", peer.read()).await;
            Heard::Read { asked, life, result }
        });
    }

    /// Hears what the client says.
    pub(super) fn hear(&mut self, heard: Heard) -> Result<(), PeerError> {
        match heard {
            Heard::Read { life, .. } | Heard::Saved { life, .. } if life != self.life => Ok(()),
            Heard::Read { asked, result, .. } => {
                self.reading = false;
                self.next_read = self.elapsed() + self.scene.tempo.poll() / 4;
                let reading = result?;
                // Whatever the client knows happened at the server before.
                self.take_all();
                if self.begun && !self.unborn {
                    self.show(&reading, asked);
                }
                Ok(())
            }
            Heard::Saved { ticket, result, .. } => {
                self.open = self.open.saturating_sub(1);
                let end = match result {
                    Ok(end) => end,
                    Err(PeerError::Refused(_)) => SaveEnd::Unknown,
                    Err(error) => return Err(error),
                };
                self.ended.push((ticket, end, self.elapsed()));
                self.next_read = self.elapsed();
                Ok(())
            }
        }
    }

    /// Writes down what the cache shows, and then how saves ended that had ended before it was
    /// asked: what the cache shows from then on has to know of them.
    fn show(&mut self, reading: &Reading, asked: Duration) {
        let at = self.elapsed();
        let tokens = self.peer.greeting().capabilities.tokens;
        let values = &mut self.history.values;
        let shown = reading.websites.iter().map(|(id, held)| {
            let token = held.token.as_deref().filter(|_| tokens);
            let state = State {
                settings: values.json(&held.settings),
                token: token.map(|token| values.plain(token)),
            };
            (*id, state)
        });
        let shown: HashMap<_, _> = shown.collect();
        let mut sites: Vec<_> = shown.keys().map(|id| self.history.site(*id)).collect();
        sites.extend(0..u32::try_from(self.history.sites.len()).unwrap_or(u32::MAX));
        sites.sort_unstable();
        sites.dedup();
        let mut any = false;
        for site in sites {
            let state = shown.get(&self.history.sites[site as usize]).copied();
            if self.history.track(site).shown != state {
                any = true;
                self.push(at, What::Shows { site, state });
            }
        }
        if any {
            self.push(at, What::Step);
        }
        if reading.ready && self.history.ready.is_none() {
            self.push(at, What::Ready);
        }
        let (heard, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.ended).into_iter().partition(|(_, _, told)| *told <= asked);
        self.ended = later;
        for (ticket, end, _) in heard {
            self.push(at, What::SaveEnded(ticket, end));
        }
    }
}
