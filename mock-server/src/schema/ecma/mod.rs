//! Patterns as JavaScript reads them: `new RegExp(text)`, without a flag.
//!
//! The engines of Rust read another dialect. A pattern is read here by the grammar of JavaScript,
//! old forms of the web included (`[\w-.]`, `a{`, `\07`), and written out in terms that mean the
//! same to those engines: classes as ranges, escapes as code points.
//!
//! JavaScript counts in UTF-16: a character beyond U+FFFF is two halves to it. Patterns and texts are
//! brought to that [`Alphabet`] with halves that are characters, so that `^.$` is as far from `😀` as it
//! is there.

mod class;
mod matcher;
mod reader;

use std::borrow::Cow;

pub(super) use matcher::{LARGEST, MOST_STEPS_BACK, Matcher, OutOfSteps};

/// Why a text is no pattern: `has a group that is not closed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault(pub &'static str);

/// A pattern in terms of the engines.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pieces: Vec<Piece>,
    /// Conditions at the start that can be tried on their own, one after the other
    leading: Vec<Look>,
    /// Whether anything but those needs backtracking
    pub backtracks: bool,
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// The same to every engine
    Text(String),
    /// `\b`, or `\B` if false
    Boundary(bool),
    /// What a group took
    Back(usize),
}

/// A look-ahead, and the pieces inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    negative: bool,
    from: usize,
    to: usize,
}

/// What the characters of patterns and texts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// The units of UTF-16, as in JavaScript
    Units,
    /// Whole characters
    Points,
}

/// Halves of characters are shown by private characters this far above them.
const ABOVE: u32 = 0x10_0000;

impl Alphabet {
    fn last(self) -> u32 {
        if self == Self::Units { 0xFFFF } else { 0x10_FFFF }
    }

    /// How a unit is shown.
    fn shown(self, unit: u32) -> u32 {
        let half = self == Self::Units && (0xD800..=0xDFFF).contains(&unit);
        if half { unit + ABOVE } else { unit }
    }

    /// The unit that a character shows.
    fn unit(self, c: char) -> u32 {
        let code = u32::from(c);
        let half = self == Self::Units && (0x10_D800..=0x10_DFFF).contains(&code);
        if half { code - ABOVE } else { code }
    }

    /// A text in this alphabet.
    fn spell(self, text: &str) -> Cow<'_, str> {
        if self == Self::Points || text.bytes().all(|byte| byte < 0xF0) {
            return Cow::Borrowed(text);
        }
        let shown = text.encode_utf16().map(|unit| self.shown(u32::from(unit)));
        Cow::Owned(shown.filter_map(char::from_u32).collect())
    }
}

/// What a pattern is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// An engine that takes linear time
    Linear,
    /// An engine that goes back and tries again
    Backtracking,
    /// An engine that reads the pattern as one of JavaScript first
    Portable,
}

impl Pattern {
    /// Reads a pattern.
    pub fn read(text: &str) -> Result<Self, Fault> {
        reader::read(text, Alphabet::Units)
    }

    /// Reads a pattern as one of whole characters: nearly the same.
    pub fn read_whole(text: &str) -> Result<Self, Fault> {
        reader::read(text, Alphabet::Points)
    }

    /// For the library, which reads patterns by the strict grammar of JavaScript.
    pub fn portable(&self) -> String {
        written(&self.pieces, Dialect::Portable)
    }

    /// The expressions that it comes down to, each with whether it must match.
    fn conditions(&self) -> Vec<(bool, String)> {
        if self.backtracks {
            return vec![(true, written(&self.pieces, Dialect::Backtracking))];
        }
        if self.leading.is_empty() {
            return vec![(true, written(&self.pieces, Dialect::Linear))];
        }
        let mut conditions: Vec<(bool, String)> = Vec::new();
        for look in &self.leading {
            let inner = written(&self.pieces[look.from..look.to], Dialect::Linear);
            conditions.push((!look.negative, format!("^(?:{inner})")));
        }
        // The look-ahead's own brackets are a piece each, before and after what is inside.
        let rest = self.leading.last().map_or(1, |look| look.to + 1);
        let rest = written(&self.pieces[rest..], Dialect::Linear);
        conditions.push((true, format!("^{rest}")));
        conditions
    }

