//! What happened at the server, written down in the order in which it happened there.

use std::time::Duration;

use super::stage::Stage;
use super::tap::{Note, Truth};
use crate::history::{By, Quality, State, What};
use crate::scenario::Side;
use crate::world::hooks::Numbers;
use crate::world::record::Taken;
use crate::world::{Due, Witness};

impl<W: Witness> Stage<'_, W> {
    /// Writes down all that has happened at the server up to now.
    pub(super) fn take_all(&mut self) {
        while let Ok(note) = self.notes.try_recv() {
            self.take(note);
        }
    }

    /// Writes down what happened at the server.
    pub(super) fn take(&mut self, note: Note) {
        match note {
            Note::Begun { there, wall, origin } => {
                self.begun = true;
                self.origin = origin;
                self.next_read = Duration::ZERO;
                self.history.timing.start = wall;
                for truth in there {
                    self.note_truth(Duration::ZERO, &truth, By::Start);
                }
            }
            Note::Handled { at, seq, taken, which, written } => {
                self.note_request(at, seq, *taken, which, written)
            }
            Note::Ended { at, seq, client_left } => self.note_end(at, seq, client_left),
            Note::Changed { at, truth } => self.note_truth(at, &truth, By::Operator),
            Note::Clock { at, millis } => {
                let side = Side::Server;
                self.push(at, What::Clock { side, millis });
            }
            Note::Quiet { at, unfired } => {
                self.quiet = true;
                self.unfired = unfired;
                self.push(at, What::Quiet);
            }
            Note::Idle { at, step } => {
                let step = u32::try_from(step).unwrap_or(u32::MAX);
                self.push(at, What::Idle(step));
            }
            Note::Reached { step, due } => {
                self.planned = self.planned.max(self.scene.tempo.told(due));
                self.agenda.push((due, Due::Step(step)));
            }
        }
    }

    fn note_request(
        &mut self,
        at: Duration,
        seq: u64,
        mut taken: Taken,
        which: Numbers,
        written: Option<Truth>,
    ) {
        if std::mem::take(&mut self.unborn) {
            self.push(at, What::Restart);
        }
        // What says that a client waits longer after failures says it of all of them.
        self.history.refused |= taken.quality.is_failure();
        // A silence that is asked for counts, whichever answer asks for it.
        self.history.throttled |= taken.retry_after.is_some();
        taken.retry_after = taken.retry_after.map(|wait| self.scene.tempo.told(wait));
        let told = self.scene.tempo.told(at).max(self.history.now());
        let index = taken.enter(&mut self.history, told, which);
        self.seqs.insert(seq, index);
        if let Some(truth) = written {
            self.note_truth(at, &truth, By::Client(index));
        }
        self.push(at, What::Sent(index));
    }

    fn note_end(&mut self, at: Duration, seq: u64, client_left: bool) {
        let Some(index) = self.seqs.remove(&seq) else {
            return;
        };
        if client_left {
            let request = &mut self.history.requests[index as usize];
            request.quality = Quality::Broken;
            request.body = None;
            self.push(at, What::Abandoned(index));
        } else {
            // When exactly the client looked at it nobody outside can say.
            self.push(at, What::Arriving(index));
            self.push(at, What::Handled(index));
        }
        self.next_read = self.next_read.min(self.elapsed());
    }

    fn note_truth(&mut self, at: Duration, truth: &Truth, by: By) {
        let values = &mut self.history.values;
        let state = truth.state.as_ref().and_then(|(settings, token)| {
            let settings = self.scene.launcher.view(settings.as_deref())?;
            Some(State { settings: values.json(&settings), token: Some(values.plain(token)) })
        });
        let site = self.history.site(truth.id);
        self.push(at, What::Truth { site, state, by });
    }
}
