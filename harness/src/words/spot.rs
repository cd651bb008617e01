//! One request of a run, as scenarios and reports name it.

use std::fmt;

use crisp_mock_server::operation::Operation;

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
