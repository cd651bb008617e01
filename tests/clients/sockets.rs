//! Clients of the RTM API, unmodified: official ones of three generations, and bots' libraries
//! (docs/events.md#rtm).

use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::emulator::World;
use crate::install::{node_modules, python, repository};
use crate::lines::Program;
use crate::want::{Missing, or_skip, program};

/// The folder with the clients and what they need.
const CLIENTS: &str = "tests/clients/sockets";

/// Which client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    /// The newest `crisp-api` 11 of npm: discovery, Engine.IO 4.
    Node11,
    /// The newest `crisp-api` 10 of npm: the same.
    Node10,
    /// `crisp-api` 5 of npm: a host of its own, Engine.IO 3.
    Node5,
    /// `socket.io-client` 2 of npm, authenticated by hand: Engine.IO 3.
    SocketIo2,
    /// `python-socketio` of PyPI, authenticated by hand: Engine.IO 4 at `/socket.io/`.
    Python,
}

impl Client {
    fn is_official(self) -> bool {
        matches!(self, Self::Node11 | Self::Node10 | Self::Node5)
    }

    fn command(self) -> Result<Command, Missing> {
        let node = |script: &str, package: &str| {
            let mut command = Command::new(program("node")?);
            command.arg(repository(CLIENTS).join(script)).arg(package);
            command.env("NODE_PATH", node_modules(CLIENTS)?);
            Ok(command)
        };
        match self {
            Self::Node11 => node("listen.js", "crisp-api-11"),
            Self::Node10 => node("listen.js", "crisp-api-10"),
            Self::Node5 => node("listen.js", "crisp-api-5"),
            Self::SocketIo2 => node("listen2.js", "socket.io-client-2"),
            Self::Python => {
                let mut command = Command::new(python(CLIENTS)?);
                command.arg(repository(CLIENTS).join("listen.py"));
                Ok(command)
            }
        }
    }
}

/// Makes a test of a claim for each client.
macro_rules! claims_of_every_client {
    ($($claim:ident),* $(,)?) => { $(
        mod $claim {
            use super::Client;

            #[tokio::test]
            async fn node_11() {
                super::$claim(Client::Node11).await;
            }

            #[tokio::test]
            async fn node_10() {
                super::$claim(Client::Node10).await;
            }

            #[tokio::test]
            async fn node_5() {
                super::$claim(Client::Node5).await;
            }

            #[tokio::test]
            async fn socket_io_2() {
                super::$claim(Client::SocketIo2).await;
            }

            #[tokio::test]
            async fn python() {
                super::$claim(Client::Python).await;
            }
        }
    )* };
}

claims_of_every_client!(
    a_save_is_heard_with_what_was_saved,
    a_client_that_was_cut_off_comes_back_and_misses_what_was_between,
    a_wrong_key_hears_that_it_is_unauthorized,
);

/// A client that runs, and its world.
struct Listening {
    world: World,
    program: Program,
}

impl Listening {
    /// A client in a fresh world; nothing where it cannot be had.
    async fn start(client: Client, options: Value, key: Option<&str>) -> Option<Self> {
        Self::within(client, World::start(options).await, key).await
    }

    /// The same in a world that is there.
    async fn within(client: Client, world: World, key: Option<&str>) -> Option<Self> {
        let installed = tokio::task::spawn_blocking(move || client.command()).await;
        let mut command = or_skip(installed.expect("an installation does not panic"))?;
        command.envs(world.environment());
        if let Some(key) = key {
            command.env("CRISP_KEY", key);
        }
        let program = Program::start(&format!("{client:?}"), &mut command);
        Some(Self { world, program })
    }

    /// The only socket of the world, once it is authenticated.
    async fn live(&self) -> Value {
        let mut sockets = self.world.control(Method::GET, "/rtm?live=1&wait=60s", None).await;
        assert_eq!(sockets["live"], 1, "no client came: {sockets}");
        sockets["sockets"][0].take()
    }

    /// The next save that it hears of: what was saved.
    async fn heard(&mut self) -> Value {
        let line = self.program.hear_of("plugin:settings:saved").await;
        let mut line: Value = serde_json::from_str(&line).expect("a client says JSON");
        line["data"]["settings"].take()
    }
}

