//! A span of elapsed time.

use std::fmt;
use std::time::Duration;

use crate::document::{Complaint, TextForm, shortened, text_form};
use crate::duration;
use crate::form::Span;

/// From one elapsed time (included) to another (not included).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// Open from here on.
    pub from: Duration,
    /// Closed from here on; without it the window never closes.
    pub until: Option<Duration>,
}

impl Window {
    /// Whether the window is open at this elapsed time.
    #[must_use]
    pub fn is_open(self, elapsed: Duration) -> bool {
        elapsed >= self.from && self.until.is_none_or(|until| elapsed < until)
    }
}

text_form!(Window);

impl TextForm for Window {
    const NAME: &'static str = "Window";
    const WANTED: &'static str = "a window";
    const HINT: &'static str = "write `65s..800s`, `20s..` or `..30s`";

    fn pattern() -> String {
        "^.*[A-Za-z].*\\.\\.|\\.\\..*[A-Za-z]".to_owned()
    }

    fn read(text: &str) -> Result<Self, Complaint> {
        let unreadable = |message: String| (message, Some(Self::HINT.to_owned()));
        let Some((from, until)) = text.split_once("..") else {
            return Err(unreadable(format!("`{}` is not a window", shortened(text))));
        };
        let (from, until) = (from.trim(), until.trim());
        if from.is_empty() && until.is_empty() {
            return Err(unreadable("a window needs a start or an end".into()));
        }
        let read = |text: &str| {
            let read = (!text.is_empty()).then(|| Span::read(text).map(Duration::from)).transpose();
            read.map_err(|(message, _)| unreadable(message))
        };
        let (from, until) = (read(from)?.unwrap_or_default(), read(until)?);
        match until {
            Some(until) if until <= from => Err((
                format!("the window `{}` is empty", Self { from, until: Some(until) }),
                Some("its end has to come after its start".into()),
            )),
            until => Ok(Self { from, until }),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.from.is_zero() || self.until.is_none() {
            out.write_str(&duration::format(self.from))?;
        }
        out.write_str("..")?;
        self.until.map_or(Ok(()), |until| out.write_str(&duration::format(until)))
    }
}
