//! The messages of the client protocol, version 1: what is asked, and how replies are read.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::log::shortened;
use super::view::{View, kind};
use super::{Advanced, Capabilities, Greeting, Place, Reading};
use crate::scenario::{SaveEnd, Standing};
use crate::subject::{Held, How, Told};

/// How much of a reply stands in a message about it.
const QUOTED: usize = 300;

/// What a client is asked.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub(super) enum Ask<'a> {
    Hello {
        protocol: u32,
    },
    Start {
        rest_host: &'a str,
        rest_url: &'a str,
        identifier: &'a str,
        key: &'a str,
        tier: &'a str,
        plugin_id: &'a str,
        poll_ms: u64,
        /// Only for a client whose clock is moved by hand.
        #[serde(skip_serializing_if = "Option::is_none")]
        now: Option<Timestamp>,
    },
    Read,
    Save {
        website_id: WebsiteId,
        settings: Value,
        how: &'static str,
    },
    Advance {
        ms: u64,
        now: Timestamp,
    },
    Reset,
    Stop,
}

#[derive(Serialize)]
struct Numbered<'a> {
    id: u64,
    #[serde(flatten)]
    ask: &'a Ask<'a>,
}

impl<'a> Ask<'a> {
    pub(super) const HELLO: Self = Self::Hello { protocol: 1 };

    pub(super) fn start(place: &'a Place, capabilities: Capabilities) -> Self {
        Self::Start {
            rest_host: &place.rest_host,
            rest_url: &place.rest_url,
            identifier: &place.identifier,
            key: &place.key,
            tier: &place.tier,
            plugin_id: &place.plugin_id,
            poll_ms: millis(place.poll_every),
            now: capabilities.manual_clock.then_some(place.now),
        }
    }

    pub(super) fn save(website_id: WebsiteId, settings: &str, how: How) -> Self {
        Self::Save {
            website_id,
            settings: serde_json::from_str(settings).unwrap_or_default(),
            how: match how {
                How::Put => "put",
                How::Patch => "patch",
            },
        }
    }

    pub(super) fn advance(by: Duration, now: Timestamp) -> Self {
        Self::Advance { ms: millis(by), now }
    }

    /// Its name in the protocol.
    pub(super) fn op(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Start { .. } => "start",
            Self::Read => "read",
            Self::Save { .. } => "save",
            Self::Advance { .. } => "advance",
            Self::Reset => "reset",
            Self::Stop => "stop",
        }
    }

    /// The message as one line.
    pub(super) fn line(&self, id: u64) -> String {
        // Nothing in it can fail to be written.
        serde_json::to_string(&Numbered { id, ask: self }).unwrap_or_default()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A reply, with the line that it came in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    line: String,
    members: Map<String, Value>,
}

/// What a line of output is.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    /// Part of the log.
    Log,
    /// A reply to the request of this number.
    Reply(u64, Reply),
    /// A reply to no request: why that is.
    Astray(String),
}

/// So many braces of a line are tried for the beginning of a reply.
const MOST_STARTS: usize = 8;

impl Heard {
    /// Reads a line: only an object with an `id` is a reply.
    pub(super) fn read(line: &str) -> Self {
        let start = line.trim_start();
        if !start.starts_with('{') {
            return Self::Log;
        }
        let Ok(Value::Object(members)) = serde_json::from_str(start) else {
            return Self::Log;
        };
        let Some(id) = members.get("id") else {
            return Self::Log;
        };
        match whole(id) {
            Some(id) => Self::Reply(id, Reply::new(line, members)),
            // Log lines of other libraries may have an `id`, but no `ok`.
            None if members.contains_key("ok") => Self::Astray(format!(
                "{} stands where `id`, the number of the request, should\n  it wrote: {}",
                kind(id),
                shortened(line, QUOTED)
            )),
            None => Self::Log,
        }
    }
}

/// A reply in the middle of a line, its id, and what stands around it: a plugin with threads may
/// print at the same moment, before the end of either line.
pub(super) fn reply_within(line: &str) -> Option<(u64, Reply, String)> {
    if !line.contains("\"ok\"") {
        return None;
    }
    let starts = line.match_indices('{').map(|(start, _)| start);
    starts.take(MOST_STARTS).find_map(|start| {
        let mut values = serde_json::Deserializer::from_str(&line[start..]).into_iter();
        let members: Map<String, Value> = values.next()?.ok()?;
        let id = whole(members.get("id")?)?;
        members.get("ok")?.as_bool()?;
        let end = start + values.byte_offset();
        let around = format!("{}{}", &line[..start], &line[end..]);
        Some((id, Reply::new(&line[start..end], members), around))
    })
}

