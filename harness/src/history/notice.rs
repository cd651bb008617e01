//! One event of the RTM API, from its happening to its arrival at the client.

use std::time::Duration;

use super::event::Site;

/// An event that was for the client's socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its 1-based index among those events: `rtm_event#2`.
    pub number: u64,
    /// The website that it speaks of.
    pub site: Site,
    /// Its name, such as `plugin:settings:saved`.
    pub event: Box<str>,
    /// When it happened.
    pub sent: Duration,
    /// When it reached the client first.
    pub arrived: Option<Duration>,
    /// What a fault did to it on its way.
    pub fault: Option<&'static str>,
}
