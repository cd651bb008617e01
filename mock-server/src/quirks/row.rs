//! What is known of one quirk, and the macro that reads a row of the table.

use super::Quirks;
use super::value::{InvalidValue, Value};

/// One quirk: a row of [`TABLE`](super::TABLE).
#[derive(Debug, Clone, Copy)]
pub struct Quirk {
    /// Its short name.
    pub name: &'static str,
    /// The question that no document of Crisp's answers.
    pub question: &'static str,
    /// The values besides the default; of a quirk that takes any number, examples.
    pub alternatives: &'static [&'static str],
    /// Why the default is what it is.
    pub why: &'static str,
    /// What the default rests on: one of the marks of docs/fidelity.md, perhaps with a remark.
    pub evidence: &'static str,
    /// The sources of the evidence by their keys in docs/fidelity.md; empty if there are none.
    pub sources: &'static str,
    /// The value under the profile `hostile`, where that is not the default.
    pub hostile: Option<&'static str>,
    /// How the random search treats it.
    pub search: Search,
    pub(super) get: fn(&Quirks) -> String,
    pub(super) set: fn(&mut Quirks, &str) -> Result<(), InvalidValue>,
}

/// How the random search treats a quirk. A client has to live with every value that is drawn.
#[derive(Debug, Clone, Copy)]
pub enum Search {
    /// Every alternative is drawn.
    Drawn,
    /// The first values are drawn; the others are alternatives that are not, and why.
    Partly(&'static [&'static str], &'static [(&'static str, &'static str)]),
    /// Nothing is drawn: no value makes a difference to a client that caches settings, and why.
    Unmet(&'static str),
    /// Nothing is drawn: no client can be expected to live with another value, and why.
    Outside(&'static str),
}

impl Quirk {
    /// The values that the random search draws.
    #[must_use]
    pub fn drawn(&self) -> &'static [&'static str] {
        match self.search {
            Search::Drawn => self.alternatives,
            Search::Partly(drawn, _) => drawn,
            Search::Unmet(_) | Search::Outside(_) => &[],
        }
    }

    /// Why no client is held to a value, if none is.
    #[must_use]
    pub fn excluded(&self, value: &str) -> Option<&'static str> {
        match self.search {
            Search::Outside(why) => Some(why),
            Search::Partly(_, others) => {
                others.iter().find(|(other, _)| *other == value).map(|(_, why)| *why)
            }
            Search::Drawn | Search::Unmet(_) => None,
        }
    }
}

/// The names of a choice's values but for the default.
pub(super) const fn alternatives<T: strum::VariantNames>() -> &'static [&'static str] {
    T::VARIANTS.split_at(1).1
}

/// That a text is no value of a quirk that has this one.
pub(super) fn invalid<T: Value>(_: &T, text: &str) -> InvalidValue {
    InvalidValue::of::<T>(text)
}

/// What an optional part of a row says.
pub(super) const fn optional(part: &'static [&'static str]) -> Option<&'static str> {
    match part {
        [given] => Some(*given),
        _ => None,
    }
}

/// Declares an enum of values, the default first, whose names are texts in kebab case.
macro_rules! choice {
    (alternatives $type:ident { $($values:tt)+ }) => { alternatives::<$type>() };
    ($question:literal $type:ident {
        $default:ident $(= $default_text:tt)?: $default_meaning:literal,
        $($variant:ident $(= $text:tt)?: $meaning:literal),+ $(,)?
    }) => {
        #[doc = $question]
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Default, strum::Display, strum::VariantArray,
            strum::VariantNames,
        )]
        #[strum(serialize_all = "kebab-case")]
        pub enum $type {
            #[doc = $default_meaning]
            #[default]
            $(#[strum(serialize = $default_text)])?
            $default,
            $(#[doc = $meaning] $(#[strum(serialize = $text)])? $variant),+
        }
    };
}

/// Declares [`Quirks`] and [`TABLE`](super::TABLE) from the rows. The type of a quirk stands with
/// its values, the default first (`{ … }` for words, `(…)` for statuses), or with examples (`[…]`).
macro_rules! quirks {
    ($($name:literal $field:ident: $type:ident
        $({ $($values:tt)+ })? $(($default:literal $(, $status:literal)+))? $([$($example:literal),+])?
        asks $question:literal
        because $why:literal
        rests on $evidence:literal $(($sources:literal))?
        $(hostile $hostile:literal)?
        search $search:expr;)+
    ) => {
        $($(choice! { $question $type { $($values)+ } })?)+

        /// Every quirk with its value.
        ///
        /// # Examples
        ///
        /// ```
        /// use crisp_mock_server::quirks::{Quirks, SinceBoundary};
        ///
        /// let mut quirks = Quirks::default();
        /// quirks.set("since-boundary", "exclusive")?;
        /// assert_eq!(quirks.since_boundary, SinceBoundary::Exclusive);
        /// assert!(quirks.set("since-bondary", "exclusive").is_err());
        /// # Ok::<(), crisp_mock_server::quirks::QuirkError>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct Quirks {
            $(#[doc = concat!($question, " (`", $name, "`)")]
            pub $field: $type $(<$default $(, $status)+>)?,)+
        }

        /// All quirks, in the order in which they are documented, shown and drawn.
        pub const TABLE: &[Quirk] = &[$(Quirk {
            name: $name,
            question: $question,
            alternatives: {
                $(choice!(alternatives $type { $($values)+ }))?
                $(&[$(stringify!($status)),+])?
                $(&[$($example),+])?
            },
            why: $why,
            evidence: $evidence,
            sources: concat!($($sources)?),
            hostile: optional(&[$($hostile)?]),
            search: $search,
            get: |quirks| quirks.$field.write(),
            set: |quirks, text| {
                quirks.$field = Value::read(text).ok_or_else(|| invalid(&quirks.$field, text))?;
                Ok(())
            },
        }),+];
    };
}

pub(super) use {choice, quirks};
