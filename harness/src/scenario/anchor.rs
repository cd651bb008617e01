//! When something happens: at a time, or around a request of the client.

use std::fmt;
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::nearest::nearest;
use crisp_mock_server::operation::Operation;

use crate::words::Spot;

/// When something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// At this time since the start.
    At(Duration),
    /// When the answer to this request has just arrived, and the client has not yet looked at it.
    After(Spot),
    /// While the answer to this request is under way: it is computed and held.
    During(Spot),
}

impl Anchor {
    /// The key under which it is written.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::At(_) => "at",
            Self::After(_) => "after",
            Self::During(_) => "during",
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => out.write_str(&duration::format(*time)),
            Self::After(spot) | Self::During(spot) => spot.fmt(out),
        }
    }
}

/// What is wrong with a text, and what to write instead.
pub(super) type Complaint = (String, String);

impl Spot {
    /// Reads `since#2`, `list/1`, `list/1#2`; without a number the first is meant.
    pub(super) fn parse(text: &str) -> Result<Self, Complaint> {
        const FORMS: &str = "write `since#2`, `list/1` or `list/1#2`";
        let short = || text.chars().take(60).collect::<String>();
        let (place, number) = match text.split_once('#') {
            Some((place, number)) => (place, plain(number).filter(|n| *n > 0)),
            None => (text, Some(1)),
        };
        let number =
            number.ok_or_else(|| (format!("`{}` is not one request", short()), FORMS.into()))?;
        let (name, page) = match place.split_once('/') {
            Some((name, page)) => (name, Some(page)),
            None => (place, None),
        };
        let operation = operation(name)?;
        let page = match page {
            None => None,
            Some(_) if operation != Operation::List => {
                return Err((format!("`{operation}` has no pages"), FORMS.into()));
            }
            Some(text) => match plain(text).and_then(|page| u32::try_from(page).ok()) {
                Some(page) if page > 0 => Some(page),
                _ => {
                    let hint = "pages count from 1: `list/1`".to_owned();
                    return Err((format!("there is no page `{}`", short()), hint));
                }
            },
        };
        Ok(Self { operation, page, number })
    }
}

/// The operation of this name, or the nearest as advice.
pub(super) fn operation(name: &str) -> Result<Operation, Complaint> {
    name.parse().map_err(|_| {
        let names = || Operation::ALL.into_iter().map(Operation::name);
        let hint = nearest(name, names()).map_or_else(
            || format!("one of {}", names().collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let name: String = name.chars().take(60).collect();
        (format!("`{name}` is not an operation"), hint)
    })
}

fn plain(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
