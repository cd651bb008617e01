//! What faults do to one event on its way to a web hook or a socket.

use std::time::Duration;

use super::decision::{Decision, Fired};
use super::effect::Effect;

/// What meets one event on its way.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventFaults {
    /// It is never sent.
    pub is_dropped: bool,
    /// It is sent twice.
    pub is_duplicated: bool,
    /// How much later it is due.
    pub delay: Duration,
    /// It waits until a later one to the same receiver was sent.
    pub is_held: bool,
    /// It is not what Crisp would send, to a web hook.
    pub forgery: Option<Forgery>,
    /// The socket ends in its place, by an RST if true.
    pub end_by_reset: Option<bool>,
    /// The faults that act, in the order of the plan.
    pub fired: Vec<Fired>,
}

/// What a forger, or one who replays, would send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Forgery {
    /// The signature does not fit.
    BadSignature,
    /// Everything fits, and is so old.
    OldTimestamp(Duration),
    /// Everything fits, and speaks of a website that does not have the plugin.
    OtherWebsite,
}

impl Forgery {
    /// Its name, which is the key of its fault.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Decision {
    /// What was decided about an event on its way.
    #[must_use]
    pub fn of_event(&self) -> EventFaults {
        let mut faults = EventFaults { fired: self.fired().to_vec(), ..EventFaults::default() };
        for fired in self.fired() {
            match fired.fault.effect {
                Effect::Drop(_) => faults.is_dropped = true,
                Effect::Duplicate(_) => faults.is_duplicated = true,
                Effect::HoldOrder(_) => faults.is_held = true,
                Effect::BadSignature(_) => faults.forgery = Some(Forgery::BadSignature),
                Effect::OldTimestamp(age) => faults.forgery = Some(Forgery::OldTimestamp(age)),
                Effect::OtherWebsite(_) => faults.forgery = Some(Forgery::OtherWebsite),
                Effect::Reset(_) => faults.end_by_reset = Some(true),
                Effect::Kick(_) | Effect::Close(_) => {
                    faults.end_by_reset.get_or_insert(false);
                }
                Effect::Delay(_) => faults.delay = self.delay(),
                _ => {}
            }
        }
        faults
    }
}
