//! Values that clients alter on their way into the cache (hazard A15).

use serde_json::{Map, Value, json};

use super::random::Random;

/// What a value is that goes wrong in some languages, stores or templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// A key that is a property of every object in JavaScript.
    ProtoKey,
    /// A letter and its accent as two characters.
    Decomposed,
    /// A text that is longer than 255 characters.
    LongText,
    /// More than 16 KiB in one object.
    Large,
    /// More than four levels of objects and lists.
    Deep,
    /// A text that looks like a date.
    DateLike,
    /// `<` and `&`.
    Markup,
    /// A line that ends as on Windows.
    CarriageReturn,
    /// A character of four bytes.
    FourBytes,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ProtoKey,
        Self::Decomposed,
        Self::LongText,
        Self::Large,
        Self::Deep,
        Self::DateLike,
        Self::Markup,
        Self::CarriageReturn,
        Self::FourBytes,
    ];

    /// As people read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ProtoKey => "`__proto__`",
            Self::Decomposed => "decomposed",
            Self::LongText => "text > 255",
            Self::Large => "object > 16 KiB",
            Self::Deep => "deeper than 4",
            Self::DateLike => "like a date",
            Self::Markup => "`<` or `&`",
            Self::CarriageReturn => "CRLF",
            Self::FourBytes => "4-byte characters",
        }
    }

    /// The sorts that are somewhere in these settings.
    #[must_use]
    pub fn of(settings: &Value) -> Vec<Self> {
        let mut found = Vec::new();
        look(settings, 0, &mut found);
        // A text escapes to more bytes, never to fewer.
        let may_be_large = found.contains(&Self::LongText);
        if may_be_large && settings.to_string().len() > 16 << 10 {
            found.push(Self::Large);
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn look(value: &Value, depth: usize, found: &mut Vec<Sort>) {
    match value {
        Value::String(text) => {
            let is_date = || text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
            let signs = [
                (text.contains('\u{301}'), Sort::Decomposed),
                (text.chars().count() > 255, Sort::LongText),
                (is_date(), Sort::DateLike),
                (text.contains(['<', '&']), Sort::Markup),
                (text.contains("\r\n"), Sort::CarriageReturn),
                (text.chars().any(|c| c.len_utf8() == 4), Sort::FourBytes),
            ];
            found.extend(signs.into_iter().filter(|(is, _)| *is).map(|(_, sort)| sort));
        }
        Value::Array(items) => items.iter().for_each(|item| look(item, depth + 1, found)),
        Value::Object(members) => {
            if members.contains_key("__proto__") {
                found.push(Sort::ProtoKey);
            }
            members.values().for_each(|value| look(value, depth + 1, found));
        }
        _ => {}
    }
    if depth > 4 {
        found.push(Sort::Deep);
    }
}

/// Puts a value that goes wrong easily into settings.
pub(super) fn add(random: &mut Random<'_>, members: &mut Map<String, Value>) {
    // A large object costs as much as twenty others.
    let sort = match random.one(&Sort::ALL) {
        Sort::Large if !random.once_in(3) => Sort::LongText,
        sort => sort,
    };
    let (key, value) = match sort {
        Sort::ProtoKey => ("__proto__", json!({ "admin": random.coin() })),
        Sort::Decomposed => ("dish", json!("cre\u{301}pe")),
        Sort::LongText => ("story", json!("once upon a time ".repeat(20))),
        Sort::Large => ("book", json!("All work and no play. ".repeat(800))),
        Sort::Deep => ("deep", json!([{ "a": { "b": [{ "c": random.below(3) }] } }])),
        Sort::DateLike => ("from", json!(random.one(&["2026-01-01", "2024-02-29"]))),
        Sort::Markup => ("title", json!(random.one(&["Fish & Chips", "1 < 2 <b>bold</b>"]))),
        Sort::CarriageReturn => ("address", json!("1 Rue de la Paix\r\n75002 Paris")),
        // So many that some piece of an answer ends within one.
        Sort::FourBytes => ("wave", json!("👋".repeat(80))),
    };
    members.insert(key.to_owned(), value);
}

/// The same settings with one member of an object within them changed.
pub(super) fn nested(random: &mut Random<'_>, settings: &Value) -> Value {
    let mut changed = settings.clone();
    if let Value::Object(members) = &mut changed {
        let inner = members.entry("limits").or_insert_with(|| json!({ "day": 0, "night": 1 }));
        if let Value::Object(inner) = inner {
            inner.insert("day".to_owned(), json!(random.below(100)));
        }
    }
    changed
}
