//! Where exactly the bounds lie, on histories that are written by hand: a client that is a moment
//! inside passes, and one that is a moment outside does not.

mod calm;
mod partial;
mod torn;
mod whole_runs;

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;

use super::{Breach, Oracle, cost, honest_status, no_lost_update, pacing};
use crate::history::{AllowedStaleness, By, Event, History, Quality, Request, Save, State, What};
use crate::scenario::Standing;
use crate::subject::DeclaredTiming;
use crate::words::How;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Polls once a minute, waits 30 s for an answer, and 2 s before it asks again.
fn history() -> History {
    let declared = DeclaredTiming {
        poll_every: seconds(60),
        longest_poll: seconds(60),
        request_timeout: seconds(30),
        first_retry: seconds(2),
        longest_retry_after: seconds(3600),
        ..DeclaredTiming::default()
    };
    History::new(declared, AllowedStaleness::default())
}

fn request(operation: Operation, sent: Duration, quality: Quality) -> Request {
    Request::sent_at(operation, sent, quality)
}

fn see(oracle: &mut dyn Oracle, history: &History, at: Duration, what: What) -> Option<Breach> {
    oracle.see(history, &Event { at, what })
}

/// How many requests are allowed in an hour, when of the first some fail.
fn allowed(failures: &[Duration]) -> u64 {
    let mut history = history();
    let failed = failures.iter().map(|at| request(Operation::Since, *at, Quality::Broken));
    history.requests.extend(failed);
    let many = std::iter::repeat_n(request(Operation::List, seconds(3000), Quality::Good), 1000);
    history.requests.extend(many);
    let breach = see(&mut cost::Cost, &history, seconds(3600), What::End);
    let expected = breach.and_then(|breach| breach.expected).expect("a breach");
    let number = expected.split(' ').nth(2).expect("a number");
    number.parse().expect("a number")
}

#[test]
fn failures_cost_a_list_and_their_repeats_and_no_more_than_waits_that_grow() {
    let quiet = allowed(&[]);
    // 60 polls and two more for the only life; one list with its check; three to spare.
    assert_eq!(quiet, 60 + 2 + (1 + 4) + 3);
    let list = 1 + 4;
    assert_eq!(allowed(&[seconds(60)]), quiet + list + 2 + 2);
    let three = [60, 62, 66].map(seconds);
    assert_eq!(allowed(&three), quiet + list + 2 * 3 + 2);
    let hasty: Vec<_> = (0..1000).map(|i| millis(60_000 + 100 * i)).collect();
    // The last is sent after 99.9 s.
    assert_eq!(allowed(&hasty), quiet + list + 12 + 99 / 2);
}

#[test]
fn as_many_requests_as_are_allowed_pass_and_one_more_does_not() {
    let passes = |count| {
        let mut history = history();
        let all = std::iter::repeat_n(request(Operation::Since, seconds(9), Quality::Good), count);
        history.requests.extend(all);
        see(&mut cost::Cost, &history, seconds(3600), What::End).is_none()
    };
    let most = usize::try_from(allowed(&[])).expect("a few");
    assert!(passes(most));
    assert!(!passes(most + 1));
}

/// What is said of a status, after these polls were sent and answered.
fn status(
    polls: &[(Duration, Quality)],
    at: Duration,
    standing: Standing,
    age: Option<Duration>,
) -> Option<&'static str> {
    let mut history = history();
    let mut oracle = honest_status::HonestStatus::new(true);
    for (index, (sent, quality)) in (0..).zip(polls) {
        let poll = request(Operation::Since, *sent, *quality);
        history.requests.push(poll);
        assert_eq!(see(&mut oracle, &history, *sent, What::Handled(index)), None);
    }
    let breach = see(&mut oracle, &history, at, What::Status { standing, age });
    breach.map(|breach| breach.word)
}

#[test]
fn a_cache_is_fresh_for_two_polls_and_a_timeout_and_no_longer() {
    let polls = [(seconds(0), Quality::Good)];
    let fresh = |at| status(&polls, at, Standing::Fresh, None);
    let longest = seconds(60 * 2 + 30 + 1);
    assert_eq!(fresh(longest), None);
    assert_eq!(fresh(longest + millis(1)), Some("claims to be fresh"));
    let stale = status(&polls, longest + millis(1), Standing::Stale, None);
    assert_eq!(stale, None);
}

