//! The queue against a clock that is a number.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::clock::Stamp;
use crate::engine::Outbox;
use crate::fault::{EventFaults, Forgery};
use crate::id::WebsiteId;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn rules() -> Rules {
    Rules { waits: vec![s(10), s(60)], suspended_after: None }
}

/// A world's events and its queue.
struct Bench {
    outbox: Outbox,
    queue: Queue,
    rules: Rules,
}

impl Bench {
    fn new(hooks: &[&str]) -> Self {
        let hooks: Vec<Hook> = hooks.iter().map(|hook| hook.parse().unwrap()).collect();
        let queue = Queue::new(&hooks, |hook| format!("plugin/rtm {} production", hook.port()));
        Self { outbox: Outbox::default(), queue, rules: rules() }
    }

    fn emit(&mut self, now: Duration, event: &str) {
        self.emit_with(now, event, EventFaults::default());
    }

    fn emit_with(&mut self, now: Duration, event: &str, faults: EventFaults) {
        let data = json!({ "website_id": WebsiteId::numbered(1) });
        self.outbox.emit(Stamp(1_000), WebsiteId::numbered(1), event, data);
        let how = (now, "secret", &self.rules);
        self.queue.take_in(&self.outbox, how, |_| faults.clone());
    }

    /// Hands out what is due: the numbers.
    fn due(&mut self, now: Duration) -> Vec<u64> {
        self.queue.due(now).iter().map(|sending| sending.id.0).collect()
    }

    fn answer(&mut self, id: u64, now: Duration, outcome: Outcome) {
        let ended = Ended { outcome, took_ms: 1, answer: String::new() };
        self.queue.answered(DeliveryId(id), ended, now, &self.rules);
    }

    fn state(&self, id: u64) -> State {
        self.queue.deliveries().find(|delivery| delivery.id.0 == id).unwrap().state
    }
}

#[test]
fn a_delivery_is_tried_at_0_10_and_70_seconds_with_the_same_bytes_and_a_count() {
    let mut bench = Bench::new(&["http://localhost:1/"]);
    bench.emit(s(5), "message:send");
    let mut sent = Vec::new();
    for (count, at) in [("1", 5), ("2", 15), ("3", 75)] {
        assert_eq!(bench.queue.next_due(), Some(s(at)));
        assert!(bench.due(s(at) - Duration::from_millis(1)).is_empty());
        let sending = bench.queue.due(s(at)).pop().unwrap();
        assert!(bench.due(s(at)).is_empty(), "it is under way");
        let mut headers = sending.headers;
        assert_eq!(headers.pop(), Some(("x-delivery-attempt-count", count.to_owned())));
        assert_eq!(headers.last(), Some(&("x-delivery-attempt-limit", "3".to_owned())));
        sent.push((headers, sending.body));
        bench.answer(1, s(at), Outcome::Answered(500));
    }
    assert_eq!((sent[0].clone(), sent[1].clone()), (sent[1].clone(), sent[2].clone()));
    assert_eq!(bench.state(1), State::Failed);
    assert_eq!(bench.queue.next_due(), None);
}

#[test]
fn only_a_2xx_is_taken() {
    for (outcome, taken) in [
        (Outcome::Answered(200), true),
        (Outcome::Answered(299), true),
        (Outcome::Answered(301), false),
        (Outcome::Answered(199), false),
        (Outcome::TimedOut, false),
        (Outcome::ClosedEarly(String::new()), false),
        (Outcome::NotSent(String::new()), false),
    ] {
        let mut bench = Bench::new(&["http://localhost:1/"]);
        bench.emit(s(0), "message:send");
        assert_eq!(bench.due(s(0)), [1]);
        bench.answer(1, s(0), outcome.clone());
        assert_eq!(bench.state(1) == State::Delivered, taken, "{outcome:?}");
    }
}

#[test]
fn an_event_goes_to_every_hook_that_takes_its_name_and_is_taken_in_once() {
    let mut bench = Bench::new(&["plugin:*=http://localhost:1/", "http://localhost:2/"]);
    bench.emit(s(0), "message:send");
    bench.emit(s(0), "plugin:event");
    let sent: Vec<_> = bench
        .queue
        .due(s(0))
        .iter()
        .map(|sending| (sending.to.port(), sending.headers[1].1.clone()))
        .collect();
    let origin = |port| (port, format!("plugin/rtm {port} production"));
    assert_eq!(sent, [origin(2), origin(1), origin(2)]);
}

