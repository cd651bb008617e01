//! Which host goes where.

use std::fmt;
use std::str::FromStr;

/// The hosts that the emulator answers for, as a plugin names them: the REST API, and all below the host
/// of the RTM API (docs/wire.md). One with a dot in front stands for every name below it.
pub const PATTERNS: [&str; 2] = ["api.crisp.chat", ".relay.crisp.chat"];

/// What becomes of a connection to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// It reaches the emulator.
    Emulator,
    /// It reaches the host that it names.
    Itself,
    /// It is answered with 403.
    Nowhere,
}

/// A host beside Crisp's that a plugin may reach through the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    host: String,
    /// None: every port of it.
    port: Option<u16>,
}

impl FromStr for Allowed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = match split(text) {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        };
        let host = canonical(host);
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if host.is_empty() || !host.chars().all(plain) || host.len() > LONGEST_NAME {
            return Err("write HOST or HOST:PORT, as db.example.com:5432; a `*` is not taken: \
                        name each host"
                .to_owned());
        }
        // An IPv6 address has colons of its own; any other text with one has a port that is none.
        if port.is_none() && host.contains(':') && host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(
                "the port is a number from 1 to 65535, as in db.example.com:5432".to_owned()
            );
        }
        if is_crisp(&host) {
            return Err(format!("{host} is answered by the emulator, and never reached itself"));
        }
        Ok(Self { host, port })
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.port, self.host.contains(':')) {
            (None, _) => out.write_str(&self.host),
            (Some(port), false) => write!(out, "{}:{port}", self.host),
            (Some(port), true) => write!(out, "[{}]:{port}", self.host),
        }
    }
}

/// The longest name of a host, in bytes (RFC 1035, 2.3.4).
const LONGEST_NAME: usize = 255;

/// The rules of one proxy.
#[derive(Debug)]
pub(super) struct Hosts {
    allowed: Vec<Allowed>,
}

impl Hosts {
    pub(super) fn new(allowed: &[Allowed]) -> Self {
        Self { allowed: allowed.to_vec() }
    }

    /// What becomes of a connection to this host and port. Crisp's hosts come first: no rule opens them.
    pub(super) fn of(&self, host: &str, port: u16) -> Destination {
        let host = canonical(host);
        if is_crisp(&host) {
            return Destination::Emulator;
        }
        let fits = |allowed: &Allowed| {
            allowed.host == host && allowed.port.is_none_or(|allowed| allowed == port)
        };
        match self.allowed.iter().any(fits) {
            true => Destination::Itself,
            false => Destination::Nowhere,
        }
    }
}

/// Whether a host in canonical form is one of [`PATTERNS`].
pub(super) fn is_crisp(host: &str) -> bool {
    PATTERNS.iter().any(|pattern| match pattern.strip_prefix('.') {
        Some(domain) => host == domain || host.ends_with(pattern),
        None => host == *pattern,
    })
}

/// A host without brackets, without the dot of the root, in small letters.
pub(super) fn canonical(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// `HOST:PORT` taken apart; an IPv6 address with a port stands in brackets.
pub(super) fn split(authority: &str) -> Option<(&str, u16)> {
    let (host, port) = authority.rsplit_once(':')?;
    if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
        return None;
    }
    let port = port.parse().ok().filter(|port| *port > 0)?;
    (!host.is_empty()).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(allowed: &[&str]) -> Hosts {
        Hosts::new(&allowed.iter().map(|host| host.parse().unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn crisps_hosts_reach_the_emulator_however_they_are_written_and_no_others_do() {
        let hosts = hosts(&[]);
        for host in ["api.crisp.chat", "API.crisp.chat.", "app.relay.crisp.chat"] {
            assert_eq!(hosts.of(host, 443), Destination::Emulator, "{host}");
        }
        for host in ["crisp.chat", "xapi.crisp.chat", "api.crisp.chat.example.com", "127.0.0.1"] {
            assert_eq!(hosts.of(host, 443), Destination::Nowhere, "{host}");
        }
    }

    #[test]
    fn a_host_that_is_allowed_is_reached_on_the_ports_that_were_named() {
        let hosts = hosts(&["db.example.com:5432", "Localhost", "[::1]:8080"]);
        assert_eq!(hosts.of("db.example.com", 5432), Destination::Itself);
        assert_eq!(hosts.of("db.example.com", 443), Destination::Nowhere);
        assert_eq!(hosts.of("localhost", 1), Destination::Itself);
        assert_eq!(hosts.of("[::1]", 8080), Destination::Itself);
        assert_eq!(hosts.of("sub.localhost", 1), Destination::Nowhere);
    }

    #[test]
    fn a_rule_that_opens_crisps_hosts_or_all_is_refused() {
        for text in ["api.crisp.chat", "API.CRISP.CHAT.:443", "x.relay.crisp.chat", "*", "", "a b"]
        {
            assert!(text.parse::<Allowed>().is_err(), "{text}");
        }
        for text in ["host:", "host:0", "host:99999", "host:http"] {
            assert!(text.parse::<Allowed>().is_err(), "{text}");
        }
        assert_eq!("::1".parse(), Ok(Allowed { host: "::1".to_owned(), port: None }));
    }
}
