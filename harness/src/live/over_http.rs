//! A trial of a client outside: its scenarios are judged over HTTP, by a clock that is moved by hand
//! where the client has one, and else in real time.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;
use std::time::Duration;

use crisp_mock_server::duration;
use parking_lot::Mutex;

use super::client_side::in_time;
use super::emulator::SharedEmulator;
use super::patience::Patience;
use super::probe::{interval, probe};
use super::virtual_time::Forked;
use super::{Tempo, Terms, demands, run, scaling, verdict};
use crate::candidate::{TimeLeft, Trial, Untried};
use crate::peer::{Access, Greeting, Launcher, Peer, PeerError};
use crate::runner::Judged;
use crate::scenario::{Client, Scenario};
use crate::world::Prepared;

/// In real time scenarios mostly wait: so many of them keep one core busy.
const A_CORE: usize = 6;
/// In virtual time the clients work all the time.
const A_CORE_BY_HAND: usize = 2;

/// Tries the clients that a launcher starts, over HTTP. It has threads and a runtime of its own, and
/// is not to be used from within another: a scenario is judged by blocking until it is over.
pub struct OverHttp {
    pub(super) launcher: Arc<dyn Launcher>,
    pub(super) terms: Terms,
    emulator: OnceLock<Result<SharedEmulator, Untried>>,
    greeting: OnceLock<Result<Greeting, Untried>>,
    patience: Patience,
    /// Whether a client is looked at before it is judged.
    probes: bool,
    /// What is known of clients that were forked.
    pub(super) forked: Mutex<Forked>,
    /// Whether a reading of a cache has led to something: a request, an alarm.
    pub(super) reads_apart: AtomicBool,
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
        Self {
            launcher: launcher.into(),
            terms,
            emulator: OnceLock::new(),
            greeting: OnceLock::new(),
            patience: Patience::default(),
            probes: false,
            forked: Mutex::default(),
            reads_apart: AtomicBool::new(false),
        }
    }

    /// The same, with a look at a client before it is judged in real time: one that is set up
    /// wrongly is not judged at all, and told what is wrong.
    #[must_use]
    pub fn probing(self) -> Self {
        Self { probes: true, ..self }
    }

    fn emulator(&self) -> Result<&SharedEmulator, Untried> {
        let start = || SharedEmulator::start(self.terms.any_credentials);
        self.emulator.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    /// A scenario as it is run: where clients may have any credentials, its world takes them.
    fn opened<'a>(&self, prepared: &'a Prepared) -> Cow<'a, Prepared> {
        if !self.terms.any_credentials {
            return Cow::Borrowed(prepared);
        }
        let mut blueprint = (*prepared.blueprint).clone();
        blueprint.options.accept_any_credentials = Some(true);
        Cow::Owned(Prepared { blueprint: Arc::new(blueprint), ..prepared.clone() })
    }

    /// What the clients of this launcher say of themselves: one is started to be asked.
    fn greeting(&self, emulator: &SharedEmulator) -> Result<&Greeting, Untried> {
        let ask = async {
            let access = emulator.default_access(Client::default(), self.terms.poll);
            let peer = self.launch(&access).await?;
            let greeting = peer.greeting().clone();
            // It has said what was to be heard.
            let _ = in_time(self.terms.client_timeout, "stop", peer.stop()).await;
            Ok(greeting)
        };
        let greeting = self.greeting.get_or_init(|| {
            let asked: Result<_, PeerError> = emulator.runtime.block_on(ask);
            asked.map_err(|error| untried(&error))
        });
        greeting.as_ref().map_err(Clone::clone)
    }

    /// Whether its clock is moved by hand. A client that cannot be asked
    /// is reported with the first scenario.
    fn is_by_hand(&self) -> bool {
        let asked = self.emulator().and_then(|emulator| self.greeting(emulator));
        asked.is_ok_and(|greeting| greeting.capabilities.manual_clock)
    }

    /// A verdict that takes no real time, or none when there is none left.
    fn at_once(
        &self,
        prepared: &Prepared,
        left: &Deadline<'_>,
    ) -> Result<ControlFlow<Option<Judged>, &SharedEmulator>, Untried> {
        let emulator = self.emulator()?;
        let greeting = self.greeting(emulator)?;
        if left() != TimeLeft::Enough {
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
        if let Some(why) = demands::missing(&prepared.scenario, greeting) {
            return Ok(ControlFlow::Break(Some(verdict::unjudged(prepared, why))));
        }
        if greeting.capabilities.manual_clock {
            let judged = self.in_virtual_time(emulator, prepared, greeting)?;
            return Ok(ControlFlow::Break(Some(judged)));
        }
        Ok(ControlFlow::Continue(emulator))
    }

    /// A client whose clock is moved in a scenario in which nothing happens.
    fn in_calm(
        &self,
        emulator: &SharedEmulator,
        greeting: &Greeting,
    ) -> Result<Option<Judged>, Untried> {
        let nothing = Scenario { name: "nothing happens".to_owned(), ..Scenario::default() };
        let Ok(prepared) = Prepared::new(nothing.into()) else { return Ok(None) };
        self.in_virtual_time(emulator, &self.opened(&prepared), greeting).map(Some)
    }

    /// Runs a scenario, and again alone if the client was late.
    fn patiently(
        &self,
        prepared: &Prepared,
        run: &dyn Fn() -> Result<Option<Judged>, Untried>,
    ) -> Result<Option<Judged>, Untried> {
        let unjudged = |why| verdict::counts_for_nothing(verdict::unjudged(prepared, why));
        self.patience.try_out(run, &unjudged)
    }

    fn look(&self, prepared: &Prepared, left: &Deadline<'_>) -> Result<Option<Judged>, Untried> {
        let emulator = match self.at_once(prepared, left)? {
            ControlFlow::Break(judged) => return Ok(judged),
            ControlFlow::Continue(emulator) => emulator,
        };
        let tempo = Tempo::of(&prepared.scenario, self.terms.poll);
        if let Some(why) = scaling::obstacle(prepared, tempo) {
            return Ok(Some(verdict::unjudged(prepared, why)));
        }
        let run = while_time(left, TimeLeft::ToConfirm, self.run(emulator, prepared, tempo));
        let ran = emulator.runtime.block_on(run).transpose()?;
        Ok(ran.and_then(|(judged, lag)| verdict::at_a_glance(judged, lag)))
    }

    pub(super) async fn launch(&self, access: &Access) -> Result<Box<dyn Peer>, PeerError> {
        let launched = self.launcher.launch(access);
        match in_time(self.terms.client_timeout, "hello", launched).await {
            // A client that falls silent before it has begun never started.
            Err(PeerError::Stopped(how) | PeerError::Late(how) | PeerError::Ended { how, .. }) => {
                Err(PeerError::NeverStarted(how))
            }
            launched => launched,
        }
    }
}

