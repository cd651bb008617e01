//! A program that speaks the client protocol over its stdin and stdout (`--client-cmd`).
//!
//! One JSON object a line, replies in any order. Each scenario gets a process of its own, started
//! with the addresses and credentials in its environment; a program that can `reset` is kept for
//! the next scenario.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::id::WebsiteId;
use jiff::Timestamp;
use tokio::sync::oneshot;

use super::lines::Line;
use super::log::{Log, shortened};
use super::message::{Ask, Heard, Reply, Useless, reply_within};
use super::options::{PeerOptions, ValidView};
use super::program::{self, Program};
use super::view::View;
use super::{
    Advanced, Answer, CommandLine, Greeting, Launcher, Peer, PeerError, Place, Reading, save_limit,
};
use crate::scenario::SaveEnd;
use crate::subject::How;

/// After a program has ended: for how long its last reply may still be on its way to us.
const LAST_WORDS: Duration = Duration::from_millis(500);
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

    async fn begin(&self, place: &Place) -> Result<Box<dyn Peer>, PeerError> {
        while let Some(talk) = self.shared.take_kept() {
            talk.program.log.clear();
            if talk.program.is_running() && talk.ask(&Ask::Reset).await.is_ok() {
                return Ok(self.peer(talk));
            }
            // Whoever cannot forget is started anew.
            talk.program.finish().await;
        }
        let talk = self.start(place).await.map_err(|why| {
            // Once it said hello, its not starting is something that this scenario brought about.
            if self.shared.was_greeted.load(Ordering::Relaxed) {
                PeerError::Stopped(why)
            } else {
                PeerError::NeverStarted(why)
            }
        })?;
        Ok(self.peer(Arc::new(talk)))
    }

    async fn start(&self, place: &Place) -> Result<Talk, String> {
        let mut talk = Talk::start(&self.line, program::variables(place), &self.options)?;
        let reply = match talk.ask(&Ask::HELLO).await {
            Ok(reply) => reply,
            Err(PeerError::Refused(why)) => {
                return Err(format!("{why}{}", talk.program.log.told()));
            }
            Err(PeerError::Stopped(why) | PeerError::NeverStarted(why)) => {
                return Err(talk.no_hello(self.line.text(), &why));
            }
        };
        match reply.greeting() {
            Ok((greeting, view)) => {
                talk.greeting = greeting;
                self.shared.view.greeted(view);
                self.shared.was_greeted.store(true, Ordering::Relaxed);
                Ok(talk)
            }
            Err(Useless::Failed(why) | Useless::Wrong(why)) => Err(why),
        }
    }

    fn peer(&self, talk: Arc<Talk>) -> Box<dyn Peer> {
        Box::new(ProcessPeer {
            greeting: talk.greeting.clone(),
            view: self.shared.view.get(),
            log: Arc::clone(&talk.program.log),
            talk: Mutex::new(Some(talk)),
            shared: Arc::clone(&self.shared),
        })
    }
}

impl Shared {
    fn take_kept(&self) -> Option<Arc<Talk>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.pop()
    }

    /// Keeps a process for the next scenario, or gives it back.
    fn keep(&self, talk: Arc<Talk>) -> Option<Arc<Talk>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_KEPT {
            kept.push(talk);
            None
        } else {
            Some(talk)
        }
    }
}

impl Launcher for Process {
    fn launch<'a>(&'a self, place: &'a Place) -> Answer<'a, Box<dyn Peer>> {
        Box::pin(self.begin(place))
    }

    fn view(&self, settings: Option<&str>) -> Option<String> {
        self.shared.view.get().of(settings)
    }

    fn view_in_words(&self) -> Option<String> {
        self.shared.view.get().in_words()
    }
}

/// One process in one scenario.
struct ProcessPeer {
    greeting: Greeting,
    view: View,
    log: Arc<Log>,
    talk: Mutex<Option<Arc<Talk>>>,
    shared: Arc<Shared>,
}

impl ProcessPeer {
    async fn ask<T>(
        &self,
        ask: Ask<'_>,
        read: impl FnOnce(&Reply) -> Result<T, Useless>,
    ) -> Result<T, PeerError> {
        let talk = self.talk().clone();
        let talk =
            talk.ok_or_else(|| PeerError::Stopped("it was told to stop before".to_owned()))?;
        let reply = talk.ask(&ask).await?;
        read(&reply).map_err(PeerError::from)
    }

    fn talk(&self) -> MutexGuard<'_, Option<Arc<Talk>>> {
        self.talk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn end(&self) -> Result<(), PeerError> {
        let Some(talk) = self.talk().take() else {
            return Ok(());
        };
        // With a request still open it would meet the next scenario with thoughts of this one.
        let forgets = self.greeting.capabilities.reset && Arc::strong_count(&talk) == 1;
        if forgets && talk.ask(&Ask::Reset).await.is_ok() {
            return match self.shared.keep(talk) {
                None => Ok(()),
                Some(talk) => talk.leave().await,
            };
        }
        talk.leave().await
    }
}

impl Peer for ProcessPeer {
    fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    fn start<'a>(&'a self, place: &'a Place) -> Answer<'a, ()> {
        let ask = Ask::start(place, self.greeting.capabilities);
        Box::pin(self.ask(ask, |_| Ok(())))
    }

