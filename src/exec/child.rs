//! The command as a process: started, signalled, waited for, never left behind.

use std::ffi::OsString;
use std::path::Path;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use tokio::process::Command;

#[cfg(unix)]
use super::group::Group;
use crate::failure::Failure;
use crate::serve::ending::Reason;
use crate::signals::{Signal, Signals};
#[cfg(unix)]
use crisp_harness::peer::Family;

/// How long a command that we ask to end may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running command. When it is dropped, it is killed.
pub struct Child {
    process: tokio::process::Child,
    /// What it has started ends with it; dropped after it.
    #[cfg(unix)]
    group: Option<Group>,
}

/// How it ended.
pub enum End {
    /// A second signal came: it was killed.
    AtOnce(Signal),
    /// By itself, or because it was asked to.
    Given(GivenEnd),
}

/// How a command ended that was let end.
pub struct GivenEnd {
    status: ExitStatus,
    /// Why we asked it to, if it was us.
    pub reason: Option<Reason>,
}

impl Child {
    /// Starts a program.
    ///
    /// # Errors
    ///
    /// [`Failure::NotRunnable`] when the system refuses.
    pub fn start(
        program: &Path,
        arguments: &[OsString],
        variables: Vec<(String, OsString)>,
    ) -> Result<Self, Failure> {
        #[cfg(unix)]
        let warden = Group::wanted();
        #[cfg(unix)]
        let watched = warden.is_some();
        #[cfg(not(unix))]
        let watched = false;
        let mut command = prepared(program, watched);
        #[cfg(unix)]
        if watched {
            command.process_group(0);
        }
        #[cfg(unix)]
        let family = Family::new();
        #[cfg(unix)]
        command.envs([family.variable()]);
        command.args(arguments).envs(variables).kill_on_drop(true);
        let process = command.spawn().map_err(|error| Failure::NotRunnable {
            name: program.display().to_string(),
            problem: error.to_string(),
        })?;
        Ok(Self {
            #[cfg(unix)]
            group: process
                .id()
                .zip(warden)
                .map(|(leader, warden)| Group::led_by(leader, family, warden))
                .transpose()?,
            process,
        })
    }

    /// Waits for its end, passes signals on, and ends it when the server is no longer needed.
    ///
    /// # Errors
    ///
    /// [`Failure::Environment`] when the system does not say how it ended.
    pub async fn end(
        &mut self,
        signals: &mut Signals,
        not_needed: impl Future<Output = Reason>,
    ) -> Result<End, Failure> {
        let mut not_needed = std::pin::pin!(not_needed);
        let mut asked = false;
        let mut reason = None;
        loop {
            let status = tokio::select! {
                status = self.process.wait() => status,
                signal = signals.next() => {
                    if asked {
                        self.kill().await;
                        return Ok(End::AtOnce(signal));
                    }
                    asked = true;
                    self.pass_on(signal);
                    continue;
                }
                why = &mut not_needed, if reason.is_none() => {
                    reason = Some(why);
                    self.ask_to_end();
                    match tokio::time::timeout(PATIENCE, self.process.wait()).await {
                        Ok(status) => status,
                        Err(_) => {
                            self.kill().await;
                            self.process.wait().await
                        }
                    }
                }
            };
            let status = status.map_err(Failure::environment("waiting for the command"))?;
            #[cfg(unix)]
            if let Some(group) = &self.group {
                group.end_what_is_left().await;
            }
            return Ok(End::Given(GivenEnd { status, reason }));
        }
    }

    /// Ends it and all that it has started at once. It is reaped too: nothing of it stays.
    async fn kill(&mut self) {
        #[cfg(unix)]
        match &self.group {
            Some(group) => group.kill(),
            None => self.send(rustix::process::Signal::KILL),
        }
        let _ = self.process.kill().await;
    }

    /// Sends it the signal that we got, unless the terminal has sent it one already.
    #[cfg(unix)]
    fn pass_on(&self, signal: Signal) {
        use crate::signals::{HANG_UP, INTERRUPT};
        if signal == INTERRUPT && self.group.is_none() && in_foreground() {
            return;
        }
        self.send(match signal {
            INTERRUPT => rustix::process::Signal::INT,
            HANG_UP => rustix::process::Signal::HUP,
            _ => rustix::process::Signal::TERM,
        });
    }

    /// The console has sent it to both of us.
    #[cfg(not(unix))]
    fn pass_on(&self, _: Signal) {}

    #[cfg(unix)]
    fn ask_to_end(&mut self) {
        self.send(rustix::process::Signal::TERM);
    }

    #[cfg(not(unix))]
    fn ask_to_end(&mut self) {
        // There is no polite way; an error means that it has ended.
        let _ = self.process.start_kill();
    }

    #[cfg(unix)]
    fn send(&self, signal: rustix::process::Signal) {
        if let Some(group) = &self.group {
            return group.send(signal);
        }
        // Until it is waited for, its number is not given to another process.
        let pid = self.process.id().and_then(|pid| i32::try_from(pid).ok());
        if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, signal);
        }
    }
}

/// Whether a Ctrl-C at the terminal reaches the command without us: it goes to all processes in
/// the foreground, and test runners take a second one for impatience.
#[cfg(unix)]
pub(super) fn in_foreground() -> bool {
    std::fs::File::open("/dev/tty")
        .ok()
        .and_then(|terminal| rustix::termios::tcgetpgrp(&terminal).ok())
        .is_some_and(|foreground| foreground == rustix::process::getpgrp())
}

/// This program, which will become the other one and end when we do, unless it is watched already.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn prepared(program: &Path, watched: bool) -> Command {
    const SELF: &str = "/proc/self/exe";
    if std::fs::metadata(SELF).is_err() {
        return Command::new(program);
    }
    // By this name it is found even if the file was replaced in the meantime.
    let mut command = Command::new(SELF);
    command
        .arg(super::stand_in::MARK)
        .arg(match watched {
            true => super::stand_in::WATCHED.to_owned(),
            false => std::process::id().to_string(),
        })
        .arg(program)
        .arg(program);
    command
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn prepared(program: &Path, _: bool) -> Command {
    Command::new(program)
}

impl GivenEnd {
    /// Whether the command succeeded.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.success()
    }

    /// Ends as the command did, unless our own judgement is another.
    ///
    /// # Errors
    ///
    /// None; it fits where failures are returned.
    pub fn exit(self, ours: Option<u8>) -> Result<ExitCode, Failure> {
        if let Some(ours) = ours {
            return Ok(ExitCode::from(ours));
        }
        match u8::try_from(code(self.status)) {
            Ok(code) => Ok(ExitCode::from(code)),
            // Only on Windows, where codes have 32 bits.
            Err(_) => std::process::exit(code(self.status)),
        }
    }
}

#[cfg(unix)]
fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    let by_signal = status.signal().map(|signal| 128 + signal);
    status.code().or(by_signal).unwrap_or(i32::from(super::OWN_FAILURE))
}

#[cfg(not(unix))]
fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(i32::from(super::OWN_FAILURE))
}