async fn a_save_is_heard_with_what_was_saved(client: Client) {
    let Some(mut listening) = Listening::start(client, json!({"websites": 2}), None).await else {
        return;
    };
    let socket = listening.live().await;
    let version = if matches!(client, Client::Node5 | Client::SocketIo2) { 3 } else { 4 };
    assert_eq!(socket["engine_io"], version);
    let settings = json!({"message": "Grüße \u{1f44b}", "nested": {"25": [1, 2.5, null]}});
    listening.world.operator_saves("w2", settings.clone()).await;
    assert_eq!(listening.heard().await, settings);
    assert_eq!(listening.live().await["sent"], 1);
}

async fn a_client_that_was_cut_off_comes_back_and_misses_what_was_between(client: Client) {
    let Some(mut listening) = Listening::start(client, json!({"websites": 2}), None).await else {
        return;
    };
    let sid = listening.live().await["sid"].clone();
    // It is cut off in place of the event of this save: however quick it is, it is not back before.
    let cut = json!({"at": "rtm_event", "kick": true, "times": 1});
    listening.world.control(Method::POST, "/faults", Some(cut)).await;
    listening.world.operator_saves("w1", json!({"message": "between"})).await;
    let back = async {
        loop {
            let now = listening.world.control(Method::GET, "/rtm?live=1&wait=60s", None).await;
            if now["live"] == 1 && now["sockets"][0]["sid"] != sid {
                return;
            }
        }
    };
    tokio::time::timeout(crate::lines::PATIENCE, back).await.expect("it does not come back");
    listening.world.operator_saves("w1", json!({"message": "after"})).await;
    assert_eq!(listening.heard().await, json!({"message": "after"}), "nothing is replayed");
}

async fn a_wrong_key_hears_that_it_is_unauthorized(client: Client) {
    // A key of discovery and sockets alike: clients with discovery are refused there already, so that
    // for them a fault refuses the socket alone.
    let discovers = matches!(client, Client::Node11 | Client::Node10);
    let faults = if discovers { json!([{"at": "rtm", "refuse_auth": true}]) } else { json!([]) };
    let wrong = "0".repeat(64);
    let key = (!discovers).then_some(wrong.as_str());
    let options = json!({"websites": 1, "faults": faults});
    let Some(mut listening) = Listening::start(client, options, key).await else {
        return;
    };
    let refused = listening.program.hear_of("refused").await;
    // Official clients throw, which ends a program that does not expect it; others get the message.
    let said =
        if client.is_official() { "cannot listen for events" } else { "invalid_credentials" };
    assert!(refused.contains(said), "{refused}");
}

#[tokio::test]
async fn the_node_client_hears_of_a_fresh_install_once_it_binds_again() {
    let options = json!({"websites": 1});
    let Some(mut listening) = Listening::start(Client::Node11, options, None).await else {
        return;
    };
    listening.live().await;
    listening.world.control(Method::POST, "/websites", Some(json!({"website_id": "w9"}))).await;
    listening.program.hear_of("plugin:subscription:updated").await;
    listening.world.operator_saves("w9", json!({"message": "unheard"})).await;
    listening.program.say("rebind").await;
    listening.program.hear_of("rebound").await;
    // The frame is on its way when the client says so: a second save comes after it.
    let bound = async {
        loop {
            listening.world.operator_saves("w9", json!({"message": "heard"})).await;
            let sent = listening.live().await["sent"].as_u64();
            if sent > Some(1) {
                return;
            }
        }
    };
    tokio::time::timeout(crate::lines::PATIENCE, bound).await.expect("it does not bind");
    assert_eq!(listening.heard().await, json!({"message": "heard"}));
}

#[tokio::test]
async fn clients_give_up_a_server_whose_heartbeat_is_mute() {
    for client in [Client::SocketIo2, Client::Python] {
        // These dial /socket.io/, whose handshakes are those of the default space.
        let world = World::as_served().await;
        let quirks = json!({"rtm-ping-interval": "300ms", "rtm-ping-timeout": "300ms"});
        world.control(Method::PUT, "/quirks", Some(quirks)).await;
        let mute = json!({"at": "rtm", "mute_pings": true});
        world.control(Method::POST, "/faults", Some(mute)).await;
        let Some(mut listening) = Listening::within(client, world, None).await else {
            return;
        };
        listening.program.hear_of("authenticated").await;
        listening.program.hear_of("disconnected").await;
        // The next connection is answered.
        listening.world.control(Method::DELETE, "/faults", None).await;
        listening.program.hear_of("authenticated").await;
    }
}
