//! Reads a pattern by JavaScript's grammar, from the left to the right and without recursion.

mod class;

use super::class::Set;
use super::{Alphabet, Fault, Look, Pattern, Piece};

/// What a quantifier would stand behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Assertion,
    /// A look-ahead, which starts at this piece
    LookAhead(usize),
    Atom,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Capturing(usize),
    Plain,
    Ahead { negative: bool },
    Behind,
}

struct Open {
    kind: Kind,
    /// The piece of its opening bracket
    at: usize,
    /// How many look-arounds and back-references stood before it
    hard_before: usize,
}

struct Reader {
    alphabet: Alphabet,
    text: Vec<char>,
    at: usize,
    pieces: Vec<Piece>,
    open: Vec<Open>,
    before: Before,
    /// The names of all capturing groups of the whole pattern, in order
    names: Vec<Option<String>>,
    /// How many capturing groups were opened, and which are closed
    opened: usize,
    closed: Vec<usize>,
    leading: Vec<Look>,
    hard: usize,
    alternatives: bool,
}

/// As deep as the engines go.
const DEEPEST: usize = 200;

pub(super) fn read(text: &str, alphabet: Alphabet) -> Result<Pattern, Fault> {
    let text: Vec<char> = alphabet.spell(text).chars().collect();
    let names = groups(&text)?;
    let mut reader = Reader {
        alphabet,
        text,
        at: 0,
        pieces: Vec::new(),
        open: Vec::new(),
        before: Before::Nothing,
        names,
        opened: 0,
        closed: Vec::new(),
        leading: Vec::new(),
        hard: 0,
        alternatives: false,
    };
    while let Some(c) = reader.next() {
        reader.take(c)?;
    }
    if !reader.open.is_empty() {
        return Err(Fault("has a group that is not closed"));
    }
    let backtracks = reader.hard > reader.leading.len() || (reader.alternatives && reader.hard > 0);
    Ok(Pattern { pieces: reader.pieces, leading: reader.leading, backtracks })
}

/// The names of the capturing groups, looked for ahead of all else: `\2` depends on their number.
fn groups(text: &[char]) -> Result<Vec<Option<String>>, Fault> {
    let mut names: Vec<Option<String>> = Vec::new();
    let mut in_class = false;
    let mut at = 0;
    while let Some(c) = text.get(at) {
        match c {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class && text.get(at + 1) != Some(&'?') => names.push(None),
            '(' if !in_class
                && text.get(at + 2) == Some(&'<')
                && !matches!(text.get(at + 3), Some('=' | '!')) =>
            {
                let name = name(&text[at + 3..]).ok_or(Fault("has a group with a bad name"))?;
                if names.iter().flatten().any(|known| *known == name) {
                    return Err(Fault("has two groups of one name"));
                }
                names.push(Some(name));
            }
            _ => {}
        }
        at += 1;
    }
    Ok(names)
}

