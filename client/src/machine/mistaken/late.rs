//! Mistakes with answers that come when their request was given up.

use super::super::event::RequestId;
use super::super::words::{Job, Save};
use crate::mistake::{Mistake, Mistakes};

/// A request that was given up, and whose answer is waited for all the same.
#[derive(Debug)]
pub(crate) struct Outlived {
    pub(in crate::machine) id: RequestId,
    pub(in crate::machine) job: Job,
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
