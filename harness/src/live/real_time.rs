//! A scenario in real time: run, and run again where it failed.

use std::sync::Arc;
use std::time::Duration;

use crisp_mock_server::spaces::SharedSpace;
use tokio::sync::mpsc;

use super::emulator::SharedEmulator;
use super::over_http::{Deadline, OverHttp, untried, while_time};
use super::run::{Context, Ended, LiveRun};
use super::tap::ServerTap;
use super::{Tempo, demands, hung, scaling, verdict};
use crate::candidate::{TimeLeft, Untried};
use crate::history::{History, Timing};
use crate::judge::Judge;
use crate::peer::{Access, PeerError, ScenarioFolder};
use crate::runner::{Judged, Outside};
use crate::world::{Prepared, Run};

impl OverHttp {
    pub(super) async fn try_out(
        &self,
        emulator: &SharedEmulator,
        prepared: &Prepared,
        left: &Deadline<'_>,
    ) -> Result<Option<Judged>, Untried> {
        let tempo = Tempo::of(&prepared.scenario, self.terms.poll);
        if let Some(why) = scaling::obstacle(prepared, tempo) {
            return Ok(Some(verdict::unjudged(prepared, why)));
        }
        let first = self.run(emulator, prepared, tempo);
        let Some(first) = while_time(left, TimeLeft::ToConfirm, first).await else {
            return Ok(None);
        };
        let (judged, lag) = first?;
        let confirmed = self.confirm(emulator, prepared, tempo, (judged, lag));
        while_time(left, TimeLeft::None, confirmed).await.transpose()
    }

    /// Whether a run comes again, if it failed.
    async fn confirm(
        &self,
        emulator: &SharedEmulator,
        prepared: &Prepared,
        tempo: Tempo,
        (first, lag): (Judged, Duration),
    ) -> Result<Judged, Untried> {
        let mut runs = verdict::Runs::default();
        if let Some(verdict) = runs.add(first, lag) {
            return Ok(verdict);
        }
        loop {
            // Two replays, side by side: a failing run takes long.
            let replay = || self.run(emulator, prepared, tempo);
            let (one, other) = if self.launcher.at_most() > 1 {
                tokio::join!(replay(), replay())
            } else {
                (replay().await, replay().await)
            };
            for ran in [one, other] {
                let (judged, lag) = ran?;
                if let Some(verdict) = runs.add(judged, lag) {
                    return Ok(verdict);
                }
            }
        }
    }

    /// Runs a scenario once, in a space of its own.
    pub(super) async fn run(
        &self,
        emulator: &SharedEmulator,
        prepared: &Prepared,
        tempo: Tempo,
    ) -> Result<(Judged, Duration), Untried> {
        let cell = emulator.space(scaling::blueprint(prepared, tempo))?;
        let ran = self.run_in(emulator, &cell, prepared, tempo).await;
        emulator.remove(&cell);
        ran.map_err(|error| untried(&error))
    }

    async fn run_in(
        &self,
        emulator: &SharedEmulator,
        cell: &Arc<SharedSpace>,
        prepared: &Prepared,
        tempo: Tempo,
    ) -> Result<(Judged, Duration), PeerError> {
        let client = scaling::client(&prepared.scenario, tempo);
        let listener = match self.terms.any_credentials {
            true => Some(emulator.listen_for(cell).await?),
            false => None,
        };
        let access = match &listener {
            Some(listener) => {
                let url = format!("http://{}", listener.address());
                emulator.access_at(&url, cell, client, tempo.poll())
            }
            None => emulator.access(cell, client, tempo.poll()),
        };
        let access = Access { folder: Some(ScenarioFolder::new()?), ..access };
        let peer = self.launch(&access).await?;
        let about = demands::about(peer.greeting(), demands::real_time(peer.greeting(), tempo));
        let mut history =
            History::new(about.declared, demands::staleness(prepared.staleness, tempo));
        history.own_page = about.abilities.own_page;
        history.timing = Timing {
            stretch: tempo.in_scenario(Duration::from_secs(1)).as_secs_f64(),
            at_once: tempo.in_scenario(tempo.poll() / 8),
            ..Timing::default()
        };
        let asked = crate::world::longest_retry_after(cell.lock().blueprint());
        let scenario = &prepared.scenario;
        let judged = demands::judged(scenario, &*self.launcher, &history, tempo.in_scenario(asked));
        let mut judge = Judge::new(&judged, about.abilities).barring(&demands::UNJUDGED);
        let (notes, noted) = mpsc::unbounded_channel();
        let tap = Arc::new(ServerTap::new(Arc::new(prepared.clone()), tempo, notes));
        cell.tap(tap.clone());
        let context = Context {
            launcher: &*self.launcher,
            terms: self.terms,
            tempo,
            prepared,
            scenario: &judged,
            cell: Arc::clone(cell),
            tap,
            access,
        };
        let live = LiveRun::new(context, peer, noted, history, &mut judge);
        let Ended { history, unreached, unfired, broken_off, lag, log, stopped, doubt } =
            live.run().await?;
        let run = Run { history, about, unreached, unfired, unable: false, broken_off };
        let mut findings = judge.findings(&run);
        let unjudged = demands::excuse(&mut findings, &judged, &run);
        hung::unseen(&mut findings, &run.history, tempo);
        findings.extend(demands::left_out(scenario, &judged));
        if let Some(wanted) = &scenario.expect.saves {
            findings.push(demands::saves(wanted, &run.history));
        }
        let endless = run.broken_off.map(|_| {
            let requests = run.history.requests.len();
            format!("it did not come to an end, and was broken off after {requests} requests")
        });
        let outside = Outside {
            pace: Some(tempo.to_string()),
            unjudged: endless.or(unjudged),
            stopped,
            view: self.launcher.view_in_words(),
            log,
            ..Outside::default()
        };
        let judged = Judged {
            scenario: Arc::clone(scenario),
            run,
            findings,
            outside: Some(Box::new(outside)),
        };
        Ok((verdict::unless_in_doubt(judged, doubt), lag))
    }
}
