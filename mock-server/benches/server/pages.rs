//! A page of 20 against a handler that does nothing else than send the same bytes.

use std::time::Duration;

use crate::child::{Role, Served};
use crate::load::{CONNECTIONS, Generator, Rounds};
use crate::table::{Budget, Table};
use crate::{Effort, Outcome, workload};

pub fn measure(effort: Effort, peers: &[&str], table: &mut Table) -> Outcome<()> {
    let plain = Served::start(&workload::world(workload::FEW))?;
    let laden = Served::start(&workload::world_with_everything())?;
    let path = workload::page(1);
    let body = fetch(plain.address(), &plain.request(&path))?;
    let mut bare = Role::start(&["bare"])?;
    let bare_address: String = bare.ask(&body)?;
    let mut generator = Generator::start()?;
    let request = plain.request(&path);
    let mut rounds = vec![
        (bare.pid(), Rounds::new(&bare_address, request.clone())),
        (plain.role.pid(), Rounds::new(plain.address(), request.clone())),
        (laden.role.pid(), Rounds::new(laden.address(), laden.request(&path))),
    ];
    let peers: Vec<_> = peers.iter().map(|peer| Peer::read(peer)).collect::<Outcome<_>>()?;
    rounds.extend(peers.iter().map(|peer| peer.rounds(&request)));
    let time = Duration::from_millis(effort.choose(150, 300, 500));
    for _ in 0..effort.choose(9, 31, 61) {
        for (pid, rounds) in &mut rounds {
            rounds.go(&mut generator, *pid, CONNECTIONS, time)?;
        }
    }
    let rounds: Vec<_> = rounds.into_iter().map(|(_, rounds)| rounds).collect();
    let [bare, plain, laden, others @ ..] = rounds.as_slice() else {
        return Ok(());
    };
    println!("page of 20, {} bytes, {CONNECTIONS} connections", body.len());
    let row = |table: &mut Table, what: &str, value, unit| {
        table.add(what, value, unit, Budget::None);
    };
    row(table, "bare axum handler", bare.rate(), "req/s");
    row(table, "bare axum handler, per core", bare.per_core(), "req/s");
    row(table, "page of 20", plain.rate(), "req/s");
    row(table, "page of 20, per core", plain.per_core(), "req/s");
    table.add("page of 20 / bare handler", plain.rate_against(bare), "", Budget::AtLeast(0.85));
    let per_core = plain.core_against(bare);
    row(table, "the same, per core", per_core, "");
    row(table, "with quota and ten fault rules", laden.rate(), "req/s");
    row(table, "the same, per core", laden.per_core(), "req/s");
    let ratio = laden.core_against(bare);
    row(table, "the same, per core / bare handler", ratio, "");
    for (peer, rounds) in peers.iter().zip(others) {
        let what = format!("{}, per core", peer.name);
        row(table, &what, rounds.per_core(), "req/s");
        let what = format!("with quota and ten fault rules / {what}");
        let ratio = laden.core_against(rounds);
        table.add(what, ratio, "", Budget::AtLeast(1.0));
    }
    Ok(())
}

/// Another server that runs already.
struct Peer<'a> {
    name: &'a str,
    pid: u32,
    host: &'a str,
    path: &'a str,
}

impl<'a> Peer<'a> {
    /// Reads `NAME,PID,URL`.
    fn read(text: &'a str) -> Outcome<Self> {
        let parts: Vec<_> = text.splitn(3, ',').collect();
        let [name, pid, url] = parts[..] else {
            return Err(format!("`{text}` is not NAME,PID,URL").into());
        };
        let address = workload::host(url);
        let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
        Ok(Self { name, pid: pid.parse()?, host, path })
    }

    /// The request that we are asked, for its own path.
    fn rounds(&self, request: &str) -> (u32, Rounds) {
        let head = request.split_once("\r\n").map_or("", |(_, head)| head);
        let request = format!("GET {} HTTP/1.1\r\n{head}", self.path);
        (self.pid, Rounds::new(self.host, request))
    }
}

/// The body of one answer.
pub fn fetch(address: &str, request: &str) -> Outcome<String> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address)?;
    let request = request.replace("connection: keep-alive", "connection: close");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("an answer without a head")?;
    if head.as_bytes().get(9) != Some(&b'2') {
        return Err(format!("the server refused: {head}\n{body}").into());
    }
    Ok(body.to_owned())
}
