//! What is wrong with a fault plan, where, and what to write instead.

use serde::Serialize;

/// One mistake in a fault plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}{message}{}", place(pointer), advice(hint.as_deref()))]
pub struct FaultError {
    /// Where: a JSON pointer (RFC 6901) into the value that was parsed; empty for all of it.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
    /// What to write instead, where that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

fn place(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!("{pointer}: ") }
}

fn advice(hint: Option<&str>) -> String {
    hint.map(|hint| format!(" ({hint})")).unwrap_or_default()
}

/// The member `key` of what `base` points at.
pub(super) fn pointer_to(base: &str, key: &str) -> String {
    let escaped = key.replace('~', "~0").replace('/', "~1");
    format!("{base}/{escaped}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_escaped() {
        assert_eq!(pointer_to("/0", "a/b~c"), "/0/a~1b~0c");
    }
}
