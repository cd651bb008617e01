//! The same scenarios over real HTTP, against a client outside.
//!
//! The emulator is the real one, on a loopback port; each scenario has a space and a
//! [`Peer`] of its own, and several run at a time.
//!
//! Time is real: the emulator's clock runs as the machine's does. A scenario's own times, windows,
//! delays and lags are scaled so that its poll interval becomes that of the client ([`Tempo`]), and
//! its history is told in the scenario's own time again, so that a person reads what was written.
//! Steps that happen around a request are carried out inside the emulator, under the lock in which
//! the answer is computed.
//!
//! A machine that is slow must never convict. What real time cannot judge is *not judged*; bounds
//! are wide; a failure counts when it comes again in two more runs; and a run in which the
//! machine's own timers came late does not count at all.

mod by_hand;
mod demands;
mod ledger;
mod own_driver;
mod reader;
mod score;
mod stage;
mod tap;
mod tempo;
mod verdict;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::options::Blueprint;
use crisp_mock_server::server::{MockServer, ServerOptions};
use crisp_mock_server::spaces::{Info, SharedSpace};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

pub use own_driver::OwnDriver;
pub use tempo::Tempo;

use crate::candidate::{Haste, Trial, Untried};
use crate::history::{History, Timing};
use crate::judge::Judge;
use crate::peer::{Greeting, Launcher, Peer, PeerError, Place};
use crate::runner::{self, Judged, Outside};
use crate::scenario::Client;
use crate::subject::{Abilities, About};
use crate::world::{Prepared, Run};
use by_hand::{ByHand, Shared};
use stage::{Ended, Scene, Stage, in_time};
use tap::Inside;

/// On what terms a client outside is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// From one poll to the next, in real time.
    pub poll: Duration,
    /// So many scenarios at a time; none: as many as this machine bears.
    pub jobs: Option<NonZeroUsize>,
    /// Within this time a client has to reply.
    pub client_timeout: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(200),
            jobs: None,
            client_timeout: Duration::from_secs(10),
        }
    }
}

/// Scenarios mostly wait: so many of them keep one core busy.
const A_CORE: usize = 6;
/// A space that nobody uses for so long is forgotten; the run that uses it asks all the time.
const EXPIRES: Duration = Duration::from_secs(600);

/// Tries the clients that a launcher starts, over HTTP. It has threads and a runtime of its own, and
/// is not to be used from within another: a scenario is judged by blocking until it is over.
pub struct OverHttp {
    launcher: Arc<dyn Launcher>,
    terms: Terms,
    house: OnceLock<Result<House, Untried>>,
    greeting: OnceLock<Result<Greeting, Untried>>,
}

/// One emulator for all scenarios.
struct House {
    server: MockServer,
    /// Dropped last: the server runs on it.
    runtime: Runtime,
}

impl OverHttp {
    /// A trial on these terms. The emulator is started with the first scenario.
    #[must_use]
    pub fn new(launcher: impl Launcher + 'static, terms: Terms) -> Self {
        Self::from(Box::new(launcher), terms)
    }

    /// The same with a launcher that was chosen while running.
    #[must_use]
    pub fn from(launcher: Box<dyn Launcher>, terms: Terms) -> Self {
        Self { launcher: launcher.into(), terms, house: OnceLock::new(), greeting: OnceLock::new() }
    }

    fn house(&self) -> Result<&House, Untried> {
        let house = self.house.get_or_init(House::build);
        house.as_ref().map_err(Clone::clone)
    }

    /// What the clients of this launcher say of themselves: one is started to be asked.
    fn greeting(&self, house: &House) -> Result<&Greeting, Untried> {
        let ask = async {
            let cell = house.server.spaces().default_space();
            let place = house.place(cell, Client::default(), self.terms.poll);
            let peer = self.launch(&place).await?;
            let greeting = peer.greeting().clone();
            // It has said what was to be heard.
            let _ = in_time(self.terms.client_timeout, "stop", peer.stop()).await;
            Ok(greeting)
        };
        let greeting = self.greeting.get_or_init(|| {
            let asked: Result<_, PeerError> = house.runtime.block_on(ask);
            asked.map_err(|error| untried(&error))
        });
        greeting.as_ref().map_err(Clone::clone)
    }

    /// Whether its clock is moved by hand. A client that cannot be asked is told of with the first
    /// scenario.
    fn is_by_hand(&self) -> bool {
        let asked = self.house().and_then(|house| self.greeting(house));
        asked.is_ok_and(|greeting| greeting.capabilities.manual_clock)
    }

