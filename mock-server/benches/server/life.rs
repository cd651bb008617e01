//! Starting and stopping: in a process of its own, in a test, and as a space.

use std::time::Duration;

use crisp_mock_server::options::{Blueprint, WorldOptions};
use crisp_mock_server::server::{MockServer, ServerOptions};
use crisp_mock_server::spaces::system_clock;
use serde_json::{Value, json};

use crate::child::Served;
use crate::load::Generator;
use crate::statistics::median;
use crate::table::{Budget, Table};
use crate::{Effort, Outcome, machine, pages, workload};

pub fn measure(effort: Effort, table: &mut Table) -> Outcome<()> {
    let starts = effort.choose(3, 9, 15);
    for (websites, budget) in [(1_000, 20.0), (100_000, 500.0)] {
        let what = format!("start to first 200, {websites} websites");
        let world = json!({"websites": websites});
        starts_of(starts, &world, &what, budget, table)?;
        let what = format!("{what} with 300 bytes of settings");
        let world = workload::world(websites);
        starts_of(starts, &world, &what, budget, table)?;
    }
    let took = median_of(starts, stop_when_idle)?;
    table.add("stop on SIGTERM when idle", took, "ms", Budget::AtMost(100.0));
    in_a_test(effort, table)
}

/// Milliseconds of the run in the middle.
fn median_of(runs: usize, mut run: impl FnMut() -> Outcome<Duration>) -> Outcome<f64> {
    let mut times = Vec::new();
    for _ in 0..runs {
        times.push(run()?.as_secs_f64() * 1e3);
    }
    Ok(median(&times))
}

/// The time until the first answer, and the CPU time in it, which is what a loaded machine leaves
/// of the truth.
fn starts_of(
    runs: usize,
    world: &Value,
    what: &str,
    budget: f64,
    table: &mut Table,
) -> Outcome<()> {
    let mut spent = Vec::new();
    let took = median_of(runs, || {
        let began = system_clock::elapsed();
        let served = Served::start(world)?;
        pages::fetch(served.address(), &served.request(&workload::page(1)))?;
        let took = system_clock::elapsed().saturating_sub(began);
        spent.extend(machine::ticks_of(served.role.pid()));
        Ok(took)
    })?;
    table.add(what, took, "ms", Budget::AtMost(budget));
    let spent: Vec<_> = spent.iter().map(|spent| spent.as_secs_f64() * 1e3).collect();
    let what = "of that, CPU time on all cores";
    table.add(what, median(&spent), "ms", Budget::None);
    Ok(())
}

/// With connections that are open and silent, as clients leave them behind.
fn stop_when_idle() -> Outcome<Duration> {
    let served = Served::start(&json!({}))?;
    let mut generator = Generator::start()?;
    generator.repeat(served.address(), &served.request("plugin/connect/account"), 10)?;
    let _silent = [(); 4].map(|()| std::net::TcpStream::connect(served.address()).ok());
    served.role.terminate()
}

fn in_a_test(effort: Effort, table: &mut Table) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let runs = effort.choose(20, 100, 300);
    let took = median_of(runs, || {
        let began = system_clock::elapsed();
        runtime.block_on(async {
            let server = MockServer::start(ServerOptions::default()).await?;
            server.stop().await;
            Outcome::Ok(())
        })?;
        Ok(system_clock::elapsed().saturating_sub(began))
    })?;
    let what = "start and stop of MockServer, 25 websites";
    table.add(what, took, "ms", Budget::AtMost(5.0));

    let server = runtime.block_on(MockServer::start(ServerOptions::default()))?;
    let took = median_of(runs, || {
        let began = system_clock::elapsed();
        let blueprint = Blueprint::new(WorldOptions::default()).map_err(|errors| {
            let all: Vec<_> = errors.iter().map(ToString::to_string).collect();
            all.join("; ")
        })?;
        server.spaces().make(None, blueprint, Duration::from_secs(600))?;
        Ok(system_clock::elapsed().saturating_sub(began))
    })?;
    table.add("a fresh space, 25 websites", took, "ms", Budget::AtMost(1.0));

    let call = workload::control(server.info(), "POST", "spaces", &json!({}));
    let address = workload::host(&server.info().url).to_owned();
    let took = median_of(runs, || {
        let began = system_clock::elapsed();
        pages::fetch(&address, &call)?;
        Ok(system_clock::elapsed().saturating_sub(began))
    })?;
    let what = "the same by POST /_mock/spaces";
    table.add(what, took, "ms", Budget::AtMost(1.0));
    runtime.block_on(server.stop());
    Ok(())
}
