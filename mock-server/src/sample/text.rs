//! Texts that mean something: an address where an address is due.

use fake::Fake;
use fake::faker::name::raw::{FirstName, LastName, Name};
use fake::locales::EN;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use uuid::Builder;

use super::chance::pick;
use super::website::{Website, word};

/// What a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    City,
    Color,
    Company,
    Currency,
    Date,
    DateTime,
    Duration,
    Email,
    FileName,
    Hostname,
    Ipv4,
    Ipv6,
    JsonPointer,
    Locale,
    Message,
    Person,
    Phone,
    Regex,
    Time,
    Token,
    Url,
    Uuid,
    Word,
}

/// Words in the names of properties and what they hint at; the first that fits counts.
const HINTS: &[(&[&str], Meaning)] = &[
    (&["email", "mail"], Meaning::Email),
    (&["uuid", "guid"], Meaning::Uuid),
    (&["url", "uri", "link", "webhook", "endpoint", "href", "website"], Meaning::Url),
    (&["token", "key", "secret", "password", "hash", "id"], Meaning::Token),
    (&["color", "colour", "background"], Meaning::Color),
    (&["domain", "host", "hostname"], Meaning::Hostname),
    (&["phone", "tel", "mobile"], Meaning::Phone),
    (&["file", "filename"], Meaning::FileName),
    (&["company", "organization", "brand", "shop", "store"], Meaning::Company),
    (&["city", "town"], Meaning::City),
    (&["locale", "language", "lang"], Meaning::Locale),
    (&["currency"], Meaning::Currency),
    (&["timestamp", "datetime"], Meaning::DateTime),
    (&["date", "day"], Meaning::Date),
    (&["time", "hour"], Meaning::Time),
    (
        &[
            "message",
            "text",
            "greeting",
            "welcome",
            "reply",
            "answer",
            "body",
            "description",
            "title",
            "subject",
            "content",
            "note",
        ],
        Meaning::Message,
    ),
    (&["author", "user", "username", "nickname", "agent", "operator", "name"], Meaning::Person),
];

impl Meaning {
    /// What a `format` asks for.
    pub fn of_format(format: &str) -> Option<Self> {
        Some(match format {
            "email" | "idn-email" => Self::Email,
            "uri" | "iri" | "url" | "uri-reference" | "iri-reference" => Self::Url,
            "uuid" => Self::Uuid,
            "date-time" => Self::DateTime,
            "date" => Self::Date,
            "time" => Self::Time,
            "duration" => Self::Duration,
            "hostname" | "idn-hostname" => Self::Hostname,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "json-pointer" => Self::JsonPointer,
            "regex" => Self::Regex,
            "color" => Self::Color,
            _ => return None,
        })
    }

    /// What a property's name hints at: `fileName`, `access_token`, `welcome-message`.
    pub fn of_name(name: &str) -> Self {
        let words = words_of(name);
        let hints = HINTS.iter();
        let hint =
            hints.filter(|(hints, _)| words.iter().any(|word| hints.contains(&word.as_str())));
        hint.map(|(_, meaning)| *meaning).next().unwrap_or(Self::Word)
    }

    /// A text of this meaning for a website.
    pub fn text(self, website: &Website, chance: &mut ChaCha8Rng) -> String {
        let domain = &website.domain;
        match self {
            Self::City => format!("{}ville", LastName(EN).fake_with_rng::<&str, _>(chance)),
            Self::Color => format!("#{:06x}", chance.random_range(0_u32..0x0100_0000)),
            Self::Company => website.name.clone(),
            Self::Currency => one_of(chance, &["EUR", "USD", "GBP", "JPY"]),
            Self::Date => date(chance),
            Self::DateTime => format!("{}T{}", date(chance), time(chance)),
            Self::Duration => format!("PT{}M", chance.random_range(1_u32..60)),
            Self::Email => format!("{}@{domain}", person(chance).replace(' ', ".").to_lowercase()),
            Self::FileName => format!("{}.txt", word(chance)),
            Self::Hostname => domain.clone(),
            Self::Ipv4 => format!("192.0.2.{}", chance.random_range(1_u32..255)),
            Self::Ipv6 => format!("2001:db8::{:x}", chance.random_range(1_u32..0xffff)),
            Self::JsonPointer => format!("/{}", word(chance)),
            Self::Locale => one_of(chance, &["en", "fr", "de", "es", "pt", "it"]),
            Self::Message => message(website, chance),
            Self::Person => Name(EN).fake_with_rng(chance),
            Self::Phone => format!("+1 202 555 01{:02}", chance.random_range(0_u32..100)),
            Self::Regex => format!("^{}", word(chance)),
            Self::Time => time(chance),
            Self::Token => hex::encode(chance.random::<[u8; 16]>()),
            Self::Url => format!("https://{domain}/{}", word(chance)),
            Self::Uuid => Builder::from_random_bytes(chance.random()).into_uuid().to_string(),
            Self::Word => word(chance).to_owned(),
        }
    }
}

fn one_of(chance: &mut ChaCha8Rng, all: &[&str]) -> String {
    pick(chance, all).map(|one| (*one).to_owned()).unwrap_or_default()
}

fn message(website: &Website, chance: &mut ChaCha8Rng) -> String {
    const MESSAGES: [&str; 8] = [
        "Hello from {}!",
        "Welcome to {}. How can we help?",
        "Thanks for writing to {}.",
        "Hi! Ask {} anything.",
        "{} is away and will be back soon.",
        "Good to see you at {}.",
        "Questions? {} has answers.",
        "{} usually replies within an hour.",
    ];
    one_of(chance, &MESSAGES).replace("{}", &website.name)
}

/// First and last name, letters only: fit for an address.
fn person(chance: &mut ChaCha8Rng) -> String {
    let first: &str = FirstName(EN).fake_with_rng(chance);
    let last: &str = LastName(EN).fake_with_rng(chance);
    let kept = |c: &char| c.is_ascii_alphabetic() || *c == ' ';
    format!("{first} {last}").chars().filter(kept).collect()
}

fn date(chance: &mut ChaCha8Rng) -> String {
    let (month, day) = (chance.random_range(1_u32..13), chance.random_range(1_u32..29));
    format!("2025-{month:02}-{day:02}")
}

fn time(chance: &mut ChaCha8Rng) -> String {
    let (hour, minute) = (chance.random_range(0_u32..24), chance.random_range(0_u32..60));
    format!("{hour:02}:{minute:02}:00Z")
}

/// The words of a name, in lowercase: `fileName` has `file` and `name`, and both together.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for c in name.chars() {
        let starts = !c.is_alphanumeric() || (c.is_uppercase() && after_lower);
        if starts {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        after_lower = c.is_lowercase() || c.is_numeric();
    }
    words.push(name.to_lowercase());
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_properties_hint_at_their_meaning() {
        for (name, meaning) in [
            ("message", Meaning::Message),
            ("access_token", Meaning::Token),
            ("fileName", Meaning::FileName),
            ("webhook-url", Meaning::Url),
            ("contactEmail", Meaning::Email),
            ("backgroundColor", Meaning::Color),
            ("name", Meaning::Person),
            ("apiKey", Meaning::Token),
            ("idle", Meaning::Word),
        ] {
            assert_eq!(Meaning::of_name(name), meaning, "{name}");
        }
    }
}
