//! A connection to NATS, and what is asked over it.

use std::time::Duration;

use async_nats::{Client, Event, HeaderMap, Message, Subscriber};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::address::Address;
use super::batch::BATCH;
use super::error::{ApiError, Error};
use super::names::Names;
use super::part::Part;
use super::{MESSAGES, streams};

const CONNECT: Duration = Duration::from_secs(2);
/// The most bytes that are read at once; an entry that is larger comes in several goes.
const READ: usize = 16 << 20;

// Numbers of JetStream's errors.
const NO_STREAM: u64 = 10059;
const NO_MESSAGE: u64 = 10037;
const NAME_IN_USE: u64 = 10058;

/// What a website's key holds.
pub(super) struct KeptValue {
    /// Its number in the stream of the bucket.
    pub(super) at: u64,
    pub(super) id: String,
    pub(super) data: Bytes,
}

/// What a stream holds.
#[derive(Deserialize)]
pub(super) struct StreamState {
    state: Ends,
    ts: Timestamp,
}

#[derive(Deserialize)]
struct Ends {
    last_seq: u64,
}

impl StreamState {
    /// The number of the message that was written last.
    pub(super) fn last(&self) -> u64 {
        self.state.last_seq
    }

    /// The server's time.
    pub(super) fn now(&self) -> Timestamp {
        self.ts
    }
}

/// What replicas said of their publishing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claims {
    /// The version of the last batch that is whole.
    pub(super) whole: u64,
    /// The version of the last one that was begun and did not fit into one batch of the server.
    pub(super) begun: u64,
}

impl Claims {
    pub(super) fn highest(self) -> u64 {
        self.whole.max(self.begun)
    }
}

#[derive(Deserialize)]
struct Got {
    message: Kept,
}

/// A message that a stream keeps, as the API gives it.
#[derive(Deserialize)]
struct Kept {
    seq: u64,
    time: Timestamp,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

/// Whatever the API answers.
#[derive(Deserialize)]
struct Failed {
    error: Option<ApiError>,
}

/// A connection of one task.
pub(in crate::stores) struct Connection {
    pub(super) client: Client,
    appended: Subscriber,
    /// Whether the connection has ended.
    ended: watch::Receiver<bool>,
}

impl Connection {
    pub(super) async fn open(address: &Address, names: &Names) -> Result<Self, Error> {
        let (end, ended) = watch::channel(false);
        let options = address
            .options()
            .name("crisp-sync")
            .connection_timeout(CONNECT)
            // The tasks have time-outs of their own, and connect again themselves.
            .request_timeout(None)
            .max_reconnects(address.servers.len())
            .event_callback(move |event| {
                if matches!(event, Event::Disconnected | Event::Closed) {
                    end.send_replace(true);
                }
                std::future::ready(())
            });
        let client = options.connect(&address.servers[..]).await?;
        if !client.is_server_compatible(2, 12, 0) {
            return Err(Error::TooOld(client.server_info().version));
        }
        let appended = client.subscribe(names.appended.clone()).await?;
        client.flush().await?;
        Ok(Self { client, appended, ended })
    }

    pub(super) fn max_payload(&self) -> usize {
        self.client.max_payload()
    }

    /// Forgets what the server said of the log until now.
    pub(super) fn forget_news(&mut self) {
        while let Some(Some(_)) = self.appended.next().now_or_never() {}
    }

