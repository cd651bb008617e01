//! Texts that match a pattern.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::chance::pick;

/// A pattern taken apart for making texts.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    Text(String),
    /// Any character of these ranges
    Character(Vec<(char, char)>),
    Repeat {
        least: u32,
        most: Option<u32>,
        piece: Box<Piece>,
    },
    All(Vec<Piece>),
    Any(Vec<Piece>),
}

/// Longer texts are given up.
const LONGEST: usize = 4_096;
/// So is what takes more steps: repeating nothing a billion times must end too.
const MOST_STEPS: u32 = 20_000;

impl Piece {
    /// Takes a pattern apart; `None` if it is none that can be.
    pub fn parse(pattern: &str) -> Option<Self> {
        let expression = crate::schema::for_samples(pattern)?;
        let hir = regex_syntax::ParserBuilder::new().nest_limit(50).build().parse(&expression);
        let hir = hir.ok()?;
        Some(Self::of(&hir))
    }

    // As deep as the parser's nest limit allows.
    fn of(hir: &Hir) -> Self {
        match hir.kind() {
            // Anchors and word boundaries are hoped for: every text is checked later.
            HirKind::Empty | HirKind::Look(_) => Self::Text(String::new()),
            HirKind::Literal(literal) => {
                Self::Text(String::from_utf8_lossy(&literal.0).into_owned())
            }
            HirKind::Class(class) => Self::Character(plain(class)),
            HirKind::Repetition(repetition) => Self::Repeat {
                least: repetition.min,
                most: repetition.max,
                piece: Box::new(Self::of(&repetition.sub)),
            },
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Concat(parts) => Self::All(parts.iter().map(Self::of).collect()),
            HirKind::Alternation(parts) => Self::Any(parts.iter().map(Self::of).collect()),
        }
    }

    /// A text of `least` to `most` characters, if one is found in a few tries.
    pub fn text(&self, least: u64, most: u64, chance: &mut ChaCha8Rng) -> Option<String> {
        // How far open repetitions go: at first a little, then further.
        for stretch in [4, 0, 8, 16, 32, 64, 256, 1_024] {
            let mut text = String::new();
            let mut steps = MOST_STEPS;
            self.write(&mut text, stretch, &mut steps, chance)?;
            let length = text.chars().count() as u64;
            if (least..=most).contains(&length) {
                return Some(text);
            }
        }
        None
    }

    fn write(
        &self,
        out: &mut String,
        stretch: u32,
        steps: &mut u32,
        chance: &mut ChaCha8Rng,
    ) -> Option<()> {
        *steps = steps.checked_sub(1)?;
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Character(ranges) => {
                let (first, last) = pick(chance, ranges)?;
                out.push(chance.random_range(*first..=*last));
            }
            Self::Repeat { least, most, piece } => {
                let most = most.unwrap_or(u32::MAX).min(least.saturating_add(stretch));
                for _ in 0..chance.random_range(*least..=most.max(*least)) {
                    piece.write(out, stretch, steps, chance)?;
                }
            }
            Self::All(pieces) => {
                for piece in pieces {
                    piece.write(out, stretch, steps, chance)?;
                }
            }
            Self::Any(pieces) => pick(chance, pieces)?.write(out, stretch, steps, chance)?,
        }
        (out.len() <= LONGEST).then_some(())
    }
}

/// The letters and digits of a class; if it has none, what it has of ASCII; else all of it.
fn plain(class: &Class) -> Vec<(char, char)> {
    let all: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => {
            class.iter().map(|range| (char::from(range.start()), char::from(range.end()))).collect()
        }
    };
    for wanted in [&[('0', '9'), ('a', 'z'), ('A', 'Z')][..], &[(' ', '~')][..]] {
        let common: Vec<(char, char)> = all
            .iter()
            .flat_map(|(first, last)| {
                wanted.iter().map(move |(from, to)| (*first.max(from), *last.min(to)))
            })
            .filter(|(first, last)| first <= last)
            .collect();
        if !common.is_empty() {
            return common;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::chance::{Source, Stream};

    #[test]
    fn texts_match_the_patterns_they_are_made_for() {
        for pattern in [
            "^([a-z0-9]){24}$",
            "^#[0-9a-fA-F]{6}$",
            "^\\d{4}-\\d{2}$",
            "^(https?)://[^/]+/?$",
            "a|b|cd",
            "^[^a-z]*$",
            "^\\w+\\s\\S+$",
            "^é{2}$",
            "^$",
        ] {
            let schema = serde_json::json!({ "pattern": pattern });
            let validator = jsonschema::validator_for(&schema).unwrap();
            let piece = Piece::parse(pattern).unwrap();
            for number in 0..50 {
                let mut chance = Source { seed: 1, number, attempt: 0 }.open(Stream::SETTINGS);
                let text = piece.text(0, 1_000, &mut chance).unwrap();
                assert!(validator.is_valid(&text.clone().into()), "{pattern} made {text}");
            }
        }
    }

    #[test]
    fn lengths_are_kept() {
        let mut chance = Source { seed: 1, number: 1, attempt: 0 }.open(Stream::SETTINGS);
        let text = Piece::parse("^[a-z]+$").unwrap().text(100, 120, &mut chance);
        assert!(text.is_none_or(|text| (100..=120).contains(&text.len())));
        assert_eq!(Piece::parse("^a{9}$").unwrap().text(0, 5, &mut chance), None);
    }

    #[test]
    fn patterns_that_would_make_endless_texts_are_given_up() {
        let mut chance = Source { seed: 1, number: 1, attempt: 0 }.open(Stream::SETTINGS);
        for pattern in ["(((a{900}){900}){900})", "((((){1000}){1000}){1000}){1000}"] {
            if let Some(piece) = Piece::parse(pattern) {
                let text = piece.text(0, 100, &mut chance);
                assert!(text.is_none_or(|text| text.is_empty()));
            }
        }
    }
}
