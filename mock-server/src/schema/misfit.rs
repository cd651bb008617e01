//! That settings do not fit, for an answer on the wire and for people.

use std::fmt;

use super::violation::Violation;

/// Settings do not fit a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Misfit {
    ajv: Option<String>,
    violations: Vec<Violation>,
}

impl Misfit {
    pub(super) fn new(ajv: Option<String>, violations: Vec<Violation>) -> Self {
        Self { ajv, violations }
    }

    /// What Ajv 6 says: the first failure, or those of all branches where none fits. In words for
    /// people where Ajv 6 has none.
    #[must_use]
    pub fn ajv(&self) -> String {
        self.ajv.clone().unwrap_or_else(|| self.to_string())
    }

    /// All ways in which the settings do not fit, up to the limit that was asked for.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, violation) in self.violations.iter().enumerate() {
            let separator = if number > 0 { "; " } else { "" };
            write!(out, "{separator}{violation}")?;
        }
        Ok(())
    }
}
