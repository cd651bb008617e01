//! The history of a run in real time: what happened at the server, in the order in which it
//! happened there, and what the client showed.
//!
//! A reading of the client is a sample: the cache came to be so some time before. The client is read
//! first and the server's notes are taken then, so that every fact that the client can know has its
//! event at the server. So readings convict of what was shown, never of when.

use std::collections::HashMap;
use std::time::Duration;

use super::Tempo;
use super::tap::Truth;
use crate::history::{By, History, Quality, RequestIndex, What};
use crate::peer::{Launcher, Reading};
use crate::words::SaveEnd;
use crate::world::Witness;
use crate::world::record::Taken;

/// The history of a run, with the witness of each event. Times that come in are real.
pub(super) struct Ledger<'a, W> {
    pub(super) history: History,
    witness: &'a mut W,
    launcher: &'a dyn Launcher,
    tempo: Tempo,
    /// Requests that have not ended, by the server's number.
    open: HashMap<u64, RequestIndex>,
    /// The client was restarted and has asked nothing yet: its life begins with its first request.
    pub(super) restarting: bool,
}

impl<'a, W: Witness> Ledger<'a, W> {
    pub(super) fn new(
        history: History,
        witness: &'a mut W,
        launcher: &'a dyn Launcher,
        tempo: Tempo,
    ) -> Self {
        Self { history, witness, launcher, tempo, open: HashMap::new(), restarting: false }
    }

    /// The scenario's time. What came first at the server comes first here, whatever the clocks say.
    pub(super) fn in_scenario(&self, at: Duration) -> Duration {
        self.tempo.in_scenario(at).max(self.history.now())
    }

    pub(super) fn push(&mut self, at: Duration, what: What) {
        let event = self.history.push(self.in_scenario(at), what);
        self.witness.see(&self.history, &event);
    }

    /// A request was dealt with; `written` is the truth that it changed.
    pub(super) fn request(
        &mut self,
        at: Duration,
        seq: u64,
        mut taken: Taken,
        written: Option<&Truth>,
    ) {
        if std::mem::take(&mut self.restarting) {
            self.push(at, What::Restart);
        }
        // In real time one declared wait covers failures of every kind.
        self.history.refused |= taken.quality.is_failure();
        // A silence that is asked for counts, whichever answer asks for it.
        self.history.throttled |= taken.retry_after.is_some();
        taken.retry_after = taken.retry_after.map(|wait| self.tempo.in_scenario(wait));
        taken.explains_silence = self.tempo.in_scenario(taken.explains_silence);
        let sent = self.in_scenario(at);
        let index = taken.enter(&mut self.history, sent);
        self.open.insert(seq, index);
        if let Some(truth) = written {
            self.truth(at, truth, By::Client(index));
        }
        self.push(at, What::Sent(index));
    }

    /// What was decided for a request has been done to it.
    pub(super) fn request_ended(&mut self, at: Duration, seq: u64, client_left: bool) {
        let Some(index) = self.open.remove(&seq) else {
            return;
        };
        if client_left {
            let request = &mut self.history.requests[index as usize];
            request.quality = Quality::Broken;
            request.body = None;
            self.push(at, What::Abandoned(index));
        } else {
            // When exactly the client handles the answer cannot be seen from outside.
            self.push(at, What::Arriving(index));
            self.push(at, What::Handled(index));
        }
    }

    /// The truth about a website is different now.
    pub(super) fn truth(&mut self, at: Duration, truth: &Truth, by: By) {
        let values = &mut self.history.values;
        let state = truth.state.as_ref().and_then(|(settings, token)| {
            let settings = self.launcher.view(settings.as_deref())?;
            Some(values.state(&settings, Some(token)))
        });
        let site = self.history.site(truth.id);
        self.push(at, What::Truth { site, state, by });
    }

    /// What the cache shows, and how saves ended before it was asked.
    pub(super) fn show(&mut self, at: Duration, reading: &Reading, ended: Vec<(u32, SaveEnd)>) {
        let values = &mut self.history.values;
        let shown = reading.websites.iter();
        let shown: HashMap<_, _> = shown
            .map(|(id, held)| (*id, values.state(&held.settings, held.token.as_deref())))
            .collect();
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
        for (ticket, end) in ended {
            self.push(at, What::SaveEnded(ticket, end));
        }
    }
}
