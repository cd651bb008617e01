//! How replies of the client protocol are read: every member once, with what is expected of it.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::log::shortened;
use super::view::{View, kind};
use super::{Advanced, Capabilities, Greeting, PeerError, Reading};
use crate::subject::{Held, ReportedStatus};
use crate::words::{SaveEnd, Setting};

/// How much of a reply stands in a message about it.
const QUOTED: usize = 300;

/// A reply, with the line that it came in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    line: String,
    members: Map<String, Value>,
    /// What it replies to.
    op: &'static str,
}

/// A member of a reply, or of an object in it.
struct Member<'a> {
    reply: &'a Reply,
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Member<'a> {
    fn of(&self, name: &str) -> Self {
        let value = self.value.and_then(|value| value.get(name));
        Member { reply: self.reply, path: format!("{}.{name}", self.path), value }
    }

    fn wrong(&self, wanted: &str) -> PeerError {
        let got = match self.value {
            None => "missing".to_owned(),
            Some(value @ (Value::Array(_) | Value::Object(_))) => kind(value).to_owned(),
            Some(value) => shortened(&value.to_string(), 80),
        };
        self.reply.useless(&format!("`{}` is {got}, expected {wanted}", self.path))
    }

    /// What `read` makes of it.
    fn required<T>(
        &self,
        wanted: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, PeerError> {
        self.value.and_then(read).ok_or_else(|| self.wrong(wanted))
    }

    /// The same where it may be missing, or null.
    fn optional<T>(
        &self,
        wanted: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, PeerError> {
        match self.value {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.required(wanted, read).map(Some),
        }
    }

    /// A text; a client that does not give it has none.
    fn text(&self) -> Result<String, PeerError> {
        let text = self.optional("a text", Value::as_str)?;
        Ok(shortened(text.unwrap_or_default(), 80))
    }

    /// A timer that is overdue wants to wake at once.
    fn time(&self) -> Result<Option<Duration>, PeerError> {
        let millis = self.optional("milliseconds", Value::as_f64)?;
        Ok(millis.map(|millis| from_millis(millis.max(0.0))))
    }

    /// One of the words of `T`.
    fn word<T: Deserialize<'a>>(&self, wanted: &str) -> Result<T, PeerError> {
        self.required(wanted, |value| T::deserialize(value).ok())
    }
}

impl Reply {
    pub(super) fn new(line: &str, members: Map<String, Value>) -> Self {
        Self { line: line.to_owned(), members, op: "" }
    }

    /// Whether it has an `ok`, as every reply has.
    pub(super) fn has_ok(&self) -> bool {
        self.members.contains_key("ok")
    }

    /// The reply as it stands in a message.
    pub(super) fn quoted(&self) -> String {
        shortened(self.line.trim(), QUOTED)
    }

