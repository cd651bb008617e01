//! What goes wrong with Redis, and what to do about it.

use std::fmt;

use redis::{ErrorKind, RedisError};

use crate::stores::advice;

/// Why Redis did not do what it was asked.
#[derive(Debug)]
pub(in crate::stores) struct Error(RedisError);

impl From<RedisError> for Error {
    fn from(error: RedisError) -> Self {
        Self(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error) = self;
        let code = error.code().unwrap_or_default();
        let may_not = error.kind() == ErrorKind::AuthenticationFailed
            || ["NOAUTH", "WRONGPASS"].contains(&code);
        let advice = if may_not {
            advice::WHO_ASKS
        } else if code == "NOPERM" {
            "let this user of Redis do everything with the keys and channels of `crisp:`"
        } else if let Some(advice) = advice::of_tls(error) {
            advice
        } else if error.is_connection_refusal() || error.is_timeout() {
            "look at --store and at redis-server"
        } else {
            return write!(f, "Redis: {error}");
        };
        write!(f, "Redis: {error}; {advice}")
    }
}
