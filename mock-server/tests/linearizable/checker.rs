//! Whether a history of one website's settings is linearizable: whether each write can be given one
//! moment between its call and its answer, so that each read saw what was written last.
//!
//! The search is that of Wing and Gong, with the memory of Lowe: which operations were given their
//! place, and the settings after them, are not looked at twice. A write whose outcome is unknown may
//! have happened at any time after its call, or never.

use std::collections::{HashMap, HashSet};

/// The settings: how many members are told apart, and what they hold. 0 stands for no such member.
pub const MEMBERS: usize = 3;
pub type Settings = [u32; MEMBERS];

/// What was asked, and of a read what it saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// PUT: all members.
    Put(Settings),
    /// PATCH: the members that are not 0.
    Patch(Settings),
    /// GET, and what it saw.
    Saw(Settings),
}

impl Deed {
    /// The settings afterwards; none if a read saw something else.
    fn done_to(self, settings: Settings) -> Option<Settings> {
        match self {
            Self::Put(all) => Some(all),
            Self::Patch(some) => Some(std::array::from_fn(|member| match some[member] {
                0 => settings[member],
                value => value,
            })),
            Self::Saw(seen) => (seen == settings).then_some(settings),
        }
    }

    /// Whether nothing of the other can be seen behind it.
    fn hides(self, other: Self) -> bool {
        match (self, other) {
            (Self::Put(_), Self::Put(_) | Self::Patch(_)) => true,
            (Self::Patch(own), Self::Patch(other)) => {
                own.into_iter().zip(other).all(|(own, other)| own != 0 || other == 0)
            }
            _ => false,
        }
    }

    /// What it makes of which member.
    fn brought(self) -> impl Iterator<Item = (usize, u32)> {
        let (brought, removes) = match self {
            Self::Put(settings) => (settings, true),
            Self::Patch(settings) => (settings, false),
            Self::Saw(_) => ([0; MEMBERS], false),
        };
        brought.into_iter().enumerate().filter(move |(_, value)| removes || *value != 0)
    }
}

/// One operation of a history. Calls and answers are numbered in the order in which they happened.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    pub called: u64,
    /// When its success was known to the client; none if that was never.
    pub answered: Option<u64>,
    pub deed: Deed,
}

/// Why there is no such order: the longest that was found, and what fits nowhere behind it.
#[derive(Debug)]
#[expect(dead_code, reason = "read by people, when a test fails")]
pub struct Violation {
    pub placed: Vec<Done>,
    pub settings: Settings,
    pub next: Vec<Done>,
}

/// More places that the search may stand at than any history of these tests needs.
const MOST_KNOWN: usize = 3_000_000;

/// Looks for an order of the operations.
///
/// # Errors
///
/// [`Violation`] if there is none.
///
/// # Panics
///
/// When it would take too long to say.
pub fn check(before: Settings, history: &[Done]) -> Result<(), Box<Violation>> {
    let mut operations = bounded(before, history);
    operations.sort_by_key(|operation| operation.done.called);
    let mut search = Search {
        operations: &operations,
        writers: writers(&operations),
        placed: vec![0; operations.len().div_ceil(64)],
        order: Vec::new(),
        known: HashSet::new(),
        furthest: (Vec::new(), before, Vec::new()),
    };
    if search.goes_on(before) {
        return Ok(());
    }
    let (order, settings, next) = search.furthest;
    let done =
        |places: Vec<usize>| places.into_iter().map(|place| operations[place].done).collect();
    Err(Box::new(Violation { placed: done(order), settings, next: done(next) }))
}

/// An operation, and how long it may wait for its place.
struct Operation {
    done: Done,
    /// Its place is before everything that was called after this moment.
    last: u64,
    /// Whether it has a place at all.
    certain: bool,
    /// Whether a value of it was read, or may have been.
    seen: bool,
}