/// So often a run looks whether there is time left.
const LOOKS: Duration = Duration::from_millis(50);

/// Says how much time is left.
pub(super) type Deadline<'a> = dyn Fn() -> TimeLeft + Sync + 'a;

/// Goes on with something until it is done, or until only so much time is left: none then.
pub(super) async fn while_time<T>(
    left: &Deadline<'_>,
    most: TimeLeft,
    done: impl Future<Output = T>,
) -> Option<T> {
    let too_late = async {
        while left() < most {
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
    fn probe(&self) -> Result<(), Untried> {
        let emulator = self.emulator()?;
        if !self.probes {
            return Ok(());
        }
        let greeting = self.greeting(emulator)?;
        let is_moved = greeting.capabilities.manual_clock;
        let access = emulator.default_access(Client::default(), self.terms.poll);
        let launched = match is_moved {
            true => self.launcher.in_real_time(&access),
            false => Some(self.launcher.launch(&access)),
        };
        let Some(launched) = launched else { return Ok(()) };
        emulator.runtime.block_on(async {
            match in_time(self.terms.client_timeout, "hello", launched).await {
                Ok(peer) => probe(peer, &access, emulator.default_space(), self.terms).await,
                // The judge tries that again.
                Err(_) => Ok(()),
            }
        })?;
        // What a look in real time left to a slow machine is certain here. What did not start, the judge tries again.
        let calm = is_moved.then(|| self.in_calm(emulator, greeting).ok().flatten()).flatten();
        calm.map_or(Ok(()), |judged| interval::is_kept(&judged.run.history))
    }

    fn judge(&self, prepared: &Prepared) -> Result<Judged, Untried> {
        let judged = self.judge_while(prepared, &|| TimeLeft::Enough)?;
        judged
            .ok_or_else(|| Untried { problem: "a scenario was broken off".to_owned(), hint: None })
    }

    fn judge_while(
        &self,
        prepared: &Prepared,
        left: &Deadline<'_>,
    ) -> Result<Option<Judged>, Untried> {
        let prepared = &*self.opened(prepared);
        self.patiently(prepared, &|| match self.at_once(prepared, left)? {
            ControlFlow::Break(judged) => Ok(judged),
            ControlFlow::Continue(emulator) => {
                emulator.runtime.block_on(self.try_out(emulator, prepared, left))
            }
        })
    }

    fn glance(&self, prepared: &Prepared, left: &Deadline<'_>) -> Result<Option<Judged>, Untried> {
        let prepared = &*self.opened(prepared);
        self.patiently(prepared, &|| self.look(prepared, left))
    }

    fn saves(&self) -> Result<bool, Untried> {
        Ok(self.greeting(self.emulator()?)?.capabilities.save)
    }

    fn listens(&self) -> Result<bool, Untried> {
        let emulator = self.emulator()?;
        let greeting = self.greeting(emulator)?;
        // In real time its sockets are not seen.
        if !greeting.capabilities.manual_clock {
            return Ok(false);
        }
        let calm = self.in_calm(emulator, greeting)?;
        Ok(calm.is_some_and(|judged| judged.run.about.abilities.listens))
    }

    fn in_real_time(&self) -> bool {
        !self.is_by_hand()
    }

    fn at_a_time(&self) -> usize {
        let cores = available_parallelism().map_or(2, NonZeroUsize::get);
        let a_core = if self.is_by_hand() { A_CORE_BY_HAND } else { A_CORE };
        let wanted = self.terms.jobs.map_or(cores * a_core, NonZeroUsize::get);
        wanted.min(self.launcher.at_most()).max(1)
    }

    fn pace(&self, scenarios: &[&Prepared]) -> String {
        // A client that cannot be asked is reported with the first scenario.
        let view = self.launcher.view_in_words();
        let view = view.map_or_else(String::new, |view| format!(" · view: {view}"));
        if self.is_by_hand() {
            return format!("in virtual time over HTTP{view}");
        }
        let why = self.launcher.why_in_real_time();
        // What it says more stands under the verdict.
        let first = |why: String| format!(" ({})", why.lines().next().unwrap_or_default());
        let why = why.map_or_else(String::new, first);
        let tempo = |prepared: &&Prepared| Tempo::of(&prepared.scenario, self.terms.poll);
        let expected = |prepared: &&Prepared| {
            let tempo = tempo(prepared);
            let said = scaling::obstacle(prepared, tempo).is_none();
            said.then(|| tempo.real(prepared.planned) + tempo.poll() * run::AT_LEAST)
        };
        let takes: Duration = scenarios.iter().filter_map(expected).sum();
        let jobs = u32::try_from(self.at_a_time().min(scenarios.len())).unwrap_or(1);
        let takes = Duration::from_secs(takes.as_secs() / u64::from(jobs.max(1)) + 1);
        let takes = duration::format(takes);
        match scenarios.first() {
            Some(first) => format!("in real time{why}, {}, about {takes}{view}", tempo(first)),
            None => format!("in real time{why}{view}"),
        }
    }
}

pub(super) fn untried(error: &PeerError) -> Untried {
    let hint = match error {
        PeerError::NeverStarted(_) | PeerError::Ended { .. } => {
            "start it by hand to see what it says"
        }
        PeerError::Stopped(_) | PeerError::Late(_) | PeerError::Refused(_) => "see its log",
    };
    let problem = error.to_string();
    // A peer's own hint is the better one.
    let hint = (!problem.contains("= hint: ")).then(|| hint.to_owned());
    Untried { problem, hint }
}
