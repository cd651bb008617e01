//! The nearest name to a misspelt one.

/// Only so many letters of a name count.
const LETTERS: usize = 80;

/// How many letters have to be added, dropped, replaced or swapped with their neighbour.
#[must_use]
pub fn distance(one: &str, other: &str) -> usize {
    within(one, other, usize::MAX).unwrap_or(usize::MAX)
}

/// The distance, if it is no more than `most`. An unknown path is held against every route, so that
/// this allocates nothing and gives up as soon as it can.
fn within(one: &str, other: &str, most: usize) -> Option<usize> {
    let (mut letters, mut length) = (['\0'; LETTERS], 0);
    for (place, letter) in letters.iter_mut().zip(other.chars()) {
        (*place, length) = (letter, length + 1);
    }
    let other = &letters[..length];
    let mut rows = [[0; LETTERS + 1]; 3];
    let [mut before_last, mut last, mut row] = rows.each_mut();
    for (j, far) in last.iter_mut().enumerate() {
        *far = j;
    }
    let mut before = '\0';
    for (i, a) in one.chars().take(LETTERS).enumerate() {
        row[0] = i + 1;
        let mut least = row[0];
        for (j, b) in other.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != *b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a == other[j - 1] && before == *b {
                best = best.min(before_last[j - 1] + 1);
            }
            row[j + 1] = best;
            least = least.min(best);
        }
        // Two letters swapped are reached from the row before.
        if least > most.saturating_add(1) {
            return None;
        }
        before = a;
        (before_last, last, row) = (last, row, before_last);
    }
    Some(last[length]).filter(|far| *far <= most)
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
    let limit = (given.chars().take(LETTERS).count() / 3).max(1) + 1;
    // No two texts are nearer than their lengths; only the first letters count.
    let length = |text: &str| text.chars().take(LETTERS).count();
    let own = length(given);
    let near = known.into_iter().filter(|name| own.abs_diff(length(name)) <= limit);
    let mut best = None;
    for name in near {
        // Whatever is farther than the best so far need not be known exactly.
        let most = best.map_or(limit, |(far, _)| far);
        if let Some(far) = within(given, name, most) {
            let ranked = (far, name);
            best = Some(best.map_or(ranked, |best| best.min(ranked)));
        }
    }
    best.map(|(_, name)| name)
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
    fn the_distance_is_given_up_only_beyond_the_most() {
        let names = ["", "a", "since", "sicne", "settings", "setings", "gnittes", "äöü", "plugin"];
        for one in names {
            for other in names {
                let far = distance(one, other);
                assert_eq!(far, distance(other, one), "{one} {other}");
                for most in 0..9 {
                    let expected = Some(far).filter(|far| *far <= most);
                    assert_eq!(within(one, other, most), expected, "{one} {other} {most}");
                }
            }
        }
    }
}
