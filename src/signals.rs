//! Signals that ask this program to stop.

use crate::failure::Failure;
use crate::runtime;

/// A signal that asks a program to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    name: &'static str,
    number: u8,
}

impl Signal {
    /// Its name, as `SIGINT`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The exit code of a process that it ended.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        128 + self.number
    }
}

/// What Ctrl-C sends.
pub const INTERRUPT: Signal = Signal { name: "SIGINT", number: 2 };
/// What `kill` sends when nothing else is said.
#[cfg(unix)]
pub const TERMINATE: Signal = Signal { name: "SIGTERM", number: 15 };

/// What a process gets whose terminal is closed.
#[cfg(unix)]
pub const HANG_UP: Signal = Signal { name: "SIGHUP", number: 1 };

/// The signals that ask us to stop.
pub struct Signals {
    /// None under `nohup`: the process is to go on.
    #[cfg(unix)]
    hang_up: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// From now on signals wait here.
    ///
    /// # Errors
    ///
    /// [`Failure::Environment`] when the system refuses.
    #[cfg(unix)]
    pub fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(Failure::environment("listening for signals"));
        let hang_up = (!is_hang_up_ignored()).then(|| listen(SignalKind::hangup()));
        Ok(Self {
            hang_up: hang_up.transpose()?,
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// From now on signals wait here.
    ///
    /// # Errors
    ///
    /// None on this platform.
    #[cfg(not(unix))]
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// Waits for the next one.
    #[cfg(unix)]
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPT,
            _ = self.terminate.recv() => TERMINATE,
            _ = heard(self.hang_up.as_mut()) => HANG_UP,
        }
    }

    /// Waits for the next one.
    #[cfg(not(unix))]
    pub async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        INTERRUPT
    }

    /// From now on the next signal ends the process immediately, with answers in flight.
    pub fn end_at_the_next(mut self) {
        tokio::spawn(async move {
            let signal = self.next().await;
            std::process::exit(signal.exit_code().into());
        });
    }
}

/// Waits for the next signal on a thread beside this one, and hands it to `then`; the one after it ends the
/// process.
///
/// # Errors
///
/// [`Failure::Environment`] when the system refuses to listen.
pub fn wait_beside(then: impl FnOnce(Signal) + Send + 'static) -> Result<(), Failure> {
    let runtime = runtime::for_calls()?;
    // Before anything is begun: an earlier signal would end the process without a report.
    let mut signals = {
        let _inside = runtime.enter();
        Signals::listen()?
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            then(signals.next().await);
            signals.end_at_the_next();
            std::future::pending::<()>().await;
        });
    });
    Ok(())
}

/// Waits for a signal; for one that is not listened to, for ever.
#[cfg(unix)]
async fn heard(signal: Option<&mut tokio::signal::unix::Signal>) -> Option<()> {
    match signal {
        Some(signal) => signal.recv().await,
        None => std::future::pending().await,
    }
}

/// Whether this process was started with SIGHUP ignored, as `nohup` does; no where the system does not
/// say.
#[cfg(unix)]
fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let bits = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    bits.is_some_and(|bits| bits & 1 << (HANG_UP.number - 1) != 0)
}
