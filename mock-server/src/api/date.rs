//! `date_since` as real clients write it (docs/wire.md#differential).

use jiff::Timestamp;

use crate::clock::Stamp;

/// Reads a date: RFC 3339 with 0 to 9 fractional digits, cut down to the millisecond.
///
/// A pair of quotes around it is taken off (Node, given a `Date`), and a blank before a numeric
/// offset is taken as the `+` it was (Python sends it raw, and a form decoder made it a blank).
#[must_use]
pub fn parse(text: &str) -> Option<Stamp> {
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let mut text = text.to_owned();
    if let Some(blank) = text.rfind(' ')
        && text.len() - blank == 6
        && text.as_bytes()[blank + 3] == b':'
    {
        text.replace_range(blank..=blank, "+");
    }
    is_rfc3339(text.as_bytes()).then(|| text.parse::<Timestamp>().ok())?.map(Stamp::from)
}

/// What to do about a text that is no date.
#[must_use]
pub fn advice(text: &str) -> &'static str {
    let text = text.trim_matches('"');
    let has_shape = |ending: &str| is_rfc3339(format!("{text}{ending}").as_bytes());
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        "numbers are not read, send `new Date(ms).toISOString()`"
    } else if has_shape("Z") {
        "the time zone is missing, end it with `Z`"
    } else if has_shape("T00:00:00Z") {
        "the time of day is missing, add `T00:00:00Z`"
    } else if has_shape("") {
        "no calendar has that day or hour"
    } else if text.contains('%') {
        "it was percent-encoded twice"
    } else {
        "send what `toISOString()` writes"
    }
}

/// Whether the text has the shape of RFC 3339; the calendar is checked by the parser.
fn is_rfc3339(text: &[u8]) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let at =
        |index: usize, any_of: &[u8]| text.get(index).is_some_and(|byte| any_of.contains(byte));
    let date = digits(0..4) && at(4, b"-") && digits(5..7) && at(7, b"-") && digits(8..10);
    let time = at(10, b"Tt ")
        && digits(11..13)
        && at(13, b":")
        && digits(14..16)
        && at(16, b":")
        && digits(17..19);
    if !date || !time {
        return false;
    }
    let mut rest = &text[19..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&length) {
            return false;
        }
        rest = &fraction[length..];
    }
    match rest {
        b"Z" | b"z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NINE: Option<Stamp> = Some(Stamp(1_692_176_400_000));

    #[test]
    fn every_form_seen_from_real_clients_is_read() {
        let forms = [
            "2023-08-16T09:00:00Z",
            "2023-08-16T09:00:00.0Z",
            "2023-08-16T09:00:00.000Z",
            "2023-08-16T09:00:00.000000000Z",
            "\"2023-08-16T09:00:00.000Z\"",
            "2023-08-16T11:00:00+02:00",
            "2023-08-16T11:00:00 02:00",
            "2023-08-16T07:00:00-02:00",
            "2023-08-16t09:00:00z",
            "2023-08-16 09:00:00Z",
        ];
        for form in forms {
            assert_eq!(parse(form), NINE, "{form}");
        }
    }

    #[test]
    fn what_lies_below_a_millisecond_is_cut_off() {
        assert_eq!(parse("2023-08-16T09:00:00.123999999Z"), Some(Stamp(1_692_176_400_123)));
        assert_eq!(parse("1969-12-31T23:59:59.999999999Z"), Some(Stamp(-1)));
    }

    #[test]
    fn gos_zero_time_is_a_date() {
        assert!(parse("0001-01-01T00:00:00Z").is_some());
    }

    #[test]
    fn all_else_is_refused() {
        let forms = [
            "",
            "\"",
            "\"\"",
            "yesterday",
            "1692176400000",
            "2023-08-16",
            "2023-08-16T09:00:00",
            "2023-13-16T09:00:00Z",
            "2023-02-30T09:00:00Z",
            "2023-08-16T09:00:00.Z",
            "2023-08-16T09:00:00.1234567890Z",
            "2023-08-16T09:00:00+0200",
            "9999999-08-16T09:00:00Z",
            "2023-08-16T25:00:00Z",
            "é",
            "                 ",
        ];
        for form in forms {
            assert_eq!(parse(form), None, "{form:?}");
        }
    }
}
