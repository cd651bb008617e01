//! Resident memory: at rest, under a million requests, and for each website.

use serde_json::{Value, json};

use crate::child::Served;
use crate::generator::Job;
use crate::load::{CONNECTIONS, Generator};
use crate::table::{Budget, Table};
use crate::{Effort, Outcome, machine, pages, workload};

const MEGABYTE: f64 = 1e6;

pub fn measure(effort: Effort, table: &mut Table) -> Outcome<()> {
    let idle = at_rest(&json!({}))?;
    let Some(idle) = idle else {
        println!("no /proc here: memory is not measured");
        return Ok(());
    };
    table.add("resident memory, idle", idle / MEGABYTE, "MB", Budget::AtMost(12.0));
    under_load(effort, table)?;

    let websites = effort.choose(20_000, 100_000, 100_000);
    let filled = at_rest(&workload::world(websites))?.unwrap_or(f64::NAN);
    let empty = at_rest(&workload::world(0))?.unwrap_or(f64::NAN);
    let each = (filled - empty) / f64::from(websites);
    let what = format!("memory per website of {websites}, 300 bytes of settings");
    table.add(what, each, "bytes", Budget::AtMost(1024.0));
    Ok(())
}

/// After the first answer.
fn at_rest(world: &Value) -> Outcome<Option<f64>> {
    let served = Served::start(world)?;
    pages::fetch(served.address(), &served.request("plugin/connect/account"))?;
    Ok(machine::resident(served.role.pid()))
}

fn under_load(effort: Effort, table: &mut Table) -> Outcome<()> {
    const PARTS: u64 = 4;
    let requests: u64 = effort.choose(100_000, 300_000, 1_000_000);
    let served = Served::start(&workload::world_with_everything())?;
    let path = workload::page(1);
    pages::fetch(served.address(), &served.request(&path))?;
    let resident = || machine::resident(served.role.pid()).unwrap_or(f64::NAN);
    let began = resident();
    let mut generator = Generator::start()?;
    let mut after = Vec::new();
    for _ in 0..PARTS {
        generator.send(&Job {
            address: served.address().to_owned(),
            connections: CONNECTIONS,
            request: served.request(&path),
            millis: 600_000,
            requests: requests / PARTS / CONNECTIONS as u64,
        })?;
        after.push((resident() - began) / MEGABYTE);
    }
    let growth = after.last().copied().unwrap_or(f64::NAN);
    let what = format!("growth over {requests} requests with the journal on");
    table.add(what, growth, "MB", Budget::AtMost(32.0));
    let late = growth - after.get(PARTS as usize / 2 - 1).copied().unwrap_or(f64::NAN);
    table.add("of that, in the second half", late, "MB", Budget::AtMost(2.0));
    Ok(())
}
