//! A plugin for Python whose libraries are loaded once: a process that stands where the plugin would begin is forked for each
//! scenario (docs/clock-channel.md). It refuses where a process that is started anew would be another one.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io::{self, IoSlice, PipeReader, PipeWriter};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crisp_mock_server::duration;
use parking_lot::Mutex;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde::{Deserialize, Serialize};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::unix::pipe::Receiver;
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, oneshot};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::peer::family::Family;
use crate::peer::lines::{Line, each_line};
use crate::peer::log::Log;
use crate::peer::program::{Input, LOST, Parts, Program, in_words, note};
use crate::peer::warden::{Ending, Warden, end_family};
use crate::peer::{CommandLine, PeerError};

/// Says to the preload for Python that this process is to be forked, and who started it.
const VARIABLE: &str = "CRISP_CLOCK_FORKS";
/// A run of one or two scenarios has nothing to save.
const WORTH_IT_FROM: usize = 3;
/// How long an order may take, and the start of the process; the first after libraries were learned
/// loads them.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest line that the process says.
const LONGEST_LINE: usize = 64 << 10;

/// The process that is forked, once there is one.
#[derive(Debug, Default)]
pub(super) struct Forks {
    asked: AtomicUsize,
    is_over: AtomicBool,
    /// It outlives the scenario in which it begins, and the runtime of that.
    home: OnceLock<Handle>,
    server: OnceCell<Option<Server>>,
}

impl Forks {
    /// A process for one scenario that has these variables and writes to this log; none: it is to be
    /// started.
    ///
    /// # Errors
    ///
    /// It is late: it may come yet, and then is ended.
    pub(super) async fn program(
        &self,
        run: &CommandLine,
        variables: &[(String, OsString)],
        warden: Option<&Arc<Warden>>,
        log: &Arc<Log>,
    ) -> Result<Option<Program>, PeerError> {
        let is_worth_it = self.asked.fetch_add(1, Ordering::Relaxed) + 1 >= WORTH_IT_FROM;
        if !is_worth_it || self.is_over.load(Ordering::Relaxed) {
            return Ok(None);
        }
        // Of several the last counts.
        let texts =
            variables.iter().map(|(name, value)| Some((name.clone(), value.to_str()?.to_owned())));
        let Some(texts) = texts.collect::<Option<BTreeMap<_, _>>>() else { return Ok(None) };
        let Some(home) = self.home.get() else { return Ok(None) };
        let mut unanswered = Unanswered { forks: self, is_answered: false };
        let start = || async {
            let start = Server::start(run.clone(), texts.clone(), warden.cloned());
            home.spawn(start).await.ok().flatten()
        };
        let Some(server) = self.server.get_or_init(start).await else { return Ok(None) };
        let Some(pipes) = Pipes::new() else { return Ok(None) };
        let forked = server.fork(run, &texts, &pipes).await?;
        unanswered.is_answered = true;
        Ok(forked.and_then(|(forked, family)| forked.program(pipes, family, warden, log)))
    }

    /// Where the process that is forked is to live: called within a runtime that stays. Only the first call counts.
    pub(super) fn live_here(&self) {
        self.home.get_or_init(Handle::current);
    }

    /// From now on each process is started.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// An order without an answer, also one that is given up: the next may be as late, and a process that is
/// started is none the worse.
struct Unanswered<'a> {
    forks: &'a Forks,
    is_answered: bool,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.forks.end();
        }
    }
}

#[derive(Debug)]
struct Server {
    /// Ended when this goes.
    program: Program,
    run: CommandLine,
    variables: BTreeMap<String, String>,
    orders: tokio::sync::Mutex<(u64, OwnedWriteHalf)>,
    heard: Arc<Mutex<Heard>>,
    reading: AbortHandle,
}

/// What the process has said, and what is waited for.
#[derive(Debug, Default)]
struct Heard {
    /// With its process id.
    hello: Option<oneshot::Sender<u32>>,
    forked: Option<(u64, oneshot::Sender<Option<Forked>>)>,
    running: HashMap<u32, oneshot::Sender<ExitStatus>>,
}

#[derive(Debug)]
struct Forked {
    pid: u32,
    ended: oneshot::Receiver<ExitStatus>,
}

#[derive(Serialize)]
struct Order<'a> {
    fork: u64,
    /// What it finds there, and what it is to be.
    env: BTreeMap<&'a str, [Option<&'a str>; 2]>,
    words: Vec<[&'a str; 2]>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    /// Without a process: it refuses, and says why.
    Forked {
        fork: u64,
        pid: Option<u32>,
    },
    Ended {
        ended: u32,
        status: i32,
    },
    Hello {
        hello: u32,
        pid: u32,
    },
}

