//! Dates and times.

use super::is_space;

/// What is left of a text after a date: four digits, a month of 00 to 19, a day of 00 to 39.
fn after_date(text: &str) -> Option<&str> {
    let bytes = text.as_bytes().get(..10)?;
    let shape = |(at, byte): (usize, &u8)| match at {
        4 | 7 => *byte == b'-',
        5 => matches!(byte, b'0' | b'1'),
        8 => matches!(byte, b'0'..=b'3'),
        _ => byte.is_ascii_digit(),
    };
    bytes.iter().enumerate().all(shape).then(|| &text[10..])
}

pub(super) fn is_date(text: &str) -> bool {
    after_date(text) == Some("")
}

/// What is left of a text after the time of a day, with the fraction of its second.
fn after_clock(text: &str) -> Option<&str> {
    let bytes = text.as_bytes().get(..8)?;
    let digits = [0, 1, 3, 4, 6, 7].iter().all(|at| bytes[*at].is_ascii_digit());
    if !digits || bytes[2] != b':' || bytes[5] != b':' {
        return None;
    }
    let usual = bytes[0] <= b'2' && bytes[3] <= b'5' && bytes[6] <= b'5';
    if !usual && bytes != b"23:59:60" {
        return None;
    }
    let rest = &text[8..];
    let Some(fraction) = rest.strip_prefix('.') else {
        return Some(rest);
    };
    let after = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    (after.len() < fraction.len()).then_some(after)
}

/// `Z`, or hours with minutes or without.
fn is_zone(text: &str) -> bool {
    if text.eq_ignore_ascii_case("z") {
        return true;
    }
    let Some(rest) = text.strip_prefix(['+', '-']) else {
        return false;
    };
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    match (rest.get(..2), rest.get(2..)) {
        (Some(hours), Some(minutes)) => {
            let minutes = minutes.strip_prefix(':').filter(|two| !two.is_empty());
            let minutes = minutes.or_else(|| rest.get(2..)).unwrap_or_default();
            digits(hours) && (minutes.is_empty() || digits(minutes))
        }
        _ => false,
    }
}

pub(super) fn is_time(text: &str) -> bool {
    after_clock(text).is_some_and(|zone| zone.is_empty() || is_zone(zone))
}

pub(super) fn is_date_time(text: &str) -> bool {
    let clock = after_date(text).and_then(|rest| {
        let between = |c: char| matches!(c, 't' | 'T') || is_space(c);
        rest.strip_prefix(between)
    });
    clock.and_then(after_clock).is_some_and(is_zone)
}
