//! Mistakes with answers that come when their request was given up.

use bytes::Bytes;

use super::super::client::Machine;
use super::super::event::RequestId;
use super::super::words::{Job, Save};
use crate::mistake::{Mistake, Mistakes};

/// A request that was given up, and whose answer is waited for all the same.
#[derive(Debug)]
pub(crate) struct Outlived {
    id: RequestId,
    job: Job,
}

/// What is kept of a request that is given up, if its answer will be believed.
pub(crate) fn outlived(mistakes: Mistakes, id: RequestId, job: &Job) -> Option<Outlived> {
    let job = match (mistakes.0?, job) {
        (Mistake::LatePollCounts, Job::Poll) => Job::Poll,
        (Mistake::LateReadingCounts, Job::Read(website)) => Job::Read(*website),
        (Mistake::LateSaveCounts, Job::Save(save)) => {
            let Save { ticket, website, settings, how, ordered } = &**save;
            let (settings, website) = (settings.clone(), *website);
            let (ticket, how, ordered) = (*ticket, *how, *ordered);
            Job::Save(Box::new(Save { ticket, website, settings, how, ordered }))
        }
        _ => return None,
    };
    Some(Outlived { id, job })
}

impl Machine {
    /// Applies an answer that comes too late, whatever has been learnt since; says whether it is one.
    pub(crate) fn applied_late(&mut self, id: RequestId, response: &http::Response<Bytes>) -> bool {
        let late = &mut self.memory.outlived;
        let Some(place) = late.iter().position(|request| request.id == id) else {
            return false;
        };
        let job = late.swap_remove(place).job;
        if !response.status().is_success() {
            return true;
        }
        match job {
            Job::Save(save) => self.show(&save),
            Job::Read(website) => {
                if let Ok(held) = crate::wire::read_subscription(response.body(), website) {
                    self.put_one(website, Some(held));
                }
            }
            _ => {
                let items = self.read_list(response.body(), false).unwrap_or_default().items;
                for item in items {
                    let gone = item.difference == crate::wire::ItemKind::Removed;
                    let website = (!gone).then(|| crate::Website::clone(&item.website));
                    self.put_one(item.id, website);
                }
            }
        }
        true
    }
}