#[test]
fn a_cache_whose_last_three_polls_failed_is_fresh_for_one_poll_and_a_timeout() {
    let good = (seconds(0), Quality::Good);
    let failed = |at| (seconds(at), Quality::Broken);
    let longest = seconds(60 + 30 + 1);
    let three = [good, failed(60), failed(62), failed(66)];
    let fresh = |polls: &[_], at| status(polls, at, Standing::Fresh, None);
    assert_eq!(fresh(&three, longest), None);
    assert_eq!(fresh(&three, longest + millis(1)), Some("claims to be fresh"));
    assert_eq!(fresh(&three[..3], longest + millis(1)), None);
    // A success begins the count anew.
    let mended = [failed(1), failed(2), good, failed(60)];
    assert_eq!(fresh(&mended, longest + millis(1)), None);
}

#[test]
fn an_age_may_be_rounded_by_a_second_and_no_more() {
    let polls = [(seconds(10), Quality::Good)];
    let young = |age| status(&polls, seconds(60), Standing::Stale, Some(age));
    assert_eq!(young(seconds(50)), None);
    assert_eq!(young(seconds(49)), None);
    assert_eq!(young(millis(48_999)), Some("claims to be younger"));
    // Nothing is known before anything was answered.
    let unknown = status(&[], seconds(1), Standing::Stale, Some(seconds(1)));
    assert_eq!(unknown, Some("claims to be younger"));
}

/// What is said of a client that asks, fails, and waits so long each time.
fn waits(operation: Operation, gaps: &[Duration]) -> Option<&'static str> {
    let mut history = history();
    let mut oracle = pacing::Pacing::new(true);
    let mut at = seconds(100);
    for (index, gap) in (0..).zip([Duration::ZERO].iter().chain(gaps)) {
        at += *gap;
        history.requests.push(request(operation, at, Quality::Broken));
        let breach = see(&mut oracle, &history, at, What::Sent(index));
        if let Some(breach) = breach {
            return Some(breach.word);
        }
        let breach = see(&mut oracle, &history, at, What::Arriving(index));
        assert_eq!(breach, None);
    }
    None
}

#[test]
fn after_ten_failures_waits_are_half_as_long_again_as_the_first() {
    let list = |gap| waits(Operation::List, &[gap; 10]);
    assert_eq!(list(seconds(3)), None);
    assert_eq!(list(millis(2_999)), Some("waits did not grow"));
    assert_eq!(waits(Operation::List, &[seconds(2); 9]), None);
    let mut grown = vec![seconds(2); 9];
    grown.push(seconds(3));
    assert_eq!(waits(Operation::List, &grown), None);
}

#[test]
fn three_repeats_within_a_quarter_of_a_second_each_are_no_pause() {
    let since = |gaps: &[u64]| {
        let gaps: Vec<_> = gaps.iter().map(|gap| millis(*gap)).collect();
        waits(Operation::Since, &gaps)
    };
    assert_eq!(since(&[249, 249, 249]), Some("retried without a pause"));
    assert_eq!(since(&[249, 249]), None);
    assert_eq!(since(&[250, 250, 250]), None);
    assert_eq!(since(&[249, 249, 250, 249, 249]), None);
}

#[test]
fn the_whole_client_is_silent_as_long_as_it_was_asked_to_be_but_for_a_second() {
    let asks_at = |at: Duration| {
        let mut history = history();
        let mut oracle = pacing::Pacing::new(true);
        let mut refused = request(Operation::List, seconds(100), Quality::Refusal);
        refused.retry_after = Some(seconds(10));
        history.requests.push(refused);
        let breach = see(&mut oracle, &history, seconds(100), What::Arriving(0));
        assert_eq!(breach, None);
        history.requests.push(request(Operation::Since, at, Quality::Good));
        let breach = see(&mut oracle, &history, at, What::Sent(1));
        breach.map(|breach| breach.word)
    };
    assert_eq!(asks_at(millis(108_999)), Some("ignored Retry-After"));
    assert_eq!(asks_at(seconds(109)), None);
}

