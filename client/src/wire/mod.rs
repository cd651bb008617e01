//! The API's bodies as this client reads them, written from the wire specification alone.
//!
//! Reading is strict where a mistake would lose an update (the envelope, hazard F4) and
//! tolerant where one odd member would poison everything (an item, hazard P8).

mod envelope;
mod items;

pub use envelope::{Refused, Unreadable};
pub use items::{Item, ItemKind};

pub(crate) use envelope::{confirmed, data, refusal};
pub(crate) use items::{ItemList, read_items, read_subscription};

use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::fmt::temporal::DateTimePrinter;
use std::time::Duration;

/// What the cache in front of the API calls its status.
const BLOOM_STATUS: HeaderName = HeaderName::from_static("bloom-status");

/// The longest that words out of an answer are in a message, in characters.
const LONGEST_WORDS: usize = 500;

/// Words out of an answer, or about one, for a message: an answer may be as long as it likes.
pub(crate) fn short(words: impl ToString) -> String {
    let mut words = words.to_string();
    if let Some((end, _)) = words.char_indices().nth(LONGEST_WORDS) {
        words.truncate(end);
        words.push('…');
        words.shrink_to_fit();
    }
    words
}

/// A moment as `date_since` wants it: UTC, `Z`, milliseconds (docs/wire.md#stamps, docs/hazards.md#c9).
pub(crate) fn date_text(moment: Timestamp) -> String {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
    let mut text = String::with_capacity(24);
    // Writing to a String cannot fail.
    let _ = PRINTER.print_timestamp(&moment, &mut text);
    text
}

/// The `Date` of an answer; `None` when there is none or it cannot be read.
pub(crate) fn date_header(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get(http::header::DATE)?.to_str().ok()?)
}

/// A date as HTTP writes it, `Thu, 01 Jan 2026 00:00:00 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

/// Whether a cache in front of the API gave this answer, so that it may be old (hazard C8).
pub(crate) fn from_cache(headers: &HeaderMap) -> bool {
    let bloom = headers.get(BLOOM_STATUS).and_then(|value| value.to_str().ok());
    let hit = bloom.is_some_and(|status| {
        status.eq_ignore_ascii_case("HIT") || status.eq_ignore_ascii_case("OFFLINE")
    });
    let age = headers.get(http::header::AGE).and_then(|value| value.to_str().ok());
    hit || age.and_then(|age| age.trim().parse::<u64>().ok()).is_some_and(|age| age > 0)
}

/// How long a `Retry-After` header asks to wait: seconds, or a date to be compared with the
/// answer's own `Date` (never with the local clock unless there is nothing else).
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than any number holds is for ever.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = http_date(text)?;
    let from = date_header(headers).unwrap_or(now);
    Some(Duration::try_from(until.duration_since(from)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().unwrap(), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn words_out_of_an_answer_are_cut_and_what_is_short_stays() {
        assert_eq!(short("invalid_data"), "invalid_data");
        let cut = short("ä".repeat(501));
        assert_eq!(cut.chars().count(), 501);
        assert!(cut.ends_with("ä…") && cut.capacity() < 1100, "{}", cut.capacity());
        assert_eq!(short("ä".repeat(500)).chars().count(), 500);
    }

    #[test]
    fn a_date_is_sent_in_utc_with_milliseconds_and_a_z() {
        let moment = "2026-01-01T02:00:00.5+02:00".parse().unwrap();
        assert_eq!(date_text(moment), "2026-01-01T00:00:00.500Z");
        let whole = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(date_text(whole), "2026-01-01T00:00:00.000Z");
    }

    #[test]
    fn the_date_header_of_http_is_read_and_rubbish_is_none() {
        let read = date_header(&headers(&[("date", "Thu, 01 Jan 2026 00:00:07 GMT")]));
        assert_eq!(read, Some("2026-01-01T00:00:07Z".parse().unwrap()));
        assert_eq!(date_header(&headers(&[("date", "yesterday")])), None);
        assert_eq!(date_header(&headers(&[])), None);
    }

    #[test]
    fn a_hit_of_the_api_s_cache_and_an_aged_answer_are_from_a_cache() {
        assert!(from_cache(&headers(&[("bloom-status", "HIT")])));
        assert!(from_cache(&headers(&[("age", "12")])));
        assert!(!from_cache(&headers(&[("bloom-status", "MISS"), ("age", "0")])));
        assert!(!from_cache(&headers(&[])));
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date_by_the_server_s_clock() {
        let now = "2030-01-01T00:00:00Z".parse().unwrap();
        let seconds = headers(&[("retry-after", "20")]);
        assert_eq!(retry_after(&seconds, now), Some(Duration::from_secs(20)));
        let date = headers(&[
            ("date", "Thu, 01 Jan 2026 00:00:00 GMT"),
            ("retry-after", "Thu, 01 Jan 2026 00:01:00 GMT"),
        ]);
        assert_eq!(retry_after(&date, now), Some(Duration::from_secs(60)));
        let past = headers(&[("retry-after", "Thu, 01 Jan 2026 00:01:00 GMT")]);
        assert_eq!(retry_after(&past, now), Some(Duration::ZERO));
    }
}