/// A whole number that is not negative; some languages write `7` as `7.0`.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let float = value.as_f64()?;
        let fits = float >= 0.0 && float.fract() == 0.0 && float < 9e15;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, and within 2^53"
        )]
        fits.then_some(float as u64)
    })
}

/// Why a reply is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Useless {
    /// The client says that it failed.
    Failed(String),
    /// It is not what the protocol says.
    Wrong(String),
}

impl Reply {
    pub(super) fn new(line: &str, members: Map<String, Value>) -> Self {
        Self { line: line.to_owned(), members }
    }

    /// Whether it has an `ok`, as every reply has.
    pub(super) fn has_ok(&self) -> bool {
        self.members.contains_key("ok")
    }

    /// The reply as it stands in a message.
    pub(super) fn quoted(&self) -> String {
        shortened(self.line.trim(), QUOTED)
    }

    /// The reply to an operation that did not fail.
    pub(super) fn fine(self, op: &str) -> Result<Self, Useless> {
        match self.members.get("ok") {
            Some(Value::Bool(true)) => Ok(self),
            Some(Value::Bool(false)) => {
                let error = match self.members.get("error") {
                    Some(Value::String(text)) => shortened(text, QUOTED),
                    Some(other) => shortened(&other.to_string(), QUOTED),
                    None => "it does not say why: `error` is missing".to_owned(),
                };
                Err(Useless::Failed(format!("`{op}` failed: {error}")))
            }
            other => Err(self.wrong(op, "ok", other, "`true` or `false`")),
        }
    }

    fn wrong(&self, op: &str, name: &str, got: Option<&Value>, wanted: &str) -> Useless {
        let got = match got {
            None => format!("`{name}` is missing"),
            Some(value @ (Value::Array(_) | Value::Object(_))) => {
                format!("`{name}` is {}", kind(value))
            }
            Some(value) => format!("`{name}` is {}", shortened(&value.to_string(), 80)),
        };
        Useless::Wrong(format!(
            "its reply to `{op}` cannot be used: {got}, expected {wanted}\n  it wrote: {}",
            self.quoted()
        ))
    }

    /// The reply to `hello`.
    pub(super) fn greeting(&self) -> Result<(Greeting, Option<View>), Useless> {
        let mut greeting = Greeting {
            name: self.text("hello", "name")?,
            version: self.text("hello", "version")?,
            timeout: self.time("hello", "timeout_ms")?,
            backoff_max: self.time("hello", "backoff_max_ms")?,
            relist: self.time("hello", "relist_ms")?,
            ..Greeting::default()
        };
        match self.members.get("capabilities") {
            None | Some(Value::Null) => {}
            Some(Value::Array(names)) => {
                for name in names {
                    self.capability(name, &mut greeting.capabilities)?;
                }
            }
            other => return Err(self.wrong("hello", "capabilities", other, "a list of texts")),
        }
        let view = match self.members.get("view") {
            None | Some(Value::Null) => None,
            Some(view) => Some(View::told(view).map_err(|problem| {
                Useless::Wrong(format!(
                    "its reply to `hello` cannot be used: {problem}\n  it wrote: {}",
                    self.quoted()
                ))
            })?),
        };
        Ok((greeting, view))
    }

    fn capability(&self, name: &Value, all: &mut Capabilities) -> Result<(), Useless> {
        match name.as_str() {
            Some("save") => all.save = true,
            Some("tokens") => all.tokens = true,
            Some("status") => all.status = true,
            Some("manual_clock") => all.manual_clock = true,
            Some("reset") => all.reset = true,
            // A later version may know more.
            Some(_) => {}
            None => {
                let wanted = "a list of texts: save, tokens, status, manual_clock, reset";
                return Err(self.wrong("hello", "capabilities", Some(name), wanted));
            }
        }
        Ok(())
    }

