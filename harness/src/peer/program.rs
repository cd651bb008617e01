//! A client's program as a process: started in a group of its own, heard, and ended with all that
//! it started, whatever path leads to the end.

use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWriteExt};
use tokio::process::{ChildStdin, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::family::Family;
use super::lines::{Line, each_line};
use super::log::{Log, shortened};
use super::warden::{Ending, Warden, end_family};
use super::{Access, CommandLine};

/// The longest line that is taken as a reply.
pub(super) const LONGEST_LINE: usize = 8 << 20;
/// The longest line of a log that is looked at.
const LONGEST_LOG_LINE: usize = 64 << 10;
/// How long a program that is asked to end may take.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// How long the reading of what a program wrote may go on after its end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How a process has ended whose parent, which alone is told how, is gone.
pub(super) const LOST: &str = "it is not known how it ended: what it was forked from is gone";

/// What a program reads.
#[derive(Debug)]
pub(super) enum Input {
    Nothing,
    /// What [`Program::say`] writes.
    Lines,
    /// What the other side of a socket writes.
    #[cfg(target_os = "linux")]
    Socket(std::os::fd::OwnedFd),
}

/// A process that has begun, as the leader of its own group.
#[derive(Debug)]
pub(super) struct Parts<Output, Errors, End> {
    pub(super) number: u32,
    pub(super) family: Family,
    pub(super) output: Output,
    pub(super) errors: Errors,
    /// Says how it ended.
    pub(super) end: End,
}

/// A running program. Dropping it ends it, and all that it started.
#[derive(Debug)]
pub(super) struct Program {
    group: Arc<Group>,
    input: Option<mpsc::UnboundedSender<String>>,
    ended: watch::Receiver<Option<String>>,
    pub(super) log: Arc<Log>,
}

/// The process group of a program, and what has left it.
#[derive(Debug)]
struct Group {
    number: u32,
    family: Family,
    is_gone: AtomicBool,
    warden: Option<Arc<Warden>>,
}

impl Group {
    fn end(&self) {
        if !self.is_gone.load(Ordering::Acquire) {
            let below = Some(self.number);
            end_family(self.number, Some((&self.family, below)), Ending::AtOnce);
        }
    }

    /// Its first process has ended: so do the others, and the system may soon give its number to another.
    fn close(&self) {
        if !self.is_gone.swap(true, Ordering::AcqRel) {
            end_family(self.number, Some((&self.family, None)), Ending::AtOnce);
            if let Some(warden) = &self.warden {
                warden.forget(self.number);
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.close();
    }
}

impl Program {
    /// Starts a program; `hear` gets each line of its stdout, `closed` is called after the last.
    pub(super) fn start(
        line: &CommandLine,
        variables: Vec<(String, OsString)>,
        warden: Option<Arc<Warden>>,
        input: Input,
        log: &Arc<Log>,
        hear: impl FnMut(Line<'_>) + Send + 'static,
        closed: impl FnOnce() + Send + 'static,
    ) -> Result<Self, String> {
        let (path, arguments) = line.program()?;
        let family = Family::new();
        let mut command = Command::new(&path);
        command
            .args(arguments)
            .envs(variables)
            .envs([family.variable()])
            .stdin(match input {
                Input::Nothing => Stdio::null(),
                Input::Lines => Stdio::piped(),
                #[cfg(target_os = "linux")]
                Input::Socket(socket) => Stdio::from(socket),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command
            .spawn()
            .map_err(|error| format!("`{}` cannot be run: {error}", path.display()))?;
        // What the parent keeps of a socket would hold it open.
        drop(command);
        let input = child.stdin.take().map(|stdin| {
            let (input, lines) = mpsc::unbounded_channel();
            tokio::spawn(say(stdin, lines));
            input
        });
        let parts = Parts {
            number: child.id().unwrap_or_default(),
            family,
            output: child.stdout.take().ok_or("its output cannot be read")?,
            errors: child.stderr.take().ok_or("its output cannot be read")?,
            end: async move {
                child.wait().await.map_or_else(
                    |error| format!("it ended, and the system does not say how: {error}"),
                    in_words,
                )
            },
        };
        Ok(Self::of(parts, input, warden, log, hear, closed))
    }

    /// A program that runs already.
    pub(super) fn of(
        parts: Parts<
            impl AsyncRead + Unpin + Send + 'static,
            impl AsyncRead + Unpin + Send + 'static,
            impl Future<Output = String> + Send + 'static,
        >,
        input: Option<mpsc::UnboundedSender<String>>,
        warden: Option<Arc<Warden>>,
        log: &Arc<Log>,
        hear: impl FnMut(Line<'_>) + Send + 'static,
        closed: impl FnOnce() + Send + 'static,
    ) -> Self {
        let Parts { number, family, output, errors, end } = parts;
        let group = Arc::new(Group { number, family, is_gone: AtomicBool::new(false), warden });
        if let Some(warden) = &group.warden {
            warden.watch(group.number, &group.family);
        }
        let mut readers = JoinSet::new();
        readers.spawn(async move {
            each_line(output, LONGEST_LINE, hear).await;
            closed();
        });
        readers.spawn(keep(errors, Arc::clone(log)));
        let (tell, ended) = watch::channel(None);
        tokio::spawn(mind(end, readers, Arc::clone(&group), tell));
        Self { group, input, ended, log: Arc::clone(log) }
    }

    /// The variable that marks what comes from it.
    #[cfg(target_os = "linux")]
    pub(super) fn mark(&self) -> (&'static str, OsString) {
        self.group.family.variable()
    }

    /// Writes a line to its stdin. Whether it arrives shows in the reply.
    pub(super) fn say(&self, line: String) {
        if let Some(input) = &self.input {
            let _ = input.send(line);
        }
    }

    /// Whether it runs.
    pub(super) fn is_running(&self) -> bool {
        self.ended.borrow().is_none() && self.ended.has_changed().is_ok()
    }

    /// Waits until it has ended, and says how.
    pub(super) async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(how) => how.clone().unwrap_or_default(),
            Err(_) => "it was ended".to_owned(),
        }
    }

    /// Lets it end by itself for a while, then ends it and all that it started.
    pub(super) async fn finish(&self) {
        let _ = tokio::time::timeout(GRACE, self.ended()).await;
        self.group.end();
        self.ended().await;
    }

    /// Asks it to end, as a terminal or a container's manager does, and sees to it.
    pub(super) async fn ask_to_end(&self) {
        if self.is_running() {
            end_family(self.group.number, None, Ending::Politely);
        }
        self.finish().await;
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.group.end();
    }
}

/// Tells its end once what it wrote is read: a log without its last lines would not say why it ended.
async fn mind(
    end: impl Future<Output = String>,
    mut readers: JoinSet<()>,
    group: Arc<Group>,
    tell: watch::Sender<Option<String>>,
) {
    let how = end.await;
    group.close();
    let read = async { while readers.join_next().await.is_some() {} };
    // A process that left the family may keep them open.
    let _ = tokio::time::timeout(LAST_WORDS, read).await;
    readers.detach_all();
    tell.send_replace(Some(how));
}

async fn say(mut stdin: ChildStdin, mut lines: mpsc::UnboundedReceiver<String>) {
    while let Some(mut line) = lines.recv().await {
        line.push('\n');
        // Of a program that does not read any more its silence or its end is reported.
        if stdin.write_all(line.as_bytes()).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

async fn keep(output: impl AsyncRead + Unpin, log: Arc<Log>) {
    each_line(output, LONGEST_LOG_LINE, |line| note(&log, &line)).await;
}

/// Takes a line into the log.
pub(super) fn note(log: &Log, line: &Line<'_>) {
    match line {
        Line::Whole(text) => log.note(text),
        Line::TooLong(text, length) => {
            log.note(&format!("{} ({length} bytes)", shortened(text, 200)));
        }
    }
}

pub(super) fn in_words(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("it was ended by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("it exited with code {code}"),
        None => "it ended".to_owned(),
    }
}

/// What a program finds in its environment (docs/judging.md).
pub(super) fn variables(access: &Access) -> Vec<(String, OsString)> {
    let poll_ms = access.poll_every.as_millis().to_string();
    let mut variables: Vec<_> = [
        ("CRISP_REST_HOST", &access.rest_host),
        ("CRISP_REST_URL", &access.rest_url),
        ("CRISP_RTM_URL", &access.rtm_url),
        ("CRISP_MOCK_CONTROL_URL", &access.control_url),
        ("CRISP_IDENTIFIER", &access.identifier),
        ("CRISP_KEY", &access.key),
        ("CRISP_TIER", &access.tier),
        ("CRISP_PLUGIN_ID", &access.plugin_id),
        ("CRISP_POLL_MS", &poll_ms),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect();
    // Loopback is reached directly, whatever proxy the machine has.
    for name in ["NO_PROXY", "no_proxy"] {
        variables.push((name.to_owned(), direct(std::env::var_os(name).unwrap_or_default())));
    }
    variables
}

/// The hosts that are reached without a proxy: those that were named, whatever their bytes are, and
/// this machine.
fn direct(mut hosts: OsString) -> OsString {
    if !hosts.is_empty() {
        hosts.push(",");
    }
    hosts.push("127.0.0.1,localhost");
    hosts
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn hosts_that_are_reached_directly_keep_their_bytes() {
        assert_eq!(direct(OsString::new()), "127.0.0.1,localhost");
        let named = direct(OsString::from_vec(b"a.test,\xff".to_vec()));
        assert_eq!(named.into_vec(), b"a.test,\xff,127.0.0.1,localhost");
    }

    #[tokio::test]
    async fn an_end_is_told_once_what_the_program_wrote_is_read() {
        let mut child = Command::new("true").spawn().unwrap();
        let number = child.id().unwrap();
        let (family, is_gone) = (Family::new(), AtomicBool::new(false));
        let group = Arc::new(Group { number, family, is_gone, warden: None });
        let log = Arc::<Log>::default();
        let mut readers = JoinSet::new();
        let (slow, watched) = (Arc::clone(&log), Arc::clone(&group));
        readers.spawn(async move {
            // Reads the last line long after the program has ended.
            while !watched.is_gone.load(Ordering::Acquire) {
                tokio::task::yield_now().await;
            }
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            slow.note("the last line");
        });
        let (tell, mut ended) = watch::channel(None);
        let end = async move { in_words(child.wait().await.unwrap()) };
        tokio::spawn(mind(end, readers, group, tell));
        let how = ended.wait_for(Option::is_some).await.unwrap().clone();
        assert_eq!(how.as_deref(), Some("it exited with code 0"));
        assert_eq!(log.lines(), ["the last line"]);
    }
}
