//! The quirks: what the real API leaves undocumented, each with a default and a reason.
//!
//! Crisp publishes no contract for these details, so each is a switch. [`TABLE`] has a row for each;
//! to add one, add a row and the code that obeys it.
//!
//! | Module | What it holds |
//! |---|---|
//! | `table` | the rows |
//! | `row` | what is known of a quirk, and the macro that reads the rows |
//! | `amounts` | values that are a duration, a size, a status or a text |
//! | `events` | those of web hooks and of the RTM API |
//! | `value` | how a value is read and written |
//! | `settings` | quirks by name, as files and bodies have them |

mod amounts;
mod events;
mod row;
mod settings;
mod table;
mod value;

use serde::{Deserialize, Serialize};

pub use amounts::*;
pub use events::*;
pub use row::{Quirk, Search};
pub use settings::Settings;
pub use table::*;
pub use value::InvalidValue;

use crate::schema::Rules;

/// A quirk was named or valued wrongly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuirkError {
    /// No quirk has that name.
    #[error(
        "there is no quirk `{name}`; the nearest is `{nearest}` (docs/quirks.md lists them all)"
    )]
    Unknown {
        /// The name as it was given.
        name: String,
        /// The nearest that exists.
        nearest: &'static str,
    },
    /// The quirk cannot have that value.
    #[error("quirk `{name}`: {source}")]
    Value {
        /// The quirk's name.
        name: &'static str,
        /// What would fit.
        source: InvalidValue,
    },
}

impl Quirks {
    /// Sets one quirk by its short name; `_` may stand for `-`.
    ///
    /// # Errors
    ///
    /// [`QuirkError`] when no quirk has that name, or it cannot have that value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), QuirkError> {
        let name = name.replace('_', "-");
        let Some(quirk) = TABLE.iter().find(|quirk| quirk.name == name) else {
            let known = TABLE.iter().map(|quirk| quirk.name);
            let nearest = known.min_by_key(|known| crate::nearest::distance(known, &name));
            return Err(QuirkError::Unknown {
                name: name.chars().take(60).collect(),
                nearest: nearest.unwrap_or_default(),
            });
        };
        let set = (quirk.set)(self, value);
        set.map_err(|source| QuirkError::Value { name: quirk.name, source })
    }

    /// Every quirk's name and value, in the order of [`TABLE`].
    #[must_use]
    pub fn values(&self) -> Vec<(&'static str, String)> {
        TABLE.iter().map(|quirk| (quirk.name, (quirk.get)(self))).collect()
    }

    /// Sets every quirk that `settings` names and leaves the others alone.
    ///
    /// # Errors
    ///
    /// The first [`QuirkError`]; nothing is changed then.
    pub fn apply(&mut self, settings: &Settings) -> Result<(), QuirkError> {
        let mut changed = self.clone();
        for (name, value) in &settings.0 {
            changed.set(name, value)?;
        }
        *self = changed;
        Ok(())
    }

    /// How a settings schema is read under these quirks.
    #[must_use]
    pub fn schema_rules(&self) -> Rules {
        Rules { draft: self.schema_draft, formats: self.schema_formats == SchemaFormats::Asserted }
    }
}

/// Named sets of quirks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Every default.
    #[default]
    Typical,
    /// Every detail as awkward as a client might meet it, yet still livable.
    Hostile,
}

impl Profile {
    /// The quirks of this set.
    #[must_use]
    pub fn quirks(self) -> Quirks {
        let mut quirks = Quirks::default();
        for (quirk, value) in self.changes() {
            (quirk.set)(&mut quirks, value).expect("a test sets the hostile value of every row");
        }
        quirks
    }

    /// The quirks that this set changes, with their values.
    pub fn changes(self) -> impl Iterator<Item = (&'static Quirk, &'static str)> {
        let hostile = self == Self::Hostile;
        TABLE.iter().filter(move |_| hostile).filter_map(|quirk| Some((quirk, quirk.hostile?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alternative_in_the_table_is_accepted_and_changes_something() {
        for quirk in TABLE {
            for alternative in quirk.alternatives {
                let mut quirks = Quirks::default();
                quirks.set(quirk.name, alternative).unwrap();
                assert_ne!(quirks, Quirks::default(), "{} = {alternative}", quirk.name);
            }
        }
    }

    #[test]
    fn every_value_is_read_back_as_it_is_written() {
        for profile in [Profile::Typical, Profile::Hostile] {
            let quirks = profile.quirks();
            let json = serde_json::to_string(&quirks).unwrap();
            assert_eq!(serde_json::from_str::<Quirks>(&json).unwrap(), quirks);
        }
    }

    #[test]
    fn every_value_of_a_row_is_one_that_the_quirk_can_have() {
        for quirk in TABLE {
            let field = quirk.name.replace('-', "_");
            assert_eq!(Quirks::default().set(&field, quirk.alternatives[0]), Ok(()));
            for value in quirk.hostile.iter().chain(quirk.drawn()) {
                let set = Quirks::default().set(quirk.name, value);
                assert!(set.is_ok(), "{} = {value}: {set:?}", quirk.name);
            }
        }
    }

    #[test]
    fn every_alternative_of_a_quirk_that_is_drawn_is_drawn_or_left_out_for_a_reason() {
        for quirk in TABLE.iter().filter(|quirk| !quirk.drawn().is_empty()) {
            for value in quirk.alternatives {
                let drawn = quirk.drawn().contains(value);
                assert_ne!(drawn, quirk.excluded(value).is_some(), "{} = {value}", quirk.name);
            }
        }
    }

    #[test]
    fn a_misspelt_quirk_is_answered_with_the_nearest() {
        let error = Quirks::default().set("list_ordr", "by-id").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no quirk `list-ordr`; the nearest is `list-order` (docs/quirks.md lists them all)"
        );
    }

    #[test]
    fn a_value_that_does_not_fit_says_what_would() {
        let error = Quirks::default().set("since-boundary", "fuzzy").unwrap_err();
        assert_eq!(
            error.to_string(),
            "quirk `since-boundary`: `fuzzy` does not fit: choose `inclusive` or `exclusive`"
        );
    }

    #[test]
    fn one_bad_quirk_leaves_all_as_they_were() {
        let settings =
            Settings(vec![("list-order".into(), "by-id".into()), ("page-size".into(), "0".into())]);
        let mut quirks = Quirks::default();
        assert!(quirks.apply(&settings).is_err());
        assert_eq!(quirks, Quirks::default());
    }

    #[test]
    fn yaml_scalars_may_stand_unquoted() {
        let quirks: Quirks =
            serde_json::from_str(r#"{"page-size": 2, "get-cache": false, "free-plan": null}"#)
                .unwrap();
        assert_eq!(quirks.page_size, PageSize(2));
        assert_eq!(quirks.free_plan, FreePlan::Null);
    }
}