/// A group's name, up to the `>`.
fn name(text: &[char]) -> Option<String> {
    let end = text.iter().position(|c| *c == '>')?;
    let name: String = text[..end].iter().collect();
    let starts = name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$'));
    let goes_on = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
    (starts && goes_on).then_some(name)
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn eat(&mut self, wanted: &str) -> bool {
        let found = wanted.chars().eq(self.text[self.at..].iter().copied().take(wanted.len()));
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn put(&mut self, text: impl Into<String>, before: Before) {
        self.pieces.push(Piece::Text(text.into()));
        self.before = before;
    }

    fn character(&mut self, code: u32) {
        let text = match char::from_u32(self.alphabet.shown(code)) {
            Some(c) if "\\.+*?()|[]{}^$".contains(c) => format!("\\{c}"),
            Some(c) if c.is_control() => format!("\\u{{{code:X}}}"),
            Some(c) => c.to_string(),
            // Half of a character, which no text has
            None => Set::default().written(self.alphabet),
        };
        self.put(text, Before::Atom);
    }

    fn take(&mut self, c: char) -> Result<(), Fault> {
        match c {
            '^' | '$' => self.put(c, Before::Assertion),
            '.' => self.put(Set::dot(self.alphabet).written(self.alphabet), Before::Atom),
            '|' => {
                self.alternatives |= self.open.is_empty();
                self.put("|", Before::Nothing);
            }
            '(' => self.open_group()?,
            ')' => self.close_group()?,
            '[' => {
                let set = self.class()?;
                self.put(set.written(self.alphabet), Before::Atom);
            }
            '*' | '+' | '?' => self.quantify(&c.to_string())?,
            '{' => match self.counts()? {
                Some(counts) => self.quantify(&counts)?,
                None => self.character(u32::from('{')),
            },
            '\\' => self.escape()?,
            other => self.character(self.alphabet.unit(other)),
        }
        Ok(())
    }

    fn open_group(&mut self) -> Result<(), Fault> {
        if self.open.len() >= DEEPEST {
            return Err(Fault(
                "is nested too deep: write it with fewer brackets inside each other",
            ));
        }
        let (kind, text) = if !self.eat("?") {
            (Kind::Capturing(self.opened + 1), "(")
        } else if self.eat(":") {
            (Kind::Plain, "(?:")
        } else if self.eat("=") {
            (Kind::Ahead { negative: false }, "(?=")
        } else if self.eat("!") {
            (Kind::Ahead { negative: true }, "(?!")
        } else if self.eat("<=") {
            (Kind::Behind, "(?<=")
        } else if self.eat("<!") {
            (Kind::Behind, "(?<!")
        } else if self.eat("<") {
            while self.next().is_some_and(|c| c != '>') {}
            (Kind::Capturing(self.opened + 1), "(")
        } else {
            return Err(Fault("has a group of an unknown kind (`(?`)"));
        };
        if let Kind::Capturing(number) = kind {
            self.opened = number;
        }
        self.open.push(Open { kind, at: self.pieces.len(), hard_before: self.hard });
        if matches!(kind, Kind::Ahead { .. } | Kind::Behind) {
            self.hard += 1;
        }
        self.put(text, Before::Nothing);
        Ok(())
    }

    fn close_group(&mut self) -> Result<(), Fault> {
        let Some(open) = self.open.pop() else {
            return Err(Fault("has a `)` without a `(`"));
        };
        let to = self.pieces.len();
        let before = match open.kind {
            Kind::Capturing(number) => {
                self.closed.push(number);
                Before::Atom
            }
            Kind::Plain => Before::Atom,
            Kind::Behind => Before::Assertion,
            Kind::Ahead { negative } => {
                // It stands at the very start, behind `^` and others of its kind.
                let next = self.leading.last().map_or(1, |look| look.to + 1);
                let first = self.pieces.first() == Some(&Piece::Text("^".to_owned()));
                let alone = self.hard == open.hard_before + 1;
                if first && alone && self.open.is_empty() && open.at == next {
                    self.leading.push(Look { negative, from: open.at + 1, to });
                }
                Before::LookAhead(open.at)
            }
        };
        self.put(")", before);
        Ok(())
    }

    /// `{2}`, `{2,}` or `{2,3}` behind its bracket; anything else is text.
    fn counts(&mut self) -> Result<Option<String>, Fault> {
        let Some(length) = self.text[self.at..].iter().position(|c| *c == '}') else {
            return Ok(None);
        };
        let inner: String = self.text[self.at..self.at + length].iter().collect();
        let (least, most) = match inner.split_once(',') {
            Some((least, most)) => (least, most),
            None => (inner.as_str(), inner.as_str()),
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if least.is_empty() || !digits(least) || !digits(most) {
            return Ok(None);
        }
        // What is beyond any number is refused as too large later on.
        let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX - 1);
        self.at += length + 1;
        if most.is_empty() {
            return Ok(Some(format!("{{{},}}", number(least))));
        }
        if number(least) > number(most) {
            return Err(Fault("has counts in braces that are out of order"));
        }
        Ok(Some(format!("{{{},{}}}", number(least), number(most))))
    }

    fn quantify(&mut self, quantifier: &str) -> Result<(), Fault> {
        match self.before {
            Before::Nothing | Before::Assertion => return Err(Fault("repeats nothing")),
            Before::LookAhead(start) => {
                // It takes no characters: once is as good as often, and never as good as perhaps.
                let perhaps = quantifier.starts_with(['*', '?']) || quantifier.starts_with("{0");
                let end = if perhaps { "|)" } else { ")" };
                self.pieces.insert(start, Piece::Text("(?:".to_owned()));
                self.leading.retain(|look| look.to < start);
                self.eat("?");
                self.put(end, Before::Nothing);
                return Ok(());
            }
            Before::Atom => {}
        }
        let lazy = if self.eat("?") { "?" } else { "" };
        self.put(format!("{quantifier}{lazy}"), Before::Nothing);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let Some(c) = self.next() else {
            return Err(Fault("ends in a lone `\\`"));
        };
        if let Some(set) = Set::named(c, self.alphabet) {
            self.put(set.written(self.alphabet), Before::Atom);
            return Ok(());
        }
        match c {
            'b' | 'B' => {
                self.pieces.push(Piece::Boundary(c == 'b'));
                self.before = Before::Assertion;
            }
            '1'..='9' => {
                let length = self.text[self.at..].iter().take_while(|c| c.is_ascii_digit()).count();
                let digits: String = self.text[self.at - 1..self.at + length].iter().collect();
                match digits.parse().ok().filter(|number| *number <= self.names.len()) {
                    Some(number) => {
                        self.at += length;
                        self.refer(number);
                    }
                    None => {
                        let code = self.code(c);
                        self.character(code);
                    }
                }
            }
            'k' if self.names.iter().any(Option::is_some) => {
                let named = self.eat("<").then(|| name(&self.text[self.at..])).flatten();
                let number = named.and_then(|wanted| {
                    self.at += wanted.chars().count() + 1;
                    self.names.iter().position(|name| name.as_ref() == Some(&wanted))
                });
                let number = number.ok_or(Fault("refers to a group that is not there (`\\k`)"))?;
                self.refer(number + 1);
            }
            'c' if !self.peek().is_some_and(|c| c.is_ascii_alphabetic()) => {
                self.at -= 1;
                self.character(u32::from('\\'));
            }
            other => {
                let code = self.code(other);
                self.character(code);
            }
        }
        Ok(())
    }

    /// A group that is not closed yet has taken nothing.
    fn refer(&mut self, number: usize) {
        if self.closed.contains(&number) {
            self.hard += 1;
            self.pieces.push(Piece::Back(number));
            self.before = Before::Atom;
        } else {
            self.put("(?:)", Before::Atom);
        }
    }

    /// The character that an escape stands for, in a class and outside.
    fn code(&mut self, c: char) -> u32 {
        match c {
            't' => 0x09,
            'n' => 0x0A,
            'v' => 0x0B,
            'f' => 0x0C,
            'r' => 0x0D,
            'c' => self.next().map_or(0, |letter| u32::from(letter) % 32),
            'x' => self.hex(2).unwrap_or(u32::from('x')),
            'u' => self.hex(4).map_or(u32::from('u'), |code| self.pair(code)),
            '0'..='7' => {
                let mut code = c.to_digit(8).unwrap_or_default();
                for _ in 0..2 {
                    let digit = self.peek().and_then(|c| c.to_digit(8));
                    let Some(more) = digit.map(|digit| code * 8 + digit).filter(|code| *code < 256)
                    else {
                        break;
                    };
                    code = more;
                    self.at += 1;
                }
                code
            }
            other => self.alphabet.unit(other),
        }
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let digits: String = self.text.get(self.at..self.at + digits)?.iter().collect();
        let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = u32::from_str_radix(&digits, 16).ok().filter(|_| all)?;
        self.at += digits.len();
        Some(code)
    }

    /// Two halves of a character, written one after the other.
    fn pair(&mut self, high: u32) -> u32 {
        let start = self.at;
        if self.alphabet == Alphabet::Points
            && (0xD800..0xDC00).contains(&high)
            && self.eat("\\u")
            && let Some(low) = self.hex(4).filter(|low| (0xDC00..0xE000).contains(low))
        {
            return 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        }
        self.at = start;
        high
    }
}
