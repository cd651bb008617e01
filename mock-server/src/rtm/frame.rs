//! Text frames: a packet of Engine.IO, and in its messages a packet of Socket.IO
//! (docs/wire.md#rtm-frames).

use std::fmt;

use serde_json::Value;

use crate::bounds;

/// The two versions of Engine.IO that clients of Crisp speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineIo {
    /// Socket.IO 1 and 2: the client asks whether the other side is there.
    V3,
    /// Socket.IO 3 and 4: the server asks.
    V4,
}

impl EngineIo {
    /// The number in the query of a handshake.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::V3 => 3,
            Self::V4 => 4,
        }
    }
}

/// What a client sent.
#[derive(Debug, Clone, PartialEq)]
pub enum In {
    /// It asks whether the server is there, with a text to be sent back.
    Ping(String),
    /// It answers that it is there.
    Pong,
    /// It closes.
    Close,
    /// It enters a namespace, `/` or another.
    Connect(String),
    /// It leaves the namespace.
    Disconnect,
    /// An event with its first argument; `null` where it has none.
    Event(String, Value),
    /// Something that calls for no answer: an acknowledgement, `noop`, `upgrade`.
    Other,
}

/// Why a frame is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It is longer than a frame may be.
    #[error("a frame has more than {} bytes: send less in one event", bounds::RTM_FRAME)]
    TooLong,
    /// Its first characters name no packet.
    #[error(
        "a frame begins with no packet type of Engine.IO and Socket.IO: use a client of theirs"
    )]
    UnknownPacket,
    /// What should be an event is not a JSON array that begins with a name.
    #[error("an event is not a JSON array that begins with its name: use a client of Socket.IO")]
    NoEvent,
    /// It announces binary attachments.
    #[error("an event has binary attachments: Crisp's events are JSON alone")]
    Binary,
}

impl In {
    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// [`FrameError`] when it is too long or no frame of the protocol.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        if text.len() > bounds::RTM_FRAME {
            return Err(FrameError::TooLong);
        }
        let mut rest = text.chars();
        match rest.next() {
            Some('1') => Ok(Self::Close),
            Some('2') => Ok(Self::Ping(rest.as_str().to_owned())),
            Some('3') => Ok(Self::Pong),
            Some('4') => Self::message(rest.as_str()),
            Some('5' | '6') => Ok(Self::Other),
            _ => Err(FrameError::UnknownPacket),
        }
    }

    fn message(text: &str) -> Result<Self, FrameError> {
        let mut rest = text.chars();
        let kind = rest.next().ok_or(FrameError::UnknownPacket)?;
        let rest = rest.as_str();
        match kind {
            '0' => Ok(Self::Connect(namespace(rest).0.to_owned())),
            '1' => Ok(Self::Disconnect),
            '2' => event(namespace(rest).1),
            '3' | '4' => Ok(Self::Other),
            '5' | '6' => Err(FrameError::Binary),
            _ => Err(FrameError::UnknownPacket),
        }
    }
}

/// The namespace at the beginning of a packet, without a query, and what follows it.
fn namespace(text: &str) -> (&str, &str) {
    if !text.starts_with('/') {
        return ("/", text);
    }
    let (name, rest) = text.split_once(',').unwrap_or((text, ""));
    (name.split_once('?').map_or(name, |(name, _)| name), rest)
}

fn event(text: &str) -> Result<In, FrameError> {
    // The number by which an acknowledgement would be asked for: Crisp gives none.
    let array = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let parts: Vec<Value> = serde_json::from_str(array).map_err(|_| FrameError::NoEvent)?;
    let mut parts = parts.into_iter();
    match parts.next() {
        Some(Value::String(name)) => Ok(In::Event(name, parts.next().unwrap_or_default())),
        _ => Err(FrameError::NoEvent),
    }
}

