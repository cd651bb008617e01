//! What stands in the log, as bytes: a line of JSON, and the body of an answer after it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::machine::{Event, Failure, How, Moment, RequestId, Spending, Ticket, WarmStart};
use crate::{PluginId, Settings, Website, WebsiteId};

/// The form that this version writes and reads.
const FORMAT: u32 = 1;

/// Names one entry: no two have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Link {
    /// The replica that wrote it.
    pub author: u64,
    /// Its number among the entries of that replica, from 1.
    pub count: u64,
}

/// One entry of the log.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) link: Link,
    /// The entry that it follows. One that stands elsewhere counts for nothing.
    pub(super) after: Option<Link>,
    /// When, on the log's scale of time.
    pub(super) now: Moment,
    /// Everything up to this sequence number was published when it was written.
    pub(super) published: u64,
    pub(super) body: Body,
}

/// What an entry says.
#[derive(Debug)]
pub(super) enum Body {
    /// The machine is handed this.
    Event(Event),
    /// The machine begins anew, from this. What stands before it is no longer needed.
    Renewal(Box<Renewal>),
}

/// What a machine begins with, the same in every replica.
#[derive(Debug)]
pub(super) struct Renewal {
    /// Whose log it is: the version and the options of the replicas, as a sum.
    pub(super) kind: u64,
    /// Where the machine's chance comes from.
    pub(super) seed: u64,
    /// Whether the log begins here, and nothing is known of what was published.
    pub(super) begins: bool,
    pub(super) plugin_id: Option<PluginId>,
    /// The requests of the machine before it.
    pub(super) spending: Option<Spending>,
    pub(super) start: Option<WarmStart>,
}

/// Bytes that are no entry of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the log holds an entry that this version cannot read ({0}); replicas of one log have one version"
)]
pub struct Unreadable(String);

#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    link: Link,
    after: Option<Link>,
    elapsed: Duration,
    wall: Timestamp,
    published: u64,
    says: Says,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Says {
    Tick,
    PollNow,
    Answer { id: u64, status: u16, headers: Vec<(String, String)> },
    Failed { id: u64, failure: WrittenFailure },
    Save { ticket: u64, website: WebsiteId, settings: Settings, replaces: bool },
    Renewal(Box<WrittenRenewal>),
}

/// What all versions write.
#[derive(Deserialize)]
struct Named {
    link: Link,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenFailure {
    Connect,
    Timeout,
    Broken,
}

#[derive(Serialize, Deserialize)]
struct WrittenRenewal {
    kind: u64,
    seed: u64,
    begins: bool,
    plugin_id: Option<PluginId>,
    spending: Option<Spending>,
    start: Option<WrittenStart>,
}

#[derive(Serialize, Deserialize)]
struct WrittenStart {
    cursor: Timestamp,
    verified: bool,
    learnt: Vec<WebsiteId>,
    websites: Vec<Website>,
}

/// What an entry says of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) link: Link,
    pub(super) after: Option<Link>,
    pub(super) now: Moment,
    pub(super) published: u64,
}

impl Head {
    /// The entry with this body as bytes; `None` for an event that no log has.
    pub(super) fn encode(&self, body: &Body) -> Option<Bytes> {
        let mut rest: &[u8] = &[];
        let says = match body {
            Body::Event(Event::Tick) => Says::Tick,
            Body::Event(Event::PollNow) => Says::PollNow,
            Body::Event(Event::Answer { id, response }) => {
                rest = response.body();
                let texts = response.headers().iter().filter_map(|(name, value)| {
                    Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
                });
                let (status, headers) = (response.status().as_u16(), texts.collect());
                Says::Answer { id: id.0, status, headers }
            }
            Body::Event(Event::Failed { id, failure }) => {
                Says::Failed { id: id.0, failure: (*failure).into() }
            }
            Body::Event(Event::Save { ticket, website, settings, how }) => Says::Save {
                ticket: ticket.0,
                website: *website,
                settings: settings.clone(),
                replaces: *how == How::Put,
            },
            // Replicas do not listen.
            Body::Event(Event::Socket { .. }) => return None,
            Body::Renewal(renewal) => Says::Renewal(Box::new((&**renewal).into())),
        };
        let Self { link, after, now, published } = *self;
        let Moment { elapsed, wall } = now;
        let written = Written { format: FORMAT, link, after, elapsed, wall, published, says };
        let mut bytes = serde_json::to_vec(&written).ok()?;
        bytes.push(b'\n');
        bytes.extend_from_slice(rest);
        Some(bytes.into())
    }
}

impl Entry {
    /// The name of an entry, whichever version wrote it; none, if that cannot be read.
    pub(super) fn link_of(bytes: &Bytes) -> Option<Link> {
        let head = bytes.split(|byte| *byte == b'\n').next()?;
        serde_json::from_slice::<Named>(head).ok().map(|named| named.link)
    }