    fn member(&self, name: &str) -> Member<'_> {
        Member { reply: self, path: name.to_owned(), value: self.members.get(name) }
    }

    fn useless(&self, problem: &str) -> PeerError {
        let (op, quoted) = (self.op, self.quoted());
        PeerError::Stopped(format!(
            "its reply to `{op}` cannot be used: {problem}\n  it wrote: {quoted}"
        ))
    }

    /// The reply to an operation that did not fail.
    pub(super) fn fine(mut self, op: &'static str) -> Result<Self, PeerError> {
        self.op = op;
        if self.member("ok").required("`true` or `false`", Value::as_bool)? {
            return Ok(self);
        }
        let error = match self.members.get("error") {
            Some(Value::String(text)) => shortened(text, QUOTED),
            Some(other) => shortened(&other.to_string(), QUOTED),
            None => "it does not say why: `error` is missing".to_owned(),
        };
        Err(PeerError::Refused(format!("`{op}` failed: {error}")))
    }

    /// The reply to `hello`.
    pub(super) fn greeting(&self) -> Result<(Greeting, Option<View>), PeerError> {
        let mut greeting = Greeting {
            name: self.member("name").text()?,
            version: self.member("version").text()?,
            timeout: self.member("timeout_ms").time()?,
            backoff_max: self.member("backoff_max_ms").time()?,
            relist: self.member("relist_ms").time()?,
            overlap: self.member("overlap_ms").time()?,
            ..Greeting::default()
        };
        let names = self.member("capabilities").optional("a list of texts", Value::as_array)?;
        for name in names.into_iter().flatten() {
            let member = Member { value: Some(name), ..self.member("capabilities") };
            let wanted = "a list of texts: save, tokens, status, manual_clock, reset";
            greeting.capabilities.add(member.required(wanted, Value::as_str)?);
        }
        let names = self.member("takes").optional("a list of texts", Value::as_array)?;
        for name in names.into_iter().flatten() {
            let member = Member { value: Some(name), ..self.member("takes") };
            let name = member.required("a list of texts", Value::as_str)?;
            // A name that is not known here is passed over: a later version may have more.
            greeting.takes.extend(Setting::of_member(name));
        }
        let view = self.members.get("view").filter(|view| !view.is_null());
        let view = view.map(View::declared).transpose();
        Ok((greeting, view.map_err(|problem| self.useless(&problem))?))
    }

    /// The reply to `read`.
    pub(super) fn reading(
        &self,
        view: &View,
        abilities: Capabilities,
    ) -> Result<Reading, PeerError> {
        let ready = self.member("ready").required("`true` or `false`", Value::as_bool)?;
        let member = self.member("websites");
        let wanted = "an object: {\"<website_id>\": {\"settings\": {…}}}";
        let held = match member.optional(wanted, Value::as_object)? {
            // Before its first set is complete a client may have nothing to show.
            None if ready => return Err(member.wrong(wanted)),
            held => held,
        };
        let mut websites = Vec::with_capacity(held.map_or(0, Map::len));
        for name in held.into_iter().flat_map(Map::keys) {
            let id = name.parse::<WebsiteId>().map_err(|error| {
                let wanted = "expected website ids as keys of `websites`";
                self.useless(&format!("{error}, {wanted}"))
            })?;
            let website = member.of(name);
            website.required("an object: {\"settings\": {…}}", Value::as_object)?;
            let settings = website.of("settings");
            let settings = settings.required("what the cache holds for this website", Some)?;
            let token = match abilities.tokens {
                true => website.of("token").optional("a text", Value::as_str)?,
                false => None,
            };
            let held = view.held(settings.clone());
            let token = token.map(str::to_owned);
            websites.extend(held.map(|settings| (id, Held { settings, token })));
        }
        let status = if abilities.status { Some(self.status()?) } else { None };
        Ok(Reading { ready, websites, status })
    }

    fn status(&self) -> Result<ReportedStatus, PeerError> {
        let wanted = "{\"state\": \"loading|fresh|stale\", \"age_ms\": n}, as the capability \
                      `status` promises";
        let status = self.member("status");
        let standing = status.of("state").word("").map_err(|_| status.wrong(wanted))?;
        let age = status
            .of("age_ms")
            .optional("milliseconds, not negative", |age| age.as_f64().filter(|age| *age >= 0.0))?;
        Ok(ReportedStatus { standing, age: age.map(from_millis) })
    }

    /// The reply to `save`.
    pub(super) fn save_end(&self) -> Result<SaveEnd, PeerError> {
        self.member("outcome").word("\"done\", \"refused\" or \"unknown\"")
    }

    /// The reply to `advance`.
    pub(super) fn advanced(&self) -> Result<Advanced, PeerError> {
        let wanted = "how many HTTP answers it waits for, a number";
        let in_flight =
            self.member("in_flight").required(wanted, |count| u32::try_from(whole(count)?).ok())?;
        let next = self.member("next_ms").time()?;
        Ok(Advanced { next, in_flight, asked: None, activity: None, sockets: None })
    }
}

/// A whole number that is not negative; some languages write `7` as `7.0`.
pub(super) fn whole(value: &Value) -> Option<u64> {
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

fn from_millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1_000.0).unwrap_or(Duration::MAX)
}
