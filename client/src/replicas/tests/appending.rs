//! What the store says of an entry, and what is read of it, come over two connections in either order.

use std::time::Duration;

use jiff::Timestamp;

use super::world::{config, secs};
use crate::machine::{Event, Moment};
use crate::replicas::memory::MemoryStore;
use crate::replicas::{LogAction, LogEvent, Options, Output, Replica};

fn at(elapsed: Duration) -> Moment {
    Moment { elapsed, wall: Timestamp::from_second(1_600_000_000).unwrap() }
}

fn appends(outputs: Vec<Output>) -> Vec<LogAction> {
    let orders = outputs.into_iter().filter_map(|output| match output {
        Output::Log(action @ LogAction::Append { .. }) => Some(action),
        _ => None,
    });
    orders.collect()
}

/// A replica that has begun the log, and its store.
fn begun() -> (Replica, MemoryStore) {
    let mut store = MemoryStore::default();
    let mut replica = Replica::new(config(), Options::new(1), at(Duration::ZERO), None);
    let orders = appends(replica.hear(at(Duration::ZERO), store.read(None)));
    let [begins] = &orders[..] else { panic!("{orders:?}") };
    let said = store.act(begins.clone()).unwrap();
    assert!(appends(replica.hear(at(Duration::ZERO), said)).is_empty());
    (replica, store)
}

#[test]
fn one_entry_is_appended_at_a_time_and_the_next_when_the_store_has_said_what_came_of_it() {
    let (mut replica, mut store) = begun();
    let first = appends(replica.handle(at(secs(1)), Event::PollNow));
    assert_eq!(first.len(), 1);
    let said = store.act(first[0].clone()).unwrap();
    let read = store.read(replica.end_of_log());
    assert!(appends(replica.hear(at(secs(1)), read)).is_empty(), "it is read first");
    assert!(appends(replica.handle(at(secs(2)), Event::PollNow)).is_empty(), "and not said yet");
    let second = appends(replica.hear(at(secs(2)), said));
    let [LogAction::Append { after, .. }] = &second[..] else { panic!("{second:?}") };
    assert_eq!((*after, store.log.len()), (store.end(), 2));
}

#[test]
fn what_the_store_says_late_of_one_entry_is_not_taken_for_another() {
    let (mut replica, mut store) = begun();
    let first = appends(replica.handle(at(secs(1)), Event::PollNow));
    let said = store.act(first[0].clone()).unwrap();
    // The log is lost before the replica hears of it.
    replica.hear(at(secs(1)), LogEvent::Lost);
    store.log.clear();
    assert!(appends(replica.hear(at(secs(1)), store.read(None))).is_empty());
    let begins = appends(replica.hear(at(secs(2)), said));
    let [LogAction::Append { after: None, .. }] = &begins[..] else { panic!("{begins:?}") };
    assert_eq!(replica.end_of_log(), store.end(), "nothing is there that the log has not");
}
