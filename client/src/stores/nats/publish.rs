//! Publishing settings in the bucket.
//!
//! What one answer of Crisp changed is one atomic batch, on the condition that nothing was written into the bucket since
//! its version was looked at. So a writer that was paused is refused, and a reader never sees a part of it. A batch that is
//! larger than one of the server's comes in several, in order: first `writing` says its version, last `version`.

use std::collections::BTreeSet;

use async_nats::HeaderMap;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::batch::{BATCH, Outgoing};
use super::connection::Connection;
use super::error::Error;
use super::{HEADERS, Nats, streams};
use crate::replicas::Publication;
use crate::stores::words::{REMEMBERED, shown};

/// How often another replica may publish in between.
const TRIES: usize = 5;
/// The most bytes of one atomic batch.
const BYTES: usize = 16 << 20;

/// Of a website's value, what tells whether it is there.
#[derive(Deserialize)]
struct Standing {
    #[serde(default)]
    removed: bool,
}

impl Nats {
    pub(super) async fn publish_all(
        &self,
        connection: &Connection,
        publication: &Publication,
    ) -> Result<(), Error> {
        for _ in 0..TRIES {
            if self.publish_once(connection, publication).await? {
                return Ok(());
            }
        }
        Err(Error::Contended)
    }

    /// Says whether it is done: nothing came between, or a newer version did.
    async fn publish_once(
        &self,
        connection: &Connection,
        publication: &Publication,
    ) -> Result<bool, Error> {
        let names = &self.names;
        let made = streams::bucket(names, self.address.copies, publication.sequence);
        let state = connection.make(&names.bucket, &made).await?;
        let claims = connection.claims(names).await?;
        if claims.whole < publication.known {
            return self.begin_anew(connection).await;
        }
        if claims.highest() > publication.sequence {
            let last = connection.last_part(names).await?;
            return match last.is_some_and(|last| last.number >= claims.highest()) {
                // One that was only begun may never be whole.
                true => Ok(claims.whole >= publication.sequence),
                false => self.begin_anew(connection).await,
            };
        }
        let messages = self.messages(connection, publication, state.now()).await?;
        let mut end = state.last();
        for chunk in chunks(messages) {
            match connection.publish(&names.bucket, end, chunk).await? {
                Some(last) => end = last,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The log and the bucket are not of one time: one of them was lost, or restored from old data. The log begins anew,
    /// so that everything is published.
    async fn begin_anew(&self, connection: &Connection) -> Result<bool, Error> {
        if let Some(last) = connection.last_part(&self.names).await? {
            connection.purge(&self.names.log, last.at.saturating_add(1)).await?;
        }
        Ok(true)
    }

    async fn messages(
        &self,
        connection: &Connection,
        publication: &Publication,
        now: Timestamp,
    ) -> Result<Vec<Outgoing>, Error> {
        let Publication { sequence, all, set, gone, .. } = publication;
        let most = connection.max_payload().saturating_sub(HEADERS);
        let mut messages = Vec::new();
        for (version, website) in set {
            let value = shown(*version, website, self.tokens);
            let value = match value.len() > most {
                true => json!({ "version": version, "too_large": value.len() }).to_string(),
                false => value,
            };
            messages.push(self.value(&website.id.to_string(), value));
        }
        let mut removed: Vec<_> =
            gone.iter().map(|(version, id)| (id.to_string(), *version)).collect();
        if *all {
            let here: BTreeSet<_> = set.iter().map(|(_, website)| website.id.to_string()).collect();
            let there = self.websites_there(connection).await?;
            removed.extend(
                there.into_iter().filter(|id| !here.contains(id)).map(|id| (id, *sequence)),
            );
        }
        for (id, version) in removed {
            let at = now.as_millisecond();
            let value = json!({ "version": version, "removed": true, "removed_at_ms": at });
            let mut message = self.value(&id, value.to_string());
            message.headers.insert("Nats-TTL", format!("{}s", REMEMBERED.as_secs()));
            messages.push(message);
        }
        let size: usize = messages.iter().map(|message| message.data.len()).sum();
        if messages.len() >= BATCH || size > BYTES {
            messages.insert(0, self.number("writing", *sequence));
        }
        messages.push(self.number("version", *sequence));
        Ok(messages)
    }

    fn value(&self, id: &str, value: String) -> Outgoing {
        let subject = self.names.website(id);
        Outgoing { subject, headers: HeaderMap::new(), data: value.into() }
    }

    fn number(&self, key: &str, number: u64) -> Outgoing {
        let (subject, data) = (self.names.key(key), number.to_string().into());
        Outgoing { subject, headers: HeaderMap::new(), data }
    }

    /// The identifiers of the websites in the bucket that are no tombstones.
    async fn websites_there(&self, connection: &Connection) -> Result<Vec<String>, Error> {
        let (mut there, mut next) = (Vec::new(), 1);
        loop {
            let values = connection.values(&self.names, next).await?;
            let Some(last) = values.last() else { return Ok(there) };
            next = last.at.saturating_add(1);
            let stands = values.into_iter().filter(|value| {
                let standing = serde_json::from_slice::<Standing>(&value.data);
                standing.map_or(true, |standing| !standing.removed)
            });
            there.extend(stands.map(|value| value.id));
        }
    }
}

/// The messages in order, in batches that the server takes.
fn chunks(messages: Vec<Outgoing>) -> Vec<Vec<Outgoing>> {
    let mut chunks: Vec<Vec<Outgoing>> = Vec::new();
    let mut size = 0;
    for message in messages {
        size += message.data.len();
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < BATCH && size <= BYTES => chunk.push(message),
            _ => {
                size = message.data.len();
                chunks.push(vec![message]);
            }
        }
    }
    chunks
}
