//! Steps that wait for a request, and the counting of requests.

use crisp_mock_server::operation::Operation;

use crate::scenario::{Anchor, Spot, Step};

/// The how manieth a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) number: u64,
    pub(crate) page_number: u64,
}

/// Counts requests, of each operation and of each page of the list.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    operations: [u64; Operation::ALL.len()],
    pages: Vec<(u32, u64)>,
}

impl Counts {
    /// Counts one more.
    pub(crate) fn count(&mut self, operation: Operation, page: Option<u32>) -> Numbers {
        let number = &mut self.operations[operation as usize];
        *number += 1;
        Numbers {
            number: *number,
            page_number: page.map_or(0, |page| count_page(&mut self.pages, page)),
        }
    }
}

fn count_page(pages: &mut Vec<(u32, u64)>, page: u32) -> u64 {
    match pages.iter_mut().find(|(known, _)| *known == page) {
        Some((_, count)) => {
            *count += 1;
            *count
        }
        None => {
            pages.push((page, 1));
            1
        }
    }
}

/// Steps that wait for a request.
#[derive(Debug, Default)]
pub(crate) struct Hooks(Vec<usize>);

impl Hooks {
    /// The steps of a scenario that have no time of their own.
    pub(crate) fn of(steps: &[Step]) -> Self {
        let waits = |(_, step): &(usize, &Step)| !matches!(step.anchor, Anchor::At(_));
        let waiting = steps.iter().enumerate().filter(waits);
        Self(waiting.map(|(index, _)| index).collect())
    }

    /// Whether none is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are left.
    pub(crate) fn left(&self) -> &[usize] {
        &self.0
    }

    /// Takes out those that waited for this request, by the anchors that `aim` looks at.
    pub(crate) fn reached(
        &mut self,
        steps: &[Step],
        (operation, page): (Operation, Option<u32>),
        which: Numbers,
        aim: impl Fn(Anchor) -> Option<Spot>,
    ) -> Vec<usize> {
        let meets = |index: &usize| {
            aim(steps[*index].anchor).is_some_and(|wanted| {
                wanted.operation == operation
                    && match wanted.page {
                        None => wanted.number == which.number,
                        Some(wanted_page) => {
                            Some(wanted_page) == page && wanted.number == which.page_number
                        }
                    }
            })
        };
        if !self.0.iter().any(meets) {
            return Vec::new();
        }
        let reached = self.0.iter().copied().filter(meets).collect();
        self.0.retain(|index| !meets(index));
        reached
    }
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
