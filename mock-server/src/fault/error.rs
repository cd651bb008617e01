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
    if pointer.is_empty() {
        String::new()
    } else {
        format!("{pointer}: ")
    }
}

fn advice(hint: Option<&str>) -> String {
    hint.map(|hint| format!(" ({hint})")).unwrap_or_default()
}

/// The member `key` of what `base` points at.
pub(super) fn pointer_to(base: &str, key: &str) -> String {
    let escaped = key.replace('~', "~0").replace('/', "~1");
    format!("{base}/{escaped}")
}

/// The candidate that `text` was most likely meant to be, if any is close enough.
pub(super) fn nearest<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let text = text.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (distance(&text, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours between two texts.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut last = None;
    // A long text is near to none of our short words, and is not worth a large table.
    for (i, char) in left.chars().take(64).enumerate() {
        let mut next = vec![i + 1];
        for (j, other) in right.iter().enumerate() {
            let replaced = row[j] + usize::from(char != *other);
            let mut best = replaced.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && last == Some(*other) && char == right[j - 1] {
                best = best.min(before[j - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(char);
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_far_ones_are_not() {
        let words = ["status", "stale", "since", "list"];
        assert_eq!(nearest("stauts", words), Some("status"));
        assert_eq!(nearest("Status", words), Some("status"));
        assert_eq!(nearest("lsit", words), Some("list"));
        assert_eq!(nearest("banana", words), None);
        assert_eq!(nearest("", words), None);
        assert_eq!(nearest(&"x".repeat(100_000), words), None);
    }

    #[test]
    fn pointers_are_escaped() {
        assert_eq!(pointer_to("/0", "a/b~c"), "/0/a~1b~0c");
    }
}
