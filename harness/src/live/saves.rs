//! Saves that a client was told to do, and their ends.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use crate::peer::PeerError;
use crate::subject::Action;
use crate::words::SaveEnd;

enum Save {
    Open(Pin<Box<dyn Future<Output = Result<SaveEnd, PeerError>> + Send>>),
    Ended(Result<SaveEnd, PeerError>),
}

/// Saves under their tickets, until their ends are told.
#[derive(Default)]
pub(super) struct Saves(Vec<(u64, Save)>);

impl Saves {
    pub(super) fn begin(
        &mut self,
        ticket: u64,
        save: impl Future<Output = Result<SaveEnd, PeerError>> + Send + 'static,
    ) {
        self.0.push((ticket, Save::Open(Box::pin(save))));
    }

    pub(super) fn are_over(&self) -> bool {
        self.0.is_empty()
    }

    /// Lets them go on; says how many have ended and were not told.
    pub(super) async fn go_on(&mut self) -> usize {
        for (_, save) in &mut self.0 {
            if let Save::Open(open) = save
                && let Poll::Ready(end) = poll_fn(|cx| Poll::Ready(open.as_mut().poll(cx))).await
            {
                *save = Save::Ended(end);
            }
        }
        self.0.iter().filter(|(_, save)| matches!(save, Save::Ended(_))).count()
    }

    /// Tells the ends.
    pub(super) fn ends(&mut self) -> Result<Vec<Action>, PeerError> {
        let mut ends = Vec::new();
        for (ticket, save) in std::mem::take(&mut self.0) {
            match save {
                Save::Open(_) => self.0.push((ticket, save)),
                Save::Ended(Ok(end)) => ends.push(Action::SaveEnded(ticket, end)),
                Save::Ended(Err(PeerError::Refused(_))) => {
                    ends.push(Action::SaveEnded(ticket, SaveEnd::Unknown));
                }
                Save::Ended(Err(error)) => return Err(error),
            }
        }
        Ok(ends)
    }
}
