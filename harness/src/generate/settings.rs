//! Settings: a few objects for each case, so that values return (A-B-A).

use serde_json::{Map, Value, json};

use super::random::Random;
use super::values;

/// The largest whole number that every JSON library keeps exactly.
const LARGEST: i64 = 1 << 53;

/// Texts that go wrong easily: empty, padded with blanks, long, outside ASCII, like other types.
const TEXTS: [&str; 12] = [
    "",
    " ",
    "  padded  ",
    "hello",
    "Grüße aus Köln",
    "שלום עולם",
    "🚀 e\u{301}",
    "null",
    "true",
    "0",
    "a \"quoted\" \\ text",
    "two\nlines\tand a tab",
];

const KEYS: [&str; 8] = ["enabled", "colour", "limits", "tags", "n", "Größe", "a b", "x/y~z"];

/// The settings that a case chooses from.
pub(super) fn pool(random: &mut Random<'_>, rich: bool) -> Vec<Value> {
    let size = random.between(2, 5);
    let mut pool: Vec<_> =
        (0..size)
            .map(|number| {
                if rich {
                    object(random, number)
                } else {
                    json!({ "message": format!("v{number}") })
                }
            })
            .collect();
    // Settings that differ in one place within a member.
    if rich && random.once_in(4) {
        let first = values::nested(random, &pool[0]);
        let second = values::nested(random, &first);
        pool.extend([first, second]);
    }
    pool
}

/// Settings for this website: one of the pool, now and then with a key that no other has.
pub(super) fn of(random: &mut Random<'_>, pool: &[Value], website: u32, rich: bool) -> Value {
    let mut settings = pool[random.place(pool.len())].clone();
    if rich
        && random.once_in(4)
        && let Value::Object(members) = &mut settings
    {
        members.insert(format!("only_w{website}"), Value::Bool(true));
    }
    settings
}

fn object(random: &mut Random<'_>, number: u64) -> Value {
    if random.once_in(8) {
        return json!({});
    }
    let mut members = Map::new();
    if random.coin() {
        members.insert("message".to_owned(), json!(format!("v{number}")));
    } else {
        members.insert("message".to_owned(), json!(random.one(&TEXTS)));
    }
    for _ in 0..random.below(4) {
        let key = random.one(&KEYS).to_owned();
        let value = value(random, 2);
        members.insert(key, value);
    }
    if random.once_in(4) {
        values::add(random, &mut members);
    }
    Value::Object(members)
}

fn value(random: &mut Random<'_>, depth: u32) -> Value {
    match random.below(if depth == 0 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => Value::Bool(random.coin()),
        2 => json!(random.one(&TEXTS)),
        3 => json!(i64::try_from(random.below(10)).unwrap_or(0) - 5),
        4 => json!(random.one(&[LARGEST, -LARGEST, LARGEST - 1, 1 << 31, 0])),
        5 => json!(random.one(&[0.5, -1.25, 1e-7, 3.25])),
        6 => Value::Array((0..random.below(3)).map(|_| value(random, depth - 1)).collect()),
        _ => {
            let mut members = Map::new();
            for _ in 0..random.below(3) {
                let key = random.one(&KEYS).to_owned();
                let value = value(random, depth - 1);
                members.insert(key, value);
            }
            Value::Object(members)
        }
    }
}
