//! Texts of the server: a packet of Engine.IO 4, and in its messages one of Socket.IO 4.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::WebsiteId;
use crate::wire::short;

/// A longer text is not read. Crisp's own bound is 1,000,000 bytes.
pub(crate) const LONGEST_TEXT: usize = 4 << 20;
/// The heartbeat of a server that names none, and the longest and shortest that are believed.
const INTERVAL: Duration = Duration::from_secs(25);
const TIMEOUT: Duration = Duration::from_secs(20);
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// What the server sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum In<'a> {
    /// The rules of the connection: a ping comes within this time.
    Open(Duration),
    /// It asks whether the client is there.
    Ping,
    /// The client is in the namespace.
    Connected,
    /// The client is not let into the namespace.
    Refused(String),
    /// It ends the connection.
    Close,
    /// An event.
    Event(Heard<'a>),
    /// What calls for no answer.
    Other,
}

/// An event: its name, and its payload as JSON text.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::machine) struct Heard<'a> {
    pub(in crate::machine) name: String,
    pub(in crate::machine) payload: &'a str,
}

/// What is read of a payload. The rest is not looked at: events are no data.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Subject {
    pub(super) website_id: Option<WebsiteId>,
    pub(super) bound: Option<bool>,
}

impl Heard<'_> {
    /// Which website it is about, as far as that can be read.
    pub(super) fn subject(&self) -> Subject {
        serde_json::from_str(self.payload).unwrap_or_default()
    }

    /// The text of its `message` member, or nothing.
    pub(super) fn message(&self) -> String {
        message(self.payload)
    }
}

/// Reads a text.
///
/// # Errors
/// What is wrong with it, when it is none of the protocol's.
pub(super) fn read(text: &str) -> Result<In<'_>, String> {
    if text.len() > LONGEST_TEXT {
        return Err(format!("a text has {} bytes, more than {LONGEST_TEXT}", text.len()));
    }
    let mut rest = text.chars();
    match rest.next() {
        Some('0') => open(rest.as_str()),
        Some('1') => Ok(In::Close),
        Some('2') => Ok(In::Ping),
        Some('3' | '5' | '6') => Ok(In::Other),
        Some('4') => packet(rest.as_str()),
        _ => Err("a text begins with no packet type of Engine.IO".to_owned()),
    }
}

fn open(text: &str) -> Result<In<'_>, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Rules {
        ping_interval: Option<u64>,
        ping_timeout: Option<u64>,
    }
    let rules: Rules = serde_json::from_str(text)
        .map_err(|e| format!("its first text is unreadable ({})", short(e)))?;
    let interval = rules.ping_interval.map_or(INTERVAL, Duration::from_millis);
    let timeout = rules.ping_timeout.map_or(TIMEOUT, Duration::from_millis);
    Ok(In::Open(interval.saturating_add(timeout).clamp(SHORTEST, LONGEST)))
}

fn packet(text: &str) -> Result<In<'_>, String> {
    let mut rest = text.chars();
    let kind = rest.next();
    let rest = rest.as_str();
    if rest.starts_with('/') {
        // Another namespace than the one that was entered.
        return Ok(In::Other);
    }
    match kind {
        Some('0') => Ok(In::Connected),
        Some('1') => Ok(In::Close),
        Some('2') => event(rest),
        Some('3' | '5' | '6') => Ok(In::Other),
        Some('4') => Ok(In::Refused(message(rest))),
        _ => Err("a message begins with no packet type of Socket.IO".to_owned()),
    }
}

fn event(text: &str) -> Result<In<'_>, String> {
    // The number by which an acknowledgement would be asked for.
    let array = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let parts: Vec<&RawValue> = serde_json::from_str(array)
        .map_err(|e| format!("an event is no JSON array ({})", short(e)))?;
    let name = parts.first().and_then(|name| serde_json::from_str(name.get()).ok());
    let name = name.ok_or("an event does not begin with its name")?;
    let payload = parts.get(1).map_or("null", |payload| payload.get());
    Ok(In::Event(Heard { name, payload }))
}

/// The text of the `message` member, shortened.
fn message(payload: &str) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Payload {
        message: String,
    }
    let payload: Payload = serde_json::from_str(payload).unwrap_or_default();
    short(payload.message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_packet_of_the_protocol_is_read() {
        let open = r#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
        assert_eq!(read(open), Ok(In::Open(Duration::from_secs(45))));
        assert_eq!(read("2"), Ok(In::Ping));
        assert_eq!(read("40{\"sid\":\"b\"}"), Ok(In::Connected));
        assert_eq!(read("44{\"message\":\"no\"}"), Ok(In::Refused("no".to_owned())));
        assert_eq!([read("1"), read("41")], [Ok(In::Close), Ok(In::Close)]);
        assert_eq!(
            [read("3"), read("6"), read("43[1]")],
            [Ok(In::Other), Ok(In::Other), Ok(In::Other)]
        );
        assert_eq!(read("42/other,[\"x\"]"), Ok(In::Other));
        let heard = |payload| Ok(In::Event(Heard { name: "x".to_owned(), payload }));
        assert_eq!(read("42[\"x\",{\"a\":1}]"), heard("{\"a\":1}"));
        assert_eq!(read("4217[\"x\"]"), heard("null"));
    }

    #[test]
    fn a_heartbeat_that_a_server_makes_up_is_kept_within_bounds() {
        for (rules, seconds) in [
            ("{}", 45),
            (r#"{"pingInterval":18446744073709551615,"pingTimeout":1}"#, 300),
            (r#"{"pingInterval":0,"pingTimeout":0}"#, 1),
        ] {
            let text = format!("0{rules}");
            assert_eq!(read(&text), Ok(In::Open(Duration::from_secs(seconds))), "{rules}");
        }
    }

    #[test]
    fn what_is_no_packet_is_an_error_in_a_few_words() {
        let long = format!("4{}", "2".repeat(LONGEST_TEXT));
        for text in ["", "9", "4", "47", "42", "42{}", "42[]", "42[7]", "0", "0[", &long] {
            let problem = read(text).unwrap_err();
            assert!(!problem.is_empty() && problem.len() < 300, "{text}: {problem}");
        }
    }

    #[test]
    fn a_payload_that_cannot_be_read_is_about_no_website() {
        for payload in ["null", "7", "{}", r#"{"website_id":7}"#, r#"{"website_id":"w"}"#] {
            let heard = Heard { name: "x".to_owned(), payload };
            assert_eq!(heard.subject(), Subject::default(), "{payload}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-6]{0,3}.{0,40}") {
            let _ = read(&text);
        }
    }
}
