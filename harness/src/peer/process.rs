//! A program that speaks the client protocol over its stdin and stdout (`--client-cmd`).
//!
//! One JSON object a line, replies in any order. Each scenario gets a process of its own, started
//! with the addresses and credentials in its environment; a program that can `reset` is kept for
//! the next scenario.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crisp_mock_server::duration;
use parking_lot::Mutex;

use super::ask::Ask;
use super::conversation::{Channel, Conversation};
use super::heard::Open;
use super::log::{Log, shortened};
use super::options::{PeerOptions, ValidView};
use super::program::{self, Input, Program};
use super::reply::Reply;
use super::{Access, Answer, CommandLine, Greeting, Launcher, Peer, PeerError};

/// After a program has ended: for how long its last reply may still be on its way to us.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How many processes are kept for later.
const MOST_KEPT: usize = 64;

/// Starts a program for each scenario.
#[derive(Debug)]
pub struct Process {
    line: CommandLine,
    options: PeerOptions,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    view: ValidView,
    /// Whether one of its processes ever said hello.
    was_greeted: AtomicBool,
    /// Processes that can forget, waiting for the next scenario.
    kept: Mutex<Vec<Arc<Talk>>>,
}

impl Process {
    /// A program that is started with this command line.
    #[must_use]
    pub fn new(line: CommandLine, options: PeerOptions) -> Self {
        let view = ValidView::of(&options);
        Self { line, options, shared: Arc::new(Shared { view, ..Shared::default() }) }
    }

    async fn begin(&self, access: &Access) -> Result<Box<dyn Peer>, PeerError> {
        while let Some(talk) = self.shared.take_kept() {
            talk.program.log.clear();
            if talk.program.is_running() && talk.ask(&Ask::Reset).await.is_ok() {
                return Ok(self.peer(talk));
            }
            // One that cannot forget is started anew.
            talk.program.finish().await;
        }
        let talk = self.start(access).await.map_err(|error| match error {
            // Once it said hello, its not starting is something that this scenario brought about;
            // that it is late is not.
            PeerError::Stopped(why) if self.shared.was_greeted.load(Ordering::Relaxed) => {
                PeerError::Stopped(why)
            }
            error => PeerError::NeverStarted(error.how()),
        })?;
        Ok(self.peer(Arc::new(talk)))
    }

    async fn start(&self, access: &Access) -> Result<Talk, PeerError> {
        let mut talk = Talk::start(&self.line, program::variables(access), &self.options)
            .map_err(PeerError::Stopped)?;
        let reply = match talk.ask(&Ask::HELLO).await {
            Ok(reply) => reply,
            Err(PeerError::Refused(why)) => {
                return Err(PeerError::Stopped(format!("{why}{}", talk.program.log.tail())));
            }
            Err(PeerError::Late(why)) => {
                return Err(PeerError::Late(talk.no_hello(self.line.text(), &why)));
            }
            Err(
                PeerError::Stopped(why)
                | PeerError::Ended { how: why, .. }
                | PeerError::NeverStarted(why),
            ) => {
                return Err(PeerError::Stopped(talk.no_hello(self.line.text(), &why)));
            }
        };
        let (greeting, view) =
            reply.greeting().map_err(|useless| PeerError::Stopped(useless.how()))?;
        talk.greeting = greeting;
        self.shared.view.greeted(view);
        self.shared.was_greeted.store(true, Ordering::Relaxed);
        Ok(talk)
    }

    fn peer(&self, talk: Arc<Talk>) -> Box<dyn Peer> {
        Box::new(Conversation {
            greeting: talk.greeting.clone(),
            view: self.shared.view.get(),
            channel: ProcessChannel {
                log: Arc::clone(&talk.program.log),
                talk: Mutex::new(Some(talk)),
                shared: Arc::clone(&self.shared),
            },
        })
    }
}

impl Shared {
    fn take_kept(&self) -> Option<Arc<Talk>> {
        self.kept.lock().pop()
    }

    /// Keeps a process for the next scenario, or gives it back.
    fn keep(&self, talk: Arc<Talk>) -> Option<Arc<Talk>> {
        let mut kept = self.kept.lock();
        if kept.len() < MOST_KEPT {
            kept.push(talk);
            None
        } else {
            Some(talk)
        }
    }
}

impl Launcher for Process {
    fn launch<'a>(&'a self, access: &'a Access) -> Answer<'a, Box<dyn Peer>> {
        Box::pin(self.begin(access))
    }

    fn view(&self, settings: Option<&str>) -> Option<String> {
        self.shared.view.get().of(settings)
    }

    fn view_in_words(&self) -> Option<String> {
        self.shared.view.get().in_words()
    }
}

/// One process in one scenario.
struct ProcessChannel {
    log: Arc<Log>,
    talk: Mutex<Option<Arc<Talk>>>,
    shared: Arc<Shared>,
}

