//! Where in a JSON text a JSON pointer points to.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::document::{Pairs, Part, Position};

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

/// Where `pointer` (RFC 6901) points to in `text`, or how far it leads.
///
/// The text is expected to be valid JSON; in a text that is not, the answer is somewhere inside the
/// text. Of a name that an object has twice, the last one counts, as serde_json reads it.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::document::{Part, Position};
/// use crisp_mock_server::schema::locate::locate;
///
/// let text = "{\n  \"type\": \"object\"\n}";
/// assert_eq!(locate(text, "/type", Part::Key), Position { line: 2, column: 3 });
/// assert_eq!(locate(text, "/type", Part::Value), Position { line: 2, column: 11 });
/// ```
#[must_use]
pub fn locate(text: &str, pointer: &str, part: Part) -> Position {
    let mut value = text.trim_start();
    let mut found = value;
    let mut steps = pointer.split('/').skip(1).peekable();
    while let Some(step) = steps.next() {
        let step = step.replace("~1", "/").replace("~0", "~");
        let Some((name, member)) = member(value, &step) else { break };
        let name_wanted = part == Part::Key && steps.peek().is_none();
        found = if name_wanted { name } else { member };
        value = member;
    }
    // Both are parts of the same text.
    Position::of_offset(text, found.as_ptr().addr().saturating_sub(text.as_ptr().addr()))
}

/// The name and the value of the member called `step`, as they stand in the text; both are the item for
/// an item of an array.
fn member<'a>(value: &'a str, step: &str) -> Option<(&'a str, &'a str)> {
    let mut json = serde_json::Deserializer::from_str(value);
    if value.starts_with('[') {
        let items = Vec::<&RawValue>::deserialize(&mut json).ok()?;
        let item = items.get(step.parse::<usize>().ok()?)?.get();
        return Some((item, item));
    }
    let members: Vec<(&RawValue, &RawValue)> =
        Pairs::<&RawValue, &RawValue>::deserialize(&mut json).ok()?;
    let named = |name: &RawValue| serde_json::from_str(name.get()).is_ok_and(|n: String| n == step);
    let (name, member) = members.into_iter().rfind(|(name, _)| named(name))?;
    Some((name.get(), member.get()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = r#"{
  "a/b": [1, {"ü": "x,]}\"", "deep": [[true]]}],
  "twice": 1, "twice": 2
}"#;

    fn at(pointer: &str, part: Part) -> (usize, usize) {
        let position = locate(TEXT, pointer, part);
        (position.line, position.column)
    }

    #[test]
    fn pointers_lead_to_keys_and_values() {
        assert_eq!(at("", Part::Value), (1, 1));
        assert_eq!(at("/a~1b", Part::Key), (2, 3));
        assert_eq!(at("/a~1b", Part::Value), (2, 10));
        assert_eq!(at("/a~1b/1/ü", Part::Key), (2, 15));
        assert_eq!(at("/a~1b/1/ü", Part::Value), (2, 20));
        assert_eq!(at("/a~1b/1/deep/0/0", Part::Value), (2, 40));
    }

    #[test]
    fn the_last_of_two_equal_names_counts() {
        assert_eq!(at("/twice", Part::Value), (3, 24));
    }

    #[test]
    fn a_pointer_to_nowhere_stops_where_it_lost_the_way() {
        assert_eq!(at("/a~1b/7/x", Part::Value), (2, 10));
        assert_eq!(at("/nothing", Part::Key), (1, 1));
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
                let position = locate(&text, &(crate::document::member("", name) + "/0"), Part::Value);
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
            let position = locate(&text, &pointer, Part::Key);
            prop_assert!(position.line >= 1 && position.line <= text.matches('\n').count() + 1);
        }
    }
}
