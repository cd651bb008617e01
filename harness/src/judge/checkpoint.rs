//! What the cache held at some times before the end.

use std::time::Duration;

use super::{Verdict, compared, unequal};
use crate::history::{History, Track};
use crate::scenario::Checkpoint;

/// The first checkpoint that was not met, or that could not be judged; none without checkpoints.
pub(super) fn all(checkpoints: &[Checkpoint], history: &History) -> Option<Verdict> {
    let mut verdicts = checkpoints.iter().map(|checkpoint| one(checkpoint, history));
    let first = verdicts.next()?;
    Some(verdicts.fold(first, |first, next| match first {
        Verdict::Fail(_) => first,
        Verdict::NotJudged(_) if !matches!(next, Verdict::Fail(_)) => first,
        _ => next,
    }))
}

fn one(checkpoint: &Checkpoint, history: &History) -> Verdict {
    let (at, holds) = (checkpoint.at, &checkpoint.websites);
    if at > history.now() {
        return Verdict::NotJudged(format!("the run ended before the checkpoint at {}", told(at)));
    }
    let past = history.until(at);
    let (wanted, got) = compared(holds, &past, |track| track.shown);
    if wanted == got {
        return Verdict::Pass;
    }
    // Which poll brings a change is the matter of the client: only its own bound holds it to a time.
    let bound = past.bound();
    if past.declared.leeway && past.disturbed + bound > at {
        return Verdict::NotJudged(format!(
            "less than {} before the checkpoint at {} something changed or went wrong, and this \
             client may need so long",
            told(bound),
            told(at)
        ));
    }
    if past.declared.leeway && compared(holds, &past, Track::truth).1 != wanted {
        return Verdict::NotJudged("the server did not come to hold that either".to_owned());
    }
    let Verdict::Fail(mut breach) = unequal(true, &past, "another cache", &wanted, &got) else {
        return Verdict::Pass;
    };
    breach.at = at;
    breach.fact = format!("At {} the scenario expects {wanted}.", told(at));
    Verdict::Fail(breach)
}

fn told(time: Duration) -> String {
    crisp_mock_server::duration::format(Duration::from_secs(time.as_secs()))
}
