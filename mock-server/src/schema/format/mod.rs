//! The formats that are asserted, as Ajv 6 checks them in its default mode `fast`.
//!
//! Drafts up to 07 have these and no others, as Ajv 6 has; the later drafts, which Ajv 6 does not
//! speak, have the formats of their own documents besides.

mod address;
mod text;
mod time;
mod uri;

use jsonschema::ValidationOptions;

use super::draft::Draft;
use super::keyword::nearest;
use super::outline::Outline;
use super::wording::quoted;
use crate::document::{Problem, member};

/// What checks the values of a format.
pub(super) type Check = fn(&str) -> bool;

const FORMATS: &[(&str, Check)] = &[
    ("date", time::is_date),
    ("date-time", time::is_date_time),
    ("email", address::is_email),
    ("hostname", address::is_hostname),
    ("ipv4", address::is_ipv4),
    ("ipv6", address::is_ipv6),
    ("json-pointer", text::is_json_pointer),
    ("json-pointer-uri-fragment", text::is_json_pointer_uri_fragment),
    ("regex", text::is_regex),
    ("relative-json-pointer", text::is_relative_json_pointer),
    ("time", time::is_time),
    ("uri", uri::is_uri),
    ("uri-reference", uri::is_uri_reference),
    ("uri-template", uri::is_uri_template),
    ("url", uri::is_url),
    ("uuid", text::is_uuid),
];

/// Formats that came with draft 2019-09, or that Ajv 6 leaves out.
const LATER: &[&str] = &["duration", "idn-email", "idn-hostname", "iri", "iri-reference"];

/// The check of a format that Ajv 6 knows.
pub(super) fn check_of(name: &str) -> Option<Check> {
    FORMATS.iter().find(|(known, _)| *known == name).map(|(_, check)| *check)
}

/// Gives the library these checks in place of its own.
pub(super) fn with_formats(options: ValidationOptions<'_>) -> ValidationOptions<'_> {
    FORMATS.iter().fold(options, |options, (name, check)| options.with_format(*name, *check))
}

fn names(draft: Draft) -> impl Iterator<Item = &'static str> {
    let later = if draft.is_of_ajv() { &[] } else { LATER };
    FORMATS.iter().map(|(name, _)| *name).chain(later.iter().copied())
}

/// Formats that nothing checks, where a check of settings can get to.
pub(super) fn problems(outline: &Outline<'_>, draft: Draft) -> Vec<Problem> {
    let mut problems = Vec::new();
    for index in outline.applied(draft) {
        let one = &outline.all[index];
        let stands_alone = draft.ref_stands_alone() && one.schema.get("$ref").is_some();
        let format = one.schema.get("format").and_then(serde_json::Value::as_str);
        let Some(format) = format.filter(|_| !stands_alone) else {
            continue;
        };
        if !names(draft).any(|known| known == format) {
            problems.push(unknown(&member(&one.pointer, "format"), format, draft));
        }
    }
    problems
}

fn unknown(pointer: &str, format: &str, draft: Draft) -> Problem {
    let message = format!("{} is not a format that can be checked", quoted(format));
    let meant = match format {
        "ip" => Some("ipv4"),
        "datetime" => Some("date-time"),
        "iri" => Some("uri"),
        "guid" => Some("uuid"),
        "idn-email" | "mail" => Some("email"),
        "idn-hostname" | "domain" | "host-name" => Some("hostname"),
        other => nearest(other, names(draft)),
    };
    let what = meant.map_or_else(
        || {
            let known: Vec<_> = names(draft).collect();
            format!("the formats are {}", known.join(", "))
        },
        |meant| format!("did you mean `{meant}`?"),
    );
    let hint = format!("{what} (the quirk `schema-formats` at `ignored` takes any)");
    Problem::value(pointer, message).hint(hint)
}

/// What `\s` matches in JavaScript.
fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t'..='\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}'
            | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// What `.` does not match in JavaScript.
fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// Whether so many hexadecimal digits stand at the start of the text, and what follows them.
fn after_hex(text: &str, digits: usize) -> Option<&str> {
    let head = text.get(..digits)?;
    head.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| &text[digits..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_takes_a_good_value_and_refuses_a_bad_one() {
        for (format, good, bad) in [
            ("date", "2025-02-39", "2025-2-03"),
            ("date-time", "2025-02-03 10:00:00z", "2025-02-03T10:00:00"),
            ("email", "o'neil@a-b", "nobody"),
            ("hostname", "A.example.", "-a.example"),
            ("ipv4", "01.002.3.255", "1.2.3.256"),
            ("ipv6", "::1%eth0", "1::2::3"),
            ("json-pointer", "/a/~1", "a"),
            ("json-pointer-uri-fragment", "#/a%20b", "#/a b"),
            ("regex", "^(?!a)\\w-\\z$", "(a"),
            ("relative-json-pointer", "0#", "01"),
            ("time", "23:59:60.5", "24:60:00"),
            ("uri", "a:", "a b:c"),
            ("uri-reference", "//x/y?z#w", "a#b\\"),
            ("uri-template", "/a{?b,c*}", "{a"),
            ("url", "http://me:x@a.example:80/x", "http://10.0.0.1/"),
            ("uuid", "urn:uuid:00000000-0000-0000-0000-00000000000A", "0"),
        ] {
            let check = check_of(format).unwrap();
            assert!(check(good), "{format}: {good}");
            assert!(!check(bad), "{format}: {bad}");
        }
        assert_eq!(FORMATS.len(), 16);
    }
}
