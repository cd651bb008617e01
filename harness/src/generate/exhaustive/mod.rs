//! Every small scenario: all cases of at most so many deeds and faults, numbered.
//!
//! A case is a number, and the number is the case: [`Exhaustive::scenario`] makes it, so that a
//! search can be spread over machines, resumed, and each of its cases run again. The fewest deeds and faults
//! come first. What the cases are made of, what is left out and why, is `docs/exhaustive.md`.

mod alphabet;
mod bound;
mod stories;

#[cfg(test)]
mod tests;

use super::envelope;
use crate::scenario::{Client, Scenario, Server, Start};
use alphabet::{Doing, Manner, Trouble};
pub use bound::Bound;
use crisp_mock_server::quirks::Settings;
use stories::Story;

/// Every case within a bound.
///
/// # Examples
///
/// ```
/// use crisp_harness::generate::exhaustive::{Bound, Exhaustive};
///
/// let all = Exhaustive::new(Bound { deeds: 1, faults: 0 }, false);
/// assert_eq!(all.len(), 178, "nothing or one of 88 deeds, with two sets of quirks");
/// assert_eq!(all.scenario(0).unwrap().when, []);
/// assert_eq!(all.scenario(2).unwrap().when.len(), 1);
/// assert_eq!(all.scenario(178), None);
/// ```
#[derive(Debug, Clone)]
pub struct Exhaustive {
    bound: Bound,
    /// Each set of quirks with what it changes.
    manners: Vec<(Manner, Settings)>,
    /// By the number of their deeds.
    stories: Vec<Vec<Story>>,
    /// By the number of faults.
    troubles: Vec<Vec<Vec<Trouble>>>,
    /// The levels of the bound, each with the number of its first case.
    levels: Vec<(Bound, u64)>,
    length: u64,
}

/// One case, by its parts.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Case<'a> {
    manner: &'a (Manner, Settings),
    story: &'a [Doing],
    troubles: &'a [Trouble],
}

impl Exhaustive {
    /// All cases within the bound, for a client that asks with `filter_configured=1` or does not.
    #[must_use]
    pub fn new(bound: Bound, filters: bool) -> Self {
        let manners = Manner::all(filters).iter().map(|manner| (*manner, manner.quirks()));
        let mut all = Self {
            bound,
            manners: manners.collect(),
            stories: (0..=bound.deeds).map(stories::stories).collect(),
            troubles: (0..=bound.faults).map(stories::troubles).collect(),
            levels: Vec::new(),
            length: 0,
        };
        for level in bound.levels() {
            all.levels.push((level, all.length));
            all.length += all.size(level);
        }
        all
    }

    /// How many cases there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there is none; there always is one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The numbers of the cases with exactly so many deeds and faults.
    #[must_use]
    pub fn of_level(&self, level: Bound) -> std::ops::Range<u64> {
        let found = self.levels.iter().find(|(other, _)| *other == level);
        found.map_or(0..0, |(_, first)| *first..first + self.size(level))
    }

    /// How many deeds and faults a case has; none for a number beyond the last.
    #[must_use]
    pub fn level(&self, number: u64) -> Option<Bound> {
        self.find(number).map(|(level, _)| level)
    }

    /// The case of this number, from 0; none beyond the last.
    #[must_use]
    pub fn scenario(&self, number: u64) -> Option<Scenario> {
        let Case { manner: (_, quirks), story, troubles } = self.case(number)?;
        let server = Server {
            page_size: Some(alphabet::PAGE_SIZE),
            quirks: quirks.clone(),
            ..Server::default()
        };
        let client = Client { poll_every: Some(alphabet::POLL_EVERY), ..Client::default() };
        let faults: Vec<_> = troubles.iter().map(|trouble| trouble.fault()).collect();
        let mut scenario = Scenario {
            name: format!("case {number} of all with {}", self.bound.in_words()),
            server,
            client,
            start: Start { websites: alphabet::start(), ..Start::default() },
            faults: faults.into(),
            when: story.iter().map(|doing| doing.step()).collect(),
            ..Scenario::default()
        };
        envelope::give_way(&mut scenario);
        Some(scenario)
    }

    fn size(&self, level: Bound) -> u64 {
        let counts = [
            self.manners.len(),
            self.stories[level.deeds].len(),
            self.troubles[level.faults].len(),
        ];
        counts.into_iter().map(|count| count as u64).product()
    }

    /// The level of a number, and its place within.
    fn find(&self, number: u64) -> Option<(Bound, u64)> {
        let (level, first) = self.levels.iter().rfind(|(_, first)| *first <= number)?;
        (number < self.length).then_some((*level, number - first))
    }

    /// Sets of quirks change fastest, then faults, then deeds.
    fn case(&self, number: u64) -> Option<Case<'_>> {
        let (level, place) = self.find(number)?;
        let (manner, place) = part(&self.manners, place)?;
        let (troubles, place) = part(&self.troubles[level.faults], place)?;
        let (story, _) = part(&self.stories[level.deeds], place)?;
        Some(Case { manner, story, troubles })
    }
}

/// Splits the least part off a mixed number: the item that it stands for, and the rest.
fn part<T>(items: &[T], number: u64) -> Option<(&T, u64)> {
    let count = items.len() as u64;
    let place = usize::try_from(number.checked_rem(count)?).ok()?;
    Some((items.get(place)?, number / count))
}
