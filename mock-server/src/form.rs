//! Texts that several languages share: spans of time, shifts of a clock, websites, methods.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::clock::Stamp;
use crate::document::{Complaint, Form, TextForm, complain, shortened, text_form};
use crate::duration;
use crate::id::WebsiteId;

/// Longer than any test, and short enough that no sum of a few can overflow: 366 days.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3_600);
const HINT: &str = "write a number and a unit: `5s`, `250ms`, `1m30s`";

/// The forms of this module.
pub const FORMS: [Form; 5] = [
    Form::of::<Span>(),
    Form::of::<Wait>(),
    Form::of::<Shift>(),
    Form::of::<WebsiteName>(),
    Form::of::<Date>(),
];

/// A span of time that is not negative, in whole milliseconds, up to a year: `5s`, `1m30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub Duration);

/// The same, and longer than nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wait(pub Duration);

/// How far a clock is moved, in milliseconds with a sign, not zero: `-60s`, `+1m30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shift(pub i64);

/// A website as people write it: `w1`, or a UUID where it has no such name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebsiteName(pub WebsiteId);

/// A date with its time zone, RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub Stamp);

/// The method of a request, in capitals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodName(pub Method);

macro_rules! converts {
    ($($form:ident($value:ty)),+) => {$(
        impl From<$value> for $form {
            fn from(value: $value) -> Self {
                Self(value)
            }
        }

        impl From<$form> for $value {
            fn from(form: $form) -> Self {
                form.0
            }
        }
    )+};
}

converts!(
    Span(Duration),
    Wait(Duration),
    Shift(i64),
    WebsiteName(WebsiteId),
    Date(Stamp),
    MethodName(Method)
);
text_form!(Span);
text_form!(Wait);
text_form!(Shift);
text_form!(WebsiteName);
text_form!(Date);

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl TextForm for Date {
    const NAME: &'static str = "Date";
    const WANTED: &'static str = "a date";
    const HINT: &'static str = "write a date with a time zone, as 2026-01-31T09:00:00Z";

    fn pattern() -> String {
        r"^\d{4}-\d{2}-\d{2}".to_owned()
    }

    fn read(text: &str) -> Result<Self, Complaint> {
        match text.parse::<Timestamp>() {
            Ok(date) => Ok(Self(date.into())),
            Err(_) => complain(format!("`{}` is not a date", shortened(text)), Self::HINT),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&duration::format(self.0))
    }
}

impl TextForm for Span {
    const NAME: &'static str = "Span";
    const WANTED: &'static str = "a duration";
    const HINT: &'static str = HINT;

    fn pattern() -> String {
        "^[^-].*[A-Za-z]|^0$".to_owned()
    }

    fn read(text: &str) -> Result<Self, Complaint> {
        let short = shortened(text);
        let Ok(span) = duration::parse(text) else {
            let negative = duration::parse_signed(text).is_ok();
            let what = if negative { "is negative" } else { "is not a duration" };
            return complain(format!("`{short}` {what}"), HINT);
        };
        if span > LONGEST {
            complain(format!("`{short}` is longer than a year"), HINT)
        } else if span.subsec_nanos() % 1_000_000 != 0 {
            complain(format!("`{short}` is finer than a millisecond"), HINT)
        } else {
            Ok(Self(span))
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&duration::format(self.0))
    }
}

impl TextForm for Wait {
    const NAME: &'static str = "Wait";
    const WANTED: &'static str = Span::WANTED;
    const HINT: &'static str = HINT;

    fn pattern() -> String {
        "^[^-].*[A-Za-z]".to_owned()
    }

    fn read(text: &str) -> Result<Self, Complaint> {
        match Span::read(text)?.0 {
            Duration::ZERO => complain("a duration of zero changes nothing", HINT),
            span => Ok(Self(span)),
        }
    }
}

impl fmt::Display for Shift {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let size = duration::format(Duration::from_millis(self.0.unsigned_abs()));
        write!(out, "{sign}{size}")
    }
}

impl TextForm for Shift {
    const NAME: &'static str = "Shift";
    const WANTED: &'static str = "how far a clock is moved";
    const HINT: &'static str = "write `-60s` or `+1m30s`";

    fn pattern() -> String {
        "^[-+]?[^-+].*[A-Za-z]".to_owned()
    }

    fn read(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let (sign, size) = match text.as_bytes() {
            [b'-', ..] => (-1, &text[1..]),
            [b'+', ..] => (1, &text[1..]),
            _ => (1, text),
        };
        let size = Wait::read(size).map_err(|(message, _)| (message, Some(Self::HINT.into())))?;
        // At most a year, so it fits.
        Ok(Self(sign * i64::try_from(size.0.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for WebsiteName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.short())
    }
}

impl TextForm for WebsiteName {
    const NAME: &'static str = "WebsiteName";
    const WANTED: &'static str = "a website such as `w1`";
    const HINT: &'static str = "write `w1` or a UUID";

    fn pattern() -> String {
        "^(w[1-9][0-9]*|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$".to_owned()
    }

    fn read(text: &str) -> Result<Self, Complaint> {
        let website = text.parse().map(Self);
        website.or_else(|_| complain(format!("`{}` is not a website", shortened(text)), Self::HINT))
    }
}

/// The methods that the API knows.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

impl Serialize for MethodName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for MethodName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'de, str>::deserialize(deserializer)?;
        name.parse().map(Self).map_err(de::Error::custom)
    }
}

impl JsonSchema for MethodName {
    fn schema_name() -> Cow<'static, str> {
        "Method".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": METHODS, "x-name": "a method" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_no_wait_can_be_is_refused() {
        for text in ["", "5", "-5s", "--5s", "+-5s", "1us", "367 days", "9e99s"] {
            assert!(Span::read(text).is_err(), "{text} was accepted");
            assert!(Shift::read(&format!("-{text}")).is_err(), "-{text} was accepted");
        }
        assert!(Wait::read("0s").is_err());
    }

    proptest! {
        #[test]
        fn a_written_shift_is_read_back(millis in -31_000_000_000_i64..31_000_000_000) {
            prop_assume!(millis != 0);
            prop_assert_eq!(Shift::read(&Shift(millis).to_string()), Ok(Shift(millis)));
        }
    }
}
