//! What must not depend on how many websites there are.

use std::time::Duration;

use crate::child::{Role, Served};
use crate::load::{Generator, Rounds};
use crate::statistics::median;
use crate::table::{Budget, Table};
use crate::within::Question;
use crate::{Effort, Outcome, pages, workload};

const FEW: u32 = 1_000;

/// Rounds that do not count: an allocator that has just held a million websites in the making puts
/// its holes in order first.
const WARM_UP: usize = 20;

/// Websites on a page.
const PAGE: u32 = 20;

pub fn measure(effort: Effort, table: &mut Table) -> Outcome<()> {
    let many = effort.choose(100_000, 1_000_000, 1_000_000);
    over_http(effort, many, table)?;
    in_process(effort, many, table)
}

fn over_http(effort: Effort, many: u32, table: &mut Table) -> Outcome<()> {
    let small = Served::start(&workload::world(FEW))?;
    let large = Served::start(&workload::world(many))?;
    for server in [&small, &large] {
        for change in workload::changes() {
            let call = workload::control(&server.info, "PUT", &change.path, &change.body);
            pages::fetch(server.address(), &call)?;
        }
    }
    let mut generator = Generator::start()?;
    let mut pair = |ours: (&Served, &str), other: (&Served, &str)| -> Outcome<[Rounds; 2]> {
        let mut rounds = [ours, other]
            .map(|(server, path)| (server, Rounds::new(server.address(), server.request(path))));
        for _ in 0..effort.choose(5, 25, 60) {
            for (server, rounds) in &mut rounds {
                rounds.go(&mut generator, server.role.pid(), 1, Duration::from_millis(150))?;
            }
        }
        Ok(rounds.map(|(_, rounds)| rounds))
    };
    let path = workload::since_yesterday();
    let [ours, other] = pair((&large, &path), (&small, &path))?;
    let what = format!("since with 10 changes, {many} websites");
    table.add(&what, ours.microseconds(), "us", Budget::None);
    let ratio = ours.time_against(&other);
    table.add(format!("{what} / {FEW}"), ratio, "", Budget::AtMost(1.1));

    let deep = many / PAGE / 2;
    let [ours, other] = pair((&large, &workload::page(deep)), (&large, &workload::page(1)))?;
    table.add("page 1", other.microseconds(), "us", Budget::None);
    let what = format!("page {deep} of {} / page 1", many / PAGE);
    table.add(what, ours.time_against(&other), "", Budget::AtMost(1.2));
    Ok(())
}

fn in_process(effort: Effort, many: u32, table: &mut Table) -> Outcome<()> {
    let mut small = Role::start(&["within", &workload::world(FEW).to_string()])?;
    let mut large = Role::start(&["within", &workload::world(many).to_string()])?;
    for role in [&mut small, &mut large] {
        let _: String = role.read()?;
    }
    let rounds = effort.choose(5, 25, 60);
    let ask = |role: &mut Role, path: &str| -> Outcome<f64> {
        let path = path.to_owned();
        role.ask(&Question { path, requests: 5_000 })
    };
    let path = workload::since_yesterday();
    for _ in 0..WARM_UP {
        ask(&mut large, &path)?;
        ask(&mut small, &path)?;
    }
    let (mut times, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let [ours, other] = [ask(&mut large, &path)?, ask(&mut small, &path)?];
        times.push(ours / 1e3);
        ratios.push(ours / other);
    }
    let what = format!("since in process, CPU time, {many} websites");
    table.add(&what, median(&times), "us", Budget::None);
    let ratio = median(&ratios);
    table.add(format!("{what} / {FEW}"), ratio, "", Budget::AtMost(1.1));

    let deep = many / PAGE / 2;
    let (mut times, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let first = ask(&mut large, &workload::page(1))?;
        let ours = ask(&mut large, &workload::page(deep))?;
        times.push(first / 1e3);
        ratios.push(ours / first);
    }
    table.add("page 1 in process, CPU time", median(&times), "us", Budget::None);
    let what = format!("page {deep} in process, CPU time / page 1");
    table.add(what, median(&ratios), "", Budget::AtMost(1.2));
    Ok(())
}
