//! Messages that are written at once, on the condition that a stream ends where it is thought to.

use async_nats::HeaderMap;
use bytes::Bytes;
use serde::Deserialize;

use super::connection::{Connection, read, refused};
use super::error::Error;

/// The most messages of an atomic batch.
pub(super) const BATCH: usize = 1000;
/// JetStream's numbers for: the stream ends elsewhere.
const WRONG_LAST: [u64; 2] = [10071, 10164];

/// A message to be written.
pub(super) struct Outgoing {
    pub(super) subject: String,
    pub(super) headers: HeaderMap,
    pub(super) data: Bytes,
}

#[derive(Deserialize)]
struct Written {
    seq: u64,
}

impl Connection {
    /// Writes these messages, all at once, if the stream still ends with the message of this number. Gives the number of
    /// the last one; none: the stream does not end there any more.
    pub(super) async fn publish(
        &self,
        stream: &str,
        end: u64,
        mut messages: Vec<Outgoing>,
    ) -> Result<Option<u64>, Error> {
        let count = messages.len();
        let bytes = messages.iter().map(|message| message.data.len()).sum();
        let Some(mut last) = messages.pop().filter(|_| count <= BATCH) else {
            return Err(Error::TooLarge { bytes, messages: BATCH });
        };
        let batch = self.client.new_inbox().replace("_INBOX.", "");
        for (message, number) in messages.into_iter().zip(1_usize..) {
            let Outgoing { subject, mut headers, data } = message;
            if number == 1 {
                headers.insert("Nats-Expected-Last-Sequence", end.to_string());
            }
            headers.insert("Nats-Batch-Id", &*batch);
            headers.insert("Nats-Batch-Sequence", number.to_string());
            self.client.publish_with_headers(subject, headers, data).await?;
        }
        if count == 1 {
            last.headers.insert("Nats-Expected-Last-Sequence", end.to_string());
        } else {
            last.headers.insert("Nats-Batch-Id", &*batch);
            last.headers.insert("Nats-Batch-Sequence", count.to_string());
            last.headers.insert("Nats-Batch-Commit", "1");
        }
        let answer = self.ask(last.subject, last.headers, last.data).await?;
        match read::<Written>(stream, &answer)? {
            Ok(written) => Ok(Some(written.seq)),
            Err(error) if WRONG_LAST.contains(&error.err_code) => Ok(None),
            Err(error) => Err(refused(stream)(error)),
        }
    }
}
