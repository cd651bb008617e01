//! Sixteen clients on connections of their own, and what they saw.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use base64::Engine as _;
use crisp_mock_server::spaces::Info;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::checker::{Deed, Done, MEMBERS, Settings};

const CLIENTS: u32 = 16;
const NAMES: [&str; MEMBERS] = ["a", "b", "c"];

/// What the website holds when the crowd comes.
pub const BEFORE: Settings = [1, 1, 1];

/// In which way the last write is lied about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    None,
    /// It is acknowledged and never sent.
    LoseAWrite,
    /// It replaces the settings that it should be merged into.
    PatchAsPut,
}

pub struct Clients {
    host: String,
    path: String,
    credentials: String,
    lie: Lie,
    /// Numbers calls and answers in the order in which they happen.
    moments: AtomicU64,
    /// Makes values that were not written before.
    values: AtomicU32,
    history: Mutex<Vec<Done>>,
}

impl Clients {
    pub fn of(info: &Info, lie: Lie) -> Self {
        let pair = format!("{}:{}", info.identifier, info.key);
        let website = crisp_mock_server::id::WebsiteId::numbered(1);
        Self {
            host: info.url.strip_prefix("http://").unwrap().to_owned(),
            path: format!("/v1/plugins/subscription/{website}/{}/settings", info.plugin_id),
            credentials: base64::engine::general_purpose::STANDARD.encode(pair),
            lie,
            moments: AtomicU64::new(0),
            values: AtomicU32::new(2),
            history: Mutex::default(),
        }
    }

    pub fn history(self) -> Vec<Done> {
        self.history.into_inner()
    }

    /// The settings that the history begins with; sent until they are there.
    pub async fn begin(&self) {
        while self.send("PUT", &body(BEFORE)).await.is_none() {}
    }

    pub async fn all_at_once(self: &Arc<Self>, each: u32) {
        let mut living = JoinSet::new();
        for client in 0..CLIENTS {
            let clients = Arc::clone(self);
            living.spawn(async move {
                for round in 0..each {
                    clients.act(client * 31 + round * 7).await;
                }
            });
        }
        living.join_all().await;
    }

    /// A third reads; some writes are sent twice, on two connections or after one another.
    async fn act(&self, number: u32) {
        let deed = match number % 9 {
            0..=2 => return self.read().await,
            3 | 4 => Deed::Put(std::array::from_fn(|_| self.value())),
            one => {
                let member = one as usize % MEMBERS;
                let mut some = [0; MEMBERS];
                some[member] = self.value();
                Deed::Patch(some)
            }
        };
        match number % 23 {
            0 => {
                tokio::join!(self.write(deed), self.write(deed));
            }
            1..=8 => {
                // As clients do that want to be sure.
                if !self.write(deed).await {
                    self.write(deed).await;
                }
            }
            _ => {
                self.write(deed).await;
            }
        }
    }

    /// At rest: one write that is acknowledged, then reads of all. It is here that a server lies. What
    /// it lies about hides values that came once, so that no lost request can have brought them later.
    pub async fn one_write_then_all_read(self: &Arc<Self>) {
        while !self.write(Deed::Put(std::array::from_fn(|_| self.value()))).await {}
        let deed = Deed::Patch([0, self.value(), 0]);
        loop {
            let called = self.moment();
            let Deed::Patch(some) = deed else { unreachable!("it is one") };
            let done = match self.lie {
                Lie::None => self.send("PATCH", &body(some)).await.is_some(),
                Lie::LoseAWrite => true,
                Lie::PatchAsPut => self.send("PUT", &body(some)).await.is_some(),
            };
            self.note(called, done, deed);
            if done {
                break;
            }
        }
        let mut living = JoinSet::new();
        for _ in 0..CLIENTS {
            let clients = Arc::clone(self);
            living.spawn(async move { clients.read().await });
        }
        living.join_all().await;
    }

    async fn write(&self, deed: Deed) -> bool {
        let called = self.moment();
        let answered = match deed {
            Deed::Put(all) => self.send("PUT", &body(all)).await,
            Deed::Patch(some) => self.send("PATCH", &body(some)).await,
            Deed::Saw(_) => return false,
        };
        self.note(called, answered.is_some(), deed);
        answered.is_some()
    }

    async fn read(&self) {
        let called = self.moment();
        if let Some(answer) = self.send("GET", "").await {
            let member = |name| answer["data"]["settings"][name].as_u64().unwrap_or(0);
            let seen = NAMES.map(|name| u32::try_from(member(name)).unwrap());
            self.note(called, true, Deed::Saw(seen));
        }
    }

    fn note(&self, called: u64, known: bool, deed: Deed) {
        let answered = known.then(|| self.moment());
        self.history.lock().push(Done { called, answered, deed });
    }

    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    fn value(&self) -> u32 {
        self.values.fetch_add(1, Ordering::SeqCst)
    }

    /// The body of a whole answer with a status of success; none if there is none, for whatever
    /// reason.
    async fn send(&self, method: &str, body: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(&self.host).await.ok()?;
        let request = format!(
            "{method} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Basic {}\r\n\
             X-Crisp-Tier: plugin\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.path,
            self.host,
            self.credentials,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?;
        serde_json::from_str(body).ok().filter(|_| status.starts_with('2'))
    }
}

fn body(settings: Settings) -> String {
    let members = NAMES.into_iter().zip(settings).filter(|(_, value)| *value != 0);
    let members: Map<_, _> = members.map(|(name, value)| (name.to_owned(), json!(value))).collect();
    Value::Object(members).to_string()
}
