//! Patterns, compiled.

use std::panic::{AssertUnwindSafe, catch_unwind};

use regex::{Regex, RegexBuilder};

use super::{Alphabet, Pattern};

/// Bytes that a compiled pattern may take.
pub(in crate::schema) const LARGEST: usize = 4 * 1024 * 1024;
/// Steps back that one match may take: some milliseconds, more where each is followed by a long way
/// forward, which is what long texts are charged for in advance.
pub(in crate::schema) const MOST_STEPS_BACK: usize = 100_000;

/// Matches texts: in linear time where the pattern allows it, else with a bound.
#[derive(Debug, Clone)]
pub(in crate::schema) enum Matcher {
    /// Expressions that must match, or must not
    Linear(Vec<(bool, Regex)>),
    /// An expression of an engine that may go back
    Backtracking(Box<fancy_regex::Regex>),
}

/// A match took too many steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::schema) struct OutOfSteps;

impl Matcher {
    /// Compiles a pattern; `None` if it is too large.
    pub fn new(pattern: &Pattern) -> Option<Self> {
        let mut conditions = pattern.conditions();
        if pattern.backtracks {
            let (_, expression) = conditions.pop()?;
            let mut builder = fancy_regex::RegexBuilder::new(&expression);
            builder.backtrack_limit(MOST_STEPS_BACK);
            builder.delegate_size_limit(LARGEST).delegate_dfa_size_limit(LARGEST);
            return Some(Self::Backtracking(Box::new(builder.build().ok()?)));
        }
        let conditions = conditions.into_iter().map(|(wanted, expression)| {
            let mut builder = RegexBuilder::new(&expression);
            builder.size_limit(LARGEST).dfa_size_limit(LARGEST);
            Some((wanted, builder.build().ok()?))
        });
        conditions.collect::<Option<_>>().map(Self::Linear)
    }

    /// Whether the pattern is found in the text.
    pub fn is_match(&self, text: &str) -> Result<bool, OutOfSteps> {
        let spelt = Alphabet::Units.spell(text);
        let text = spelt.as_ref();
        // A fault of an engine is treated as a match without an end.
        let found = catch_unwind(AssertUnwindSafe(|| match self {
            Self::Linear(all) => {
                Some(all.iter().all(|(wanted, regex)| regex.is_match(text) == *wanted))
            }
            Self::Backtracking(regex) => regex.is_match(text).ok(),
        }));
        found.ok().flatten().ok_or(OutOfSteps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> Result<bool, OutOfSteps> {
        Matcher::new(&Pattern::read(pattern).unwrap()).unwrap().is_match(text)
    }

    #[test]
    fn texts_match_as_in_javascript() {
        for (pattern, yes, no) in [
            ("^(?!http:).+$", "https://x", "http://x"),
            ("^(?=.*\\d)(?=.*[a-z]).{4,}$", "abc1", "abcd"),
            ("^(a)\\1$", "aa", "a"),
            ("^(?:(a)|b)\\1c$", "bc", "ac"),
            ("^\\1(a)$", "a", "aa"),
            ("^[\\w-.]+$", "a-b.c", "a b"),
            ("^\\d$", "7", "\u{667}"),
            ("^\\w$", "_", "é"),
            ("^\\W$", "é", "e"),
            ("^\\s$", "\u{feff}", "\u{85}"),
            ("\\bfoo\\b", "éfoo", "foo_"),
            ("^.$", "a", "\u{2028}"),
            ("^a$", "a", "a\n"),
            ("^[^]$", "\n", ""),
            ("^a{,2}$", "a{,2}", "aa"),
            ("^\\u00e9\\x41\\cA\\0$", "éA\u{1}\0", "eA"),
            ("^[\\ud83d\\ude00]{2}$", "😀", "x"),
            ("^..$", "😀", "😀😀"),
            ("^😀+$", "😀", "😀😀"),
            ("^[^a]{2}$", "😀", "é"),
            ("^(.)(?!\\1).$", "😀", "aa"),
            ("^[\\b&&~~\\-\\-[]+$", "\u{8}&~-[", "b"),
            ("(?<!a)b", "cb", "ab"),
            ("(?<=é)b", "éb", "eb"),
            ("^(?<n>.)\\k<n>$", "xx", "xy"),
            ("^\\101\\8$", "A8", "B8"),
            ("^(?=a)*b$", "b", "ab"),
            ("^(?:(?!foo).)*$", "fobar", "a foo"),
            ("\\Bb\\b", "ab", "b"),
        ] {
            assert_eq!(matches(pattern, yes), Ok(true), "{pattern} {yes:?}");
            assert_eq!(matches(pattern, no), Ok(false), "{pattern} {no:?}");
        }
        assert_eq!(matches("[]", "a"), Ok(false));
        assert_eq!(matches("\\ud83d$", "😀"), Ok(false));
    }

    #[test]
    fn a_match_that_would_go_back_forever_is_given_up() {
        assert_eq!(matches("^(?:(a+)+\\1)+$", &format!("{}b", "a".repeat(60))), Err(OutOfSteps));
    }
}
