//! Stores that replicas share: where the log is kept, and the settings for readers in any language.
//!
//! A [`Store`] is chosen by its address and handed to [`Builder::store`](crate::Builder::store). The
//! decisions are those of [`replicas`](crate::replicas); this is the edge that asks a server.

#[cfg(not(any(feature = "nats", feature = "redis")))]
compile_error!("the feature `store` of crisp-sync is for others: turn on `redis` or `nats`");

mod address;
mod advice;
mod link;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "service")]
mod reader;
#[cfg(feature = "redis")]
mod redis;
mod security;
mod server;
mod words;

use std::fmt;
use std::path::Path;
use std::time::Duration;

pub use address::InvalidStore;
use address::Kind;
pub(crate) use link::StoreLink;
#[cfg(feature = "service")]
pub(crate) use reader::Reader;
pub use security::UnusableFile;

/// A store by its address: `redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]`, `redis+unix:///PATH`, or
/// `nats://[USER:PASSWORD@]HOST[:PORT][,…][?replicas=N]`; with TLS `rediss://…` and `tls://…`. A build without the feature of
/// that kind refuses it.
#[derive(Clone)]
pub struct Store {
    kind: Kind,
    shown: String,
    tokens: bool,
    patience: Duration,
}

impl Store {
    /// The store at this address. Nothing is asked of it yet.
    ///
    /// # Errors
    /// When the address is of no kind of store that is known to this build.
    pub fn new(address: &str) -> Result<Self, InvalidStore> {
        let (kind, shown) = (Kind::of(address)?, address::without_password(address));
        let patience = crate::replicas::Options::new(0).patience;
        Ok(Self { kind, shown, tokens: false, patience })
    }

    /// Checks the store's certificate by this authority's (a file of PEM) instead of those of the system. For the addresses that
    /// begin with `rediss`, `tls` or `nats`.
    ///
    /// # Errors
    /// When the file has no certificate, or the address is one without TLS.
    pub fn trusting(mut self, authority: &Path) -> Result<Self, UnusableFile> {
        self.kind = self.kind.trusting(authority)?;
        Ok(self)
    }

    /// Says to the store who asks, by a file with a password (of the user in the address), or for NATS with a token or the seed of
    /// an NKey.
    ///
    /// # Errors
    /// When the file has none of these, or this kind of store does not know it.
    pub fn with_credentials(mut self, file: &Path) -> Result<Self, UnusableFile> {
        self.kind = self.kind.with_credentials(file)?;
        Ok(self)
    }

    /// Publishes the websites' tokens, too: for a settings page in another process. A reader of the
    /// store can then save as any website.
    #[must_use]
    pub fn with_tokens(mut self, tokens: bool) -> Self {
        self.tokens = tokens;
        self
    }

    /// So long it may be away before the replica polls by itself. Default 10 s; an answer of the store
    /// comes every second.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The options of the replica of this name.
    pub(crate) fn options(&self, id: u64) -> crate::replicas::Options {
        let mut options = crate::replicas::Options::new(id);
        options.patience = self.patience;
        options
    }

    /// Starts the tasks that ask it, for the plugin of this name.
    pub(crate) fn connect(&self, name: &str) -> StoreLink {
        match &self.kind {
            #[cfg(feature = "redis")]
            Kind::Redis(client) => {
                StoreLink::start(&redis::Redis::new(client.clone(), name, self.tokens))
            }
            #[cfg(feature = "nats")]
            Kind::Nats(address) => {
                StoreLink::start(&nats::Nats::new(address.clone(), name, self.tokens))
            }
        }
    }

    /// A reader of what is published for the plugin of this name.
    ///
    /// # Errors
    /// When the store cannot be reached, in words.
    #[cfg(feature = "service")]
    pub(crate) async fn reader(&self, name: &str) -> Result<Reader, String> {
        match &self.kind {
            #[cfg(feature = "redis")]
            Kind::Redis(client) => {
                Reader::of(redis::Redis::new(client.clone(), name, self.tokens)).await
            }
            #[cfg(feature = "nats")]
            Kind::Nats(address) => {
                Reader::of(nats::Nats::new(address.clone(), name, self.tokens)).await
            }
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.shown)
    }
}

impl std::str::FromStr for Store {
    type Err = InvalidStore;

    fn from_str(text: &str) -> Result<Self, InvalidStore> {
        Self::new(text)
    }
}
