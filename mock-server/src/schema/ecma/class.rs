//! Sets of characters as ranges.

use std::fmt::Write as _;

use super::Alphabet;

/// Characters, from and to, in no order until they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Set(Vec<(u32, u32)>);

const HALVES: (u32, u32) = (0xD800, 0xDFFF);

impl Set {
    pub fn add(&mut self, from: u32, to: u32) {
        self.0.push((from, to));
    }

    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// What `\d`, `\w` and `\s` stand for, and in capitals all else.
    pub fn named(name: char, alphabet: Alphabet) -> Option<Self> {
        let ranges: &[(u32, u32)] = match name.to_ascii_lowercase() {
            'd' => &[(0x30, 0x39)],
            'w' => &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)],
            's' => &[
                (0x09, 0x0D),
                (0x20, 0x20),
                (0xA0, 0xA0),
                (0x1680, 0x1680),
                (0x2000, 0x200A),
                (0x2028, 0x2029),
                (0x202F, 0x202F),
                (0x205F, 0x205F),
                (0x3000, 0x3000),
                (0xFEFF, 0xFEFF),
            ],
            _ => return None,
        };
        let set = Self(ranges.to_vec());
        Some(if name.is_ascii_uppercase() { set.complement(alphabet) } else { set })
    }

    /// What `.` stands for.
    pub fn dot(alphabet: Alphabet) -> Self {
        Self(vec![(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)]).complement(alphabet)
    }

    /// In order, and without overlap.
    fn tidy(&self) -> Vec<(u32, u32)> {
        let mut ranges = self.0.clone();
        ranges.sort_unstable();
        let mut tidy: Vec<(u32, u32)> = Vec::new();
        for (from, to) in ranges {
            match tidy.last_mut() {
                Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
                _ => tidy.push((from, to)),
            }
        }
        tidy
    }

    pub fn complement(&self, alphabet: Alphabet) -> Self {
        let mut ranges = Vec::new();
        let mut next = 0;
        for (from, to) in self.tidy() {
            if from > next {
                ranges.push((next, from - 1));
            }
            next = to + 1;
        }
        if next <= alphabet.last() {
            ranges.push((next, alphabet.last()));
        }
        Self(ranges)
    }

    /// As a class of ranges; of no character at all, if the set has none.
    pub fn written(&self, alphabet: Alphabet) -> String {
        let (first, last) = HALVES;
        let split = self.tidy().into_iter().flat_map(|(from, to)| {
            let halves = (from.max(first), to.min(last));
            let halves = (alphabet == Alphabet::Units).then_some(halves);
            let halves = halves.filter(|(from, to)| from <= to);
            let halves = halves.map(|(from, to)| (alphabet.shown(from), alphabet.shown(to)));
            let others = [(from, to.min(first - 1)), (from.max(last + 1), to)];
            others.into_iter().filter(|(from, to)| from <= to).chain(halves)
        });
        let ranges: Vec<_> = split.collect();
        if ranges.is_empty() {
            return "[^\\u{0}-\\u{10FFFF}]".to_owned();
        }
        let mut out = "[".to_owned();
        for (from, to) in ranges {
            one(&mut out, from);
            if to > from {
                out.push('-');
                one(&mut out, to);
            }
        }
        out.push(']');
        out
    }
}

fn one(out: &mut String, code: u32) {
    match char::from_u32(code).filter(char::is_ascii_alphanumeric) {
        Some(plain) => out.push(plain),
        None => {
            // Writing to a text cannot fail.
            let _ = write!(out, "\\u{{{code:X}}}");
        }
    }
}
