//! When enough was seen of a client whose longest wait is not known.
//!
//! Such a client may take as long as twenty polls until its cache is right. One whose cache is right, and that has
//! polled once an interval since, waits for nothing: what would follow is the same poll again.

use std::time::Duration;

use crisp_mock_server::operation::Operation;

use super::TAIL;
use crate::history::{History, Request};

/// Since when it has been calm, if for long enough. `settled` is when the last thing happened or went wrong.
pub(super) fn calm_from(history: &History, settled: Duration) -> Option<Duration> {
    let declared = &history.declared;
    let (agreed, ready) = (history.agreed_from?, history.ready?);
    // Until then a poll may still tell of the last change, or an answer be older than that.
    let told = settled + declared.overlap + history.staleness.longest();
    let from = told.max(agreed).max(ready);
    let length = history.now().checked_sub(from)?;
    let saves = history.saves.iter().any(|save| save.end.is_none());
    if !declared.leeway || length < declared.poll_every * TAIL || history.lied || saves {
        return None;
    }
    let asked = || history.requests.iter().rev().take_while(|request| request.sent > from);
    let is_good_poll = |request: &Request| {
        request.operation == Operation::Since
            && request.status == Some(200)
            && request.ended.is_some()
    };
    let most = length.as_millis() / declared.poll_every.as_millis().max(1) + 1;
    let polls = asked().count();
    let in_rhythm = polls >= TAIL as usize && polls as u128 <= most;
    (in_rhythm && asked().all(is_good_poll)).then_some(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{AllowedStaleness, Quality, Save, What};
    use crate::scenario::SaveEnd;
    use crate::subject::DeclaredTiming;
    use crate::words::How;

    const MINUTE: Duration = Duration::from_secs(60);

    fn poll(sent: Duration) -> Request {
        let request = Request::sent_at(Operation::Since, sent, Quality::Good);
        Request { status: Some(200), ..request }
    }

    /// A client without declared waits that has been right from the start, and has sent these requests by now.
    fn history(requests: Vec<Request>, now: Duration) -> History {
        let declared = DeclaredTiming {
            poll_every: MINUTE,
            overlap: 2 * MINUTE,
            leeway: true,
            ..DeclaredTiming::default()
        };
        let mut history = History::new(declared, AllowedStaleness::default());
        history.push(Duration::ZERO, What::Ready);
        history.push(now, What::Step);
        history.agreed_from = Some(Duration::ZERO);
        history.requests = requests;
        history
    }

    fn minutely(upto: u32) -> Vec<Request> {
        (1..=upto).map(|number| poll(MINUTE * number)).collect()
    }

    #[test]
    fn a_right_cache_and_four_polls_in_rhythm_after_the_overlap_are_enough() {
        let after = |minutes: u32| calm_from(&history(minutely(minutes), MINUTE * minutes), MINUTE);
        assert_eq!(after(6), None);
        assert_eq!(after(7), Some(3 * MINUTE));
    }

    #[test]
    fn what_the_server_hides_and_what_the_cache_lacked_is_waited_for() {
        let mut lags = history(minutely(7), 7 * MINUTE);
        lags.staleness.since_lag = MINUTE;
        assert_eq!(calm_from(&lags, MINUTE), None);
        let mut wrong = history(minutely(7), 7 * MINUTE);
        wrong.agreed_from = Some(4 * MINUTE);
        assert_eq!(calm_from(&wrong, MINUTE), None);
        wrong.agreed_from = None;
        assert_eq!(calm_from(&wrong, MINUTE), None);
    }

    #[test]
    fn a_client_out_of_its_rhythm_is_looked_at_to_the_end() {
        let seven = |change: fn(&mut Vec<Request>)| {
            let mut requests = minutely(7);
            change(&mut requests);
            calm_from(&history(requests, 7 * MINUTE), MINUTE)
        };
        assert!(seven(|_| {}).is_some());
        assert!(seven(|requests| requests[5].operation = Operation::List).is_none());
        assert!(seven(|requests| requests[5].status = Some(500)).is_none());
        assert!(seven(|requests| requests[6].ended = None).is_none());
        assert!(seven(|requests| drop(requests.pop())).is_none());
        let often = |requests: &mut Vec<Request>| {
            *requests = requests.iter().flat_map(|one| [one.clone(), one.clone()]).collect();
        };
        assert!(seven(often).is_none());
    }

    #[test]
    fn a_client_that_has_said_how_long_it_waits_and_one_that_saves_are_looked_at_to_the_end() {
        let mut says = history(minutely(7), 7 * MINUTE);
        says.declared.leeway = false;
        assert_eq!(calm_from(&says, MINUTE), None);
        let mut saves = history(minutely(7), 7 * MINUTE);
        let site = 0;
        let settings = saves.values.json("{}");
        saves.saves.push(Save {
            site,
            how: How::Put,
            settings,
            ordered: MINUTE,
            end: None,
            life: 0,
            attempts: Vec::new(),
        });
        assert_eq!(calm_from(&saves, MINUTE), None);
        saves.saves[0].end = Some(SaveEnd::Done);
        assert!(calm_from(&saves, MINUTE).is_some());
    }
}