#[test]
fn the_first_failure_after_a_success_is_followed_by_the_shortest_wait() {
    let again_after = |gap: Duration| {
        let mut history = history();
        let mut oracle = pacing::Pacing::new(true);
        let mut breach = None;
        let polls = [
            (seconds(100), Quality::Good),
            (seconds(160), Quality::Broken),
            (seconds(160) + gap, Quality::Good),
        ];
        for (index, (at, quality)) in (0..).zip(polls) {
            history.requests.push(request(Operation::Since, at, quality));
            breach = see(&mut oracle, &history, at, What::Sent(index));
            assert_eq!(see(&mut oracle, &history, at, What::Arriving(index)), None);
        }
        breach.map(|breach| breach.word)
    };
    assert_eq!(again_after(seconds(3)), None);
    assert_eq!(again_after(millis(3_001)), Some("waits were not reset"));
}

#[test]
fn a_check_of_a_list_waits_on_after_its_own_failures_though_polls_between_them_are_good() {
    let last_of = |dates: [&str; 5]| {
        let mut history = history();
        let mut oracle = pacing::Pacing::new(true);
        let failed = [true, false, true, false, true].map(|failed| match failed {
            true => Quality::Broken,
            false => Quality::Good,
        });
        let mut breach = None;
        for (index, (date, quality)) in (0..).zip(dates.into_iter().zip(failed)) {
            let at = seconds(100 + 20 * u64::from(index));
            let mut poll = request(Operation::Since, at, quality);
            poll.since = Some(format!("2026-01-01T00:0{date}:00Z").into());
            history.requests.push(poll);
            breach = breach.or(see(&mut oracle, &history, at, What::Sent(index)));
            assert_eq!(see(&mut oracle, &history, at, What::Arriving(index)), None);
        }
        breach.map(|breach| breach.word)
    };
    assert_eq!(last_of(["1", "2", "1", "3", "1"]), None);
    assert_eq!(last_of(["1", "2", "3", "3", "3"]), Some("waits were not reset"), "a poll's");
    assert_eq!(last_of(["1", "1", "1", "3", "3"]), Some("waits were not reset"), "it was answered");
}

#[test]
fn times_are_told_in_seconds_up_to_a_hundred() {
    let told = [99_999, 5_000, 70_600, 100_000, 1_937_000].map(|at| super::time(millis(at)));
    assert_eq!(told, ["100.00 s", "5 s", "70.60 s", "1m40s", "32m17s"]);
}

#[test]
fn a_client_that_loads_may_give_any_age_and_one_that_claims_more_may_not() {
    let says = |standing| {
        let history = history();
        let status = What::Status { standing, age: Some(Duration::ZERO) };
        see(&mut honest_status::HonestStatus::new(true), &history, seconds(70), status)
            .map(|breach| breach.word)
    };
    assert_eq!(says(Standing::Loading), None);
    assert_eq!(says(Standing::Stale), Some("claims to be younger"));
}

/// What is said of a save at 10 s that is repeated at 20 s over an operator's at `operator`, after
/// a look at the website that was sent at `look` and answered 10 ms before the repetition.
fn repeated(look: Option<Duration>, operator: Duration) -> Option<&'static str> {
    let mut history = history();
    let site = history.site(WebsiteId::numbered(1));
    let settings = history.values.json("{}");
    let state = Some(State { settings, token: None });
    let save = request(Operation::SaveSettings, seconds(10), Quality::Broken);
    let again = request(Operation::SaveSettings, seconds(20), Quality::Good);
    let ended = Some(millis(19_990));
    let look = look.map(|sent| request(Operation::GetSettings, sent, Quality::Good));
    let look = look.map(|look| Request { site: Some(site), ended, ..look });
    history.requests = vec![save, Request { save: Some(0), ..again }];
    history.requests.extend(look);
    history.saves.push(Save {
        site,
        how: How::Put,
        settings,
        ordered: seconds(10),
        end: None,
        life: 0,
        attempts: vec![0, 1],
    });
    history.push(operator, What::Truth { site, state, by: By::Operator });
    let truth = What::Truth { site, state, by: By::Client(1) };
    history.push(seconds(20), truth);
    let mut oracle = no_lost_update::NoLostUpdate { can: true };
    see(&mut oracle, &history, seconds(20), truth).map(|breach| breach.word)
}

#[test]
fn a_save_that_is_repeated_after_a_look_is_no_guilt_for_what_came_after_the_look() {
    assert_eq!(repeated(None, seconds(15)), Some("lost update"));
    assert_eq!(repeated(Some(seconds(16)), seconds(15)), Some("lost update"));
    assert_eq!(repeated(Some(seconds(14)), seconds(15)), None);
}
