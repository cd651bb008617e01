//! A command with its arguments in one text, as `--run` and `--client-cmd` take it.
//!
//! Words are parted by blanks. What stands in single quotes is taken as it is; in double quotes
//! `\"` and `\\` mean a quote and a backslash. Outside of quotes a backslash takes the meaning from
//! a blank, a quote or another backslash, and means itself before anything else; on Windows, where
//! paths are full of them, it does so only before a double quote. No shell reads it: there are no
//! variables, pipes or patterns.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::lookup::Lookup;

/// A command line that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCommandLine {
    /// There is nothing in it.
    #[error("there is no command in it: write it as \"node lib/index.js\"")]
    Empty,
    /// A quote is never closed.
    #[error("the {quote} at character {at} is never closed; as itself it is written \\{quote}")]
    Unclosed {
        /// Which quote.
        quote: char,
        /// Where it stands, from 1.
        at: usize,
    },
}

/// A command with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    words: Vec<String>,
    text: String,
}

impl CommandLine {
    /// Takes a text apart.
    ///
    /// # Errors
    ///
    /// [`BadCommandLine`] when there is no word in it, or a quote is never closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use crisp_harness::peer::CommandLine;
    ///
    /// let line = CommandLine::parse("node 'my plugin/index.js' --name \"a \\\"b\\\"\"")?;
    /// assert_eq!(line.words(), ["node", "my plugin/index.js", "--name", "a \"b\""]);
    /// # Ok::<(), crisp_harness::peer::BadCommandLine>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, BadCommandLine> {
        let words = split(text, cfg!(windows))?;
        if words.first().is_none_or(String::is_empty) {
            return Err(BadCommandLine::Empty);
        }
        Ok(Self { words, text: text.trim().to_owned() })
    }

    /// Its words, the command first.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same with a piece of text in its words replaced.
    pub(super) fn replacing(&self, what: &str, by: &str) -> Self {
        Self {
            words: self.words.iter().map(|word| word.replace(what, by)).collect(),
            text: self.text.replace(what, by),
        }
    }

    /// The program that it means, and its arguments.
    pub(super) fn program(&self) -> Result<(PathBuf, &[String]), String> {
        let (name, arguments) = self.words.split_first().ok_or("there is no command")?;
        match Lookup::here().find(OsStr::new(name)) {
            Ok(path) => Ok((path, arguments)),
            Err(error) => Err(format!("{error}{}", self.advice())),
        }
    }

    /// Words that only a shell understands are the commonest reason for a command not to be there.
    fn advice(&self) -> &'static str {
        let shell = |word: &String| {
            matches!(word.as_str(), "|" | "&&" | "||" | ";" | ">" | "<" | "&")
                || word.starts_with('$')
                || (word.contains('=') && *word == self.words[0])
        };
        if self.words.iter().any(shell) {
            "\n  = hint: no shell reads the command: write sh -c '…' around it"
        } else {
            "\n  = hint: is it installed, and on the PATH of this shell?"
        }
    }
}

fn split(text: &str, windows: bool) -> Result<Vec<String>, BadCommandLine> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut signs = text.chars().enumerate().peekable();
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    let (_, inside) =
                        signs.next().ok_or(BadCommandLine::Unclosed { quote: sign, at: at + 1 })?;
                    if inside == sign {
                        break;
                    }
                    let taken = (inside == '\\' && sign == '"')
                        .then(|| {
                            signs.next_if(|(_, next)| *next == '"' || (!windows && *next == '\\'))
                        })
                        .flatten();
                    word.push(taken.map_or(inside, |(_, next)| next));
                }
            }
            '\\' => {
                let has_meaning = |next: char| {
                    next == '"'
                        || (!windows && (next.is_whitespace() || matches!(next, '\'' | '\\')))
                };
                let taken = signs.next_if(|(_, next)| has_meaning(*next));
                word.get_or_insert_default().push(taken.map_or(sign, |(_, next)| next));
            }
            blank if blank.is_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posix(text: &str) -> Vec<String> {
        split(text, false).unwrap()
    }

    #[test]
    fn blanks_part_words_and_quotes_keep_them_together() {
        assert_eq!(posix("  node \t index.js\n"), ["node", "index.js"]);
        assert_eq!(posix("sh -c 'a \"b\" $C'"), ["sh", "-c", "a \"b\" $C"]);
        assert_eq!(posix(r#"a "b 'c'" d'e f'g ''"#), ["a", "b 'c'", "de fg", ""]);
        assert!(posix(" ").is_empty());
    }

    #[test]
    fn a_backslash_takes_the_meaning_from_what_has_one() {
        assert_eq!(
            posix(r#"a\ b \"c\" d\\e f\g "h\"i\\j\k""#),
            ["a b", "\"c\"", r"d\e", r"f\g", r#"h"i\j\k"#]
        );
        assert_eq!(
            split(r#"C:\Program\ x \\host\a "b\"c" d\"e"#, true).unwrap(),
            [r"C:\Program\", "x", r"\\host\a", "b\"c", "d\"e"]
        );
    }

    #[test]
    fn a_quote_that_is_never_closed_is_pointed_at() {
        let error = CommandLine::parse("node 'my plugin").unwrap_err();
        assert_eq!(error, BadCommandLine::Unclosed { quote: '\'', at: 6 });
        for nothing in ["", "  ", "'' a"] {
            assert_eq!(CommandLine::parse(nothing), Err(BadCommandLine::Empty));
        }
    }

    #[test]
    fn a_command_that_needs_a_shell_is_told_so() {
        let line = CommandLine::parse("A=1 node x | tee log").unwrap();
        assert!(line.program().unwrap_err().contains("no shell reads"));
        let line = CommandLine::parse("no-such-command-here").unwrap();
        assert!(line.program().unwrap_err().contains("on the PATH"));
    }
}