#[test]
fn faults_drop_double_delay_and_forge() {
    let mut bench = Bench::new(&["http://localhost:1/"]);
    let faults = EventFaults::default;
    bench.emit_with(s(0), "a:a", EventFaults { is_dropped: true, ..faults() });
    bench.emit_with(s(0), "a:a", EventFaults { is_duplicated: true, ..faults() });
    bench.emit_with(s(0), "a:a", EventFaults { delay: s(30), ..faults() });
    let forgery = Some(Forgery::BadSignature);
    bench.emit_with(s(0), "a:a", EventFaults { forgery, ..faults() });
    assert_eq!(bench.state(1), State::Dropped);
    assert_eq!(bench.due(s(0)), [2, 3, 5]);
    assert_eq!(bench.due(s(30)), [4]);
    // A forger does not try again.
    bench.answer(5, s(0), Outcome::Answered(401));
    assert_eq!(bench.state(5), State::Failed);
    let taken = |bench: &Bench| bench.queue.deliveries().any(Delivery::is_forgery_taken);
    assert!(!taken(&bench));
    bench.queue.redeliver(DeliveryId(5), s(1)).unwrap();
    assert_eq!(bench.due(s(1)), [5]);
    bench.answer(5, s(1), Outcome::Answered(204));
    assert!(taken(&bench));
}

#[test]
fn what_is_held_goes_out_after_the_next_of_its_hook_or_after_30_seconds() {
    let held = || EventFaults { is_held: true, ..EventFaults::default() };
    let mut bench = Bench::new(&["http://localhost:1/"]);
    bench.emit_with(s(0), "a:a", held());
    assert_eq!((bench.due(s(29)), bench.due(s(30))), (vec![], vec![1]));

    let mut bench = Bench::new(&["http://localhost:1/"]);
    bench.emit_with(s(0), "a:a", held());
    bench.emit(s(3), "a:a");
    assert_eq!(bench.due(s(3)), [2]);
    bench.answer(2, s(4), Outcome::Answered(200));
    assert_eq!(bench.due(s(4)), [1]);
}

#[test]
fn a_hook_is_suspended_after_so_many_failures_until_it_is_switched_on() {
    let mut bench = Bench::new(&["http://localhost:1/"]);
    bench.rules = Rules { waits: Vec::new(), suspended_after: Some(2) };
    for id in 1..=3 {
        bench.emit(s(0), "a:a");
        assert_eq!(bench.due(s(0)), [id]);
    }
    bench.answer(1, s(0), Outcome::Answered(500));
    bench.answer(2, s(0), Outcome::Answered(200));
    bench.answer(3, s(0), Outcome::Answered(500));
    bench.emit(s(0), "a:a");
    assert_eq!(bench.due(s(0)), [4], "a delivery that was taken forgives those before");
    bench.emit(s(0), "a:a");
    bench.answer(4, s(0), Outcome::TimedOut);
    bench.emit(s(0), "a:a");
    assert_eq!((bench.state(5), bench.state(6)), (State::Suspended, State::Suspended));
    assert_eq!(bench.queue.hooks().filter(|(_, suspended)| *suspended).count(), 1);
    assert_eq!((bench.queue.resume(), bench.queue.resume()), (1, 0));
    bench.emit(s(0), "a:a");
    assert_eq!(bench.due(s(0)), [7]);
}

#[test]
fn a_delivery_is_repeated_by_hand_when_it_is_over_and_not_for_ever() {
    let mut bench = Bench::new(&["http://localhost:1/"]);
    bench.emit(s(0), "a:a");
    let again = |bench: &mut Bench, id| bench.queue.redeliver(DeliveryId(id), s(1)).map(drop);
    assert_eq!(again(&mut bench, 2), Err(NotSent::Unknown));
    assert_eq!(again(&mut bench, 1), Err(NotSent::NotOver));
    for attempt in 1..=20 {
        assert_eq!(bench.due(s(1)), [1], "attempt {attempt}");
        bench.answer(1, s(1), Outcome::Answered(200));
        let expected = if attempt < 20 { Ok(()) } else { Err(NotSent::TooOften) };
        assert_eq!(again(&mut bench, 1), expected, "attempt {attempt}");
    }
}

#[test]
fn deliveries_are_bounded_and_those_lost_before_their_end_are_counted() {
    let mut bench = Bench::new(&["http://localhost:1/"]);
    for _ in 0..MOST + 5 {
        bench.emit(s(0), "a:a");
    }
    assert_eq!((bench.queue.deliveries().count(), bench.queue.lost()), (MOST, 5));
    let first: Vec<_> = bench.due(s(0));
    assert_eq!((first.len(), first[0]), (CONCURRENT, 6));
    assert!(bench.due(s(0)).is_empty(), "no more are under way at the same time");
    bench.answer(6, s(0), Outcome::Answered(200));
    assert_eq!(bench.due(s(0)), [6 + CONCURRENT as u64]);
    // An answer to what is not kept any more changes nothing.
    bench.answer(1, s(0), Outcome::Answered(200));
    assert!(!bench.queue.is_settled(s(0)));
}
