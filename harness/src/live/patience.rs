//! Clients that are late. Many are started at a time, and on a busy machine one may not be there in
//! time, or not reply in time, that would be if it were alone: it is tried again while nothing else
//! runs. What was judged before stays, whatever comes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::RwLock;

use crate::candidate::Untried;
use crate::runner::Judged;

/// So many clients in a row that are not there although they are alone, and it is given up.
const GIVEN_UP: usize = 5;

/// What is known of a client's starts.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// Held by what runs beside others; exclusively by what runs alone.
    gate: RwLock<()>,
    /// Whether a scenario was ever run to its end.
    began: AtomicBool,
    /// How many in a row could not be started alone.
    missed: AtomicUsize,
}

impl Patience {
    /// Runs a scenario beside others, and alone if the client was late. One that cannot be started
    /// alone either is not judged, once others were; `unjudged` says so with the reason.
    pub(super) fn try_out(
        &self,
        run: &dyn Fn() -> Result<Option<Judged>, Untried>,
        unjudged: &dyn Fn(String) -> Judged,
    ) -> Result<Option<Judged>, Untried> {
        let first = {
            let _beside_others = self.gate.read();
            run()
        };
        if !is_late(&first) {
            self.note(&first);
            return first;
        }
        let _alone = self.gate.write();
        if self.missed.load(Ordering::Relaxed) >= self.patience() {
            return first;
        }
        let again = run();
        self.note(&again);
        match again {
            Err(untried) if self.missed.load(Ordering::Relaxed) < self.patience() => {
                let problem = untried.problem.lines().next().unwrap_or_default().to_owned();
                let why = format!(
                    "this machine was too slow: tried twice, the second time alone, {problem}"
                );
                Ok(Some(unjudged(why)))
            }
            again => again,
        }
    }

    /// Before anything was run there is nothing to lose.
    fn patience(&self) -> usize {
        if self.began.load(Ordering::Relaxed) { GIVEN_UP } else { 1 }
    }

    fn note(&self, ran: &Result<Option<Judged>, Untried>) {
        match ran {
            Ok(_) => {
                self.began.store(true, Ordering::Relaxed);
                self.missed.store(0, Ordering::Relaxed);
            }
            Err(_) => {
                self.missed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Whether the machine may be what a run failed of.
fn is_late(ran: &Result<Option<Judged>, Untried>) -> bool {
    match ran {
        Err(_) => true,
        Ok(Some(judged)) => judged.outside.as_ref().is_some_and(|outside| outside.late),
        Ok(None) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::runner::{Outcome, Outside};
    use crate::world::Run;

    fn judged(outside: Outside) -> Judged {
        Judged {
            scenario: Default::default(),
            run: Run::default(),
            findings: Vec::new(),
            outside: Some(Box::new(outside)),
        }
    }

    fn unjudged(why: String) -> Judged {
        judged(Outside { unjudged: Some(why), ..Outside::default() })
    }

    fn late() -> Result<Option<Judged>, Untried> {
        Err(Untried { problem: "no reply to `hello` within 10s".to_owned(), hint: None })
    }

    fn well() -> Result<Option<Judged>, Untried> {
        Ok(Some(judged(Outside::default())))
    }

    #[test]
    fn a_client_that_is_late_beside_others_is_tried_again_alone() {
        let tries = Cell::new(0);
        let run = || {
            tries.set(tries.get() + 1);
            if tries.get() == 1 { late() } else { well() }
        };
        let ran = Patience::default().try_out(&run, &unjudged).unwrap().unwrap();
        assert_eq!((ran.outcome(), tries.get()), (Outcome::Passed, 2));
    }

    #[test]
    fn a_silence_is_held_against_a_client_only_when_it_comes_again_alone() {
        let silent = || {
            let stopped = Some("no reply to `read` within 10s".to_owned());
            Ok(Some(judged(Outside { stopped, late: true, ..Outside::default() })))
        };
        let tries = Cell::new(0);
        let once = || {
            tries.set(tries.get() + 1);
            if tries.get() == 1 { silent() } else { well() }
        };
        let patience = Patience::default();
        assert_eq!(patience.try_out(&once, &unjudged).unwrap().unwrap().outcome(), Outcome::Passed);
        assert_eq!(
            patience.try_out(&silent, &unjudged).unwrap().unwrap().outcome(),
            Outcome::Failed
        );
    }

    #[test]
    fn a_late_start_in_the_middle_is_not_judged_and_a_client_that_never_comes_ends_it() {
        let patience = Patience::default();
        patience.try_out(&well, &unjudged).unwrap();
        for _ in 1..GIVEN_UP {
            let ran = patience.try_out(&late, &unjudged).unwrap().unwrap();
            assert_eq!(ran.outcome(), Outcome::NotJudged);
            let why = ran.outside.unwrap().unjudged.unwrap();
            assert!(why.contains("the second time alone, no reply to `hello`"), "{why}");
        }
        assert!(patience.try_out(&late, &unjudged).is_err());
    }

    #[test]
    fn a_client_that_never_started_is_no_verdict_from_the_first() {
        let tries = Cell::new(0);
        let run = || {
            tries.set(tries.get() + 1);
            late()
        };
        let patience = Patience::default();
        assert!(patience.try_out(&run, &unjudged).is_err());
        assert!(patience.try_out(&run, &unjudged).is_err());
        assert_eq!(tries.get(), 3, "the second is not tried again: that was done");
    }
}