    /// Waits until the server says that the log has grown.
    pub(super) async fn news(&mut self) {
        if self.appended.next().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Asks, unless the connection ends before the answer.
    pub(super) async fn ask(
        &self,
        subject: String,
        headers: HeaderMap,
        data: Bytes,
    ) -> Result<Message, Error> {
        let mut ended = self.ended.clone();
        tokio::select! {
            answer = self.client.request_with_headers(subject, headers, data) => Ok(answer?),
            _ = ended.wait_for(|ended| *ended) => Err(Error::Ended),
        }
    }

    /// Asks the API of JetStream about a stream. The inner error is what it refuses.
    async fn api<T: DeserializeOwned>(
        &self,
        what: &str,
        stream: &str,
        body: &Value,
    ) -> Result<Result<T, ApiError>, Error> {
        let body = Bytes::from(body.to_string());
        let answer = self.ask(format!("$JS.API.{what}.{stream}"), HeaderMap::new(), body).await?;
        read(stream, &answer)
    }

    /// The state of a stream.
    pub(super) async fn state(&self, stream: &str) -> Result<StreamState, Error> {
        self.api("STREAM.INFO", stream, &json!({})).await?.map_err(refused(stream))
    }

    /// Makes the log where it is missing, with so many copies; gives the number of its last message.
    pub(super) async fn make_log(&self, names: &Names, copies: u8) -> Result<u64, Error> {
        self.make(&names.log, &streams::log(names, copies)).await.map(|state| state.last())
    }

    /// Makes a stream where it is missing.
    pub(super) async fn make(&self, stream: &str, config: &Value) -> Result<StreamState, Error> {
        match self.api("STREAM.INFO", stream, &json!({})).await? {
            Err(error) if error.err_code == NO_STREAM => {}
            state => return state.map_err(refused(stream)),
        }
        match self.api("STREAM.CREATE", stream, config).await? {
            // Another replica was faster.
            Err(error) if error.err_code == NAME_IN_USE => self.state(stream).await,
            made => made.map_err(refused(stream)),
        }
    }

    /// Forgets the messages of a stream before this one.
    pub(super) async fn purge(&self, stream: &str, before: u64) -> Result<(), Error> {
        let purged = self.api::<Value>("STREAM.PURGE", stream, &json!({ "seq": before })).await?;
        purged.map(drop).map_err(refused(stream))
    }

    /// A message of a stream, from the server that leads it.
    async fn kept(&self, stream: &str, which: &Value) -> Result<Option<Kept>, Error> {
        match self.api::<Got>("STREAM.MSG.GET", stream, which).await? {
            Ok(got) => Ok(Some(got.message)),
            Err(error) if [NO_STREAM, NO_MESSAGE].contains(&error.err_code) => Ok(None),
            Err(error) => Err(refused(stream)(error)),
        }
    }

    /// The last message of the log.
    pub(super) async fn last_part(&self, names: &Names) -> Result<Option<Part>, Error> {
        let which = json!({ "last_by_subj": names.log_subject });
        let last = self.kept(&names.log, &which).await?;
        last.map(|kept| part_of(names, &kept)).transpose()
    }

    /// The message of the log with this number of the stream.
    pub(super) async fn part(&self, names: &Names, at: u64) -> Result<Option<Part>, Error> {
        let there = self.kept(&names.log, &json!({ "seq": at })).await?;
        there.map(|kept| part_of(names, &kept)).transpose()
    }

    /// The messages of the log from this number of the stream on: so many as are read at once, and the rest of an entry.
    /// They end before a gap, where the log was trimmed meanwhile: the next reading finds its place gone, and begins anew.
    /// A gap right after a place that is there is an error.
    pub(super) async fn parts(&self, names: &Names, from: u64) -> Result<Vec<Part>, Error> {
        let mut parts: Vec<Part> = Vec::new();
        let mut next = from;
        while parts.len() < MESSAGES || parts.last().is_some_and(|part| !part.is_last()) {
            let messages = self.messages(&names.log, &names.log_subject, next).await?;
            if messages.is_empty() || parts.len() > BATCH + MESSAGES {
                break;
            }
            for message in messages {
                let (at, time) =
                    stamp(&message).ok_or_else(|| Error::Unreadable(names.log.clone()))?;
                let headers = message.headers.unwrap_or_default();
                let header = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str);
                let part = Part::new((at, time), header, message.payload);
                let stranger = || Error::Stranger { stream: names.log.clone(), at };
                let part = part.ok_or_else(stranger)?;
                if !part.continues(parts.last(), from) {
                    return match parts.is_empty() {
                        true => Err(Error::Unreadable(names.log.clone())),
                        false => Ok(parts),
                    };
                }
                parts.push(part);
                next = at + 1;
            }
            if parts.iter().map(Part::size).sum::<usize>() > READ
                && parts.last().is_some_and(Part::is_last)
            {
                break;
            }
        }
        Ok(parts)
    }

