//! How the value of a quirk is read and written.

use std::fmt;

use strum::{VariantArray, VariantNames};

/// A value of a quirk, which is always a text to people.
pub(super) trait Value: Sized {
    /// What would fit, after `choose`.
    fn expected() -> String;
    /// Reads a text; `None` if it does not fit.
    fn read(text: &str) -> Option<Self>;
    /// The text that is read as this value.
    fn write(&self) -> String;
}

/// A choice between named values.
impl<T: VariantNames + VariantArray + fmt::Display + Copy> Value for T {
    fn expected() -> String {
        among(<T as VariantNames>::VARIANTS)
    }

    fn read(text: &str) -> Option<Self> {
        let place = <T as VariantNames>::VARIANTS.iter().position(|name| *name == text)?;
        <T as VariantArray>::VARIANTS.get(place).copied()
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

/// Each in backticks, with "or" before the last.
pub(super) fn among(all: impl IntoIterator<Item = impl fmt::Display>) -> String {
    let mut names: Vec<_> = all.into_iter().map(|name| format!("`{name}`")).collect();
    let last = names.pop().unwrap_or_default();
    format!("{} or {last}", names.join(", "))
}

/// A quirk's value did not fit; says what would.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` does not fit: choose {expected}")]
pub struct InvalidValue {
    given: String,
    expected: String,
}

impl InvalidValue {
    pub(super) fn of<T: Value>(given: &str) -> Self {
        Self { given: given.chars().take(60).collect(), expected: T::expected() }
    }
}
