//! The environment of the command: address and credentials of the emulator, and `--env` templates.

use std::ffi::OsString;
use std::str::FromStr;

use crisp_mock_server::nearest::nearest;
use crisp_mock_server::spaces::Info;
use serde_json::{Map, Value};

/// The names that may stand in braces, in the order of `crisp-mock ctl info`.
const FACTS: [&str; 16] = [
    "url",
    "rest_url",
    "rtm_url",
    "control_url",
    "identifier",
    "key",
    "tier",
    "plugin_id",
    "user_identifier",
    "user_key",
    "development_identifier",
    "development_key",
    "hook_secret",
    "space",
    "version",
    "pid",
];

/// A variable that a plugin already reads, and what to put into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    name: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Fact(&'static str),
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, as CRISP_TOKEN={key}")?;
        if name.is_empty() || name.contains('\0') || value.contains('\0') {
            return Err("a variable needs a name, and may not contain a NUL".to_owned());
        }
        Ok(Self { name: name.to_owned(), pieces: pieces(value)? })
    }
}

/// Takes a value apart. Braces around anything but a word in small letters mean themselves: JSON
/// needs no escapes.
fn pieces(value: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = value;
    let mut text = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let word = after.split_once('}').filter(|(word, _)| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        });
        let Some((word, behind)) = word else {
            text.push('{');
            rest = after;
            continue;
        };
        let Some(fact) = FACTS.into_iter().find(|fact| *fact == word) else {
            let hint = match nearest(word, FACTS) {
                Some(near) => format!("did you mean {{{near}}}?"),
                None => format!("known are {}", FACTS.join(", ")),
            };
            return Err(format!("there is no {{{word}}}: {hint}"));
        };
        pieces.push(Piece::Text(std::mem::take(&mut text)));
        pieces.push(Piece::Fact(fact));
        rest = behind;
    }
    text.push_str(rest);
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

impl Template {
    fn fill(&self, facts: &Map<String, Value>) -> String {
        let fill = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Fact(name) => match facts.get(*name) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            },
        };
        self.pieces.iter().map(fill).collect()
    }
}

/// Every variable that the command gets: ours, then those that were asked for.
#[must_use]
pub fn variables(info: &Info, token: Option<&str>, asked: &[Template]) -> Vec<(String, OsString)> {
    let mut variables = vec![
        ("CRISP_REST_HOST", &info.url),
        ("CRISP_REST_URL", &info.rest_url),
        ("CRISP_RTM_URL", &info.rtm_url),
        ("CRISP_MOCK_CONTROL_URL", &info.control_url),
        ("CRISP_IDENTIFIER", &info.identifier),
        ("CRISP_KEY", &info.key),
        ("CRISP_TIER", &info.tier),
        ("CRISP_PLUGIN_ID", &info.plugin_id),
        ("CRISP_HOOK_SECRET", &info.hook_secret),
    ];
    // `crisp-mock ctl` inside the command needs it, too.
    let token = token.map(str::to_owned);
    if let Some(token) = &token {
        variables.push(("CRISP_MOCK_CONTROL_TOKEN", token));
    }
    let facts = serde_json::to_value(info).unwrap_or_default();
    let facts = facts.as_object().cloned().unwrap_or_default();
    let ours = variables.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
    let theirs = asked.iter().map(|template| (template.name.clone(), template.fill(&facts).into()));
    ours.chain(theirs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> Info {
        let text = |text: &str| text.to_owned();
        Info {
            url: text("http://127.0.0.1:9"),
            identifier: text("me"),
            key: text("secret"),
            pid: 7,
            ..Info::default()
        }
    }

    fn filled(template: &str) -> String {
        let asked: Template = template.parse().unwrap();
        variables(&info(), None, &[asked]).pop().unwrap().1.into_string().unwrap()
    }

    #[test]
    fn names_in_braces_are_filled_in_and_other_braces_stay() {
        assert_eq!(filled("A={identifier}:{key}@{pid}"), "me:secret@7");
        assert_eq!(filled("A={\"a\":{\"b\":1}}"), "{\"a\":{\"b\":1}}");
        assert_eq!(filled("A=x={url}{"), "x=http://127.0.0.1:9{");
        assert_eq!(filled("A="), "");
    }

    #[test]
    fn every_fact_of_the_ready_line_can_be_named() {
        let facts = serde_json::to_value(info()).unwrap();
        let names: Vec<_> = facts.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, FACTS);
    }

    #[test]
    fn a_misspelt_name_is_refused_with_its_neighbour() {
        for text in ["A={kye}", "={key}", "A"] {
            assert!(text.parse::<Template>().is_err(), "{text}");
        }
        let error = "A={rest_ulr}".parse::<Template>().unwrap_err();
        assert_eq!(error, "there is no {rest_ulr}: did you mean {rest_url}?");
    }
}
