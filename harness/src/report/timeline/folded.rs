//! Rows of a story that say the same, told as the first, a count and the last.

use super::Line;

/// So many rows that say the same in a row are told as the first, a count and the last.
const ALIKE: usize = 8;
/// A story with more rows than this is told by its beginning and its end.
const LONGEST: usize = 60;

/// What a row says, whatever its numbers are.
fn gist(line: &Line) -> (String, String) {
    let without = |text: &str| text.chars().filter(|c| !c.is_ascii_digit() && *c != '.').collect();
    (without(&line.crisp), without(&line.wire))
}

/// Folds rows that say the same, also where two or three take turns, and cuts what is still too long.
pub(super) fn fold(lines: Vec<Line>) -> Vec<Line> {
    let gists: Vec<_> = lines.iter().map(gist).collect();
    let mut folded: Vec<Line> = Vec::new();
    let mut index = 0;
    while index < lines.len() {
        let period = (1..=3).find(|period| repeats(&gists[index..], *period) >= ALIKE);
        let Some(period) = period else {
            folded.push(lines[index].clone());
            index += 1;
            continue;
        };
        let length = repeats(&gists[index..], period) * period;
        folded.extend_from_slice(&lines[index..index + period]);
        folded.push(Line::gap(&lines[index + period], length - 2 * period, " like these"));
        folded.extend_from_slice(&lines[index + length - period..index + length]);
        index += length;
    }
    if folded.len() > LONGEST {
        let end = folded.split_off(folded.len() - LONGEST / 2);
        let cut = folded.split_off(LONGEST / 2);
        folded.extend(cut.first().map(|first| Line::gap(first, cut.len(), "")));
        folded.extend(end);
    }
    folded
}

/// How often the first so many gists come one after the other.
fn repeats(gists: &[(String, String)], period: usize) -> usize {
    let first = &gists[..period.min(gists.len())];
    let blank = first.iter().all(|(crisp, wire)| crisp.is_empty() && wire.is_empty());
    let alike = gists.chunks(period).take_while(|chunk| *chunk == first).count();
    if blank { 0 } else { alike }
}
