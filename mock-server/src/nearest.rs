//! The nearest name to a misspelt one.

/// How many letters have to be added, dropped, replaced or swapped with their neighbour.
#[must_use]
pub fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().take(80).collect();
    let other: Vec<char> = other.chars().take(80).collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

/// The nearest of `known`, if it is near enough to be meant.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::nearest::nearest;
///
/// assert_eq!(nearest("setings", ["settings", "token"]), Some("settings"));
/// assert_eq!(nearest("colour", ["settings", "token"]), None);
/// ```
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (given.chars().take(80).count() / 3).max(1) + 1;
    // No two texts are nearer than their lengths; only the first 80 letters count.
    let length = |text: &str| text.chars().take(80).count();
    let own = length(given);
    let near = known
        .into_iter()
        .filter(|name| own.abs_diff(length(name)) <= limit);
    let ranked = near.map(|name| (distance(given, name), name));
    ranked
        .filter(|(far, _)| *far <= limit)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapped_neighbours_count_once() {
        assert_eq!(distance("sicne", "since"), 1);
        assert_eq!(distance("", "since"), 5);
        assert_eq!(distance("since", "since"), 0);
    }
}