    /// The expression with its conditions and back-references left out: it matches more.
    pub fn relaxed(&self) -> String {
        let mut kept = Vec::new();
        let mut inside = 0_usize;
        for piece in &self.pieces {
            let opens =
                matches!(piece, Piece::Text(text) if text.starts_with('(') && text != "(?:)");
            let looks = matches!(piece, Piece::Text(text)
                if ["(?=", "(?!", "(?<=", "(?<!"].contains(&text.as_str()));
            if inside > 0 || looks {
                let closes = *piece == Piece::Text(")".to_owned());
                inside = if opens { inside + 1 } else { inside - usize::from(closes) };
                if inside == 0 {
                    kept.push(Piece::Text("(?:)".to_owned()));
                }
            } else if !matches!(piece, Piece::Back(_)) {
                kept.push(piece.clone());
            } else {
                kept.push(Piece::Text("(?:)".to_owned()));
            }
        }
        written(&kept, Dialect::Linear)
    }

    /// The expressions without back-references and look-around, to be measured or made texts of.
    pub fn linear(&self) -> Option<Vec<String>> {
        let conditions = (!self.backtracks).then(|| self.conditions())?;
        Some(conditions.into_iter().map(|(_, expression)| expression).collect())
    }
}

/// The characters of words.
const WORD: &str = "[0-9A-Z_a-z]";

fn written(pieces: &[Piece], dialect: Dialect) -> String {
    let mut out = String::new();
    for piece in pieces {
        match (piece, dialect) {
            (Piece::Text(text), _) => out.push_str(text),
            (Piece::Boundary(true), Dialect::Linear) => out.push_str("(?-u:\\b)"),
            (Piece::Boundary(false), Dialect::Linear) => out.push_str("(?-u:\\B)"),
            (Piece::Boundary(true), Dialect::Backtracking) => {
                out.push_str("(?:(?<=\\w)(?!\\w)|(?<!\\w)(?=\\w))".replace("\\w", WORD).as_str());
            }
            (Piece::Boundary(false), Dialect::Backtracking) => {
                out.push_str("(?:(?<=\\w)(?=\\w)|(?<!\\w)(?!\\w))".replace("\\w", WORD).as_str());
            }
            (Piece::Boundary(true), Dialect::Portable) => out.push_str("\\b"),
            (Piece::Boundary(false), Dialect::Portable) => out.push_str("\\B"),
            // A group that took no part is nothing in JavaScript, and nothing matches.
            (Piece::Back(group), Dialect::Backtracking) => {
                out.push_str(&format!("(?:(?({group})\\{group}|))"));
            }
            (Piece::Back(group), Dialect::Linear | Dialect::Portable) => {
                out.push_str(&format!("(?:\\{group})"))
            }
        }
    }
    out
}

/// Whether a text is a pattern.
pub(super) fn is_pattern(text: &str) -> bool {
    Pattern::read(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(pattern: &str) -> Vec<(bool, String)> {
        Pattern::read(pattern).unwrap().conditions()
    }

    #[test]
    fn forms_of_the_web_are_patterns_and_broken_ones_are_not() {
        for pattern in [
            "",
            "a{",
            "a{,2}",
            "]",
            "}",
            "[\\w-.]",
            "[a-\\d]",
            "\\8",
            "\\07",
            "\\c",
            "[\\c]",
            "\\k",
            "\\p{L}",
            "\\u{41}",
            "\\uzz",
            "(?=a)*",
            "(?<n>a)\\k<n>",
            "\\-",
            "\\_",
            "[]",
            "[^]",
            "a|",
            "(?<!a)b",
            "()",
            "\\2(a)",
        ] {
            assert!(is_pattern(pattern), "{pattern}");
        }
        for pattern in [
            "(",
            ")",
            "[",
            "[z-a]",
            "*",
            "a**",
            "^*",
            "\\b+",
            "(?a)",
            "(?<=a)*",
            "a{2,1}",
            "{1}",
            "\\",
            "[\\",
            "(?<n>a)\\k<m>",
            "(?<n>a)(?<n>b)",
            "(?<1>a)",
            "(?P<n>a)",
            "(?#a)",
            "x{3}{3}",
        ] {
            assert!(!is_pattern(pattern), "{pattern}");
        }
    }

    #[test]
    fn conditions_at_the_start_are_split_off_so_that_nothing_backtracks() {
        assert_eq!(
            conditions("^(?!http:).+$"),
            [
                (false, "^(?:http:)".to_owned()),
                (true, format!("^{}+$", class::Set::dot(Alphabet::Units).written(Alphabet::Units))),
            ]
        );
        assert_eq!(conditions("^(?=a)(?!b)c").len(), 3);
        assert_eq!(Pattern::read("(?=(a))b\\1(?:c)").unwrap().relaxed(), "(?:)b(?:)(?:c)");
        for pattern in ["(a)\\1", "^(?!a)b|c", "^(?=(?!a))b", "a(?=b)", "^(?=a)*b", "(?=a)b"] {
            assert!(Pattern::read(pattern).unwrap().backtracks, "{pattern}");
        }
    }
}
