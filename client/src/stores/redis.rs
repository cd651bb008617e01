//! The log in Redis, and the settings in its keys. The scripts are the compare-and-set.

mod error;

use std::time::Duration;

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Script, Value};

use error::Error;

use super::server::Server;
use super::words::{REMEMBERED, name, shown};
use crate::replicas::{LogEvent, Place, Publication};

type Connection = MultiplexedConnection;

/// So many entries are read at once.
const ENTRIES: usize = 200;
/// So long the end of the log is waited at, in milliseconds.
const WAIT: usize = 1000;
const CONNECT: Duration = Duration::from_secs(2);

/// One plugin's keys in one Redis.
#[derive(Clone)]
pub(super) struct Redis {
    client: Client,
    prefix: String,
    tokens: bool,
    read: Script,
    append: Script,
    publish: Script,
}

impl Redis {
    pub(super) fn new(client: Client, name: &str, tokens: bool) -> Self {
        Self {
            client,
            prefix: format!("crisp:{name}"),
            tokens,
            read: Script::new(include_str!("redis/read.lua")),
            append: Script::new(include_str!("redis/append.lua")),
            publish: Script::new(include_str!("redis/publish.lua")),
        }
    }

    fn log(&self) -> String {
        format!("{}:log", self.prefix)
    }
}

impl Server for Redis {
    type Connection = Connection;
    type Error = Error;

    async fn connect(&self) -> Result<Connection, Error> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            // The tasks have time-outs of their own.
            .set_response_timeout(None);
        Ok(self.client.get_multiplexed_async_connection_with_config(&config).await?)
    }

    async fn read(
        &self,
        connection: &mut Connection,
        after: Option<Place>,
    ) -> Result<LogEvent, Error> {
        let (sequence, link) = words(after);
        let (found, age, entries): (bool, u64, Vec<(u64, Value)>) = self
            .read
            .key(self.log())
            .arg(sequence)
            .arg(link)
            .arg(ENTRIES)
            .invoke_async(connection)
            .await?;
        if !found {
            return Ok(LogEvent::Lost);
        }
        let end = entries.len() < ENTRIES;
        let entries = entries.into_iter().map(|(sequence, entry)| match entry {
            Value::BulkString(bytes) => (sequence, Bytes::from(bytes)),
            _ => (sequence, Bytes::new()),
        });
        let (entries, age) = (entries.collect(), Duration::from_millis(age));
        Ok(LogEvent::Read { entries, age, end })
    }

    async fn wait(&self, connection: &mut Connection, after: Option<Place>) -> Result<(), Error> {
        let from = format!("{}-0", after.map_or(0, |place| place.sequence));
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(1).arg("BLOCK").arg(WAIT).arg("STREAMS").arg(self.log()).arg(from);
        command.query_async::<Value>(connection).await?;
        Ok(())
    }

    async fn append(
        &self,
        connection: &mut Connection,
        after: Option<Place>,
        (place, entry): (Place, Bytes),
    ) -> Result<LogEvent, Error> {
        let (sequence, link) = words(after);
        let mut script = self.append.key(self.log());
        script.key(format!("{}:version", self.prefix));
        script.arg(sequence).arg(link).arg(place.sequence).arg(name(place.link));
        let appended: u64 = script.arg(&entry[..]).invoke_async(connection).await?;
        Ok(match appended {
            0 => LogEvent::Refused,
            sequence => LogEvent::Appended(sequence),
        })
    }

    async fn trim(&self, connection: &mut Connection, before: u64) -> Result<(), Error> {
        let mut command = redis::cmd("XTRIM");
        command.arg(self.log()).arg("MINID").arg(format!("{before}-0"));
        command.query_async::<Value>(connection).await?;
        Ok(())
    }

    async fn publish(
        &self,
        connection: &mut Connection,
        publication: Publication,
    ) -> Result<(), Error> {
        let Publication { sequence, known, all, set, gone } = publication;
        let millis = u64::try_from(REMEMBERED.as_millis()).unwrap_or(u64::MAX);
        let mut script = self.publish.key(&self.prefix);
        script.arg(sequence).arg(u8::from(all)).arg(millis).arg(known).arg(set.len());
        for (version, website) in &set {
            script.arg(website.id.to_string()).arg(*version).arg(shown(
                *version,
                website,
                self.tokens,
            ));
        }
        for (version, id) in &gone {
            script.arg(id.to_string()).arg(*version);
        }
        script.invoke_async::<Value>(connection).await?;
        Ok(())
    }

    #[cfg(feature = "service")]
    async fn published_after(
        &self,
        connection: &mut Connection,
        place: u64,
    ) -> Result<super::server::Published, Error> {
        // Read before the rest: what is published meanwhile is asked for again.
        let version = self.version(connection).await?;
        let mut changed = redis::cmd("ZRANGE");
        changed.arg(format!("{}:websites", self.prefix)).arg(format!("({place}")).arg("+inf");
        let ids: Vec<String> = changed.arg("BYSCORE").query_async(connection).await?;
        let mut websites = Vec::new();
        for id in ids {
            let mut value = redis::cmd("GET");
            value.arg(format!("{}:website:{id}", self.prefix));
            let value: Option<Vec<u8>> = value.query_async(connection).await?;
            websites.push((id, value.unwrap_or_default().into()));
        }
        Ok((websites, version))
    }

    #[cfg(feature = "service")]
    async fn version(&self, connection: &mut Connection) -> Result<u64, Error> {
        let mut version = redis::cmd("GET");
        version.arg(format!("{}:version", self.prefix));
        let version: Option<u64> = version.query_async(connection).await?;
        Ok(version.unwrap_or(0))
    }

    #[cfg(feature = "service")]
    async fn remove_all(&self, connection: &mut Connection) -> Result<(), Error> {
        let mut all = redis::cmd("ZRANGE");
        all.arg(format!("{}:websites", self.prefix)).arg(0).arg(-1);
        let ids: Vec<String> = all.query_async(connection).await?;
        let mut remove = redis::cmd("DEL");
        for key in ["log", "websites", "version", "removed"] {
            remove.arg(format!("{}:{key}", self.prefix));
        }
        for id in ids {
            remove.arg(format!("{}:website:{id}", self.prefix));
        }
        remove.query_async::<Value>(connection).await?;
        Ok(())
    }
}

fn words(after: Option<Place>) -> (String, String) {
    match after {
        Some(place) => (place.sequence.to_string(), name(place.link)),
        None => (String::new(), String::new()),
    }
}
