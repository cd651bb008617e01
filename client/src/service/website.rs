//! One website: as it is written, and as it is asked for.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::quality::FixedState;
use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::Inner;
use super::body::Body;
use super::problem::Problem;
use crate::{Website, WebsiteId};

pub(super) const JSON: &str = "application/json";

/// Writes a website as one line of JSON: `id`, `token`, `settings`, `price`, `plan`.
pub(super) fn write(website: &Website, into: &mut Vec<u8>) {
    let start = into.len();
    // Writing into memory does not fail.
    let _ = serde_json::to_writer(&mut *into, website);
    on_one_line(&mut into[start..]);
}

/// The settings are as the API wrote them. In JSON a line ends between two values only.
pub(super) fn on_one_line(json: &mut [u8]) {
    for byte in json.iter_mut().filter(|byte| matches!(**byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}

/// A website with its tag, which is the same as long as its text is.
pub(super) fn tagged(website: &Website) -> (Vec<u8>, HeaderValue) {
    let mut text = Vec::with_capacity(website.settings.as_json().len() + 192);
    write(website, &mut text);
    // Two sums, so that two texts never have the same tag in practice.
    let sum = |seed| FixedState::with_seed(seed).hash_one(&text[..]);
    let tag = format!("\"{:016x}{:016x}\"", sum(1), sum(2));
    let tag = HeaderValue::try_from(tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    (text, tag)
}

/// `GET /websites/{id}`.
pub(super) fn get(
    inner: &Inner,
    id: WebsiteId,
    headers: &HeaderMap,
) -> Result<Response<Body>, Problem> {
    if !inner.has_set() {
        inner.serving()?;
    }
    let entry = inner.cache.get(&id).ok_or_else(|| Problem::not_installed(id))?;
    let (text, tag) = tagged(entry.website());
    let is_known = headers.get_all(IF_NONE_MATCH).iter().any(|known| names(known, &tag));
    let mut response = if is_known {
        let mut response = Body::whole(Vec::new()).ok(JSON);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Body::whole(text).ok(JSON)
    };
    response.headers_mut().insert(ETAG, tag);
    Ok(response)
}

/// Whether a list of tags has this one, or stands for all.
fn names(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let list = list.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    list.map(|one| one.strip_prefix(b"W/").unwrap_or(one))
        .any(|one| one == b"*" || one == tag.as_bytes())
}

/// A website that the cache has.
pub(super) fn known(inner: &Inner, id: WebsiteId) -> Option<Arc<Website>> {
    inner.cache.get(&id).map(|entry| Arc::clone(entry.website()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    fn website(settings: &str) -> Website {
        let settings = Settings::from_json(settings).unwrap();
        let id = WebsiteId::from_number(1);
        Website { id, token: Some("t".into()), settings, price: Some(0), plan: None }
    }

    #[test]
    fn a_website_is_one_line_whatever_its_settings_are() {
        let (text, _) = tagged(&website("{\r\n  \"a\": \"x\\ny\"\n}"));
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains(['\r', '\n']), "{text}");
        let read: Website = serde_json::from_str(&text).unwrap();
        assert_eq!(read, website(r#"{"a":"x\ny"}"#));
    }

    #[test]
    fn a_tag_is_as_long_valid_as_nothing_of_the_website_changes() {
        let (_, tag) = tagged(&website(r#"{"a":1}"#));
        assert_eq!(tag, tagged(&website(r#"{"a":1}"#)).1);
        assert_ne!(tag, tagged(&website(r#"{"a":2}"#)).1);
        let other = Website { token: Some("u".into()), ..website(r#"{"a":1}"#) };
        assert_ne!(tag, tagged(&other).1);
    }

    #[test]
    fn a_tag_is_found_in_a_list_and_no_other_is() {
        let tag = HeaderValue::from_static("\"a\"");
        for list in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(names(&HeaderValue::from_static(list), &tag), "{list}");
        }
        for list in ["", "a", "\"b\"", "\"a", "\"a\"\"b\""] {
            assert!(!names(&HeaderValue::from_static(list), &tag), "{list}");
        }
    }
}
