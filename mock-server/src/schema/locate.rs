//! Where in a JSON text a JSON pointer points to.

pub use crate::document::Position;

/// The position that serde_json reports for a text; its columns count bytes.
#[must_use]
pub fn position_of_error(text: &str, error: &serde_json::Error) -> Position {
    let line = text.split('\n').nth(error.line().saturating_sub(1));
    let bytes = error.column().saturating_sub(1);
    let column = line.map_or(bytes, |line| {
        let within = line.char_indices().take_while(|(at, _)| *at < bytes);
        within.count()
    });
    Position { line: error.line().max(1), column: column + 1 }
}

/// Which end of a member is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// The name of the member that the pointer names; for an array's item, the item.
    Key,
    /// The value.
    Value,
}

/// Where `pointer` (RFC 6901) points to in `text`, or how far it leads.
///
/// The text is expected to be valid JSON; in a text that is not, the answer is somewhere inside the
/// text. Of a name that an object has twice, the last one counts, as serde_json reads it.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::schema::locate::{Aim, Position, locate};
///
/// let text = "{\n  \"type\": \"object\"\n}";
/// assert_eq!(locate(text, "/type", Aim::Key), Position { line: 2, column: 3 });
/// assert_eq!(locate(text, "/type", Aim::Value), Position { line: 2, column: 11 });
/// ```
#[must_use]
pub fn locate(text: &str, pointer: &str, aim: Aim) -> Position {
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip_space();
    let mut found = scanner.at;
    let mut tokens = pointer.split('/').skip(1).peekable();
    while let Some(token) = tokens.next() {
        let token = token.replace("~1", "/").replace("~0", "~");
        let Some(place) = scanner.member(&token) else {
            break;
        };
        let key_wanted = aim == Aim::Key && tokens.peek().is_none();
        found = if key_wanted { place.key } else { place.value };
        scanner.at = place.value;
    }
    Position::of_offset(text, found)
}

/// Byte offsets of a member.
struct Place {
    key: usize,
    value: usize,
}

/// Steps over JSON tokens. Every step moves forward or stops, so no text keeps it busy for long.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// The member called `token` of the object or array that starts here.
    fn member(&mut self, token: &str) -> Option<Place> {
        let object = match self.peek()? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        self.at += 1;
        let mut found = None;
        for index in 0_usize.. {
            self.skip_space();
            if matches!(self.peek(), None | Some(b'}' | b']')) {
                break;
            }
            let key = self.at;
            let matches = if object {
                self.name()?.is_some_and(|name| name == token)
            } else {
                token.parse() == Ok(index)
            };
            self.skip_space();
            if matches {
                found = Some(Place { key, value: self.at });
            }
            self.skip_value();
            self.skip_space();
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        found
    }

    /// Steps over a member's name and its colon; the name itself is `None` if it is no JSON text.
    fn name(&mut self) -> Option<Option<String>> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return None;
        }
        self.skip_string();
        let name = serde_json::from_str(self.text.get(start..self.at)?).ok();
        self.skip_space();
        if self.peek() == Some(b':') {
            self.at += 1;
        }
        Some(name)
    }

    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                break;
            }
        }
        self.at = self.at.min(self.text.len());
    }

    /// Steps over a whole value, to the comma or bracket after it.
    fn skip_value(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.skip_string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => return,
                b'}' | b']' => depth -= 1,
                b',' if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = r#"{
  "a/b": [1, {"ü": "x,]}\"", "deep": [[true]]}],
  "twice": 1, "twice": 2
}"#;

    fn at(pointer: &str, aim: Aim) -> (usize, usize) {
        let position = locate(TEXT, pointer, aim);
        (position.line, position.column)
    }

    #[test]
    fn pointers_lead_to_keys_and_values() {
        assert_eq!(at("", Aim::Value), (1, 1));
        assert_eq!(at("/a~1b", Aim::Key), (2, 3));
        assert_eq!(at("/a~1b", Aim::Value), (2, 10));
        assert_eq!(at("/a~1b/1/ü", Aim::Key), (2, 15));
        assert_eq!(at("/a~1b/1/ü", Aim::Value), (2, 20));
        assert_eq!(at("/a~1b/1/deep/0/0", Aim::Value), (2, 40));
    }

    #[test]
    fn the_last_of_two_equal_names_counts() {
        assert_eq!(at("/twice", Aim::Value), (3, 24));
    }

    #[test]
    fn a_pointer_to_nowhere_stops_where_it_lost_the_way() {
        assert_eq!(at("/a~1b/7/x", Aim::Value), (2, 10));
        assert_eq!(at("/nothing", Aim::Key), (1, 1));
    }

    #[test]
    fn columns_of_syntax_errors_count_characters() {
        let text = "{\n \"üü\": nope}";
        let error = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
        assert_eq!(position_of_error(text, &error), Position { line: 2, column: 9 });
    }

    proptest! {
        /// Invariant: every position of a member found in a printed value starts the member.
        #[test]
        fn a_printed_member_is_found_where_it_starts(
            names in proptest::collection::btree_set("[a-z/~\"é]{1,4}", 1..6),
        ) {
            let value: serde_json::Map<_, _> =
                names.iter().map(|name| (name.clone(), serde_json::json!([name]))).collect();
            let text = serde_json::to_string_pretty(&value).unwrap();
            for name in &names {
                let token = name.replace('~', "~0").replace('/', "~1");
                let position = locate(&text, &format!("/{token}/0"), Aim::Value);
                let line = text.lines().nth(position.line - 1).unwrap();
                let rest: String = line.chars().skip(position.column - 1).collect();
                prop_assert_eq!(rest, serde_json::to_string(name).unwrap());
            }
        }

        /// Invariant: no text and no pointer makes it panic.
        #[test]
        fn any_text_and_pointer_give_a_position(
            text in "[\\[\\]{}\",:\\\\ a\n\u{e9}]{0,60}",
            pointer in "(/[a01~]{0,2}){0,4}",
        ) {
            let position = locate(&text, &pointer, Aim::Key);
            prop_assert!(position.line >= 1 && position.line <= text.matches('\n').count() + 1);
        }
    }
}
