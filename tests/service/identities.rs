//! Those whom a NATS knows by their keys: the files that both sides need.

use nkeys::KeyPair;

/// What the server's configuration says, and what the client's file has.
pub struct Identity {
    pub config: String,
    pub credentials: String,
}

/// A user with an NKey.
pub fn nkey() -> Identity {
    let user = KeyPair::new_user();
    let config = format!("authorization {{ users = [ {{ nkey: {} }} ] }}", user.public_key());
    Identity { config, credentials: user.seed().unwrap() }
}