    /// The entry that these bytes are.
    ///
    /// # Errors
    /// When another version wrote them.
    pub(super) fn decode(bytes: &Bytes) -> Result<Self, Unreadable> {
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        let head = bytes.slice(..end);
        let rest = bytes.slice((end + 1).min(bytes.len())..);
        let wrong = |problem: serde_json::Error| Unreadable(crate::wire::short(problem));
        let written: Written = serde_json::from_slice(&head).map_err(wrong)?;
        if written.format != FORMAT {
            return Err(Unreadable(format!("format {} is not {FORMAT}", written.format)));
        }
        let Written { link, after, elapsed, wall, published, says, .. } = written;
        let body = match says {
            Says::Tick => Body::Event(Event::Tick),
            Says::PollNow => Body::Event(Event::PollNow),
            Says::Answer { id, status, headers } => {
                let response = response(status, headers, rest)?;
                Body::Event(Event::Answer { id: RequestId(id), response })
            }
            Says::Failed { id, failure } => {
                Body::Event(Event::Failed { id: RequestId(id), failure: failure.into() })
            }
            Says::Save { ticket, website, settings, replaces } => Body::Event(Event::Save {
                ticket: Ticket(ticket),
                website,
                settings,
                how: if replaces { How::Put } else { How::Patch },
            }),
            Says::Renewal(renewal) => Body::Renewal(Box::new((*renewal).into())),
        };
        Ok(Self { link, after, now: Moment { elapsed, wall }, published, body })
    }
}

fn response(
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
) -> Result<Response<Bytes>, Unreadable> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).map_err(|problem| Unreadable(problem.to_string()))?;
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    Ok(response)
}

impl From<Failure> for WrittenFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Connect => Self::Connect,
            Failure::Timeout => Self::Timeout,
            Failure::Broken => Self::Broken,
        }
    }
}

impl From<WrittenFailure> for Failure {
    fn from(failure: WrittenFailure) -> Self {
        match failure {
            WrittenFailure::Connect => Self::Connect,
            WrittenFailure::Timeout => Self::Timeout,
            WrittenFailure::Broken => Self::Broken,
        }
    }
}

impl From<&Renewal> for WrittenRenewal {
    fn from(renewal: &Renewal) -> Self {
        let Renewal { kind, seed, begins, plugin_id, spending, ref start } = *renewal;
        let start = start.as_ref().map(|start| {
            let websites = start.websites.iter().map(|website| Website::clone(website));
            let mut websites: Vec<_> = websites.collect();
            websites.sort_unstable_by_key(|website| website.id);
            let WarmStart { cursor, verified, ref learnt, .. } = *start;
            let mut learnt = learnt.clone();
            learnt.sort_unstable();
            WrittenStart { cursor, verified, learnt, websites }
        });
        Self { kind, seed, begins, plugin_id, spending, start }
    }
}

impl From<WrittenRenewal> for Renewal {
    fn from(written: WrittenRenewal) -> Self {
        let WrittenRenewal { kind, seed, begins, plugin_id, spending, start } = written;
        let start = start.map(|start| {
            let WrittenStart { cursor, verified, learnt, websites } = start;
            WarmStart { websites: websites.into_iter().collect(), cursor, verified, learnt }
        });
        Self { kind, seed, begins, plugin_id, spending, start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Machine;

    fn encode(entry: &Entry) -> Option<Bytes> {
        let Entry { link, after, now, published, ref body } = *entry;
        Head { link, after, now, published }.encode(body)
    }

    fn entry(body: Body) -> Entry {
        let link = Link { author: 7, count: 2 };
        let after = Some(Link { author: 8, count: 1 });
        let now = Moment { elapsed: Duration::from_millis(1500), wall: Timestamp::UNIX_EPOCH };
        Entry { link, after, now, published: 3, body }
    }

    fn events() -> Vec<Event> {
        let response = Response::builder().status(206).header("date", "x").header("age", "1");
        let response = response.body(Bytes::from_static(b"a\nb\xff")).unwrap();
        let website = WebsiteId::from_number(1);
        let settings = Settings::from_json(r#"{"a":"\n"}"#).unwrap();
        vec![
            Event::Tick,
            Event::PollNow,
            Event::Answer { id: RequestId(4), response },
            Event::Failed { id: RequestId(5), failure: Failure::Broken },
            Event::Save { ticket: Ticket(6), website, settings, how: How::Patch },
        ]
    }

    #[test]
    fn what_is_written_is_read_again_as_it_was() {
        let website = Website {
            id: WebsiteId::from_number(1),
            token: Some("secret".into()),
            settings: Settings::from_json("[1]").unwrap(),
            price: Some(3),
            plan: None,
        };
        let start = WarmStart {
            websites: [website].into_iter().collect(),
            cursor: Timestamp::UNIX_EPOCH,
            verified: true,
            learnt: vec![WebsiteId::from_number(2)],
        };
        let plugin_id = Some(PluginId::from_number(9));
        let config = crate::Config::new(crate::Credentials::new("identifier", "key"));
        let now = Moment { elapsed: Duration::ZERO, wall: Timestamp::UNIX_EPOCH };
        let spending = Some(Machine::new(config, now).spending());
        let renewal =
            Renewal { kind: 1, seed: 2, begins: true, plugin_id, spending, start: Some(start) };
        let renewals = [Body::Renewal(Box::new(renewal))];
        for body in events().into_iter().map(Body::Event).chain(renewals) {
            let written = entry(body);
            let read = Entry::decode(&encode(&written).unwrap()).unwrap();
            assert_eq!(format!("{read:?}"), format!("{written:?}"));
        }
    }

    #[test]
    fn bytes_of_another_version_are_an_error_and_not_a_panic() {
        let good = encode(&entry(Body::Event(Event::Tick))).unwrap();
        let text = String::from_utf8(good.to_vec()).unwrap();
        let newer = text.replace(r#""format":1"#, r#""format":2"#);
        for bytes in ["", "\n", "{}", "{}\n", &newer, &text[..20]] {
            assert!(Entry::decode(&Bytes::copy_from_slice(bytes.as_bytes())).is_err(), "{bytes}");
        }
    }
}