impl Channel for ProcessChannel {
    async fn ask(&self, ask: &Ask<'_>, _: &Greeting) -> Result<Reply, PeerError> {
        let talk = self.talk.lock().clone();
        let stopped = || PeerError::Stopped("it was told to stop before".to_owned());
        talk.ok_or_else(stopped)?.ask(ask).await
    }

    async fn end(&self, greeting: &Greeting) -> Result<(), PeerError> {
        let Some(talk) = self.talk.lock().take() else {
            return Ok(());
        };
        // A request that is still open would be replied to in the next scenario.
        let forgets = greeting.capabilities.reset && Arc::strong_count(&talk) == 1;
        let talk = if forgets && talk.ask(&Ask::Reset).await.is_ok() {
            self.shared.keep(talk)
        } else {
            Some(talk)
        };
        if let Some(talk) = talk {
            talk.leave().await;
        }
        Ok(())
    }

    fn log(&self) -> Vec<String> {
        self.log.lines()
    }
}

/// A conversation with a running program.
#[derive(Debug)]
struct Talk {
    greeting: Greeting,
    program: Program,
    open: Arc<Mutex<Open>>,
    timeout: Duration,
}

impl Talk {
    fn start(
        line: &CommandLine,
        variables: Vec<(String, OsString)>,
        options: &PeerOptions,
    ) -> Result<Self, String> {
        let open = Arc::new(Mutex::new(Open::default()));
        let log = Arc::new(Log::default());
        let (hears, closes, kept) = (Arc::clone(&open), Arc::clone(&open), Arc::clone(&log));
        let program = Program::start(
            line,
            variables,
            options.warden.clone(),
            Input::Lines,
            &log,
            move |line| hears.lock().hear(&line, &kept),
            move || closes.lock().close(),
        )?;
        Ok(Self { greeting: Greeting::default(), program, open, timeout: options.timeout })
    }

    /// Sends a request and waits for its reply.
    async fn ask(&self, ask: &Ask<'_>) -> Result<Reply, PeerError> {
        let limit = ask.limit(self.timeout, &self.greeting);
        let (id, mut reply) = self.open.lock().enter();
        let _forgotten = Forgotten(&self.open, id);
        let line = ask.line(id);
        self.program.say(line.clone());
        let heard = tokio::select! {
            biased;
            heard = &mut reply => heard.map_err(|_| None),
            how = self.program.ended() => {
                match tokio::time::timeout(LAST_WORDS, reply).await {
                    Ok(Ok(heard)) => Ok(heard),
                    _ => Err(Some(how)),
                }
            }
            () = tokio::time::sleep(limit) => return Err(self.silent(ask, &line, limit)),
        };
        let reply = match heard {
            Ok(heard) => heard.map_err(PeerError::Stopped)?,
            Err(how) => return Err(self.gone(ask, how).await),
        };
        reply.fine(ask.op())
    }

    /// Lets the program go.
    async fn leave(&self) {
        if self.program.is_running() {
            // It may exit without a word: that is what it is asked for.
            let _ = tokio::time::timeout(program::GRACE, self.ask(&Ask::Stop)).await;
        }
        self.program.finish().await;
    }

    fn silent(&self, ask: &Ask<'_>, line: &str, limit: Duration) -> PeerError {
        let odd = self.open.lock().odd.clone();
        let odd = odd.map(|odd| format!("\n  {odd}")).unwrap_or_default();
        PeerError::Late(format!(
            "no reply to `{}` within {} (--client-timeout)\n  it was sent: {}{odd}",
            ask.op(),
            duration::format(limit),
            shortened(line, 300),
        ))
    }

    async fn gone(&self, ask: &Ask<'_>, how: Option<String>) -> PeerError {
        let how = match how {
            Some(how) => how,
            // Its output has ended; most likely so has it.
            None => tokio::time::timeout(LAST_WORDS, self.program.ended())
                .await
                .unwrap_or_else(|_| "it closed its stdout".to_owned()),
        };
        PeerError::Stopped(format!(
            "{how}, with no reply to `{}`{}",
            ask.op(),
            self.program.log.tail()
        ))
    }

    /// What is said of a program that did not say hello.
    fn no_hello(&self, line: &str, why: &str) -> String {
        let log = if why.contains("\n  its log ends") || why.contains("\n  it wrote nothing") {
            String::new()
        } else {
            self.program.log.tail()
        };
        format!(
            "`{line}` did not say hello: {why}{log}\n  = hint: the program that --client-cmd starts \
             speaks the client protocol (docs/client-protocol.md); a plugin as it is is judged with \
             --run and --read"
        )
    }
}

/// Takes a request off the list when its reply is not waited for any more.
struct Forgotten<'a>(&'a Mutex<Open>, u64);

impl Drop for Forgotten<'_> {
    fn drop(&mut self) {
        self.0.lock().forget(self.1);
    }
}
