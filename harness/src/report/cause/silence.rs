//! Why nothing is asked any more.

use std::time::Duration;

use super::{Hazard, rows};
use crate::history::{History, Quality, Request};

/// Beyond the longest wait that the client's own rules explain.
const SLACK: Duration = Duration::from_secs(5);

/// So many failures in a row are more than one refusal.
const MANY: usize = 10;

/// Why the client asks nothing any more at the end of the run, if it does not.
pub(super) fn at_the_end(history: &History) -> Option<Hazard> {
    let last = questions(history).next_back()?.sent;
    let silence = history.now().saturating_sub(last);
    (silence > history.longest_silence() + SLACK).then(|| before(history, history.now()))
}

/// Why it asked nothing in the longest silence of the run, if that is longer than its own rules
/// explain.
pub(super) fn longest(history: &History) -> Option<Hazard> {
    let sent: Vec<_> = questions(history).map(|request| request.sent).collect();
    let gap = |pair: &[Duration]| pair[1].saturating_sub(pair[0]);
    let longest = sent.windows(2).max_by_key(|pair| gap(pair))?;
    (gap(longest) > history.longest_silence() + SLACK).then(|| before(history, longest[1]))
}

/// Why it asked nothing up to a time.
pub(super) fn before(history: &History, until: Duration) -> Hazard {
    let earlier: Vec<_> = questions(history).filter(|request| request.sent < until).collect();
    let Some(last) = earlier.last() else {
        return rows::LOOP_ENDED;
    };
    if grew(&earlier, until) {
        return rows::WITHOUT_CAP;
    }
    let refused = last.status.is_some_and(|status| status >= 300);
    match last.quality {
        _ if failures_in_a_row(&earlier) >= MANY => rows::STOPPED_TRYING,
        Quality::Refusal | Quality::Denied if refused => rows::GAVE_UP,
        Quality::Broken => rows::HUNG,
        _ if last.ended.is_none() => rows::HUNG,
        Quality::Good if goes_on(&earlier, until, history) => rows::RARE_POLLS,
        _ => rows::LOOP_ENDED,
    }
}

fn failures_in_a_row(earlier: &[&Request]) -> usize {
    earlier.iter().rev().take_while(|request| request.quality.is_failure()).count()
}

/// Whether the client has asked again after a good answer and a silence that is too long.
fn goes_on(earlier: &[&Request], until: Duration, history: &History) -> bool {
    let next = questions(history).find(|request| request.sent >= until);
    let asked: Vec<_> = earlier.iter().copied().chain(next).collect();
    asked.windows(2).any(|pair| {
        pair[0].quality == Quality::Good
            && pair[0].life == pair[1].life
            && pair[1].sent.saturating_sub(pair[0].sent) > history.longest_silence() + SLACK
    })
}

/// Whether each wait after a failure was longer than the one before, three times and more, and the
/// silence goes on in the same way.
fn grew(earlier: &[&Request], until: Duration) -> bool {
    let failed = earlier.iter().rev().take_while(|request| request.quality.is_failure());
    let mut sent: Vec<_> = failed.map(|request| request.sent).collect();
    sent.reverse();
    sent.push(until);
    let gaps: Vec<_> =
        sent.windows(2).map(|pair| pair[1].saturating_sub(pair[0]).as_secs_f64()).collect();
    let pairs: Vec<_> = gaps.windows(2).collect();
    pairs.len() >= 3 && pairs.iter().rev().skip(1).take(3).all(|pair| pair[1] > pair[0] * 1.2)
}

fn questions(history: &History) -> impl DoubleEndedIterator<Item = &Request> {
    history.requests.iter().filter(|request| request.is_question())
}
