//! A reader of what is published, for trials: it asks what readers in other languages ask.

use serde_json::{Map, Value};

use super::server::{Published, Server};

/// A machine that is busy lets connecting time out: so often it is tried.
const TRIES: u32 = 5;

/// Holds what the store of one plugin publishes.
pub(crate) struct Reader {
    asked: Box<dyn Asked>,
    place: u64,
    held: Map<String, Value>,
}

type Answer<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A server of any kind.
trait Asked: Send {
    fn published_after(&mut self, place: u64) -> Answer<'_, Result<Published, String>>;
    fn version(&mut self) -> Answer<'_, Result<u64, String>>;
    fn remove_all(&mut self) -> Answer<'_, Result<(), String>>;
}

struct Connected<S: Server>(S, S::Connection);

impl<S: Server> Asked for Connected<S> {
    fn published_after(&mut self, place: u64) -> Answer<'_, Result<Published, String>> {
        let Self(server, connection) = self;
        Box::pin(async move {
            server.published_after(connection, place).await.map_err(|error| error.to_string())
        })
    }

    fn version(&mut self) -> Answer<'_, Result<u64, String>> {
        let Self(server, connection) = self;
        Box::pin(async move { server.version(connection).await.map_err(|error| error.to_string()) })
    }

    fn remove_all(&mut self) -> Answer<'_, Result<(), String>> {
        let Self(server, connection) = self;
        Box::pin(
            async move { server.remove_all(connection).await.map_err(|error| error.to_string()) },
        )
    }
}

impl Reader {
    pub(super) async fn of<S: Server>(server: S) -> Result<Self, String> {
        let mut tried = 1;
        let connection = loop {
            match server.connect().await {
                Ok(connection) => break connection,
                Err(_) if tried < TRIES => tried += 1,
                Err(error) => return Err(error.to_string()),
            }
        };
        Ok(Self { asked: Box::new(Connected(server, connection)), place: 0, held: Map::new() })
    }

    /// What it holds after it asked for what is new, by the websites' identifiers: `{"settings": …, "token": …}`.
    ///
    /// # Errors
    /// When the store does not say, in words.
    pub(crate) async fn catch_up(&mut self) -> Result<Map<String, Value>, String> {
        let (values, place) = self.asked.published_after(self.place).await?;
        for (id, value) in values {
            match serde_json::from_slice::<Value>(&value) {
                Ok(website) if website.get("settings").is_some() => {
                    self.held.insert(id, website);
                }
                _ => {
                    self.held.remove(&id);
                }
            }
        }
        self.place = place;
        Ok(self.held.clone())
    }

    /// The version of the last batch; 0: there is none.
    ///
    /// # Errors
    /// When the store does not say, in words.
    pub(crate) async fn version(&mut self) -> Result<u64, String> {
        self.asked.version().await
    }

    /// Removes everything that the store has of this plugin.
    ///
    /// # Errors
    /// When the store does not, in words.
    pub(crate) async fn remove_all(&mut self) -> Result<(), String> {
        self.asked.remove_all().await
    }
}
