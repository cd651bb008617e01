//! Values of the quirks of web hooks and of the RTM API.

use std::time::Duration;

use super::value::Value;
use crate::duration;

/// How long after each failed attempt of a web hook the next one is due, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookRetries(pub Vec<Duration>);

impl HookRetries {
    /// How many retries there may be.
    const MOST: usize = 10;
}

impl Default for HookRetries {
    fn default() -> Self {
        Self(vec![Duration::from_secs(10), Duration::from_secs(60)])
    }
}

impl Value for HookRetries {
    fn expected() -> String {
        "`off`, or up to 10 waits with commas between them, as `10s,1m`".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(Self(Vec::new()));
        }
        let waits: Option<Vec<_>> =
            text.split(',').map(|wait| duration::parse(wait.trim()).ok()).collect();
        // A bare 0 is a duration, too, and says nothing of how often.
        let waits = waits.filter(|_| text != "0");
        waits.filter(|waits| waits.len() <= Self::MOST).map(Self)
    }

    fn write(&self) -> String {
        if self.0.is_empty() {
            return "off".to_owned();
        }
        self.0.iter().map(|wait| duration::format(*wait)).collect::<Vec<_>>().join(",")
    }
}

/// After how many failed deliveries in a row a web hook is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HookSuspension(pub Option<u32>);

impl Value for HookSuspension {
    fn expected() -> String {
        "`off`, or `after:N` with N from 1 on".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(Self(None));
        }
        let after = text.strip_prefix("after:")?;
        after.parse().ok().filter(|after| *after > 0).map(|after| Self(Some(after)))
    }

    fn write(&self) -> String {
        self.0.map_or_else(|| "off".to_owned(), |after| format!("after:{after}"))
    }
}

/// A time of the RTM API, of as many seconds as `DEFAULT` says unless it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtmTime<const DEFAULT: u64>(pub Duration);

/// How long a socket may take to authenticate.
pub type RtmDeadline = RtmTime<10>;
/// How often a socket is asked whether it is there.
pub type RtmPingInterval = RtmTime<25>;
/// How long the answer to that may take.
pub type RtmPingTimeout = RtmTime<20>;

/// The least and the most that such a time can be: less would keep a server busy, more would keep
/// sockets whose client is long gone.
const RTM_TIMES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(600)];

impl<const DEFAULT: u64> Default for RtmTime<DEFAULT> {
    fn default() -> Self {
        Self(Duration::from_secs(DEFAULT))
    }
}

impl<const DEFAULT: u64> Value for RtmTime<DEFAULT> {
    fn expected() -> String {
        format!("a duration from 100ms to 10m, like `{DEFAULT}s`")
    }

    fn read(text: &str) -> Option<Self> {
        let [least, most] = RTM_TIMES;
        duration::parse(text).ok().filter(|time| (least..=most).contains(time)).map(Self)
    }

    fn write(&self) -> String {
        duration::format(self.0)
    }
}

/// A quirk that is a word.
macro_rules! word {
    ($(#[doc = $doc:literal] $name:ident = $default:literal;)*) => { $(
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub String);

        impl Default for $name {
            fn default() -> Self {
                Self($default.to_owned())
            }
        }

        impl Value for $name {
            fn expected() -> String {
                "a text in lower_snake_case, of up to 64 bytes".to_owned()
            }

            fn read(text: &str) -> Option<Self> {
                is_word(text).then(|| Self(text.to_owned()))
            }

            fn write(&self) -> String {
                self.0.clone()
            }
        }
    )* };
}

word! {
    /// What a socket with wrong credentials is told.
    RtmRefusalMessage = "invalid_credentials";
    /// What `plugin:subscription:updated` says in `target`.
    SubscriptionTarget = "website";
}

fn is_word(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !text.is_empty() && text.len() <= 64 && text.chars().all(plain)
}
