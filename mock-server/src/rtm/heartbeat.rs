//! Whether both sides are still there. Engine.IO 4 has the server ask, Engine.IO 3 the client.

use std::time::Duration;

use super::frame::EngineIo;

/// The heartbeat of one connection. All times are outside time: it beats while a world's clock stands.
#[derive(Debug, Clone)]
pub(super) struct Heartbeat {
    engine: EngineIo,
    interval: Duration,
    timeout: Duration,
    next: Beat,
    /// A fault keeps the server from asking and from answering.
    is_muted: bool,
}

/// What comes next, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beat {
    /// The server asks.
    Ask(Duration),
    /// The client has to have asked, or answered.
    HearBy(Duration),
}

/// What a heartbeat demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    /// A ping is to be sent.
    Ping,
    /// The client is gone.
    GiveUp,
}

impl Heartbeat {
    pub(super) fn new(
        engine: EngineIo,
        now: Duration,
        interval: Duration,
        timeout: Duration,
        is_muted: bool,
    ) -> Self {
        let mut heartbeat = Self { engine, interval, timeout, next: Beat::Ask(now), is_muted };
        heartbeat.begin(now);
        heartbeat
    }

    /// The connection begins now.
    pub(super) fn begin(&mut self, now: Duration) {
        let interval = now.saturating_add(self.interval);
        self.next = match self.engine {
            EngineIo::V3 => Beat::HearBy(interval.saturating_add(self.timeout)),
            EngineIo::V4 => Beat::Ask(interval),
        };
    }

    /// The client asked; whether it is answered.
    pub(super) fn asked(&mut self, now: Duration) -> bool {
        if self.engine == EngineIo::V3 {
            self.begin(now);
        }
        !self.is_muted
    }

    /// The client answered.
    pub(super) fn answered(&mut self, now: Duration) {
        if self.engine == EngineIo::V4 {
            self.begin(now);
        }
    }

    /// What is due now.
    pub(super) fn demand(&mut self, now: Duration) -> Option<Demand> {
        match self.next {
            Beat::Ask(at) if now >= at && !self.is_muted => {
                self.next = Beat::HearBy(now.saturating_add(self.timeout));
                Some(Demand::Ping)
            }
            Beat::HearBy(by) if now >= by => Some(Demand::GiveUp),
            _ => None,
        }
    }

    /// When something is due next.
    pub(super) fn due(&self) -> Option<Duration> {
        match self.next {
            Beat::Ask(_) if self.is_muted => None,
            Beat::Ask(at) | Beat::HearBy(at) => Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn beat(engine: EngineIo, is_muted: bool) -> Heartbeat {
        Heartbeat::new(engine, Duration::ZERO, 25 * SECOND, 20 * SECOND, is_muted)
    }

    #[test]
    fn the_server_asks_clients_of_engine_io_4_and_gives_up_without_an_answer() {
        let mut beat = beat(EngineIo::V4, false);
        assert_eq!(beat.demand(24 * SECOND), None);
        assert_eq!(beat.due(), Some(25 * SECOND));
        assert_eq!(beat.demand(25 * SECOND), Some(Demand::Ping));
        assert_eq!(beat.demand(26 * SECOND), None);
        beat.answered(26 * SECOND);
        assert_eq!(beat.demand(51 * SECOND), Some(Demand::Ping));
        assert_eq!(beat.demand(70 * SECOND), None);
        assert_eq!(beat.demand(71 * SECOND), Some(Demand::GiveUp));
    }

    #[test]
    fn a_client_of_engine_io_3_asks_and_is_given_up_when_it_does_not() {
        let mut beat = beat(EngineIo::V3, false);
        assert_eq!(beat.demand(44 * SECOND), None);
        assert!(beat.asked(40 * SECOND));
        assert_eq!(beat.demand(84 * SECOND), None);
        assert_eq!(beat.demand(85 * SECOND), Some(Demand::GiveUp));
    }

    #[test]
    fn a_muted_heartbeat_neither_asks_nor_answers() {
        let mut silent = beat(EngineIo::V4, true);
        assert_eq!((silent.demand(1_000 * SECOND), silent.due()), (None, None));
        assert!(!beat(EngineIo::V3, true).asked(SECOND));
    }
}
