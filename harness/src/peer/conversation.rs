//! A client that speaks the client protocol, whatever carries its messages.

use std::time::Duration;

use jiff::Timestamp;

use super::ask::Ask;
use super::reply::Reply;
use super::view::View;
use super::{Advanced, Answer, Greeting, Peer, PeerError, Reading, SaveOrder};
use crate::words::SaveEnd;

/// What carries the messages of one scenario: the lines of a program, or HTTP to a service.
pub(super) trait Channel: Send + Sync {
    /// Sends a request and waits for its reply.
    fn ask(
        &self,
        ask: &Ask<'_>,
        greeting: &Greeting,
    ) -> impl Future<Output = Result<Reply, PeerError>> + Send;

    /// Ends the scenario.
    fn end(&self, greeting: &Greeting) -> impl Future<Output = Result<(), PeerError>> + Send;

    /// What the client has written.
    fn log(&self) -> Vec<String>;
}

/// A client in one scenario, after its greeting.
pub(super) struct Conversation<C> {
    pub(super) greeting: Greeting,
    pub(super) view: View,
    pub(super) channel: C,
}

impl<C: Channel> Conversation<C> {
    async fn ask<T>(
        &self,
        ask: Ask<'_>,
        read: impl FnOnce(&Reply) -> Result<T, PeerError>,
    ) -> Result<T, PeerError> {
        read(&self.channel.ask(&ask, &self.greeting).await?)
    }
}

impl<C: Channel> Peer for Conversation<C> {
    fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    fn start<'a>(&'a self, access: &'a super::Access) -> Answer<'a, ()> {
        Box::pin(self.ask(Ask::start(access, self.greeting.capabilities), |_| Ok(())))
    }

    fn read(&self) -> Answer<'_, Reading> {
        let capabilities = self.greeting.capabilities;
        Box::pin(self.ask(Ask::Read, move |reply| reply.reading(&self.view, capabilities)))
    }

    fn save<'a>(&'a self, order: SaveOrder<'a>) -> Answer<'a, SaveEnd> {
        let SaveOrder { website, settings, how, .. } = order;
        Box::pin(self.ask(Ask::save(website, settings, how), Reply::save_end))
    }

    fn advance(&self, by: Duration, now: Timestamp) -> Answer<'_, Advanced> {
        Box::pin(self.ask(Ask::advance(by, now), Reply::advanced))
    }

    fn reset(&self) -> Answer<'_, ()> {
        Box::pin(self.ask(Ask::Reset, |_| Ok(())))
    }

    fn stop(&self) -> Answer<'_, ()> {
        Box::pin(self.channel.end(&self.greeting))
    }

    fn log(&self) -> Vec<String> {
        self.channel.log()
    }
}
