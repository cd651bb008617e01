//! What is asked of the server of a store, of whatever kind.

use std::fmt::Display;

use bytes::Bytes;

use crate::replicas::{LogEvent, Place, Publication};

/// Identifiers and values of websites, and the place after them.
#[cfg(feature = "service")]
pub(super) type Published = (Vec<(String, Bytes)>, u64);

/// One plugin's log and published settings on one server.
pub(super) trait Server: Clone + Send + Sync + 'static {
    type Connection: Send;
    type Error: Display + Send;

    fn connect(&self) -> impl Future<Output = Result<Self::Connection, Self::Error>> + Send;

    /// What stands in the log after this place.
    fn read(
        &self,
        connection: &mut Self::Connection,
        after: Option<Place>,
    ) -> impl Future<Output = Result<LogEvent, Self::Error>> + Send;

    /// Waits until something stands after this place, at most a second.
    fn wait(
        &self,
        connection: &mut Self::Connection,
        after: Option<Place>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Appends the entry with this name, if the log still ends with `after`.
    fn append(
        &self,
        connection: &mut Self::Connection,
        after: Option<Place>,
        entry: (Place, Bytes),
    ) -> impl Future<Output = Result<LogEvent, Self::Error>> + Send;

    /// Forgets what stands before the entry of this number.
    fn trim(
        &self,
        connection: &mut Self::Connection,
        before: u64,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Shows readers what one entry changed.
    fn publish(
        &self,
        connection: &mut Self::Connection,
        publication: Publication,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The values of the websites that were published after this place, and the place after them: what a reader in
    /// another language asks. 0: all of them.
    #[cfg(feature = "service")]
    fn published_after(
        &self,
        connection: &mut Self::Connection,
        place: u64,
    ) -> impl Future<Output = Result<Published, Self::Error>> + Send;

    /// The version of the last batch that readers find whole; 0: there is none.
    #[cfg(feature = "service")]
    fn version(
        &self,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<u64, Self::Error>> + Send;

    /// Removes the log and everything that is published.
    #[cfg(feature = "service")]
    fn remove_all(
        &self,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
