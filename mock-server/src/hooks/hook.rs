//! One web hook as people write it: an address, and the events that go there.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;

use crate::document::{Complaint, TextForm, complain, shortened, text_form};

/// Where events are delivered, and which: `http://127.0.0.1:3000/hook` for all of them,
/// `plugin:* message:send=http://127.0.0.1:3000/hook` for some.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::hooks::Hook;
///
/// let hook: Hook = "plugin:*=http://127.0.0.1:3000/hook".parse()?;
/// assert!(hook.takes("plugin:settings:saved"));
/// assert!(!hook.takes("message:send"));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The address, `http` alone, with a host.
    url: Uri,
    /// Names of events, with `*` at the end for all that begin so; empty for every event.
    events: Vec<String>,
}

/// Which addresses deliveries may go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Those of this machine.
    #[default]
    Loopback,
    /// All.
    Anywhere,
}

impl Hook {
    /// The address.
    #[must_use]
    pub fn url(&self) -> &Uri {
        &self.url
    }

    /// The host of the address, without the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port of the address.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_u16().unwrap_or(80)
    }

    /// Whether events of this name go there.
    #[must_use]
    pub fn takes(&self, event: &str) -> bool {
        self.events.is_empty()
            || self.events.iter().any(|wanted| {
                wanted.strip_suffix('*').map_or(wanted == event, |start| event.starts_with(start))
            })
    }

    /// Whether the address is one of this machine alone, as far as its text says.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.events.is_empty() {
            write!(out, "{}=", self.events.join(" "))?;
        }
        self.url.fmt(out)
    }
}

impl FromStr for Hook {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(text).map_err(|(message, hint)| match hint {
            Some(hint) => format!("{message}; {hint}"),
            None => message,
        })
    }
}

impl TextForm for Hook {
    const NAME: &'static str = "Hook";
    const WANTED: &'static str = "a web hook";
    const HINT: &'static str = "write `http://127.0.0.1:3000/hook`, or, for some events alone, \
         `plugin:* message:send=http://127.0.0.1:3000/hook`";

    fn pattern() -> String {
        "^\\s*([a-z0-9_:* ]+=)?http://\\S+\\s*$".to_owned()
    }

    fn read(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let (events, url) = match text.split_once('=') {
            Some((events, url)) if !events.contains('/') => (events, url),
            _ => ("", text),
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:".contains(c);
        let events: Vec<_> = events.split_whitespace().map(str::to_owned).collect();
        let named = |event: &&String| {
            let name = event.strip_suffix('*').unwrap_or(event);
            !name.chars().all(plain)
        };
        if let Some(wrong) = events.iter().find(named) {
            let message = format!("`{}` is not the name of an event", shortened(wrong));
            return complain(message, Self::HINT);
        }
        if text.contains('=') && !text.contains("http") {
            return complain(format!("`{}` names no address", shortened(text)), Self::HINT);
        }
        let url: Uri = match url.trim().parse() {
            Ok(url) => url,
            Err(_) => {
                return complain(format!("`{}` is no address", shortened(url)), Self::HINT);
            }
        };
        match url.scheme_str() {
            Some("http") if url.host().is_some_and(|host| !host.is_empty()) => {
                Ok(Self { url, events })
            }
            Some("https") => complain(
                "web hooks go out without TLS",
                "write `http://`; a proxy in front of the receiver can speak TLS",
            ),
            _ => complain(format!("`{}` is no http address", shortened(text)), Self::HINT),
        }
    }
}

text_form!(Hook);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_is_written_as_it_is_read() {
        for text in [
            "http://127.0.0.1:3000/hook",
            "http://[::1]:3000/hook?a=b",
            "plugin:* message:send=http://localhost/hook",
        ] {
            let hook: Hook = text.parse().unwrap();
            assert_eq!(hook.to_string(), text);
            assert!(hook.is_loopback(), "{text}");
        }
        assert!(!"http://192.0.2.1/".parse::<Hook>().unwrap().is_loopback());
        assert!(!"http://localhost.example/".parse::<Hook>().unwrap().is_loopback());
    }

    #[test]
    fn what_is_no_hook_is_refused() {
        for text in [
            "",
            "http://",
            "https://localhost/",
            "ftp://localhost/",
            "message:send",
            "/hook",
            "Message=http://localhost/",
            "message:send=",
            "http://a b/",
        ] {
            assert!(text.parse::<Hook>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_star_at_the_end_stands_for_the_rest_of_a_name() {
        let hook: Hook = "plugin:* message:send=http://localhost/".parse().unwrap();
        assert!(hook.takes("plugin:event") && hook.takes("message:send"));
        assert!(!hook.takes("message:send:more") && !hook.takes("plug"));
        assert!("http://localhost/".parse::<Hook>().unwrap().takes("anything:at_all"));
    }
}
