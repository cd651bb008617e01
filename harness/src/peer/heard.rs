//! The lines of a program's stdout: which are replies, which are its log, and which request each reply
//! belongs to.

use std::collections::HashMap;

use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::lines::Line;
use super::log::{Log, shortened};
use super::program;
use super::reply::{Reply, whole};
use super::view::kind;

/// What a line of output is.
#[derive(Debug, PartialEq)]
enum LineKind {
    /// Part of the log.
    Log,
    /// A reply to the request of this number.
    Reply(u64, Reply),
    /// A reply to no request: why that is.
    Astray(String),
}

/// So many braces of a line are tried for the beginning of a reply.
const MOST_STARTS: usize = 8;

impl LineKind {
    /// Reads a line: only an object with an `id` is a reply.
    fn read(line: &str) -> Self {
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
                shortened(line, 300)
            )),
            None => Self::Log,
        }
    }
}

/// A reply in the middle of a line, its id, and what stands around it: a plugin with threads may
/// print at the same moment, before the end of either line.
fn reply_within(line: &str) -> Option<(u64, Reply, String)> {
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

/// The requests that have no reply yet.
#[derive(Debug, Default)]
pub(super) struct Open {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Result<Reply, String>>>,
    /// Something odd that it wrote, in case that a reply does not come.
    pub(super) odd: Option<String>,
    /// It cannot say anything any more.
    is_closed: bool,
}

impl Open {
    /// Enters a request; what comes of it arrives in the channel.
    pub(super) fn enter(&mut self) -> (u64, oneshot::Receiver<Result<Reply, String>>) {
        self.last += 1;
        let (tell, heard) = oneshot::channel();
        if !self.is_closed {
            self.waiting.insert(self.last, tell);
        }
        (self.last, heard)
    }

    pub(super) fn hear(&mut self, line: &Line<'_>, log: &Log) {
        let text = match line {
            Line::Whole(text) => text,
            Line::TooLong(start, length) => {
                let most = program::LONGEST_LINE;
                self.odd = Some(format!(
                    "it wrote a line of {length} bytes, and a reply may have {most} at most: {}",
                    shortened(start, 80)
                ));
                return program::note(log, line);
            }
        };
        match LineKind::read(text) {
            LineKind::Log => match reply_within(text) {
                Some((id, reply, around)) if self.waiting.contains_key(&id) => {
                    log.note(&around);
                    self.reply(id, reply);
                }
                _ => log.note(text),
            },
            LineKind::Astray(why) => self.fail(&format!("its reply cannot be used: {why}")),
            LineKind::Reply(id, reply) if self.waiting.contains_key(&id) => self.reply(id, reply),
            // A log line that looks like a reply.
            LineKind::Reply(id, reply) if id == 0 || !reply.has_ok() => {
                self.odd = Some(format!("it wrote a line with another id: {}", reply.quoted()));
                log.note(text);
            }
            LineKind::Reply(id, reply) if id > self.last => self.fail(&format!(
                "it replied to `\"id\": {id}`, which was never asked; the reply repeats the id of \
                 its request, the last of which was {}\n  it wrote: {}",
                self.last,
                reply.quoted()
            )),
            // It comes too late, or a second time.
            LineKind::Reply(..) => {}
        }
    }

    /// Nothing waits for this reply any more.
    pub(super) fn forget(&mut self, id: u64) {
        self.waiting.remove(&id);
    }

    fn reply(&mut self, id: u64, reply: Reply) {
        if let Some(tell) = self.waiting.remove(&id) {
            let _ = tell.send(Ok(reply));
        }
    }

    /// Nothing that it says can be relied on.
    fn fail(&mut self, why: &str) {
        for (_, tell) in self.waiting.drain() {
            let _ = tell.send(Err(why.to_owned()));
        }
    }

    pub(super) fn close(&mut self) {
        self.is_closed = true;
        self.waiting.clear();
    }
}
