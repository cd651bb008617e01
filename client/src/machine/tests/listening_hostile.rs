//! A relay that says anything at any time, and a driver that reports it late.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::server::{Quirks, Server};
use super::sim::{config, moment, ms, secs, w};
use crate::machine::{Action, Event, Machine, SocketAction, SocketEvent, SocketId, SocketState};

/// What is said next, of the socket so many before the newest.
#[derive(Clone, Debug)]
struct Said {
    after: u64,
    before_newest: u64,
    event: SocketEvent,
}

fn said() -> impl Strategy<Value = Said> {
    let texts = prop::sample::select(vec![
        r#"0{"pingInterval":25000,"pingTimeout":20000}"#,
        r#"0{"pingInterval":0,"pingTimeout":0}"#,
        "0",
        "1",
        "2",
        "3",
        "40{\"sid\":\"a\"}",
        "41",
        "44{\"message\":\"no\"}",
        "42[\"authenticated\",true]",
        "42[\"unauthorized\",{}]",
        "42[\"plugin:settings:saved\",{\"website_id\":\"00000000-0000-0000-0000-000000000001\"}]",
        "42[\"plugin:settings:saved\",{\"website_id\":\"00000000-0000-0000-0000-0000000000aa\"}]",
        "42[\"plugin:subscription:updated\",{\"bound\":true}]",
        "42[\"plugin:subscription:updated\",7]",
        "42[",
        "451-[\"x\"]",
        "",
    ]);
    let event = prop_oneof![
        6 => texts.prop_map(|text| SocketEvent::Text(text.to_owned())),
        2 => Just(SocketEvent::Opened),
        1 => Just(SocketEvent::Closed("gone".to_owned())),
        1 => ".{0,30}".prop_map(SocketEvent::Text),
    ];
    let newest = prop_oneof![9 => Just(0_u64), 1 => 1_u64..3];
    (0_u64..40_000, newest, event).prop_map(|(after, before_newest, event)| Said {
        after,
        before_newest,
        event,
    })
}

/// The machine with its server, and the socket that a driver would have open.
struct World {
    machine: Machine,
    server: Server,
    now: Duration,
    newest: u64,
    open: bool,
}

impl World {
    fn event(&mut self, event: Event) {
        let mut actions = self.machine.handle(moment(self.now, 0), event);
        while !actions.is_empty() {
            let mut more = Vec::new();
            for action in actions {
                match action {
                    Action::Send { id, request, .. } => {
                        let response = self.server.answer(self.now, &request);
                        let answer = Event::Answer { id, response };
                        more.extend(self.machine.handle(moment(self.now, 0), answer));
                    }
                    Action::Socket { id, action: SocketAction::Open { .. } } => {
                        assert!(!self.open, "a second socket");
                        assert_eq!(id.0, self.newest + 1);
                        (self.newest, self.open) = (id.0, true);
                    }
                    Action::Socket { id, action } => {
                        assert!(self.open && id.0 == self.newest, "{action:?} without a socket");
                        self.open = action != SocketAction::Close;
                    }
                    _ => {}
                }
            }
            actions = more;
        }
    }

    /// Lets time pass until then, as a driver does.
    fn pass(&mut self, until: Duration) {
        let mut steps = 0;
        while let Some(wake) = self.machine.next_wake().filter(|wake| *wake <= until) {
            steps += 1;
            assert!(steps < 10_000, "the machine spins");
            self.now = self.now.max(wake);
            self.event(Event::Tick);
        }
        self.now = until;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_a_relay_says_the_machine_keeps_one_socket_and_its_pace(
        said in prop::collection::vec(said(), 0..60)
    ) {
        let mut config = config();
        config.listening = Some(crate::Listening::default());
        let mut server = Server::new(Quirks::default());
        server.installed_before(w(1), serde_json::json!({}));
        let machine = Machine::new(config, moment(Duration::ZERO, 0));
        let mut world = World { machine, server, now: Duration::ZERO, newest: 0, open: false };
        world.event(Event::Tick);
        for Said { after, before_newest, event } in said {
            world.pass(world.now + ms(after));
            let id = world.newest.saturating_sub(before_newest);
            if id == world.newest && matches!(event, SocketEvent::Closed(_)) {
                world.open = false;
            }
            world.event(Event::Socket { id: SocketId(id), event });
        }
        let (polls, connects) = (world.machine.counters().polls, world.newest);
        world.pass(world.now + secs(3600));
        // Nothing more is said: no socket stays live, and polls are as usual.
        prop_assert!(world.machine.socket_state() != SocketState::Live);
        let polls = world.machine.counters().polls - polls;
        prop_assert!((50..=100).contains(&polls), "{polls} polls");
        prop_assert!(world.newest - connects < 40, "{} connects", world.newest - connects);
    }
}
