//! The clocks of a plugin's processes, moved together over a channel on loopback: the harness's side
//! of docs/clock-channel.md.

mod silent;

use std::hash::{BuildHasher, DefaultHasher, Hash as _, Hasher as _, RandomState};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use self::silent::Silent;
use super::lines::{Line, each_line};
use super::{Advanced, SocketCount};

/// The longest line that is taken from a process.
const LONGEST_LINE: usize = 64 << 10;
/// So many processes and threads of one plugin can have their clocks moved.
const MOST: usize = 256;
/// How long a process or thread that has yet to say hello is waited for before the others are asked
/// again whether it still runs.
const A_LOOK: Duration = Duration::from_millis(20);

/// What a process or thread says first.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Hello {
    hello: u32,
    nonce: String,
    pid: u32,
    #[serde(default)]
    parent: u32,
    #[serde(default)]
    thread: u64,
    /// `node` or `python`.
    pub(super) runtime: String,
    /// Its version.
    pub(super) version: String,
}

/// An order to a process: where its clock is to be.
#[derive(Serialize)]
struct Order {
    id: u64,
    advance_to_ms: f64,
    wall_ms: i64,
    tell_found: bool,
}

/// What a process says of an order.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reply {
    id: u64,
    at_rest: bool,
    next_ms: Option<f64>,
    in_flight: u32,
    /// How many requests have gone out whole.
    asked: Option<u64>,
    sockets: Vec<SocketCount>,
    /// How often its own code was entered.
    entered: u64,
    workers: usize,
    children: Vec<u32>,
    /// Those of the children that it does not wait for.
    detached: Vec<u32>,
    /// What it uses that keeps the machine's time.
    unmoved: Option<String>,
    /// What it was like before its clock moved, if that was asked for.
    found: Option<Box<Reply>>,
    because: Option<String>,
    error: Option<String>,
}

impl Reply {
    /// Whether no other process or thread is below this one.
    fn is_alone(&self) -> bool {
        self.workers == 0 && self.children.is_empty()
    }
}

/// A process or thread whose clock is moved.
struct Process {
    hello: Hello,
    orders: mpsc::UnboundedSender<String>,
    replies: tokio::sync::Mutex<mpsc::Receiver<Reply>>,
    /// Why it has not come to rest, as it last said.
    because: Mutex<Option<String>>,
}

impl Process {
    /// Sends an order, and waits until the process has come to rest; none: it has ended.
    async fn ask(&self, order: &Order) -> Option<Reply> {
        let mut replies = self.replies.lock().await;
        let line = serde_json::to_string(order).ok()?;
        self.orders.send(line).ok()?;
        loop {
            let reply = replies.recv().await?;
            if reply.id != order.id {
                continue; // of an order that was given up
            }
            if reply.at_rest {
                *self.because.lock() = None;
                return Some(reply);
            }
            *self.because.lock() = reply.because.or(reply.error);
        }
    }
}

type Processes = Arc<Mutex<Vec<Arc<Process>>>>;

/// Where the processes of one plugin report, and from where their clocks are moved.
pub(super) struct ClockChannel {
    address: String,
    nonce: String,
    processes: Processes,
    came: watch::Receiver<usize>,
    accepting: AbortHandle,
    orders: Mutex<u64>,
    silent: Mutex<Silent>,
}