    /// A verdict that takes no real time, or none when there is none left.
    fn at_once(
        &self,
        prepared: &Prepared,
        haste: &Hurry<'_>,
    ) -> Result<ControlFlow<Option<Judged>, &House>, Untried> {
        let house = self.house()?;
        let greeting = self.greeting(house)?;
        if haste() != Haste::None {
            return Ok(ControlFlow::Break(None));
        }
        if !greeting.capabilities.save && prepared.scenario.wants_saves() {
            let why = "this client does not save".to_owned();
            return Ok(ControlFlow::Break(Some(verdict::unjudged(prepared, why))));
        }
        let view = |settings: Option<&str>| self.launcher.view(settings);
        if demands::hides_all(&prepared.scenario, &view) {
            let why = "the view shows nothing of what changes here".to_owned();
            return Ok(ControlFlow::Break(Some(verdict::unjudged(prepared, why))));
        }
        if greeting.capabilities.manual_clock {
            let judged = self.by_hand(house, prepared, greeting)?;
            return Ok(ControlFlow::Break(Some(judged)));
        }
        Ok(ControlFlow::Continue(house))
    }

    async fn launch(&self, place: &Place) -> Result<Box<dyn Peer>, PeerError> {
        let launched = self.launcher.launch(place);
        match in_time(self.terms.client_timeout, "hello", launched).await {
            // A client that falls silent before it has begun never started.
            Err(PeerError::Stopped(how)) => Err(PeerError::NeverStarted(how)),
            launched => launched,
        }
    }

    /// Virtual time over HTTP.
    fn by_hand(
        &self,
        house: &House,
        prepared: &Prepared,
        greeting: &Greeting,
    ) -> Result<Judged, Untried> {
        let tempo = Tempo::of(&prepared.scenario, self.terms.poll);
        let scenario = Arc::new(demands::seen(&prepared.scenario, &*self.launcher));
        let seen = Arc::new(Prepared { scenario, ..prepared.clone() });
        let about = About {
            manners: demands::by_hand(greeting, &prepared.scenario.client, tempo.stands_for()),
            ..about(greeting, tempo)
        };
        let shared = Arc::new(Shared::default());
        let client = ByHand {
            launcher: Arc::clone(&self.launcher),
            terms: self.terms,
            about,
            runtime: house.runtime.handle().clone(),
            prepared: Arc::clone(&seen),
            shared: Arc::clone(&shared),
        };
        let mut judged = runner::judge(&seen, &client);
        let stopped = match shared.trouble() {
            Some(never @ PeerError::NeverStarted(_)) => return Err(untried(&never)),
            trouble => trouble.map(|trouble| in_words(&trouble)),
        };
        judged.scenario = Arc::clone(&prepared.scenario);
        judged.outside = Some(Box::new(Outside {
            stopped,
            view: self.launcher.view_in_words(),
            log: shared.log(),
            ..Outside::default()
        }));
        house.runtime.block_on(shared.stop(self.terms.client_timeout));
        Ok(judged)
    }

    async fn try_out(
        &self,
        house: &House,
        prepared: &Prepared,
        haste: &Hurry<'_>,
    ) -> Result<Option<Judged>, Untried> {
        let tempo = Tempo::of(&prepared.scenario, self.terms.poll);
        if let Some(why) = score::unsaid(prepared, tempo) {
            return Ok(Some(verdict::unjudged(prepared, why)));
        }
        let first = self.run(house, prepared, tempo);
        let Some(first) = in_haste(haste, Haste::NothingNew, first).await else {
            return Ok(None);
        };
        let (judged, lag) = first?;
        let confirmed = self.confirm(house, prepared, tempo, (judged, lag));
        in_haste(haste, Haste::AtOnce, confirmed).await.transpose()
    }