    /// Some messages of a stream, of this subject and from this number on; none: there are none. A replica of the server
    /// that is behind may answer, and know fewer.
    pub(super) async fn messages(
        &self,
        stream: &str,
        subject: &str,
        from: u64,
    ) -> Result<Vec<Message>, Error> {
        let inbox = self.client.new_inbox();
        let mut answers = self.client.subscribe(inbox.clone()).await?;
        let which =
            json!({ "seq": from, "next_by_subj": subject, "batch": MESSAGES, "max_bytes": READ });
        let asked = format!("$JS.API.DIRECT.GET.{stream}");
        self.client.publish_with_reply(asked, inbox, which.to_string().into()).await?;
        let mut ended = self.ended.clone();
        let mut messages = Vec::new();
        loop {
            let message = tokio::select! {
                message = answers.next() => message.ok_or(Error::Ended)?,
                _ = ended.wait_for(|ended| *ended) => return Err(Error::Ended),
            };
            match message.status.map(|status| status.as_u16()) {
                None => messages.push(message),
                Some(204 | 404) => return Ok(messages),
                // A stream that is not there gives no answer.
                Some(503) => {
                    return match self.api::<Value>("STREAM.INFO", stream, &json!({})).await? {
                        Err(error) if error.err_code == NO_STREAM => Ok(messages),
                        _ => Err(Error::Unreadable(stream.to_owned())),
                    };
                }
                Some(_) => return Err(Error::Unreadable(stream.to_owned())),
            }
        }
    }

    /// The values of some websites, in the order in which they were written, from this number of the bucket's stream on;
    /// none: there are none.
    pub(super) async fn values(&self, names: &Names, from: u64) -> Result<Vec<KeptValue>, Error> {
        let (prefix, all) = (names.website(""), names.website("*"));
        let messages = self.messages(&names.bucket, &all, from).await?;
        let values = messages.into_iter().map(|message| {
            let (at, _) = stamp(&message)?;
            let id =
                message.headers.as_ref()?.get("Nats-Subject")?.as_str().strip_prefix(&prefix)?;
            Some(KeptValue { at, id: id.to_owned(), data: message.payload })
        });
        let values: Option<Vec<_>> = values.collect();
        values.ok_or_else(|| Error::Unreadable(names.bucket.clone()))
    }

    /// Removes a stream, if it is there.
    #[cfg(feature = "service")]
    pub(super) async fn delete(&self, stream: &str) -> Result<(), Error> {
        match self.api::<Value>("STREAM.DELETE", stream, &json!({})).await? {
            Err(error) if error.err_code != NO_STREAM => Err(refused(stream)(error)),
            _ => Ok(()),
        }
    }

    /// What replicas said of their publishing; nothing where there is no bucket.
    pub(super) async fn claims(&self, names: &Names) -> Result<Claims, Error> {
        let whole = self.number_at(names, &names.key("version")).await?;
        let begun = self.number_at(names, &names.key("writing")).await?;
        Ok(Claims { whole, begun })
    }

    async fn number_at(&self, names: &Names, subject: &str) -> Result<u64, Error> {
        let kept = self.kept(&names.bucket, &json!({ "last_by_subj": subject })).await?;
        let text = kept.and_then(|kept| STANDARD.decode(kept.data).ok());
        let number = text.and_then(|text| String::from_utf8(text).ok()?.parse().ok());
        Ok(number.unwrap_or(0))
    }
}

pub(super) fn refused(stream: &str) -> impl Fn(ApiError) -> Error {
    move |error| Error::Refused { stream: stream.to_owned(), error }
}

pub(super) fn read<T: DeserializeOwned>(
    stream: &str,
    answer: &Message,
) -> Result<Result<T, ApiError>, Error> {
    let unreadable = |_| Error::Unreadable(stream.to_owned());
    let failed: Failed = serde_json::from_slice(&answer.payload).map_err(unreadable)?;
    match failed.error {
        Some(error) => Ok(Err(error)),
        None => serde_json::from_slice(&answer.payload).map(Ok).map_err(unreadable),
    }
}

/// The number in the stream and the time of a message that was asked for.
fn stamp(message: &Message) -> Option<(u64, Timestamp)> {
    let headers = message.headers.as_ref()?;
    let header = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str);
    Some((header("Nats-Sequence")?.parse().ok()?, header("Nats-Time-Stamp")?.parse().ok()?))
}

fn part_of(names: &Names, kept: &Kept) -> Result<Part, Error> {
    let headers = STANDARD.decode(&kept.hdrs).unwrap_or_default();
    let headers = String::from_utf8_lossy(&headers);
    let header =
        |name: &str| headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let data = STANDARD.decode(&kept.data).unwrap_or_default();
    let part = Part::new((kept.seq, kept.time), header, data.into());
    part.ok_or_else(|| Error::Stranger { stream: names.log.clone(), at: kept.seq })
}