impl Heard {
    fn hear(&mut self, line: &Line<'_>) {
        let Line::Whole(text) = line else { return };
        // What is not understood leaves an order without an answer, and the process is started.
        match serde_json::from_str(text) {
            Ok(Said::Forked { fork, pid }) => self.answer(fork, pid),
            Ok(Said::Ended { ended, status }) => {
                if let Some(tell) = self.running.remove(&ended) {
                    let _ = tell.send(ExitStatus::from_raw(status));
                }
            }
            Ok(Said::Hello { hello: 1, pid }) => {
                if let Some(tell) = self.hello.take() {
                    let _ = tell.send(pid);
                }
            }
            Ok(Said::Hello { .. }) | Err(_) => {}
        }
    }

    fn answer(&mut self, fork: u64, pid: Option<u32>) {
        let waiting = self.forked.take_if(|(waiting, _)| *waiting == fork);
        let forked = pid.map(|pid| {
            let (tell, ended) = oneshot::channel();
            self.running.insert(pid, tell);
            Forked { pid, ended }
        });
        let unwanted = match waiting {
            Some((_, tell)) => tell.send(forked).err().flatten(),
            None => forked,
        };
        if let Some(Forked { pid, .. }) = unwanted {
            // The scenario has gone on without it.
            end_family(pid, None, Ending::AtOnce);
        }
    }
}

impl Server {
    async fn start(
        run: CommandLine,
        variables: BTreeMap<String, String>,
        warden: Option<Arc<Warden>>,
    ) -> Option<Self> {
        let (ours, theirs) = UnixStream::pair().ok()?;
        let theirs =
            theirs.into_std().and_then(|it| it.set_nonblocking(false).map(|()| it)).ok()?;
        let mut own: Vec<(String, OsString)> =
            variables.iter().map(|(name, value)| (name.clone(), value.into())).collect();
        own.push((VARIABLE.to_owned(), std::process::id().to_string().into()));
        let stdin = Input::Socket(OwnedFd::from(theirs));
        let program =
            Program::start(&run, own, warden, stdin, &Arc::default(), |_| (), || ()).ok()?;
        let (input, output) = ours.into_split();
        let (tell, hello) = oneshot::channel();
        let heard = Arc::new(Mutex::new(Heard { hello: Some(tell), ..Heard::default() }));
        let hears = Arc::clone(&heard);
        let reading = tokio::spawn(async move {
            each_line(input, LONGEST_LINE, |line| hears.lock().hear(&line)).await;
            // It is gone: what was waited for does not come.
            *hears.lock() = Heard::default();
        });
        let server = Self {
            program,
            run,
            variables,
            orders: tokio::sync::Mutex::new((0, output)),
            heard,
            reading: reading.abort_handle(),
        };
        let pid = timeout(PATIENCE, hello).await.ok()?.ok()?;
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let command = String::from_utf8(command).ok()?;
        let command: Vec<_> = command.trim_end_matches('\0').split('\0').collect();
        is_the_command(server.run.words(), &command).then_some(server)
    }

    /// None: it refuses, or is gone.
    async fn fork(
        &self,
        run: &CommandLine,
        variables: &BTreeMap<String, String>,
        pipes: &Pipes,
    ) -> Result<Option<(Forked, Family)>, PeerError> {
        let family = Family::new();
        let ((mark, here), (_, there)) = (self.program.mark(), family.variable());
        let (Some(here), Some(there)) = (here.to_str(), there.to_str()) else { return Ok(None) };
        let mut env = differing(&self.variables, variables);
        env.insert(mark, [Some(here), Some(there)]);
        let words = self.run.words().iter().zip(run.words()).filter(|(here, there)| here != there);
        let words = words.map(|(here, there)| [here.as_str(), there.as_str()]).collect();
        let mut orders = self.orders.lock().await;
        orders.0 += 1;
        let (tell, forked) = oneshot::channel();
        self.heard.lock().forked = Some((orders.0, tell));
        let order = Order { fork: orders.0, env, words };
        let Ok(order) = serde_json::to_string(&order) else { return Ok(None) };
        let files = [pipes.output.1.as_fd(), pipes.errors.1.as_fd()];
        if send(&orders.1, (order + "\n").as_bytes(), files).await.is_err() {
            return Ok(None);
        }
        let late = match timeout(PATIENCE, forked).await {
            Ok(Ok(forked)) => return Ok(forked.map(|forked| (forked, family))),
            // With what it forked.
            Ok(Err(_)) => "what it is forked from has ended".to_owned(),
            Err(_) => format!("it was not forked within {}", duration::format(PATIENCE)),
        };
        self.heard.lock().forked = None;
        Err(PeerError::Late(late))
    }
}