/// What is known of writes without an outcome. If a value of one was never read, whether it happened
/// makes no difference, and it is left out. If one was, it makes none behind the last read of
/// it; and if the value came in no other way, it had happened when the first read was answered.
fn bounded(before: Settings, history: &[Done]) -> Vec<Operation> {
    let mut writers: HashMap<(usize, u32), usize> = HashMap::new();
    let at_first = Deed::Put(before).brought();
    for value in at_first.chain(history.iter().flat_map(|done| done.deed.brought())) {
        *writers.entry(value).or_default() += 1;
    }
    // When a value was first and last seen.
    let mut seen: HashMap<(usize, u32), (u64, u64)> = HashMap::new();
    for done in history {
        if let (Deed::Saw(settings), Some(answered)) = (done.deed, done.answered) {
            for value in settings.into_iter().enumerate() {
                let (first, last) = seen.entry(value).or_insert((answered, answered));
                (*first, *last) = (answered.min(*first), answered.max(*last));
            }
        }
    }
    let keep = |done: &Done| {
        let done = *done;
        let values = || done.deed.brought().filter_map(|value| Some((value, *seen.get(&value)?)));
        if let Some(last) = done.answered {
            let seen = matches!(done.deed, Deed::Saw(_)) || values().next().is_some();
            return Some(Operation { done, last, certain: true, seen });
        }
        let only = values().filter(|(value, _)| writers[value] == 1).map(|(_, (first, _))| first);
        if let Some(last) = only.min() {
            return Some(Operation { done, last, certain: true, seen: true });
        }
        let last = values().map(|(_, (_, last))| last).max()?;
        Some(Operation { done, last, certain: false, seen: true })
    };
    history.iter().filter_map(keep).collect()
}

fn writers(operations: &[Operation]) -> HashMap<(usize, u32), Vec<usize>> {
    let mut writers: HashMap<_, Vec<usize>> = HashMap::new();
    for (place, operation) in operations.iter().enumerate() {
        for value in operation.done.deed.brought() {
            writers.entry(value).or_default().push(place);
        }
    }
    writers
}

struct Search<'a> {
    /// In the order of their calls
    operations: &'a [Operation],
    /// Of each value the writes that bring it
    writers: HashMap<(usize, u32), Vec<usize>>,
    /// A bit for each operation that has its place or needs none any more
    placed: Vec<u64>,
    order: Vec<usize>,
    known: HashSet<(Vec<u64>, Settings)>,
    furthest: (Vec<usize>, Settings, Vec<usize>),
}

