//! Bills of usage that a plugin reports (docs/wire.md#usage).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::id::WebsiteId;

/// How many open bills a website keeps; the oldest goes first.
const MOST_BILLS: usize = 100;

/// One bill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Bill {
    /// What was used, such as `Paid messages sent`.
    pub name: String,
    /// How much of it.
    pub units: u32,
    /// What it costs.
    pub price: f64,
}

/// The open bills of each website.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    bills: HashMap<WebsiteId, Vec<Bill>>,
}

impl Usage {
    /// The website's open bills, oldest first.
    #[must_use]
    pub fn of(&self, website: WebsiteId) -> &[Bill] {
        self.bills.get(&website).map_or(&[], Vec::as_slice)
    }

    /// Adds a bill.
    pub fn add(&mut self, website: WebsiteId, bill: Bill) {
        let bills = self.bills.entry(website).or_default();
        if bills.len() == MOST_BILLS {
            bills.remove(0);
        }
        bills.push(bill);
    }

    /// Drops the bills of a website that left.
    pub fn forget(&mut self, website: WebsiteId) {
        self.bills.remove(&website);
    }
}
