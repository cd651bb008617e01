//! One request of a run, as scenarios and reports name it.

use std::fmt;

use crisp_mock_server::document::{Complaint, TextForm, complain, shortened};
use crisp_mock_server::fault::{parse_number, parse_place};
use crisp_mock_server::operation::Operation;
use crisp_mock_server::text_form;

/// One request: by its number among the requests of its operation, or of its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Spot {
    /// Its operation.
    pub operation: Operation,
    /// Its page; requests of this page are then counted alone.
    pub page: Option<u32>,
    /// Its index, from 1.
    pub number: u64,
}

impl fmt::Display for Spot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.operation)?;
        if let Some(page) = self.page {
            write!(out, "/{page}")?;
        }
        if self.number > 1 || self.page.is_none() {
            write!(out, "#{}", self.number)?;
        }
        Ok(())
    }
}

text_form!(Spot);

impl TextForm for Spot {
    const NAME: &'static str = "Spot";
    const WANTED: &'static str = "a request such as `since#2`";
    const HINT: &'static str = "write `since#2`, `list/1` or `list/1#2`";

    fn pattern() -> String {
        let names: Vec<_> = Operation::ALL.into_iter().map(Operation::name).collect();
        format!("^({})(/[1-9][0-9]*)?(#[1-9][0-9]*)?$", names.join("|"))
    }

    /// Reads `since#2`, `list/1`, `list/1#2`; without a number the first is meant.
    fn read(text: &str) -> Result<Self, Complaint> {
        let (place, number) = match text.split_once('#') {
            Some((place, number)) => (place, parse_number(number).filter(|number| *number > 0)),
            None => (text, Some(1)),
        };
        let Some(number) = number else {
            return complain(format!("`{}` is not one request", shortened(text)), Self::HINT);
        };
        let (operation, page) = parse_place(place)?;
        Ok(Self { operation, page, number })
    }
}
