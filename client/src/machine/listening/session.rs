//! One socket, from its first text to its end.

use std::time::Duration;

use super::frame::{Heard, In, read};

/// How far a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The rules of the connection are waited for.
    Greeting,
    /// The namespace is entered.
    Joining,
    /// The credentials are sent.
    Authenticating,
    /// Events arrive.
    Live,
}

/// One socket that is open.
#[derive(Debug)]
pub(super) struct Session {
    stage: Stage,
    /// A ping comes within this time, by the server's own word.
    beat: Duration,
    /// When it is given up, if nothing comes.
    deadline: Duration,
}

/// What a text calls for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// Nothing.
    Nothing,
    /// To answer that the client is there.
    Pong,
    /// To enter the namespace.
    Join,
    /// To send the credentials.
    Authenticate,
    /// From now on events arrive.
    Live,
    /// An event arrived.
    Heard(Heard<'a>),
    /// The socket has to be given up.
    End(End),
}

/// Why a socket has to be given up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The server ended it, or does not speak the protocol.
    Broken(String),
    /// The credentials were refused.
    Refused(String),
}

impl Session {
    /// A socket that is open; it has to be authenticated by this time.
    pub(super) fn new(deadline: Duration) -> Self {
        Self { stage: Stage::Greeting, beat: Duration::ZERO, deadline }
    }

    /// When it is given up, if nothing comes before.
    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Whether events arrive.
    pub(super) fn is_live(&self) -> bool {
        self.stage == Stage::Live
    }

    /// Why it is given up at its deadline.
    pub(super) fn overdue(&self) -> String {
        match self.stage {
            Stage::Live => format!("no heartbeat of the server for {}s", self.beat.as_secs()),
            Stage::Greeting => "the server did not greet in time".to_owned(),
            Stage::Joining => "the server did not open the namespace in time".to_owned(),
            Stage::Authenticating => {
                "the server did not answer `authentication` in time".to_owned()
            }
        }
    }

    /// Takes a text in.
    pub(super) fn receive<'a>(&mut self, text: &'a str, now: Duration) -> Step<'a> {
        let frame = match read(text) {
            Ok(frame) => frame,
            Err(problem) => return Step::End(End::Broken(problem)),
        };
        match (frame, self.stage) {
            (In::Open(beat), Stage::Greeting) => {
                self.beat = beat;
                self.stage = Stage::Joining;
                Step::Join
            }
            (In::Connected, Stage::Joining) => {
                self.stage = Stage::Authenticating;
                Step::Authenticate
            }
            (In::Ping, stage) => {
                if stage == Stage::Live {
                    self.deadline = now.saturating_add(self.beat);
                }
                Step::Pong
            }
            (In::Refused(message), _) => Step::End(End::Refused(message)),
            (In::Close, _) => Step::End(End::Broken("the server ended the connection".to_owned())),
            (In::Event(heard), stage) => self.heard(heard, stage, now),
            _ => Step::Nothing,
        }
    }

    fn heard<'a>(&mut self, heard: Heard<'a>, stage: Stage, now: Duration) -> Step<'a> {
        match (heard.name.as_str(), stage) {
            ("unauthorized", _) => Step::End(End::Refused(heard.message())),
            ("authenticated", Stage::Authenticating) if heard.payload != "false" => {
                self.stage = Stage::Live;
                self.deadline = now.saturating_add(self.beat);
                Step::Live
            }
            (_, Stage::Live) => Step::Heard(heard),
            _ => Step::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const GREETING: &str = r#"0{"pingInterval":25000,"pingTimeout":20000}"#;

    fn live() -> Session {
        let mut session = Session::new(10 * SECOND);
        assert_eq!(session.receive(GREETING, SECOND), Step::Join);
        assert_eq!(session.receive("40{}", SECOND), Step::Authenticate);
        assert_eq!(session.deadline(), 10 * SECOND, "one deadline for all of it");
        assert_eq!(session.receive("42[\"authenticated\",true]", 2 * SECOND), Step::Live);
        session
    }

    #[test]
    fn a_socket_is_live_once_it_is_authenticated_and_each_ping_moves_its_deadline() {
        let mut session = live();
        assert_eq!(session.deadline(), 47 * SECOND);
        assert_eq!(session.receive("2", 27 * SECOND), Step::Pong);
        assert_eq!(session.deadline(), 72 * SECOND);
        let Step::Heard(heard) = session.receive("42[\"plugin:settings:saved\",{}]", 30 * SECOND)
        else {
            panic!("an event is heard");
        };
        assert_eq!(heard.name, "plugin:settings:saved");
        assert_eq!(session.deadline(), 72 * SECOND, "an event is no heartbeat");
    }

    #[test]
    fn events_before_the_authentication_are_nothing_and_a_ping_is_answered() {
        let mut session = Session::new(10 * SECOND);
        assert_eq!(session.receive("42[\"authenticated\",true]", SECOND), Step::Nothing);
        assert_eq!(session.receive("40{}", SECOND), Step::Nothing, "before the greeting");
        assert_eq!(session.receive(GREETING, SECOND), Step::Join);
        assert_eq!(session.receive("42[\"plugin:settings:saved\",{}]", SECOND), Step::Nothing);
        assert_eq!(session.receive("2", SECOND), Step::Pong);
        assert_eq!(session.deadline(), 10 * SECOND);
    }

    #[test]
    fn a_refusal_is_told_with_its_message_at_any_time() {
        for mut session in [Session::new(SECOND), live()] {
            let step = session.receive("42[\"unauthorized\",{\"message\":\"no\"}]", SECOND);
            assert_eq!(step, Step::End(End::Refused("no".to_owned())));
        }
    }
}