    fn read(&self) -> Answer<'_, Reading> {
        let abilities = self.greeting.capabilities;
        Box::pin(self.ask(Ask::Read, move |reply| reply.reading(&self.view, abilities)))
    }

    fn save<'a>(&'a self, website: WebsiteId, settings: &'a str, how: How) -> Answer<'a, SaveEnd> {
        let ask = Ask::save(website, settings, how);
        Box::pin(self.ask(ask, Reply::save_end))
    }

    fn advance(&self, by: Duration, now: Timestamp) -> Answer<'_, Advanced> {
        Box::pin(self.ask(Ask::advance(by, now), Reply::advanced))
    }

    fn reset(&self) -> Answer<'_, ()> {
        Box::pin(self.ask(Ask::Reset, |_| Ok(())))
    }

    fn stop(&self) -> Answer<'_, ()> {
        Box::pin(self.end())
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

/// The requests that have no reply yet.
#[derive(Debug, Default)]
struct Open {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Result<Reply, String>>>,
    /// Something odd that it wrote, in case that a reply does not come.
    odd: Option<String>,
    /// It cannot say anything any more.
    is_closed: bool,
}

impl Talk {
    fn start(
        line: &CommandLine,
        variables: Vec<(String, String)>,
        options: &PeerOptions,
    ) -> Result<Self, String> {
        let open = Arc::new(Mutex::new(Open::default()));
        let log = Arc::new(Log::default());
        let (hears, closes, kept) = (Arc::clone(&open), Arc::clone(&open), Arc::clone(&log));
        let program = Program::start(
            line,
            variables,
            options.warden.clone(),
            true,
            &log,
            move |line| lock(&hears).hear(&line, &kept),
            move || lock(&closes).close(),
        )?;
        Ok(Self { greeting: Greeting::default(), program, open, timeout: options.timeout })
    }

    /// Sends a request and waits for its reply.
    async fn ask(&self, ask: &Ask<'_>) -> Result<Reply, PeerError> {
        let limit = match ask {
            Ask::Save { .. } => save_limit(self.timeout, &self.greeting),
            _ => self.timeout,
        };
        let (id, mut reply) = lock(&self.open).enter();
        // Whoever stops waiting is forgotten, so that nothing piles up.
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
        reply.fine(ask.op()).map_err(PeerError::from)
    }

    /// Lets the program go.
    async fn leave(&self) -> Result<(), PeerError> {
        if self.program.is_running() {
            // It may exit without a word: that is what it is asked for.
            let _ = tokio::time::timeout(program::GRACE, self.ask(&Ask::Stop)).await;
        }
        self.program.finish().await;
        Ok(())
    }

    fn silent(&self, ask: &Ask<'_>, line: &str, limit: Duration) -> PeerError {
        let odd = lock(&self.open).odd.clone();
        let odd = odd.map(|odd| format!("\n  {odd}")).unwrap_or_default();
        PeerError::Stopped(format!(
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
            self.program.log.told()
        ))
    }

    /// What is said of a program that did not say hello.
    fn no_hello(&self, line: &str, why: &str) -> String {
        let log = if why.contains("\n  its log ends") || why.contains("\n  it wrote nothing") {
            String::new()
        } else {
            self.program.log.told()
        };
        format!(
            "`{line}` did not say hello: {why}{log}\n  = hint: the program that --client-cmd starts \
             speaks the client protocol (docs/client-protocol.md); a plugin as it is is judged with \
             --run and --read"
        )
    }
}

/// Takes a request off the list when nobody waits for it any more.
struct Forgotten<'a>(&'a Mutex<Open>, u64);

impl Drop for Forgotten<'_> {
    fn drop(&mut self) {
        lock(self.0).waiting.remove(&self.1);
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Open {
    /// Enters a request; what comes of it arrives in the channel.
    fn enter(&mut self) -> (u64, oneshot::Receiver<Result<Reply, String>>) {
        self.last += 1;
        let (tell, heard) = oneshot::channel();
        if !self.is_closed {
            self.waiting.insert(self.last, tell);
        }
        (self.last, heard)
    }

    fn hear(&mut self, line: &Line<'_>, log: &Log) {
        let text = match line {
            Line::Whole(text) => text,
            Line::TooLong(start, length) => {
                let most = program::LONGEST_LINE;
                self.odd = Some(format!(
                    "it wrote a line of {length} bytes, and a reply may have {most} at most: {}",
                    shortened(start, 80)
                ));
                return program::note(log, line);
            }
        };
        match Heard::read(text) {
            Heard::Log => match reply_within(text) {
                Some((id, reply, around)) if self.waiting.contains_key(&id) => {
                    log.note(&around);
                    self.reply(id, reply);
                }
                _ => log.note(text),
            },
            Heard::Astray(why) => self.fail(&format!("its reply cannot be used: {why}")),
            Heard::Reply(id, reply) if self.waiting.contains_key(&id) => self.reply(id, reply),
            // A log line that looks like a reply.
            Heard::Reply(id, reply) if id == 0 || !reply.has_ok() => {
                self.odd = Some(format!("it wrote a line with another id: {}", reply.quoted()));
                log.note(text);
            }
            Heard::Reply(id, reply) if id > self.last => self.fail(&format!(
                "it replied to `\"id\": {id}`, which was never asked; the reply repeats the id of \
                 its request, the last of which was {}\n  it wrote: {}",
                self.last,
                reply.quoted()
            )),
            // It comes too late, or a second time.
            Heard::Reply(..) => {}
        }
    }

    fn reply(&mut self, id: u64, reply: Reply) {
        if let Some(tell) = self.waiting.remove(&id) {
            let _ = tell.send(Ok(reply));
        }
    }

    /// Nothing that it says can be relied on.
    fn fail(&mut self, why: &str) {
        for (_, tell) in self.waiting.drain() {
            let _ = tell.send(Err(why.to_owned()));
        }
    }

    fn close(&mut self) {
        self.is_closed = true;
        self.waiting.clear();
    }
}
