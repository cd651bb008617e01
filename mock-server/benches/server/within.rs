//! The role `within`: the same worlds without a socket, to see what the handler alone costs.

use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::server::InProcess;
use crisp_mock_server::spaces::system_clock;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::{Outcome, machine, workload};

/// A path below `/v1/` to be asked so many times.
#[derive(Serialize, Deserialize)]
pub struct Question {
    pub path: String,
    pub requests: u32,
}

/// Answers each question with the nanoseconds that one request took on average: of CPU time where
/// the kernel tells, so that other processes do not count.
pub fn run(arguments: &[&str]) -> Outcome<()> {
    let world = workload::options(arguments.first().ok_or("within takes world options")?)?;
    let emulator = InProcess::new(world.into())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for change in workload::changes() {
        let request = Request::put(format!("/_mock/{}", change.path))
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .body(Bytes::from(change.body.to_string()))?;
        let answer = runtime.block_on(emulator.answer(request));
        let status = answer.ok_or("a change was not answered")?.status();
        if !status.is_success() {
            return Err(format!("a change was answered with {status}").into());
        }
    }
    println!("\"ready\"");
    for line in std::io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        let took = ask(&emulator, &question)?;
        let each = took.as_nanos() as f64 / f64::from(question.requests);
        println!("{each}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn ask(emulator: &InProcess, question: &Question) -> Outcome<Duration> {
    let info = emulator.info();
    let request = Request::get(format!("/v1/{}", question.path))
        .header("host", "127.0.0.1")
        .header("authorization", workload::basic(&info.identifier, &info.key))
        .header("x-crisp-tier", "plugin")
        .header("user-agent", "node-crisp-api/10.0.27")
        .header("accept", "application/json")
        .body(Bytes::new())?;
    let cell = emulator.spaces().default_space();
    let began = spent();
    for _ in 0..question.requests {
        let handled = cell.lock().handle(system_clock::elapsed(), &request);
        std::hint::black_box(handled);
    }
    Ok(spent().saturating_sub(began))
}

fn spent() -> Duration {
    machine::cpu_of(std::process::id()).unwrap_or_else(system_clock::elapsed)
}
