//! Mail addresses, host names and IP addresses.

use core::net::Ipv6Addr;

use super::{ends_line, is_space};

/// Up to 63 letters, digits and hyphens, none of them at either end.
fn is_label(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(fits)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    !local.is_empty() && local.bytes().all(fits) && domain.split('.').all(is_label)
}

pub(super) fn is_hostname(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    name.len() <= 253 && name.split('.').all(is_label)
}

pub(super) fn is_ipv4(text: &str) -> bool {
    let is_octet = |part: &str| {
        (1..=3).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u16>().is_ok_and(|octet| octet <= 255)
    };
    let parts: Vec<_> = text.splitn(5, '.').collect();
    parts.len() == 4 && parts.into_iter().all(is_octet)
}

/// With white space around it, and a zone.
pub(super) fn is_ipv6(text: &str) -> bool {
    let text = text.trim_start_matches(is_space);
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text.trim_end_matches(is_space), None),
    };
    let zone_fits = zone.is_none_or(|zone| {
        let first = zone.chars().next();
        first.is_some_and(|c| !ends_line(c)) && !zone.trim_end_matches(is_space).contains(ends_line)
    });
    zone_fits && address.parse::<Ipv6Addr>().is_ok()
}
