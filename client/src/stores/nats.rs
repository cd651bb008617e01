//! The log in a stream of NATS JetStream, and the settings in a bucket of its keys.
//!
//! An entry is appended on the condition that the stream still ends with the message that its author read last; the server
//! refuses anything else. An entry that is larger than a message is an atomic batch of messages.

mod address;
mod batch;
mod connection;
mod error;
mod names;
mod part;
mod publish;
mod streams;

use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use tokio::time::timeout;

pub(super) use address::{Address, Identity};
use batch::Outgoing;
use connection::Connection;
use error::Error;
use names::Names;
use part::{Part, assemble};

use super::server::Server;
use super::words::name;
use crate::replicas::{LogEvent, Place, Publication};

/// So many messages are read at once.
const MESSAGES: usize = 200;
/// So long the end of the log is waited at.
const WAIT: Duration = Duration::from_secs(1);
/// What the headers of a message take at most, in bytes.
const HEADERS: usize = 2048;

/// One plugin's log and bucket on one server.
#[derive(Clone)]
pub(super) struct Nats {
    address: Address,
    names: Names,
    tokens: bool,
}

impl Nats {
    pub(super) fn new(address: Address, name: &str, tokens: bool) -> Self {
        Self { address, names: Names::new(name), tokens }
    }

    /// The messages of an entry whose first one has this number.
    fn parts(&self, first: u64, entry_name: &str, entry: &Bytes, size: usize) -> Vec<Outgoing> {
        let count = entry.len().div_ceil(size).max(1);
        let parts = (0..count).map(|part| {
            let mut headers = HeaderMap::new();
            headers.insert(part::NUMBER, (first + part as u64).to_string());
            headers.insert(part::NAME, entry_name);
            headers.insert(part::PART, format!("{}/{count}", part + 1));
            let data = entry.slice(part * size..entry.len().min((part + 1) * size));
            Outgoing { subject: self.names.log_subject.clone(), headers, data }
        });
        parts.collect()
    }
}

impl Server for Nats {
    type Connection = Connection;
    type Error = Error;

    async fn connect(&self) -> Result<Connection, Error> {
        Connection::open(&self.address, &self.names).await
    }

    async fn read(
        &self,
        connection: &mut Connection,
        after: Option<Place>,
    ) -> Result<LogEvent, Error> {
        connection.forget_news();
        let nothing = LogEvent::Read { entries: Vec::new(), age: Duration::ZERO, end: true };
        let from = match (after, connection.last_part(&self.names).await?) {
            (None, None) => return Ok(nothing),
            (Some(_), None) => return Ok(LogEvent::Lost),
            (None, Some(last)) => (1, last),
            (Some(after), Some(last)) => {
                let Some(at) = last.place_of(after.sequence) else { return Ok(LogEvent::Lost) };
                let there = match at == last.at {
                    true => Some(last.clone()),
                    false => connection.part(&self.names, at).await?,
                };
                if there.is_none_or(|there| there.name != name(after.link)) {
                    return Ok(LogEvent::Lost);
                }
                (at + 1, last)
            }
        };
        let (from, last) = from;
        if from > last.at {
            return Ok(nothing);
        }
        let now = connection.state(&self.names.log).await?.now();
        let parts: Vec<Part> = match from == last.at {
            true => vec![last.clone()],
            false => connection.parts(&self.names, from).await?,
        };
        let end = parts.last().is_some_and(|part| part.at >= last.at);
        let age = parts.last().map_or(Duration::ZERO, |part| part.age(now));
        Ok(LogEvent::Read { entries: assemble(parts), age, end })
    }

    async fn wait(&self, connection: &mut Connection, _: Option<Place>) -> Result<(), Error> {
        // What it ends with is found out by the next reading.
        let _ = timeout(WAIT, connection.news()).await;
        Ok(())
    }

    async fn append(
        &self,
        connection: &mut Connection,
        after: Option<Place>,
        (place, entry): (Place, Bytes),
    ) -> Result<LogEvent, Error> {
        let (end, first) = match after {
            None => {
                // Where the stream ends is read before it is seen to be empty: what comes between is refused.
                let end = connection.make_log(&self.names, self.address.copies).await?;
                if connection.last_part(&self.names).await?.is_some() {
                    return Ok(LogEvent::Refused);
                }
                // Versions grow over a log that was lost, too.
                let published = connection.claims(&self.names).await?.highest();
                (end, place.sequence.max(published.saturating_add(1)))
            }
            Some(after) => match connection.last_part(&self.names).await? {
                Some(last) if last.number == after.sequence && last.name == name(after.link) => {
                    (last.at, last.number.saturating_add(1))
                }
                _ => return Ok(LogEvent::Refused),
            },
        };
        let size = connection.max_payload().saturating_sub(HEADERS).max(HEADERS);
        let parts = self.parts(first, &name(place.link), &entry, size);
        let count = parts.len() as u64;
        Ok(match connection.publish(&self.names.log, end, parts).await? {
            Some(_) => LogEvent::Appended(first.saturating_add(count - 1)),
            None => LogEvent::Refused,
        })
    }

    async fn trim(&self, connection: &mut Connection, before: u64) -> Result<(), Error> {
        let Some(last) = connection.last_part(&self.names).await? else { return Ok(()) };
        let Some(at) = last.place_of(before) else { return Ok(()) };
        if let Some(part) = connection.part(&self.names, at).await? {
            connection.purge(&self.names.log, at.saturating_sub(part.before_it())).await?;
        }
        Ok(())
    }

    async fn publish(
        &self,
        connection: &mut Connection,
        publication: Publication,
    ) -> Result<(), Error> {
        self.publish_all(connection, &publication).await
    }

    #[cfg(feature = "service")]
    async fn published_after(
        &self,
        connection: &mut Connection,
        place: u64,
    ) -> Result<super::server::Published, Error> {
        let (mut websites, mut last) = (Vec::new(), place);
        loop {
            let values = connection.values(&self.names, last + 1).await?;
            let Some(end) = values.last() else { return Ok((websites, last)) };
            last = end.at;
            websites.extend(values.into_iter().map(|value| (value.id, value.data)));
        }
    }

    #[cfg(feature = "service")]
    async fn version(&self, connection: &mut Connection) -> Result<u64, Error> {
        Ok(connection.claims(&self.names).await?.whole)
    }

    #[cfg(feature = "service")]
    async fn remove_all(&self, connection: &mut Connection) -> Result<(), Error> {
        for stream in [&self.names.log, &self.names.bucket] {
            connection.delete(stream).await?;
        }
        Ok(())
    }
}
