//! A page of 20 against a handler that does nothing else than send the same bytes.

use std::time::Duration;

use crate::child::{Role, Served};
use crate::load::{CONNECTIONS, Generator, Rounds};
use crate::table::{Budget, Table};
use crate::{Effort, Outcome, workload};

pub fn measure(effort: Effort, table: &mut Table) -> Outcome<()> {
    let plain = Served::start(&workload::world(workload::FEW))?;
    let laden = Served::start(&workload::world_with_everything())?;
    let path = workload::page(1);
    let body = fetch(plain.address(), &plain.request(&path))?;
    let mut bare = Role::start(&["bare"])?;
    let bare_address: String = bare.ask(&body)?;
    let mut generator = Generator::start()?;
    let mut rounds = [
        Rounds::new(&bare_address, plain.request(&path)),
        Rounds::new(plain.address(), plain.request(&path)),
        Rounds::new(laden.address(), laden.request(&path)),
    ];
    let roles = [&bare, &plain.role, &laden.role];
    let time = Duration::from_millis(effort.choose(150, 300, 500));
    for _ in 0..effort.choose(9, 31, 61) {
        for (rounds, role) in rounds.iter_mut().zip(roles) {
            rounds.go(&mut generator, role, CONNECTIONS, time)?;
        }
    }
    let [bare, plain, laden] = &rounds;
    println!(
        "page of 20, {} bytes, {CONNECTIONS} connections",
        body.len()
    );
    let row = |table: &mut Table, what: &str, value, unit| {
        table.add(what, value, unit, Budget::None);
    };
    row(table, "bare axum handler", bare.rate(), "req/s");
    row(
        table,
        "bare axum handler, per core",
        bare.per_core(),
        "req/s",
    );
    row(table, "page of 20", plain.rate(), "req/s");
    row(table, "page of 20, per core", plain.per_core(), "req/s");
    table.add(
        "page of 20 / bare handler",
        plain.rate_against(bare),
        "",
        Budget::AtLeast(0.85),
    );
    let per_core = plain.core_against(bare);
    row(table, "the same, per core", per_core, "");
    row(
        table,
        "with quota and ten fault rules",
        laden.rate(),
        "req/s",
    );
    row(table, "the same, per core", laden.per_core(), "req/s");
    let ratio = laden.core_against(bare);
    row(table, "the same, per core / bare handler", ratio, "");
    Ok(())
}

/// The body of one answer.
pub fn fetch(address: &str, request: &str) -> Outcome<String> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address)?;
    let request = request.replace("connection: keep-alive", "connection: close");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or("an answer without a head")?;
    if head.as_bytes().get(9) != Some(&b'2') {
        return Err(format!("the server refused: {head}\n{body}").into());
    }
    Ok(body.to_owned())
}
