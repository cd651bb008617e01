//! How varied the cases of a search were: which values, how many websites and changes, how many hours.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::generate::Sort;
use crate::scenario::{Deed, Scenario};

/// Upper ends of the classes in which websites, and changes of one step, are counted.
const MANY: [usize; 4] = [20, 50, 200, usize::MAX];
/// Upper ends of the classes in which lengths are counted, in minutes.
const LONG: [u64; 4] = [20, 60, 180, u64::MAX];

/// In how many cases each class was met.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dimensions {
    values: BTreeMap<Sort, u64>,
    websites: [u64; 4],
    changes: [u64; 4],
    minutes: [u64; 4],
}

impl Dimensions {
    /// Counts a case that went on for so long.
    pub fn see(&mut self, scenario: &Scenario, length: Duration) {
        let mut sorts: Vec<_> = settings(scenario).flat_map(Sort::of).collect();
        sorts.sort_unstable();
        sorts.dedup();
        sorts.into_iter().for_each(|sort| *self.values.entry(sort).or_default() += 1);
        let start = &scenario.start;
        let websites = start.generates() as usize + start.websites.len() + start.unconfigured.len();
        count(&mut self.websites, &MANY, websites);
        let changes = scenario.when.iter().map(|step| step.deed.websites()).max();
        count(&mut self.changes, &MANY, changes.unwrap_or(0));
        count(&mut self.minutes, &LONG, length.as_secs() / 60);
    }

    /// Adds what another search has counted.
    pub fn add(&mut self, other: &Self) {
        for (sort, cases) in &other.values {
            *self.values.entry(*sort).or_default() += cases;
        }
        let pairs = [
            (&mut self.websites, &other.websites),
            (&mut self.changes, &other.changes),
            (&mut self.minutes, &other.minutes),
        ];
        for (ours, theirs) in pairs {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        }
    }

    /// In how many cases settings had a value of this sort.
    #[must_use]
    pub fn with(&self, sort: Sort) -> u64 {
        self.values.get(&sort).copied().unwrap_or(0)
    }

    /// Each dimension with its classes, and in how many cases each was met.
    fn rows(&self) -> [(&'static str, Vec<(&'static str, u64)>); 4] {
        let classes = |names: [&'static str; 4], cases: &[u64; 4]| {
            names.into_iter().zip(cases.iter().copied()).collect()
        };
        let many = ["to 20", "to 50", "to 200", "more"];
        let long = ["under 20 min", "under 1 h", "under 3 h", "more"];
        let values = Sort::ALL.iter().map(|sort| (sort.name(), self.with(*sort)));
        [
            ("values", values.collect()),
            ("websites", classes(many, &self.websites)),
            ("changes at once", classes(many, &self.changes)),
            ("length", classes(long, &self.minutes)),
        ]
    }

    /// What was met, a line for each dimension.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = String::new();
        for (name, classes) in self.rows() {
            // Sorts of values have names of their own, the others are the ends of a class.
            let colon = if name == "values" { "" } else { ":" };
            for (place, some) in classes.chunks(5).enumerate() {
                let title = if place == 0 { name } else { "" };
                let line: Vec<_> =
                    some.iter().map(|(class, cases)| format!("{class}{colon} {cases}")).collect();
                let _ = writeln!(out, "  {title:<16}{}", line.join(" · "));
            }
        }
        out
    }
}

impl Serialize for Dimensions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.rows().into_iter();
        serializer.collect_map(rows.map(|(name, classes)| (name, BTreeMap::from_iter(classes))))
    }
}

fn count<T: PartialOrd>(cases: &mut [u64; 4], ends: &[T; 4], number: T) {
    if let Some(place) = ends.iter().position(|end| number <= *end) {
        cases[place] += 1;
    }
}

/// All settings that a scenario names.
fn settings(scenario: &Scenario) -> impl Iterator<Item = &Value> {
    let steps = scenario.when.iter().flat_map(|step| {
        let named: Vec<&Value> = match &step.deed {
            // Many websites of one step have the same settings.
            Deed::Save(saved) | Deed::ClientSave(saved) | Deed::ClientUpdate(saved) => {
                saved.iter().take(2).map(|(_, settings)| settings).collect()
            }
            Deed::Install(installed) => {
                installed.iter().filter_map(|(_, settings)| settings.as_ref()).collect()
            }
            _ => Vec::new(),
        };
        named
    });
    scenario.start.websites.iter().map(|(_, settings)| settings).chain(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_volumes_and_lengths_are_counted_by_case() {
        let text = "
name: a case
start: { generated: 60 }
when:
  - at: 5s
    save: { w1: { a: \"Fish & Chips\", b: \"1\\r\\n2\" }, w2: { a: \"2024-02-29\" } }
";
        let case = Scenario::parse("case.yaml", text).unwrap();
        let mut seen = Dimensions::default();
        seen.see(&case, Duration::from_secs(90 * 60));
        let mut twice = seen.clone();
        twice.add(&seen);
        assert_eq!(twice.with(Sort::Markup), 2);
        assert_eq!(twice.with(Sort::DateLike), 2);
        assert_eq!(twice.with(Sort::ProtoKey), 0);
        assert_eq!((seen.websites, seen.changes), ([0, 0, 1, 0], [1, 0, 0, 0]));
        assert_eq!(seen.minutes, [0, 0, 1, 0]);
        assert!(seen.table().contains("CRLF 1"), "{}", seen.table());
        let json = serde_json::to_value(&seen).unwrap();
        assert_eq!(json["values"]["CRLF"], 1);
        assert_eq!(json["length"]["under 3 h"], 1);
    }
}
