//! What is known of the server beside its own state: how often each request came, which steps wait
//! for one, and which change is the newest.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::space::Space;

use super::record::Taken;
use super::steps;
use crate::scenario::{Anchor, Deed, Step};
use crate::words::Spot;

/// Which request of a run one is: its place among those of its operation, and of its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub(crate) operation: Operation,
    pub(crate) page: Option<u32>,
    pub(crate) number: u64,
    pub(crate) page_number: u64,
}

impl Occurrence {
    /// An event on its way to the client's socket.
    pub(crate) fn of_event(number: u64) -> Self {
        Self { operation: Operation::RtmEvent, page: None, number, page_number: 0 }
    }

    fn is_at(self, spot: Spot) -> bool {
        let counted = match spot.page {
            None => spot.number == self.number,
            Some(page) => Some(page) == self.page && spot.number == self.page_number,
        };
        spot.operation == self.operation && counted
    }
}

/// What is known of the server beside its own state.
#[derive(Debug)]
pub(crate) struct ServerSide {
    operations: [u64; Operation::ALL.len()],
    pages: Vec<(u32, u64)>,
    /// Steps whose request has not come, by their place in the scenario.
    waiting: Vec<usize>,
    /// The number of the newest change that was noted.
    newest: u64,
}

impl ServerSide {
    /// Before the first request: all steps wait that have no time of their own.
    pub(crate) fn new(steps: &[Step]) -> Self {
        let waits = |(_, step): &(usize, &Step)| !matches!(step.anchor, Anchor::At(_));
        let waiting = steps.iter().enumerate().filter(waits).map(|(index, _)| index);
        Self {
            operations: [0; Operation::ALL.len()],
            pages: Vec::new(),
            waiting: waiting.collect(),
            newest: 0,
        }
    }

    /// Counts one more request.
    pub(crate) fn count(&mut self, operation: Operation, page: Option<u32>) -> Occurrence {
        let number = &mut self.operations[operation as usize];
        *number += 1;
        let number = *number;
        let page_number = page.map_or(0, |page| self.count_page(page));
        Occurrence { operation, page, number, page_number }
    }

    fn count_page(&mut self, page: u32) -> u64 {
        let known = self.pages.iter().position(|(known, _)| *known == page);
        let position = known.unwrap_or_else(|| {
            self.pages.push((page, 0));
            self.pages.len() - 1
        });
        let count = &mut self.pages[position].1;
        *count += 1;
        *count
    }

    /// Steps whose request has not come.
    pub(crate) fn waiting(&self) -> &[usize] {
        &self.waiting
    }

    /// Takes out the steps that waited for this request, by the anchors that `aim` looks at.
    pub(crate) fn reached(
        &mut self,
        steps: &[Step],
        which: Occurrence,
        aim: impl Fn(Anchor) -> Option<Spot>,
    ) -> Vec<usize> {
        let meets =
            |index: &mut usize| aim(steps[*index].anchor).is_some_and(|spot| which.is_at(spot));
        self.waiting.extract_if(.., meets).collect()
    }

    /// Does what happens at Crisp to one website of a deed; says to which, if anything came of it.
    pub(crate) fn alter(
        &mut self,
        space: &mut Space,
        outside: Duration,
        deed: &Deed,
        nth: usize,
    ) -> Option<WebsiteId> {
        let id = steps::alter(space, outside, deed, nth)?;
        self.newest = self.newest.max(newest(space, id));
        Some(id)
    }

    /// The website whose truth this request of the client changed. A save that was carried out
    /// before, and is only answered again, changes nothing.
    pub(crate) fn written(&mut self, space: &Space, taken: &Taken) -> Option<WebsiteId> {
        let id = taken.website.filter(|_| taken.is_save() && taken.carried_out)?;
        let newest = newest(space, id);
        let written = newest > self.newest;
        self.newest = self.newest.max(newest);
        written.then_some(id)
    }
}

/// The number of the newest change of a website.
fn newest(space: &Space, id: WebsiteId) -> u64 {
    space.world.website(id).map_or(0, |website| website.changed.seq)
}

/// The request during which a step is to happen.
pub(crate) fn during(anchor: Anchor) -> Option<Spot> {
    match anchor {
        Anchor::During(spot) => Some(spot),
        Anchor::At(_) | Anchor::After(_) => None,
    }
}

/// The request after which a step is to happen.
pub(crate) fn after(anchor: Anchor) -> Option<Spot> {
    match anchor {
        Anchor::After(spot) => Some(spot),
        Anchor::At(_) | Anchor::During(_) => None,
    }
}