impl ClockChannel {
    /// Opens a channel on a free port of loopback.
    pub(super) async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let chance = || RandomState::new().hash_one(&address);
        let nonce = format!("{:016x}{:016x}", chance(), chance());
        let processes = Processes::default();
        let (tell, came) = watch::channel(0);
        let accept = accept(listener, nonce.clone(), Arc::clone(&processes), tell);
        Ok(Self {
            address,
            nonce,
            processes,
            came,
            accepting: tokio::spawn(accept).abort_handle(),
            orders: Mutex::new(0),
            silent: Mutex::default(),
        })
    }

    /// What the preload finds in its environment, beside where it lies.
    pub(super) fn variables(&self, emulator: &str, now: Timestamp) -> [(&'static str, String); 4] {
        let emulator = emulator.strip_prefix("http://").unwrap_or(emulator);
        [
            ("CRISP_CLOCK_CHANNEL", self.address.clone()),
            ("CRISP_CLOCK_NONCE", self.nonce.clone()),
            ("CRISP_CLOCK_NOW_MS", now.as_millisecond().to_string()),
            ("CRISP_CLOCK_EMULATOR", emulator.trim_end_matches('/').to_owned()),
        ]
    }

    /// Waits until a process has reported, and gives what it says of itself.
    pub(super) async fn first(&self) -> Hello {
        let mut came = self.came.clone();
        loop {
            if let Some(process) = self.processes.lock().first() {
                return process.hello.clone();
            }
            if came.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Moves all clocks to this time since the start, and waits until all processes are at rest.
    /// What one of them does may wake another: they are asked again until none has done anything. If asked
    /// to, says also what was found before the clock moved, unless there are several.
    ///
    /// # Errors
    ///
    /// A process that had been given up has a clock after all.
    pub(super) async fn advance(
        &self,
        to: Duration,
        wall: Timestamp,
        tell_found: bool,
    ) -> Result<(Option<Advanced>, Advanced), String> {
        let mut before = None;
        let mut found = None;
        loop {
            let processes = self.processes.lock().clone();
            if let Some(late) = self.silent.lock().late(processes.iter().map(|it| it.hello.pid)) {
                return Err(late);
            }
            let mut reports = Vec::with_capacity(processes.len());
            for process in &processes {
                let order = self.order(to, wall, tell_found && before.is_none());
                match process.ask(&order).await {
                    Some(reply) => reports.push((process.hello.pid, process.hello.thread, reply)),
                    None => self.forget(process),
                }
            }
            if let Some(what) = reports.iter().find_map(|(_, _, it)| it.unmoved.as_deref()) {
                self.silent.lock().uses(what);
            }
            let alone = matches!(&reports[..], [(_, _, it)] if it.is_alone());
            if let [(pid, thread, it)] = &mut reports[..]
                && let Some(told) = it.found.take()
                && told.is_alone()
            {
                found = Some(advanced(&[(*pid, *thread, *told)]));
            }
            let entered: Vec<_> =
                reports.iter().map(|(pid, thread, it)| (*pid, *thread, it.entered)).collect();
            let is_settled = alone || before.as_ref() == Some(&entered);
            if is_settled && !self.others_came(&reports).await {
                return Ok((found.filter(|_| alone), advanced(&reports)));
            }
            before = Some(entered);
        }
    }

    fn order(&self, to: Duration, wall: Timestamp, tell_found: bool) -> Order {
        let mut orders = self.orders.lock();
        *orders += 1;
        Order {
            id: *orders,
            advance_to_ms: to.as_secs_f64() * 1000.0,
            wall_ms: wall.as_millisecond(),
            tell_found,
        }
    }

    /// Whether the processes are to be asked again: others are there by now, or are waited for that
    /// were begun a moment ago.
    async fn others_came(&self, reports: &[(u32, u64, Reply)]) -> bool {
        let mut came = self.came.clone();
        came.mark_unchanged();
        let there: Vec<_> = {
            let processes = self.processes.lock();
            processes.iter().map(|it| (it.hello.pid, it.hello.thread, it.hello.parent)).collect()
        };
        let was_asked =
            |pid, thread| reports.iter().any(|report| (report.0, report.1) == (pid, thread));
        if there.iter().any(|(pid, thread, _)| !was_asked(*pid, *thread)) {
            return true;
        }
        let threads = |pid: u32| there.iter().filter(|it| it.0 == pid && it.1 != 0).count();
        let lacks_threads =
            reports.iter().any(|(pid, thread, it)| *thread == 0 && it.workers > threads(*pid));
        let is_absent = |pid: &u32| !there.iter().any(|it| it.0 == *pid);
        let children = reports.iter().flat_map(|(_, _, it)| &it.children).copied();
        let absent: Vec<_> = children.filter(is_absent).collect();
        let is_awaited = self.silent.lock().is_awaited(&absent, Instant::now());
        if lacks_threads || is_awaited {
            // Whether one came or not: a child may have ended meanwhile.
            let _ = timeout(A_LOOK, came.changed()).await;
            return true;
        }
        // A shell around a process that has a clock does nothing of its own.
        let is_around = |pid: u32| there.iter().any(|it| it.2 == pid);
        let detached = |pid: u32| reports.iter().any(|(_, _, it)| it.detached.contains(&pid));
        let run_on = absent.iter().copied().filter(|pid| !is_around(*pid) && !detached(*pid));
        self.silent.lock().run_on(run_on);
        false
    }

    /// Why a failure of the plugin is not held against it: it waited for what has no clock.
    pub(super) fn doubt(&self) -> Option<String> {
        self.silent.lock().doubt()
    }

    /// Whether no process is there any more.
    pub(super) fn is_deserted(&self) -> bool {
        self.processes.lock().is_empty()
    }

    fn forget(&self, gone: &Arc<Process>) {
        self.processes.lock().retain(|process| !Arc::ptr_eq(process, gone));
    }

    /// Why some process has not come to rest, as far as it says.
    pub(super) fn because(&self) -> Option<String> {
        let processes = self.processes.lock().clone();
        processes.iter().find_map(|process| {
            let because = process.because.lock().clone()?;
            Some(format!("process {} does not come to rest: {because}", process.hello.pid))
        })
    }
}

impl Drop for ClockChannel {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A digest of who is there and how much each has done.
fn activity(reports: &[(u32, u64, Reply)]) -> u64 {
    let mut digest = DefaultHasher::new();
    for (pid, thread, reply) in reports {
        (pid, thread, reply.entered).hash(&mut digest);
    }
    digest.finish()
}

fn advanced(reports: &[(u32, u64, Reply)]) -> Advanced {
    let next = reports.iter().filter_map(|(_, _, it)| it.next_ms);
    let next = next.min_by(f64::total_cmp).map(|ms| ms.clamp(0.0, 1e15));
    Advanced {
        next: next.map(|ms| Duration::from_secs_f64(ms / 1000.0)),
        in_flight: reports.iter().map(|(_, _, it)| it.in_flight).sum(),
        asked: reports.iter().map(|(_, _, it)| it.asked).sum(),
        activity: Some(activity(reports)),
        sockets: Some(reports.iter().flat_map(|(_, _, it)| &it.sockets).copied().collect()),
    }
}

async fn accept(
    listener: TcpListener,
    nonce: String,
    processes: Processes,
    tell: watch::Sender<usize>,
) {
    let tell = Arc::new(tell);
    loop {
        // A connection that broke off before it was there is none.
        let Ok((stream, _)) = listener.accept().await else { continue };
        if processes.lock().len() < MOST {
            tokio::spawn(meet(stream, nonce.clone(), Arc::clone(&processes), Arc::clone(&tell)));
        }
    }
}

async fn meet(
    stream: TcpStream,
    nonce: String,
    processes: Processes,
    tell: Arc<watch::Sender<usize>>,
) {
    // A small line waits for nothing.
    let _ = stream.set_nodelay(true);
    let (input, output) = stream.into_split();
    let (orders, to_write) = mpsc::unbounded_channel();
    let writing = tokio::spawn(write(output, to_write));
    let mut known: Option<(Arc<Process>, mpsc::Sender<Reply>)> = None;
    let hear = |line: Line<'_>| {
        let Line::Whole(text) = line else { return };
        if let Some((_, replies)) = &known {
            if let Ok(reply) = serde_json::from_str(text) {
                // There is one order at a time; more replies than that are none that were asked for.
                let _ = replies.try_send(reply);
            }
            return;
        }
        let Ok(hello) = serde_json::from_str::<Hello>(text) else { return };
        if hello.hello != 1 || hello.nonce != nonce {
            return;
        }
        let (heard, replies) = mpsc::channel(64);
        let process = Arc::new(Process {
            hello,
            orders: orders.clone(),
            replies: tokio::sync::Mutex::new(replies),
            because: Mutex::default(),
        });
        processes.lock().push(Arc::clone(&process));
        tell.send_modify(|count| *count += 1);
        known = Some((process, heard));
    };
    read(input, hear).await;
    writing.abort();
    if let Some((process, _)) = known {
        processes.lock().retain(|other| !Arc::ptr_eq(other, &process));
        tell.send_modify(|count| *count += 1);
    }
}

async fn read(input: OwnedReadHalf, hear: impl FnMut(Line<'_>)) {
    each_line(input, LONGEST_LINE, hear).await;
}

async fn write(mut output: OwnedWriteHalf, mut lines: mpsc::UnboundedReceiver<String>) {
    while let Some(mut line) = lines.recv().await {
        line.push('\n');
        if output.write_all(line.as_bytes()).await.is_err() {
            return; // the reader sees its end
        }
    }
}

#[cfg(test)]
mod tests;
