//! The processes that a run consists of: started, spoken to by lines, and ended.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crisp_mock_server::server::{MockServer, ServerOptions};
use crisp_mock_server::spaces::{Info, system_clock};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Outcome, workload};

/// This program in another role.
pub struct Role {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Role {
    /// Starts a role with its arguments.
    pub fn start(arguments: &[&str]) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("role")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take().ok_or("there is no pipe to the role")?;
        let stdout = child.stdout.take().ok_or("there is no pipe to the role")?;
        Ok(Self { child, stdin, stdout: BufReader::new(stdout) })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads the next line as JSON.
    pub fn read<T: DeserializeOwned>(&mut self) -> Outcome<T> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        serde_json::from_str(&line)
            .map_err(|error| format!("a role said `{}`: {error}", line.trim()).into())
    }

    /// Sends a line of JSON and reads the next one.
    pub fn ask<T: DeserializeOwned>(&mut self, question: &impl Serialize) -> Outcome<T> {
        writeln!(self.stdin, "{}", serde_json::to_string(question)?)?;
        self.stdin.flush()?;
        self.read()
    }

    /// Sends SIGTERM and tells how long it took until the process was gone.
    pub fn terminate(mut self) -> Outcome<Duration> {
        let began = system_clock::elapsed();
        Command::new("kill").arg(self.pid().to_string()).status()?;
        self.child.wait()?;
        Ok(system_clock::elapsed().saturating_sub(began))
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // It may have ended by itself, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An emulator in a process of its own.
pub struct Served {
    pub role: Role,
    pub info: Info,
}

impl Served {
    /// Starts one with these world options; it accepts requests when this returns.
    pub fn start(world: &Value) -> Outcome<Self> {
        let mut role = Role::start(&["serve", &world.to_string()])?;
        let info = role.read()?;
        Ok(Self { role, info })
    }

    /// Address and port.
    pub fn address(&self) -> &str {
        workload::host(&self.info.url)
    }

    /// A request below `/v1/` with its credentials.
    pub fn request(&self, path: &str) -> String {
        workload::request(&self.info, path)
    }
}

/// The role `serve`: what `crisp-mock serve` is, with the command line left out.
pub fn serve(arguments: &[&str]) -> Outcome<()> {
    let world = workload::options(arguments.first().ok_or("serve takes world options")?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = MockServer::start(ServerOptions::from(world)).await?;
        println!("{}", serde_json::to_string(server.info())?);
        wait_for_the_end().await;
        server.stop().await;
        Ok(())
    })
}

/// Until SIGTERM, where there is such a thing.
async fn wait_for_the_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            terminate.recv().await;
        }
    }
    #[cfg(not(unix))]
    std::future::pending::<()>().await;
}
