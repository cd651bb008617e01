//! Stubs: fixed answers for routes outside the plugin area that a plugin calls.

mod file;

use std::fmt;
use std::str::FromStr;

use http::Method;

pub use file::{FileStub, StubFile};

use crate::document::{Complaint, TextForm, complain, text_form};

/// One stub, written `POST website/*/conversation/*/message=202`: `*` and `{name}` stand for one segment.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::stub::Stub;
///
/// let stub: Stub = "POST website/*/conversation/*/message=202".parse()?;
/// assert!(stub.matches(&http::Method::POST, "website/a/conversation/b/message"));
/// assert!(!stub.matches(&http::Method::POST, "website/a/conversation/b"));
/// # Ok::<(), crisp_mock_server::stub::InvalidStub>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stub {
    method: Method,
    segments: Vec<String>,
    status: u16,
}

/// A text that describes no stub.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a stub: {problem}; {}", Stub::HINT)]
pub struct InvalidStub {
    text: String,
    problem: &'static str,
}

impl Stub {
    /// Whether a request below `/v1/` is this stub's.
    #[must_use]
    pub fn matches(&self, method: &Method, path: &str) -> bool {
        let path = path.trim_matches('/');
        let given: Vec<_> = path.split('/').collect();
        *method == self.method
            && given.len() == self.segments.len()
            && given
                .iter()
                .zip(&self.segments)
                .all(|(given, wanted)| is_any(wanted) || wanted == given)
    }

    /// The names of segments.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| named(segment))
    }

    /// The segments of a path that matches, by their names.
    fn named<'a>(&'a self, path: &'a str) -> Vec<(&'a str, &'a str)> {
        let given = path.trim_matches('/').split('/').zip(&self.segments);
        given.filter_map(|(given, wanted)| Some((named(wanted)?, given))).collect()
    }

    /// The status it answers with.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }
}

/// The name of a segment `{name}`.
fn named(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}').filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn is_any(segment: &str) -> bool {
    segment == "*" || named(segment).is_some()
}

impl FromStr for Stub {
    type Err = InvalidStub;

    fn from_str(text: &str) -> Result<Self, InvalidStub> {
        let invalid = |problem| InvalidStub { text: text.chars().take(120).collect(), problem };
        let (method, rest) =
            text.trim().split_once(' ').ok_or_else(|| invalid("the method is missing"))?;
        let (path, status) =
            rest.rsplit_once('=').ok_or_else(|| invalid("`=` and a status are missing"))?;
        let method = method.to_ascii_uppercase();
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str());
        let method = Method::from_bytes(method.as_bytes()).ok().filter(|_| known);
        let status = status.trim().parse().ok().filter(|status| (200..=599).contains(status));
        let path = path.trim().trim_matches('/');
        let path = path.strip_prefix("v1/").unwrap_or(path);
        if path.is_empty() {
            return Err(invalid("the path is missing"));
        }
        Ok(Self {
            method: method.ok_or_else(|| invalid("the method is none of the API's"))?,
            segments: path.split('/').map(str::to_owned).collect(),
            status: status.ok_or_else(|| invalid("the status has to be from 200 to 599"))?,
        })
    }
}

impl fmt::Display for Stub {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}={}", self.method, self.segments.join("/"), self.status)
    }
}

impl TextForm for Stub {
    const NAME: &'static str = "Stub";
    const WANTED: &'static str = "a stub";
    const HINT: &'static str = "write `POST website/*/conversation/*/message=202`";

    fn pattern() -> String {
        "^\\s*[A-Za-z]+ .+=\\s*[2-5]\\d\\d\\s*$".to_owned()
    }

    fn read(text: &str) -> Result<Self, Complaint> {
        let refused = |invalid: InvalidStub| {
            complain(format!("`{}` is not a stub: {}", invalid.text, invalid.problem), Self::HINT)
        };
        text.parse().or_else(refused)
    }
}

text_form!(Stub);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stub_is_written_as_it_is_read() {
        let text = "GET website/*/operators/list=200";
        assert_eq!(text.parse::<Stub>().unwrap().to_string(), text);
    }

    #[test]
    fn what_is_no_stub_says_what_is_missing() {
        for (text, problem) in [
            ("website=200", "the method is missing"),
            ("GET website", "`=` and a status are missing"),
            ("GET website=99", "the status has to be from 200 to 599"),
            ("BREW website=200", "the method is none of the API's"),
            ("GET /=200", "the path is missing"),
        ] {
            assert_eq!(text.parse::<Stub>().unwrap_err().problem, problem, "{text}");
        }
    }
}