    /// The reply to `read`.
    pub(super) fn reading(&self, view: &View, abilities: Capabilities) -> Result<Reading, Useless> {
        let ready = match self.members.get("ready") {
            Some(Value::Bool(ready)) => *ready,
            other => return Err(self.wrong("read", "ready", other, "`true` or `false`")),
        };
        let wanted = "an object: {\"<website_id>\": {\"settings\": {…}}}";
        let held = match self.members.get("websites") {
            Some(Value::Object(held)) => held,
            // Before its first set is complete a client may have nothing to show.
            None | Some(Value::Null) if !ready => &Map::new(),
            other => return Err(self.wrong("read", "websites", other, wanted)),
        };
        let mut websites = Vec::with_capacity(held.len());
        for (name, website) in held {
            let id = name.parse::<WebsiteId>().map_err(|error| {
                Useless::Wrong(format!(
                    "its reply to `read` cannot be used: {error}, expected website ids as keys of \
                     `websites`\n  it wrote: {}",
                    self.quoted()
                ))
            })?;
            websites.extend(self.website(name, website, view, abilities)?.map(|held| (id, held)));
        }
        let told = if abilities.status { Some(self.status()?) } else { None };
        Ok(Reading { ready, websites, told })
    }

    fn website(
        &self,
        name: &str,
        website: &Value,
        view: &View,
        abilities: Capabilities,
    ) -> Result<Option<Held>, Useless> {
        let path = format!("websites.{name}");
        let Value::Object(members) = website else {
            let wanted = "an object: {\"settings\": {…}}";
            return Err(self.wrong("read", &path, Some(website), wanted));
        };
        let Some(settings) = members.get("settings") else {
            let path = format!("{path}.settings");
            return Err(self.wrong("read", &path, None, "what the cache holds for this website"));
        };
        let token = match members.get("token") {
            _ if !abilities.tokens => None,
            Some(Value::String(token)) => Some(token.clone()),
            Some(Value::Null) | None => None,
            other => {
                let path = format!("{path}.token");
                return Err(self.wrong("read", &path, other, "a text"));
            }
        };
        let settings = view.held(settings.clone());
        Ok(settings.map(|settings| Held { settings, token }))
    }

    fn status(&self) -> Result<Told, Useless> {
        let wanted = "{\"state\": \"loading|fresh|stale\", \"age_ms\": n}, as the capability \
                      `status` promises";
        let status = self.members.get("status");
        let state = status.and_then(|status| status.get("state"));
        let standing = match state.and_then(Value::as_str) {
            Some("loading") => Standing::Loading,
            Some("fresh") => Standing::Fresh,
            Some("stale") => Standing::Stale,
            _ => return Err(self.wrong("read", "status", status, wanted)),
        };
        let age = match status.and_then(|status| status.get("age_ms")) {
            None | Some(Value::Null) => None,
            Some(age) => match age.as_f64().filter(|age| *age >= 0.0) {
                Some(age) => Some(from_millis(age)),
                None => {
                    let wanted = "milliseconds, not negative";
                    return Err(self.wrong("read", "status.age_ms", Some(age), wanted));
                }
            },
        };
        Ok(Told { standing, age })
    }

    /// The reply to `save`.
    pub(super) fn save_end(&self) -> Result<SaveEnd, Useless> {
        match self.members.get("outcome").and_then(Value::as_str) {
            Some("done") => Ok(SaveEnd::Done),
            Some("refused") => Ok(SaveEnd::Refused),
            Some("unknown") => Ok(SaveEnd::Unknown),
            _ => {
                let got = self.members.get("outcome");
                let wanted = "\"done\", \"refused\" or \"unknown\"";
                Err(self.wrong("save", "outcome", got, wanted))
            }
        }
    }

    /// The reply to `advance`.
    pub(super) fn advanced(&self) -> Result<Advanced, Useless> {
        let in_flight = self.members.get("in_flight");
        let Some(count) = in_flight.and_then(whole).and_then(|count| u32::try_from(count).ok())
        else {
            let wanted = "how many HTTP answers it waits for, a number";
            return Err(self.wrong("advance", "in_flight", in_flight, wanted));
        };
        Ok(Advanced { next: self.time("advance", "next_ms")?, in_flight: count })
    }

    /// A text; a client that does not give it has none.
    fn text(&self, op: &str, name: &str) -> Result<String, Useless> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(shortened(text, 80)),
            other => Err(self.wrong(op, name, other, "a text")),
        }
    }

    fn time(&self, op: &str, name: &str) -> Result<Option<Duration>, Useless> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_f64() {
                // A timer that is overdue wants to wake at once.
                Some(ms) => Ok(Some(from_millis(ms.max(0.0)))),
                None => Err(self.wrong(op, name, Some(value), "milliseconds")),
            },
        }
    }
}

fn from_millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1_000.0).unwrap_or(Duration::MAX)
}
