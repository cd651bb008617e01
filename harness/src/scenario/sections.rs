//! The sections `server`, `client`, `start` and `found`.

use crisp_mock_server::quirks::{Profile, Quirks, Settings as QuirkSettings, TABLE};

use super::diagnostic::Diagnostic;
use super::read::{Mistakes, known, map, settings, shift, span, text, websites, whole, wrong};
use super::tree::{Kind, Node};
use super::{Client, Found, Server, Start};

pub(super) fn server(node: &Node, mistakes: &mut Mistakes) -> Option<Server> {
    let keys = ["page_size", "quota", "seed", "schema", "profile", "quirks"];
    let entries = map(node, "`server`", mistakes)?;
    let mut server = Server::default();
    for entry in known(entries, "`server`", &keys, mistakes) {
        let value = &entry.value;
        match entry.key.as_str() {
            "page_size" => server.page_size = page_size(value, mistakes),
            "quota" => server.quota = whole(value, "requests a day", mistakes),
            "seed" => server.seed = whole(value, "a seed", mistakes),
            "schema" => {
                server.schema = map(value, "a JSON Schema", mistakes).map(|_| value.to_value())
            }
            "profile" => server.profile = profile(value, mistakes),
            _ => server.quirks = quirks(value, mistakes),
        }
    }
    Some(server)
}

fn page_size(node: &Node, mistakes: &mut Mistakes) -> Option<u32> {
    match whole(node, "a page size", mistakes)? {
        size @ 1..=100 => u32::try_from(size).ok(),
        size => {
            let message = format!("a page cannot have {size} websites");
            mistakes.push(Diagnostic::new(node.place, message).hint("choose 1 to 100"));
            None
        }
    }
}

fn profile(node: &Node, mistakes: &mut Mistakes) -> Option<Profile> {
    match text(node, "`typical` or `hostile`", mistakes)?.as_str() {
        "typical" => Some(Profile::Typical),
        "hostile" => Some(Profile::Hostile),
        other => {
            let mistake = Diagnostic::new(node.place, format!("there is no profile `{other}`"));
            mistakes.push(mistake.hint("choose `typical` or `hostile`"));
            None
        }
    }
}

fn quirks(node: &Node, mistakes: &mut Mistakes) -> QuirkSettings {
    let mut pairs = Vec::new();
    let names: Vec<&str> = TABLE.iter().map(|about| about.name).collect();
    for entry in map(node, "`quirks`", mistakes).unwrap_or_default() {
        let value = match &entry.value.kind {
            Kind::Text(text) => text.clone(),
            Kind::Number(number) => number.to_string(),
            Kind::Bool(flag) => (if *flag { "on" } else { "off" }).to_owned(),
            Kind::Null => "null".to_owned(),
            Kind::List(_) | Kind::Map(_) => {
                wrong(&entry.value, "the value of a quirk", mistakes);
                continue;
            }
        };
        let name = entry.key.replace('_', "-");
        if !names.contains(&name.as_str()) {
            let place = entry.key_place;
            mistakes.push(Diagnostic::unknown_key(place, "the list of quirks", &name, &names));
        } else if let Err(error) = Quirks::default().set(&name, &value) {
            mistakes.push(Diagnostic::new(entry.value.place, error.to_string()));
        } else {
            pairs.push((name, value));
        }
    }
    QuirkSettings(pairs)
}

pub(super) fn client(node: &Node, mistakes: &mut Mistakes) -> Option<Client> {
    let keys = [
        "poll_every",
        "overlap",
        "relist_every",
        "longest_gap",
        "request_timeout",
        "quota",
        "seed",
        "clock",
    ];
    let entries = map(node, "`client`", mistakes)?;
    let mut client = Client::default();
    for entry in known(entries, "`client`", &keys, mistakes) {
        let value = &entry.value;
        match entry.key.as_str() {
            "poll_every" => client.poll_every = some_time(value, mistakes),
            "overlap" => client.overlap = span(value, mistakes),
            "relist_every" => client.relist_every = some_time(value, mistakes),
            "longest_gap" => client.longest_gap = some_time(value, mistakes),
            "request_timeout" => client.request_timeout = some_time(value, mistakes),
            "quota" => {
                let quota = whole(value, "requests a day", mistakes);
                client.quota = quota.and_then(|quota| u32::try_from(quota).ok());
            }
            "seed" => client.seed = whole(value, "a seed", mistakes),
            _ => client.clock = shift(value, mistakes),
        }
    }
    Some(client)
}

/// At least 100 ms: less and virtual time stands still.
fn some_time(node: &Node, mistakes: &mut Mistakes) -> Option<std::time::Duration> {
    let time = span(node, mistakes)?;
    if time.as_millis() < 100 {
        mistakes
            .push(Diagnostic::new(node.place, "this is too short").hint("choose at least 100ms"));
        return None;
    }
    Some(time)
}

pub(super) fn start(node: &Node, mistakes: &mut Mistakes) -> Option<Start> {
    let keys = ["websites", "unconfigured", "generated"];
    let entries = map(node, "`start`", mistakes)?;
    let mut start = Start::default();
    for entry in known(entries, "`start`", &keys, mistakes) {
        let value = &entry.value;
        match entry.key.as_str() {
            "websites" => start.websites = settings(value, "websites with settings", mistakes),
            "unconfigured" => start.unconfigured = websites(value, mistakes),
            _ => start.generated = generated(value, mistakes),
        }
    }
    Some(start)
}

fn generated(node: &Node, mistakes: &mut Mistakes) -> Option<u32> {
    match whole(node, "how many websites", mistakes)? {
        number @ 0..=100_000 => u32::try_from(number).ok(),
        number => {
            let message = format!("{number} websites are too many");
            mistakes.push(Diagnostic::new(node.place, message).hint("choose at most 100000"));
            None
        }
    }
}

pub(super) fn found(node: &Node, mistakes: &mut Mistakes) -> Option<Found> {
    let keys = ["rule", "client", "seed", "quirk"];
    let entries = map(node, "`found`", mistakes)?;
    let mut found = Found { rule: String::new(), client: String::new(), seed: 0, quirk: None };
    for entry in known(entries, "`found`", &keys, mistakes) {
        let value = &entry.value;
        match entry.key.as_str() {
            "rule" => found.rule = text(value, "a verdict", mistakes).unwrap_or_default(),
            "client" => found.client = text(value, "a client", mistakes).unwrap_or_default(),
            "seed" => found.seed = whole(value, "a seed", mistakes).unwrap_or_default(),
            _ => found.quirk = text(value, "a quirk", mistakes),
        }
    }
    Some(found)
}