/// What a process writes, each with the side that it writes to.
#[derive(Debug)]
struct Pipes {
    output: (PipeReader, PipeWriter),
    errors: (PipeReader, PipeWriter),
}

impl Pipes {
    fn new() -> Option<Self> {
        Some(Self { output: io::pipe().ok()?, errors: io::pipe().ok()? })
    }
}

impl Forked {
    fn program(
        self,
        pipes: Pipes,
        family: Family,
        warden: Option<&Arc<Warden>>,
        log: &Arc<Log>,
    ) -> Option<Program> {
        let Self { pid, ended } = self;
        let kept = Arc::clone(log);
        let parts = Parts {
            number: pid,
            family,
            output: Receiver::from_owned_fd(pipes.output.0.into()).ok()?,
            errors: Receiver::from_owned_fd(pipes.errors.0.into()).ok()?,
            end: async { ended.await.map_or_else(|_| LOST.to_owned(), in_words) },
        };
        let hear = move |line: Line<'_>| note(&kept, &line);
        Some(Program::of(parts, None, warden.cloned(), log, hear, || ()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// Whether a process of Python is the command itself, and not what a script has begun after doing something that is
/// to be done in each scenario: the interpreter with the same arguments, or with the named program before them.
fn is_the_command(words: &[String], process: &[&str]) -> bool {
    let (Some((program, arguments)), Some((_, others))) =
        (words.split_first(), process.split_first())
    else {
        return false;
    };
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let is_python = ["python", "pypy"].iter().any(|prefix| name(program).starts_with(prefix));
    if is_python {
        return others == arguments;
    }
    // Options of the interpreter come before the program.
    let at = others.iter().take_while(|word| word.starts_with('-')).count();
    let Some((script, rest)) = others[at..].split_first() else { return false };
    name(script) == name(program) && rest == arguments
}

/// The variables that are others there.
fn differing<'a>(
    here: &'a BTreeMap<String, String>,
    there: &'a BTreeMap<String, String>,
) -> BTreeMap<&'a str, [Option<&'a str>; 2]> {
    let value = |variables: &'a BTreeMap<String, String>, name: &str| {
        variables.get(name).map(String::as_str)
    };
    let names = here.keys().chain(there.keys());
    let pairs = names.map(|name| (name.as_str(), [value(here, name), value(there, name)]));
    pairs.filter(|(_, [here, there])| here != there).collect()
}

/// Sends bytes, the first of them with files.
async fn send(
    socket: &OwnedWriteHalf,
    mut bytes: &[u8],
    files: [std::os::fd::BorrowedFd<'_>; 2],
) -> io::Result<()> {
    let socket: &UnixStream = socket.as_ref();
    let mut files: &[_] = &files;
    while !bytes.is_empty() {
        let sent = socket
            .async_io(Interest::WRITABLE, || {
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
                let mut message = SendAncillaryBuffer::new(&mut space);
                if !files.is_empty() {
                    message.push(SendAncillaryMessage::ScmRights(files));
                }
                let flags = SendFlags::NOSIGNAL;
                Ok(sendmsg(socket, &[IoSlice::new(bytes)], &mut message, flags)?)
            })
            .await?;
        (bytes, files) = (&bytes[sent..], &[]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_wrapper_has_begun_is_not_the_command() {
        let is = |words: &str, process: &str| {
            let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
            is_the_command(&words, &process.split(' ').collect::<Vec<_>>())
        };
        assert!(is("python3 plugin.py --port 1", "/venv/bin/python3 plugin.py --port 1"));
        assert!(is("python -m app", "python3.12 -m app"));
        assert!(is("./plugin.py --port 1", "/usr/bin/python3 ./plugin.py --port 1"));
        assert!(is("gunicorn app:app", "/venv/bin/python -sE /venv/bin/gunicorn app:app"));
        assert!(!is("./entry.sh", "python plugin.py"));
        assert!(!is("./run.sh plugin.py", "python plugin.py"));
        assert!(!is("sh -c x", "python plugin.py"));
        assert!(!is("python other.py", "python plugin.py"));
    }
}
