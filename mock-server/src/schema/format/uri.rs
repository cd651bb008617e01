//! Addresses of the web, whole, relative or with holes.

use super::{after_hex, is_space};

/// What follows `scheme:`.
fn after_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(fits);
    named.then_some(rest)
}

pub(super) fn is_uri(text: &str) -> bool {
    after_scheme(text).is_some_and(|rest| !rest.contains(is_space))
}

pub(super) fn is_uri_reference(text: &str) -> bool {
    let (body, fragment) = text.split_once('#').unwrap_or((text, ""));
    !text.contains(is_space) && !body.starts_with('\\') && !fragment.contains('\\')
}

pub(super) fn is_uri_template(text: &str) -> bool {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let next = match c {
            '{' => after.split_once('}').and_then(|(inner, after)| is_hole(inner).then_some(after)),
            '%' => after_hex(after, 2),
            '\0'..=' ' | '"' | '\'' | '<' | '>' | '\\' | '^' | '`' | '|' | '}' => None,
            _ => Some(after),
        };
        match next {
            Some(next) => rest = next,
            None => return false,
        }
    }
    true
}

/// The inside of `{…}`: an operator, and names with a length or a star.
fn is_hole(inner: &str) -> bool {
    let names = inner.strip_prefix(|c| "+#./;?&=,!@|".contains(c)).unwrap_or(inner);
    names.split(',').all(|name| {
        let name = name.strip_suffix('*').unwrap_or_else(|| match name.split_once(':') {
            Some((name, length)) if is_length(length) => name,
            _ => name,
        });
        let mut rest = name;
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            let next = match c {
                '%' => after_hex(after, 2),
                c if c.is_ascii_alphanumeric() || c == '_' => Some(after),
                _ => None,
            };
            match next {
                Some(next) => rest = next,
                None => return false,
            }
        }
        !name.is_empty()
    })
}

fn is_length(text: &str) -> bool {
    (1..=4).contains(&text.len())
        && !text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An address of http, https or ftp with a public host.
pub(super) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let scheme = scheme.to_ascii_lowercase();
    if !["http", "https", "http\u{17f}", "ftp"].contains(&scheme.as_str()) {
        return false;
    }
    let users = rest.match_indices('@').map(|(at, _)| at);
    let with_user =
        |at: usize| at > 0 && !rest[..at].contains(is_space) && is_site(&rest[at + 1..]);
    is_site(rest) || users.into_iter().any(with_user)
}

/// A host, perhaps with a port and a path.
fn is_site(text: &str) -> bool {
    let (site, path) = text.split_once('/').unwrap_or((text, ""));
    if path.contains(is_space) {
        return false;
    }
    let (host, port) = match site.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (site, None),
    };
    let is_port =
        |port: &str| (2..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    port.is_none_or(is_port) && (is_public_ipv4(host) || is_domain(host))
}

fn is_public_ipv4(host: &str) -> bool {
    let parts: Vec<_> = host.splitn(5, '.').collect();
    let number = |part: &&str| {
        let digits = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u8>().ok().filter(|_| digits)
    };
    let numbers: Vec<u8> = parts.iter().filter_map(number).collect();
    let (&[first, second, third, last], 4) = (numbers.as_slice(), parts.len()) else {
        return false;
    };
    let bare = |part: &str| !part.starts_with('0');
    let short_if_zero = |part: &str, value: u8| part.len() < 3 || value >= 100;
    let private =
        matches!((first, second), (10 | 127, _) | (169, 254) | (192, 168) | (172, 16..=31));
    !private
        && (1..=223).contains(&first)
        && (1..=254).contains(&last)
        && bare(parts[0])
        && bare(parts[3])
        && short_if_zero(parts[1], second)
        && short_if_zero(parts[2], third)
}

/// Labels of letters and digits with single hyphens inside, the last one of letters alone.
fn is_domain(host: &str) -> bool {
    let Some((labels, top)) = host.rsplit_once('.') else {
        return false;
    };
    let is_foreign = |c: char| ('\u{a1}'..='\u{ffff}').contains(&c);
    let is_letter = |c: char| c.is_ascii_alphabetic() || is_foreign(c);
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || is_foreign(c))
    };
    let is_label = |label: &str| label.split('-').all(is_word);
    top.chars().count() >= 2 && top.chars().all(is_letter) && labels.split('.').all(is_label)
}
