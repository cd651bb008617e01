//! The cache that may stand in front of reads (docs/wire.md#envelope, docs/wire.md#get-cache).

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, IF_NONE_MATCH};

use crate::api::TIER;
use crate::api::envelope::Answer;
use crate::api::input::Input;
use crate::bounds;
use crate::quirks::GetCache;

/// How many answers are kept; when there are more, all go.
const MOST: usize = 1_000;

/// An answer of so many bytes, or more, is not kept.
const TOO_LARGE: usize = 256_000;

/// How long what tells one request from another may be; answers to longer ones are not kept.
const LONGEST_KEY: usize = 4_000;

/// Answers to earlier reads, by target and by who asked.
#[derive(Debug, Clone, Default)]
pub struct ReadCache {
    answers: HashMap<String, (Duration, Answer)>,
    /// Bytes of the bodies that were put in since all went.
    bytes: usize,
    /// The body that was tagged last, and its tag: most polls bring the same nothing, and a hash takes
    /// longer than a look at it.
    tagged: Option<(Bytes, String)>,
}

/// Under which key a request's answer is kept.
pub(super) fn key(input: &Input<'_>) -> String {
    format!(
        "{} {} {}",
        input.header(AUTHORIZATION).unwrap_or_default(),
        input.header(TIER).unwrap_or_default(),
        input.target()
    )
}

/// The answer, or 304 without a body when the client names its tag in `If-None-Match`.
pub(super) fn unless_known(answer: Answer, input: &Input<'_>) -> Answer {
    let Some(asked) = input.header(IF_NONE_MATCH) else { return answer };
    let tag = answer.header("etag").and_then(|tag| tag.to_str().ok());
    let weak = |one: &str| one.trim().trim_start_matches("W/").to_owned();
    let known = tag.is_some_and(|tag| asked.split(',').any(|one| weak(one) == tag));
    if known || (asked.trim() == "*" && tag.is_some()) { answer.not_modified() } else { answer }
}

impl ReadCache {
    /// The answer kept under a key, marked as such, while it lives.
    pub(super) fn get(&mut self, key: &str, elapsed: Duration) -> Option<Answer> {
        let (until, answer) = self.answers.get(key)?;
        (elapsed < *until).then(|| {
            let mut hit = answer.clone();
            hit.add_header("bloom-status", "HIT");
            hit
        })
    }

    /// Keeps the answer to a read, or makes a write felt; marks the answer either way.
    pub(super) fn keep(
        &mut self,
        key: String,
        read: bool,
        answer: &mut Answer,
        elapsed: Duration,
        quirk: GetCache,
    ) {
        let life = match quirk {
            GetCache::Off => return,
            GetCache::Busted(life) | GetCache::Kept(life) => life,
        };
        if read {
            let body = answer.sealed();
            answer.add_header("etag", self.tag(body));
            answer.add_header("vary", "authorization");
            if key.len() <= LONGEST_KEY && answer.seal() < TOO_LARGE {
                self.bytes += answer.seal();
                if self.answers.len() >= MOST || self.bytes > bounds::CACHED {
                    self.clear();
                    self.bytes = answer.seal();
                }
                self.answers.insert(key, (elapsed.saturating_add(life), answer.clone()));
            }
            answer.add_header("bloom-status", "MISS");
        } else {
            if matches!(quirk, GetCache::Busted(_)) {
                self.clear();
            }
            answer.add_header("bloom-status", "DIRECT");
        }
    }

    fn tag(&mut self, body: Bytes) -> &str {
        let tagged = self.tagged.take().filter(|(other, _)| *other == body);
        let tagged = tagged.unwrap_or_else(|| {
            let tag = Answer::tag_of(&body);
            (body, tag)
        });
        &self.tagged.insert(tagged).1
    }

    /// Forgets every answer: something was written by another way.
    pub fn clear(&mut self) {
        self.answers.clear();
        self.bytes = 0;
    }
}
