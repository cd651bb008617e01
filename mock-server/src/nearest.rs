//! The nearest name to a misspelt one.

/// Only so many letters of a name count.
const LETTERS: usize = 80;

/// How many letters have to be added, dropped, replaced or swapped with their neighbour.
#[must_use]
pub fn distance(one: &str, other: &str) -> usize {
    strsim::osa_distance(first_letters(one), first_letters(other))
}

fn first_letters(text: &str) -> &str {
    text.char_indices().nth(LETTERS).map_or(text, |(end, _)| &text[..end])
}

/// The nearest of `known`, if it is near enough to be meant: of three letters one may be wrong. Of a path only the
/// last part counts.
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
    let length = |text: &str| first_letters(text).chars().count();
    let own = length(given);
    let limit = (length(given.rsplit('/').next().unwrap_or(given)) / 3).max(1);
    // No two texts are nearer than their lengths.
    let near = known.into_iter().filter(|name| own.abs_diff(length(name)) <= limit);
    let ranked = near.map(|name| (distance(given, name), name)).filter(|(far, _)| *far <= limit);
    ranked.min().map(|(_, name)| name)
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

    #[test]
    fn only_a_near_name_is_meant_and_the_nearest_one() {
        assert_eq!(nearest("sicne", ["list", "since", "sinces"]), Some("since"));
        assert_eq!(nearest("", ["since"]), None);
        assert_eq!(nearest("foo", ["hook", "foo-bar"]), None);
        assert_eq!(nearest("a", ["by", "at"]), Some("at"));
        assert_eq!(nearest("/_mock/nosuch", ["/_mock/clock"]), None);
        assert_eq!(nearest("/_mock/clokc", ["/_mock/clock"]), Some("/_mock/clock"));
        assert_eq!(nearest(&"x".repeat(1 << 20), ["since"]), None);
    }
}
