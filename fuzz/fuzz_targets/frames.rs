//! Frames of a client of the RTM API, on a socket that is open (`src/played.rs`).
#![no_main]

use crisp_mock_fuzz::{Played, bounded};
use libfuzzer_sys::fuzz_target;

/// The handshakes of both versions; the first byte chooses.
const HANDSHAKES: [&str; 2] = ["3", "4"];

fuzz_target!(|data: &[u8]| {
    let (version, lines) = data.split_first().map_or((0, data), |(first, rest)| (first % 2, rest));
    let version = HANDSHAKES[usize::from(version)];
    let handshake = format!(
        "> \tGET\t/socket.io/?EIO={version}&transport=websocket\tupgrade: websocket|connection: upgrade|sec-websocket-version: 13|sec-websocket-key: x\n"
    );
    bounded(|| Played::play(&[handshake.as_bytes(), lines].concat()));
});