    /// Whether a run comes again, if it failed.
    async fn confirm(
        &self,
        house: &House,
        prepared: &Prepared,
        tempo: Tempo,
        (first, lag): (Judged, Duration),
    ) -> Result<Judged, Untried> {
        let mut runs = verdict::Runs::default();
        if let Some(verdict) = runs.add(first, lag) {
            return Ok(verdict);
        }
        loop {
            // Two replays, side by side: whoever fails takes its time to do so.
            let replay = || self.run(house, prepared, tempo);
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
    async fn run(
        &self,
        house: &House,
        prepared: &Prepared,
        tempo: Tempo,
    ) -> Result<(Judged, Duration), Untried> {
        let cell = house.space(score::blueprint(prepared, tempo))?;
        let ran = self.run_in(house, &cell, prepared, tempo).await;
        house.server.spaces().remove(cell.name());
        ran.map_err(|error| untried(&error))
    }

    async fn run_in(
        &self,
        house: &House,
        cell: &Arc<SharedSpace>,
        prepared: &Prepared,
        tempo: Tempo,
    ) -> Result<(Judged, Duration), PeerError> {
        let client = score::client(&prepared.scenario, tempo);
        let place = house.place(cell, client, tempo.poll());
        let peer = self.launch(&place).await?;
        let about = about(peer.greeting(), tempo);
        let mut history = History::new(about.manners, demands::murk(prepared.murk, tempo));
        history.timing = Timing {
            stretch: tempo.told(Duration::from_secs(1)).as_secs_f64(),
            at_once: tempo.told(tempo.poll() / 8),
            ..Timing::default()
        };
        let asked = score::longest_retry_after(cell.lock().blueprint());
        let scenario = &prepared.scenario;
        let judged = demands::judged(scenario, &*self.launcher, &history, tempo.told(asked));
        let mut judge = Judge::new(&judged, about.abilities).barring(&demands::UNJUDGED);
        let (notes, noted) = mpsc::unbounded_channel();
        let tap = Arc::new(Inside::new(Arc::new(prepared.clone()), tempo, notes));
        cell.tap(tap.clone());
        let scene = Scene {
            launcher: &*self.launcher,
            terms: self.terms,
            tempo,
            prepared,
            scenario: &judged,
            cell: Arc::clone(cell),
            tap,
            place,
        };
        let stage = Stage::new(scene, peer, noted, history, &mut judge);
        let Ended { history, unreached, unfired, broken_off, lag, log, stopped } =
            stage.run().await?;
        let run = Run { history, about, unreached, unfired, unable: false, broken_off };
        let mut findings = judge.findings(&run);
        demands::excuse(&mut findings, &judged, &run.history);
        findings.extend(demands::left_out(scenario, &judged));
        if let Some(wanted) = &scenario.expect.saves {
            findings.push(demands::saves(wanted, &run.history));
        }
        let endless = run.broken_off.map(|_| {
            let requests = run.history.requests.len();
            format!("it did not come to an end, and was broken off after {requests} requests")
        });
        let outside = Outside {
            pace: Some(pace(tempo)),
            unjudged: endless,
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
        Ok((judged, lag))
    }
}

/// So often a run looks whether there is time left.
const LOOKS: Duration = Duration::from_millis(50);

/// Asked how much time is left.
type Hurry<'a> = dyn Fn() -> Haste + Sync + 'a;

/// Goes on with something until it is done, or until the haste is so great: none then.
async fn in_haste<T>(haste: &Hurry<'_>, most: Haste, done: impl Future<Output = T>) -> Option<T> {
    let too_late = async {
        while haste() < most {
            tokio::time::sleep(LOOKS).await;
        }
    };
    tokio::select! {
        biased;
        () = too_late => None,
        done = done => Some(done),
    }
}

impl Trial for OverHttp {
    fn judge(&self, prepared: &Prepared) -> Result<Judged, Untried> {
        let judged = self.judge_while(prepared, &|| Haste::None)?;
        judged
            .ok_or_else(|| Untried { problem: "a scenario was broken off".to_owned(), hint: None })
    }

    fn judge_while(
        &self,
        prepared: &Prepared,
        haste: &Hurry<'_>,
    ) -> Result<Option<Judged>, Untried> {
        match self.at_once(prepared, haste)? {
            ControlFlow::Break(judged) => Ok(judged),
            ControlFlow::Continue(house) => {
                house.runtime.block_on(self.try_out(house, prepared, haste))
            }
        }
    }

    fn glance(&self, prepared: &Prepared, haste: &Hurry<'_>) -> Result<Option<Judged>, Untried> {
        let house = match self.at_once(prepared, haste)? {
            ControlFlow::Break(judged) => return Ok(judged),
            ControlFlow::Continue(house) => house,
        };
        let tempo = Tempo::of(&prepared.scenario, self.terms.poll);
        if let Some(why) = score::unsaid(prepared, tempo) {
            return Ok(Some(verdict::unjudged(prepared, why)));
        }
        let run = in_haste(haste, Haste::NothingNew, self.run(house, prepared, tempo));
        let ran = house.runtime.block_on(run).transpose()?;
        Ok(ran.and_then(|(judged, lag)| verdict::at_a_glance(judged, lag)))
    }

    fn saves(&self) -> Result<bool, Untried> {
        Ok(self.greeting(self.house()?)?.capabilities.save)
    }

    fn in_real_time(&self) -> bool {
        !self.is_by_hand()
    }

    fn at_a_time(&self) -> usize {
        let cores = available_parallelism().map_or(2, NonZeroUsize::get);
        let wanted = self.terms.jobs.map_or(cores * A_CORE, NonZeroUsize::get);
        wanted.min(self.launcher.at_most()).max(1)
    }

    fn pace(&self, scenarios: &[&Prepared]) -> String {
        // A client that cannot be asked is told of with the first scenario.
        let view = self.launcher.view_in_words();
        let view = view.map_or_else(String::new, |view| format!(" · view: {view}"));
        if self.is_by_hand() {
            return format!("in virtual time over HTTP{view}");
        }
        let tempo = |prepared: &&Prepared| Tempo::of(&prepared.scenario, self.terms.poll);
        let expected = |prepared: &&Prepared| {
            let tempo = tempo(prepared);
            let said = score::unsaid(prepared, tempo).is_none();
            said.then(|| tempo.real(prepared.planned) + tempo.poll() * stage::AT_LEAST)
        };
        let takes: Duration = scenarios.iter().filter_map(expected).sum();
        let jobs = u32::try_from(self.at_a_time().min(scenarios.len())).unwrap_or(1);
        let takes = Duration::from_secs(takes.as_secs() / u64::from(jobs.max(1)) + 1);
        let takes = duration::format(takes);
        match scenarios.first() {
            Some(first) => format!("in real time, {}, about {takes}{view}", pace(tempo(first))),
            None => format!("in real time{view}"),
        }
    }
}

/// `poll 200 ms stands for 60 s`
fn pace(tempo: Tempo) -> String {
    let spaced = |time: Duration| {
        let text = duration::format(time);
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        format!("{} {}", &text[..split], &text[split..])
    };
    let stands_for = Duration::from_secs(tempo.stands_for().as_secs().max(1));
    format!("poll {} stands for {} s", spaced(tempo.poll()), stands_for.as_secs())
}

fn about(greeting: &Greeting, tempo: Tempo) -> About {
    About {
        name: greeting.name.clone(),
        version: greeting.version.clone(),
        abilities: Abilities {
            saves: greeting.capabilities.save,
            tokens: greeting.capabilities.tokens,
            status: greeting.capabilities.status,
            waits: false,
        },
        manners: demands::manners(greeting, tempo),
    }
}

/// How a client stopped.
fn in_words(error: &PeerError) -> String {
    match error {
        PeerError::Stopped(how) => how.clone(),
        PeerError::Refused(why) => format!("it refused: {why}"),
        PeerError::NeverStarted(why) => why.clone(),
    }
}

fn untried(error: &PeerError) -> Untried {
    let hint = match error {
        PeerError::NeverStarted(_) => "start it by hand to see what it says",
        PeerError::Stopped(_) | PeerError::Refused(_) => "see its log",
    };
    let problem = error.to_string();
    // Whoever knew better has said so already: two pieces of advice are none.
    let hint = (!problem.contains("= hint: ")).then(|| hint.to_owned());
    Untried { problem, hint }
}

impl House {
    fn build() -> Result<Self, Untried> {
        let failed = |problem: &dyn std::fmt::Display| Untried {
            problem: format!("the emulator cannot be started: {problem}"),
            hint: None,
        };
        let runtime = Runtime::new().map_err(|error| failed(&error))?;
        let server = runtime
            .block_on(MockServer::start(ServerOptions::default()))
            .map_err(|error| failed(&error))?;
        Ok(Self { server, runtime })
    }

    fn space(&self, blueprint: Blueprint) -> Result<Arc<SharedSpace>, Untried> {
        let made = self.server.spaces().make(None, blueprint, EXPIRES);
        made.map_err(|taken| Untried { problem: taken.to_string(), hint: None })
    }

    fn place(&self, cell: &SharedSpace, client: Client, poll: Duration) -> Place {
        let space = cell.lock();
        let info = Info::of(&space, &self.server.info().url);
        Place {
            rest_host: info.url,
            rest_url: info.rest_url,
            control_url: info.control_url,
            identifier: info.identifier,
            key: info.key,
            tier: info.tier,
            plugin_id: info.plugin_id,
            poll_every: poll,
            now: space.clock.wall_at_start().timestamp(),
            client,
        }
    }
}
