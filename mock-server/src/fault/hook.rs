//! What faults do to one delivery of a web hook.

use std::time::Duration;

use super::decision::{Decision, Fired};
use super::effect::Effect;

/// What meets one delivery of a web hook.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HookFaults {
    /// It is never sent.
    pub is_dropped: bool,
    /// It is sent twice.
    pub is_duplicated: bool,
    /// How much later it is due.
    pub delay: Duration,
    /// It waits until a later one of its hook was sent.
    pub is_held: bool,
    /// It is not what Crisp would send.
    pub forgery: Option<Forgery>,
    /// The faults that act, in the order of the plan.
    pub fired: Vec<Fired>,
}

/// What a forger, or one who replays, would send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    /// The signature does not fit.
    BadSignature,
    /// Everything fits, and is so old.
    OldTimestamp(Duration),
    /// Everything fits, and speaks of a website that does not have the plugin.
    OtherWebsite,
}

impl Forgery {
    /// What it is, in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BadSignature => "bad_signature",
            Self::OldTimestamp(_) => "old_timestamp",
            Self::OtherWebsite => "other_website",
        }
    }
}

impl Decision {
    /// What was decided about a delivery of a web hook.
    #[must_use]
    pub fn of_hook(&self) -> HookFaults {
        let mut faults = HookFaults { fired: self.fired().to_vec(), ..HookFaults::default() };
        for fired in self.fired() {
            match fired.fault.effect {
                Effect::Drop(_) => faults.is_dropped = true,
                Effect::Duplicate(_) => faults.is_duplicated = true,
                Effect::HoldOrder(_) => faults.is_held = true,
                Effect::BadSignature(_) => faults.forgery = Some(Forgery::BadSignature),
                Effect::OldTimestamp(age) => faults.forgery = Some(Forgery::OldTimestamp(age)),
                Effect::OtherWebsite(_) => faults.forgery = Some(Forgery::OtherWebsite),
                Effect::Delay(_) => faults.delay = self.delay(),
                _ => {}
            }
        }
        faults
    }
}
