//! Stores that replicas share: where the log is kept, and the settings for readers in any language.
//!
//! A [`Store`] is chosen by its address and handed to [`Builder::store`](crate::Builder::store). The
//! decisions are those of [`replicas`](crate::replicas); this is the edge that asks a server.

mod link;
mod redis;

use std::fmt;
use std::time::Duration;

pub(crate) use link::StoreLink;

/// Why a text is no store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{address}` is no store ({problem}); write redis://HOST:6379/0 or redis+unix:///PATH")]
pub struct InvalidStore {
    address: String,
    problem: String,
}

/// A store by its address: `redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]`, or `redis+unix:///PATH`.
#[derive(Clone)]
pub struct Store {
    client: ::redis::Client,
    shown: String,
    tokens: bool,
    patience: Duration,
}

impl Store {
    /// The store at this address. Nothing is asked of it yet.
    ///
    /// # Errors
    /// When the address is of no kind of store that is known.
    pub fn new(address: &str) -> Result<Self, InvalidStore> {
        let shown = without_password(address);
        let refuse = |problem: String| InvalidStore { address: shown.clone(), problem };
        if !["redis://", "redis+unix://", "valkey://"].iter().any(|kind| address.starts_with(kind))
        {
            return Err(refuse("its kind is not known".to_owned()));
        }
        let client = ::redis::Client::open(address).map_err(|error| refuse(error.to_string()))?;
        let patience = crate::replicas::Options::new(0).patience;
        Ok(Self { client, shown, tokens: false, patience })
    }

    /// Publishes the websites' tokens, too: for a settings page in another process. Whoever reads the
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
        let store = redis::Redis::new(self.client.clone(), name, self.tokens);
        StoreLink::start(&store)
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

/// The address as it may be printed.
fn without_password(address: &str) -> String {
    let address: String = address.chars().take(200).collect();
    match (address.find("://"), address.rfind('@')) {
        (Some(kind), Some(at)) if kind + 3 <= at => {
            format!("{}…{}", &address[..kind + 3], &address[at..])
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_another_kind_is_refused_and_a_password_never_printed() {
        for text in ["", "localhost", "http://x", "redis://", "memcached://x:secret@y"] {
            let refused = Store::new(text).map(drop).unwrap_err().to_string();
            assert!(refused.contains("redis://HOST"), "{refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
        let store = Store::new("redis://user:secret@127.0.0.1:6379/2").unwrap();
        assert_eq!(store.to_string(), "redis://…@127.0.0.1:6379/2");
        assert!(!format!("{store:?}").contains("secret"));
    }
}