impl Search<'_> {
    /// Whether the operations that are left can be placed behind the others.
    fn goes_on(&mut self, settings: Settings) -> bool {
        let before = self.placed.clone();
        let found = self.goes_on_from_here(settings);
        self.placed = before;
        found
    }

    fn goes_on_from_here(&mut self, settings: Settings) -> bool {
        let mut left: Vec<_> =
            (0..self.operations.len()).filter(|place| !self.is_placed(*place)).collect();
        let certain = left.iter().map(|place| &self.operations[*place]);
        // What was called behind an answer comes behind what was answered.
        let first = certain.filter(|operation| operation.certain).map(|operation| operation.last);
        let Some(first) = first.min() else { return true };
        left.retain(|place| {
            let over = self.operations[*place].last < first;
            if over {
                self.place(*place);
            }
            !over
        });
        if !self.can_be_seen(&left, settings) || !self.known.insert((self.placed.clone(), settings))
        {
            return false;
        }
        assert!(
            self.known.len() < MOST_KNOWN,
            "undecided: fewer requests at once would be decided"
        );
        left.retain(|place| self.operations[*place].done.called < first);
        left.sort_by_key(|place| self.operations[*place].last);
        if self.order.len() >= self.furthest.0.len() {
            self.furthest = (self.order.clone(), settings, left.clone());
        }
        // A read that fits here changes nothing and hinders nothing.
        let fits = |place: &&usize| {
            let deed = self.operations[**place].done.deed;
            matches!(deed, Deed::Saw(_)) && deed.done_to(settings).is_some()
        };
        if let Some(read) = left.iter().find(fits) {
            left = vec![*read];
        }
        left.iter().any(|&place| {
            let deed = self.operations[place].done.deed;
            let Some(after) = deed.done_to(settings) else { return false };
            let (before, length) = (self.placed.clone(), self.order.len());
            // A write that was never read is best placed where another write hides it at once.
            let hidden = left.iter().filter(|other| {
                let other = &self.operations[**other];
                !other.seen && deed.hides(other.done.deed)
            });
            for other in hidden.copied().filter(|other| *other != place).collect::<Vec<_>>() {
                self.place(other);
                self.order.push(other);
            }
            self.place(place);
            self.order.push(place);
            let found = self.goes_on(after);
            self.order.truncate(length);
            self.placed = before;
            found
        })
    }

    /// Whether what the reads that are left saw is there, or can still come.
    fn can_be_seen(&self, left: &[usize], settings: Settings) -> bool {
        let comes = |value: (usize, u32)| {
            let writers = self.writers.get(&value);
            settings[value.0] == value.1
                || writers.is_some_and(|all| all.iter().any(|place| !self.is_placed(*place)))
        };
        left.iter().all(|place| match self.operations[*place].done.deed {
            Deed::Saw(seen) => seen.into_iter().enumerate().all(comes),
            _ => true,
        })
    }

    fn place(&mut self, place: usize) {
        self.placed[place / 64] |= 1 << (place % 64);
    }

    fn is_placed(&self, place: usize) -> bool {
        self.placed[place / 64] & 1 << (place % 64) != 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn done(called: u64, answered: impl Into<Option<u64>>, deed: Deed) -> Done {
        Done { called, answered: answered.into(), deed }
    }

    const OLD: Settings = [1, 1, 1];
    const NEW: Settings = [2, 2, 2];

    #[test]
    fn a_read_beside_a_write_may_see_either_and_behind_it_only_the_new() {
        for seen in [OLD, NEW] {
            let beside = [done(1, 4, Deed::Put(NEW)), done(2, 3, Deed::Saw(seen))];
            assert!(check(OLD, &beside).is_ok());
        }
        let behind = |seen| [done(1, 2, Deed::Put(NEW)), done(3, 4, Deed::Saw(seen))];
        assert!(check(OLD, &behind(NEW)).is_ok());
        assert!(check(OLD, &behind(OLD)).is_err());
    }

    #[test]
    fn what_was_seen_once_is_not_unseen() {
        let back =
            [done(1, 8, Deed::Put(NEW)), done(2, 3, Deed::Saw(NEW)), done(4, 5, Deed::Saw(OLD))];
        assert!(check(OLD, &back).is_err());
    }

    #[test]
    fn a_write_without_an_outcome_happened_late_or_never_but_not_twice() {
        let lost = done(1, None, Deed::Put(NEW));
        let read = |called, seen| done(called, called + 1, Deed::Saw(seen));
        assert!(check(OLD, &[lost, read(2, OLD)]).is_ok());
        assert!(check(OLD, &[lost, read(2, OLD), read(9, NEW)]).is_ok());
        let other = done(4, 5, Deed::Put([3, 3, 3]));
        let twice = [lost, read(2, NEW), other, read(6, [3, 3, 3]), read(8, NEW)];
        assert!(check(OLD, &twice).is_err());
        // A second request with the same body may have done that.
        let again = done(3, None, Deed::Put(NEW));
        assert!(check(OLD, &[&twice[..], &[again]].concat()).is_ok());
    }

    #[test]
    fn members_that_a_patch_does_not_name_stay() {
        let patch = done(1, 2, Deed::Patch([0, 5, 0]));
        assert!(check(OLD, &[patch, done(3, 4, Deed::Saw([1, 5, 1]))]).is_ok());
        assert!(check(OLD, &[patch, done(3, 4, Deed::Saw([0, 5, 0]))]).is_err());
    }

    /// All orders, without any cleverness.
    fn in_any_order(settings: Settings, left: &[Done]) -> bool {
        let first = left.iter().filter_map(|done| done.answered).min();
        let Some(first) = first else { return true };
        (0..left.len()).any(|place| {
            let mut rest = left.to_vec();
            let done = rest.remove(place);
            let after = done.deed.done_to(settings).filter(|_| done.called < first);
            after.is_some_and(|after| in_any_order(after, &rest))
        })
    }

    fn history() -> impl Strategy<Value = Vec<Done>> {
        // Few values, so that many writes are alike.
        let settings = || prop::array::uniform3(0..3_u32);
        let deed = prop_oneof![
            settings().prop_map(Deed::Put),
            prop::array::uniform3(0..3_u32).prop_map(Deed::Patch),
            settings().prop_map(Deed::Saw),
        ];
        let one = (0..20_u64, 1..9_u64, prop::bool::weighted(0.8), deed);
        prop::collection::vec(one, 0..7).prop_map(|all| {
            let numbered =
                all.into_iter().enumerate().map(|(number, (called, took, known, deed))| {
                    // No two moments are the same.
                    let moment = |time: u64| time * 16 + number as u64;
                    let known = known || matches!(deed, Deed::Saw(_));
                    let answered = known.then(|| moment(called + took));
                    Done { called: moment(called), answered, deed }
                });
            numbered.collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 3_000,
            failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(1),
            ..ProptestConfig::default()
        })]

        #[test]
        fn the_verdict_is_that_of_trying_all_orders(history in history()) {
            prop_assert_eq!(check(OLD, &history).is_ok(), in_any_order(OLD, &history));
        }
    }
}
