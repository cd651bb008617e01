//! Putting load on a server, and reading what it cost.

use std::time::Duration;

use crate::Outcome;
use crate::child::Role;
use crate::generator::{Job, Result};
use crate::machine::cpu_of;
use crate::statistics::median;

/// What a server is under while it is measured.
pub const CONNECTIONS: usize = 16;

/// A generator, waiting for jobs.
pub struct Generator(Role);

/// One server under load, round after round.
pub struct Rounds {
    address: String,
    request: String,
    pid_cpu: Vec<(f64, Option<f64>)>,
    medians: Vec<f64>,
}

impl Generator {
    pub fn start() -> Outcome<Self> {
        Role::start(&["generate"]).map(Self)
    }

    /// Sends a request over and over.
    pub fn send(&mut self, job: &Job) -> Outcome<Result> {
        let result: Result = self.0.ask(job)?;
        if result.refused > 0 {
            let Result { refused, requests, .. } = result;
            return Err(
                format!("{refused} of {requests} requests were refused:\n{}", job.request).into()
            );
        }
        Ok(result)
    }

    /// Sends one request so many times on one connection.
    pub fn repeat(&mut self, address: &str, request: &str, requests: u64) -> Outcome<Result> {
        self.send(&Job {
            address: address.to_owned(),
            connections: 1,
            request: request.to_owned(),
            millis: 600_000,
            requests,
        })
    }
}

impl Rounds {
    pub fn new(address: &str, request: String) -> Self {
        Self { address: address.to_owned(), request, pid_cpu: Vec::new(), medians: Vec::new() }
    }

    /// One more round; its requests are remembered with the CPU time that the process `server` spent
    /// on them.
    pub fn go(
        &mut self,
        generator: &mut Generator,
        server: u32,
        connections: usize,
        time: Duration,
    ) -> Outcome<()> {
        let before = cpu_of(server);
        let result = generator.send(&Job {
            address: self.address.clone(),
            connections,
            request: self.request.clone(),
            millis: u64::try_from(time.as_millis())?,
            requests: u64::MAX,
        })?;
        let cpu = cpu_of(server).zip(before).map(|(after, before)| after.saturating_sub(before));
        let requests = result.requests as f64;
        let per_core = cpu.filter(|cpu| !cpu.is_zero());
        self.pid_cpu
            .push((requests / result.seconds, per_core.map(|cpu| requests / cpu.as_secs_f64())));
        self.medians.push(result.median_us);
        Ok(())
    }

    /// Requests a second.
    pub fn rate(&self) -> f64 {
        let rates: Vec<_> = self.pid_cpu.iter().map(|(rate, _)| *rate).collect();
        median(&rates)
    }

    /// Requests for each second of CPU time that the server spent.
    pub fn per_core(&self) -> f64 {
        let figures: Vec<_> = self.pid_cpu.iter().filter_map(|(_, core)| *core).collect();
        median(&figures)
    }

    /// Microseconds that the request in the middle took.
    pub fn microseconds(&self) -> f64 {
        median(&self.medians)
    }

    /// The median of the ratios that rounds side by side have, in requests a second.
    pub fn rate_against(&self, other: &Self) -> f64 {
        let pairs = self.pid_cpu.iter().zip(&other.pid_cpu);
        median(&pairs.map(|(ours, theirs)| ours.0 / theirs.0).collect::<Vec<_>>())
    }

    /// The same in requests for each second of the server's CPU time.
    pub fn core_against(&self, other: &Self) -> f64 {
        let pairs = self.pid_cpu.iter().zip(&other.pid_cpu);
        let ratios = pairs.filter_map(|(ours, theirs)| Some(ours.1? / theirs.1?));
        median(&ratios.collect::<Vec<_>>())
    }

    /// The same in time for each request.
    pub fn time_against(&self, other: &Self) -> f64 {
        let pairs = self.medians.iter().zip(&other.medians);
        median(&pairs.map(|(ours, theirs)| ours / theirs).collect::<Vec<_>>())
    }
}
