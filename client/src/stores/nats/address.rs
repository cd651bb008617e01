//! Where a NATS is, and who asks it.

use std::path::PathBuf;

use async_nats::{ConnectOptions, ServerAddr};

/// Where NATS is, and who asks. It has no `Debug`, as it holds secrets.
#[derive(Clone)]
pub(in crate::stores) struct Address {
    pub(in crate::stores) servers: Vec<ServerAddr>,
    pub(in crate::stores) identity: Identity,
    /// The file of the authority that its certificate is checked by; none: those of the system.
    pub(in crate::stores) authority: Option<PathBuf>,
    /// How many servers of a cluster keep a stream that is made.
    pub(in crate::stores) copies: u8,
}

/// Who asks.
#[derive(Clone)]
pub(in crate::stores) enum Identity {
    Anonymous,
    User(String, String),
    Token(String),
    #[cfg(feature = "nkeys")]
    Seed(String),
}

impl Address {
    /// The options of a connection that are about whom it is with.
    pub(super) fn options(&self) -> ConnectOptions {
        let mut options = ConnectOptions::new();
        if let Some(authority) = &self.authority {
            options = options.require_tls(true).add_root_certificates(authority.clone());
        }
        match &self.identity {
            Identity::Anonymous => options,
            Identity::User(user, password) => {
                options.user_and_password(user.clone(), password.clone())
            }
            Identity::Token(token) => options.token(token.clone()),
            #[cfg(feature = "nkeys")]
            Identity::Seed(seed) => options.nkey(seed.clone()),
        }
    }
}
