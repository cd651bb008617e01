//! What a fault is aimed at: an operation, a page of it, some of its occurrences.

use std::fmt;

use crate::document::{Complaint, TextForm, complain, shortened, text_form};
use crate::nearest::nearest;
use crate::operation::Operation;

/// An operation, with the page and the occurrences that are meant: `since#2`, `list/2#1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    /// Which requests are counted.
    pub operation: Operation,
    /// Only this page of `list`; its occurrences are then counted alone.
    pub page: Option<u32>,
    /// Which of those requests are met.
    pub occurrence: Occurrence,
}

/// Some of the requests of an operation, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occurrence {
    /// All of them: `since`.
    All,
    /// From one to another, both included; without an end, all from the first on: `since#2`,
    /// `since#1..3`, `since#3..`.
    Range {
        /// The first that is met.
        first: u64,
        /// The last that is met.
        last: Option<u64>,
    },
    /// Every so many: `since#every:3` meets the third, sixth, ninth, …
    Every(u64),
}

impl Occurrence {
    /// Whether the request with this number is meant.
    #[must_use]
    pub fn includes(self, number: u64) -> bool {
        match self {
            Self::All => true,
            Self::Range { first, last } => number >= first && last.is_none_or(|l| number <= l),
            Self::Every(step) => number.is_multiple_of(step),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.operation)?;
        if let Some(page) = self.page {
            write!(out, "/{page}")?;
        }
        match self.occurrence {
            Occurrence::All => Ok(()),
            Occurrence::Every(step) => write!(out, "#every:{step}"),
            Occurrence::Range { first, last: None } => write!(out, "#{first}.."),
            Occurrence::Range { first, last: Some(last) } if first == last => {
                write!(out, "#{first}")
            }
            Occurrence::Range { first, last: Some(last) } => write!(out, "#{first}..{last}"),
        }
    }
}

impl Target {
    /// Every request of an operation.
    #[must_use]
    pub fn all(operation: Operation) -> Self {
        Self { operation, page: None, occurrence: Occurrence::All }
    }
}

text_form!(Target);

impl TextForm for Target {
    const NAME: &'static str = "Target";
    const WANTED: &'static str = "a text such as `since#2`";
    const HINT: &'static str =
        "write an operation and its occurrences: `since`, `since#2`, `list/2#1`";

    fn pattern() -> String {
        let names: Vec<_> = Operation::ALL.into_iter().map(Operation::name).collect();
        let number = "[1-9][0-9]*";
        format!(
            "^({names}|list/{number})(#({number}(\\.\\.({number})?)?|every:{number}))?$",
            names = names.join("|")
        )
    }

    fn read(text: &str) -> Result<Self, Complaint> {
        let (place, occurrence) = match text.split_once('#') {
            Some((place, occurrence)) => (place, parse_occurrence(occurrence)?),
            None => (text, Occurrence::All),
        };
        let (operation, page) = parse_place(place)?;
        Ok(Self { operation, page, occurrence })
    }
}

/// Reads an operation and its page, if it has one: `since`, `list/2`.
///
/// # Errors
///
/// What is wrong with it, and what to write instead.
pub fn parse_place(text: &str) -> Result<(Operation, Option<u32>), Complaint> {
    let (name, page) = match text.split_once('/') {
        Some((name, page)) => (name, Some(page)),
        None => (text, None),
    };
    let operation = parse_operation(name)?;
    Ok((operation, page.map(|page| parse_page(operation, page)).transpose()?))
}

/// The operation of this name, or the nearest as advice.
///
/// # Errors
///
/// When no operation has the name.
pub fn parse_operation(name: &str) -> Result<Operation, Complaint> {
    name.parse().map_err(|_| {
        let names = || Operation::ALL.into_iter().map(Operation::name);
        let hint = nearest(name, names()).map_or_else(
            || format!("one of {}", names().collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        (format!("`{}` is not an operation", shortened(name)), Some(hint))
    })
}

fn parse_page(operation: Operation, text: &str) -> Result<u32, Complaint> {
    if operation != Operation::List {
        return complain(format!("`{operation}` has no pages"), "only `list` has: `list/2`");
    }
    match parse_number(text) {
        Some(0) => complain("there is no page 0", "pages count from 1: `list/1`"),
        Some(page) if page <= u64::from(u32::MAX) => Ok(page as u32),
        _ => complain(
            format!("`{}` is not a page", shortened(text)),
            "write a whole number: `list/2`",
        ),
    }
}

fn parse_occurrence(text: &str) -> Result<Occurrence, Complaint> {
    const FORMS: &str = "write `#2`, `#1..3`, `#3..` or `#every:3`";
    const FROM_ONE: &str = "occurrences count from 1";
    let unreadable =
        || (format!("`#{}` is not an occurrence", shortened(text)), Some(FORMS.to_owned()));
    if let Some(step) = text.strip_prefix("every:") {
        return match parse_number(step).ok_or_else(unreadable)? {
            0 => complain("`every:0` never comes", "`every:1` is each one"),
            step => Ok(Occurrence::Every(step)),
        };
    }
    let (first, last) = match text.split_once("..") {
        None => (text, Some(text)),
        Some((first, "")) => (first, None),
        Some((first, last)) => (first, Some(last)),
    };
    let first = parse_number(first).ok_or_else(unreadable)?;
    let last = last.map(|last| parse_number(last).ok_or_else(unreadable)).transpose()?;
    if first == 0 {
        return complain("there is no occurrence 0", FROM_ONE);
    }
    match last {
        Some(last) if last < first => complain(
            format!("`#{first}..{last}` is empty"),
            &format!("the smaller number comes first: `#{last}..{first}`"),
        ),
        last => Ok(Occurrence::Range { first, last }),
    }
}

/// A whole number of digits only: `+1`, ` 1` and `01` are spelling mistakes.
#[must_use]
pub fn parse_number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    (plain && !padded).then(|| text.parse().ok()).flatten()
}
