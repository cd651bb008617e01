//! Identifiers, pointers and patterns.

use super::super::ecma;
use super::after_hex;

pub(super) fn is_uuid(text: &str) -> bool {
    let prefix = "urn:uuid:";
    let named = text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let text = if named { &text[prefix.len()..] } else { text };
    let mut rest = Some(text);
    for (number, digits) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        rest = rest.and_then(|rest| if number > 0 { rest.strip_prefix('-') } else { Some(rest) });
        rest = rest.and_then(|rest| after_hex(rest, digits));
    }
    rest == Some("")
}

/// Whether every `~` starts `~0` or `~1`.
fn tildes_are_escapes(text: &str) -> bool {
    text.split('~').skip(1).all(|after| after.starts_with(['0', '1']))
}

pub(super) fn is_json_pointer(text: &str) -> bool {
    (text.is_empty() || text.starts_with('/')) && tildes_are_escapes(text)
}

pub(super) fn is_json_pointer_uri_fragment(text: &str) -> bool {
    let Some(pointer) = text.strip_prefix('#') else {
        return false;
    };
    if !(pointer.is_empty() || pointer.starts_with('/')) || !tildes_are_escapes(pointer) {
        return false;
    }
    let mut rest = pointer;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        rest = match c {
            '%' => match after_hex(after, 2) {
                Some(after) => after,
                None => return false,
            },
            c if c.is_ascii_alphanumeric() || "/~_-.!$&'()*+,;:=@".contains(c) => after,
            _ => return false,
        };
    }
    true
}

pub(super) fn is_relative_json_pointer(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = &text[..text.len() - rest.len()];
    let plain = number == "0" || (!number.is_empty() && !number.starts_with('0'));
    plain && (rest == "#" || is_json_pointer(rest))
}

/// What JavaScript takes for a regular expression, without the `\Z` of other dialects.
pub(super) fn is_regex(text: &str) -> bool {
    let foreign = |at: usize| text[..at].chars().next_back().is_some_and(|c| c != '\\');
    !text.match_indices("\\Z").any(|(at, _)| foreign(at)) && ecma::is_pattern(text)
}