/// What a server sends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Out<'a> {
    /// The first frame: the rules of this connection, times in milliseconds.
    Open {
        /// The name of the connection.
        sid: &'a str,
        /// How often one side asks whether the other is there.
        ping_interval: u128,
        /// How long the answer may take.
        ping_timeout: u128,
    },
    /// The client is in the namespace `/`.
    Connected(&'a str),
    /// There is no such namespace.
    NoNamespace(&'a str),
    /// Asks whether the client is there.
    Ping,
    /// Answers a ping with the text that came with it.
    Pong(&'a str),
    /// The server ends the Socket.IO connection.
    Disconnect,
    /// An event and its argument, as JSON.
    Event(&'a str, &'a str),
}

impl Out<'_> {
    /// Writes the frame as a client of that version reads it.
    #[must_use]
    pub fn write(self, engine: EngineIo) -> String {
        match (self, engine) {
            (Self::Open { sid, ping_interval, ping_timeout }, _) => format!(
                "0{{\"sid\":{},\"upgrades\":[],\"pingInterval\":{ping_interval},\
                 \"pingTimeout\":{ping_timeout},\"maxPayload\":{}}}",
                Quoted(sid),
                bounds::RTM_FRAME
            ),
            (Self::Connected(_), EngineIo::V3) => "40".to_owned(),
            (Self::Connected(sid), EngineIo::V4) => format!("40{{\"sid\":{}}}", Quoted(sid)),
            (Self::NoNamespace(name), EngineIo::V3) => format!("44{name},\"Invalid namespace\""),
            (Self::NoNamespace(name), EngineIo::V4) => {
                format!("44{name},{{\"message\":\"Invalid namespace\"}}")
            }
            (Self::Ping, _) => "2".to_owned(),
            (Self::Pong(text), _) => format!("3{text}"),
            (Self::Disconnect, _) => "41".to_owned(),
            (Self::Event(name, argument), _) => format!("42[{},{argument}]", Quoted(name)),
        }
    }
}

/// A text as JSON.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A text is always JSON.
        out.write_str(&serde_json::to_string(self.0).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn frames_of_the_official_clients_are_read() {
        let read = |text| In::parse(text).unwrap();
        assert_eq!(read("2"), In::Ping(String::new()));
        assert_eq!(read("2probe"), In::Ping("probe".into()));
        assert_eq!(read("3"), In::Pong);
        assert_eq!(read("1"), In::Close);
        assert_eq!(read("40"), In::Connect("/".into()));
        assert_eq!(read("40/admin?token=1,"), In::Connect("/admin".into()));
        assert_eq!(read("40/admin,{\"a\":1}"), In::Connect("/admin".into()));
        assert_eq!(read("41"), In::Disconnect);
        // Node's bind, Go's re-bind, and an event that asks for an acknowledgement.
        assert_eq!(read("42[\"socket:bind\",{}]"), In::Event("socket:bind".into(), json!({})));
        assert_eq!(read("42[\"socket:bind\",\"\"]"), In::Event("socket:bind".into(), json!("")));
        assert_eq!(read("4217[\"a\"]"), In::Event("a".into(), Value::Null));
        assert_eq!(read("42/,[\"a\",1,2]"), In::Event("a".into(), json!(1)));
    }

    #[test]
    fn what_is_no_frame_is_refused_by_what_is_wrong_with_it() {
        let refused = |text: &str| In::parse(text).unwrap_err();
        for text in ["", "9", "x", "4", "49", "é"] {
            assert_eq!(refused(text), FrameError::UnknownPacket, "{text}");
        }
        for text in ["42", "42{}", "42[]", "42[1]", "42[\"a\"", "42/a"] {
            assert_eq!(refused(text), FrameError::NoEvent, "{text}");
        }
        assert_eq!(refused("451-[\"a\",{\"_placeholder\":true}]"), FrameError::Binary);
        let long = format!("42[\"a\",\"{}\"]", "x".repeat(bounds::RTM_FRAME));
        assert_eq!(refused(&long), FrameError::TooLong);
        assert_eq!(refused(&format!("42{}", "[".repeat(10_000))), FrameError::NoEvent);
    }

    #[test]
    fn each_version_gets_the_frames_that_its_clients_expect() {
        let open = Out::Open { sid: "a", ping_interval: 25_000, ping_timeout: 20_000 };
        assert_eq!(
            open.write(EngineIo::V4),
            "0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\
             \"maxPayload\":65536}"
        );
        assert_eq!(Out::Connected("a").write(EngineIo::V3), "40");
        assert_eq!(Out::Connected("a").write(EngineIo::V4), "40{\"sid\":\"a\"}");
        assert_eq!(Out::Pong("probe").write(EngineIo::V3), "3probe");
        assert_eq!(
            Out::Event("authenticated", "true").write(EngineIo::V4),
            "42[\"authenticated\",true]"
        );
    }

    proptest! {
        #[test]
        fn an_event_that_is_written_is_read_back(name in ".*", number: i64, text in ".*") {
            let argument = json!({"number": number, "text": text});
            for engine in [EngineIo::V3, EngineIo::V4] {
                let frame = Out::Event(&name, &argument.to_string()).write(engine);
                prop_assert_eq!(In::parse(&frame), Ok(In::Event(name.clone(), argument.clone())));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9]{0,3}.*") {
            let _ = In::parse(&text);
        }
    }
}
