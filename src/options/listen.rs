//! Where to listen.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use crisp_mock_server::document::{Complaint, TextForm, complain, shortened};
use crisp_mock_server::text_form;

/// Addresses to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// The one that has to work.
    pub address: SocketAddr,
    /// One more, if it can be had.
    pub also: Option<SocketAddr>,
}

impl Listen {
    /// Where `serve` listens when nothing else is said. On many machines `localhost` means the
    /// IPv6 address first, hence both.
    pub const SERVE: Self = Self::loopback(8420);

    /// Where `exec` listens when nothing else is given: any free port.
    pub const FREE: Self = Self { also: None, ..Self::loopback(0) };

    const fn loopback(port: u16) -> Self {
        Self {
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
            also: Some(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port)),
        }
    }

    /// Whether other machines can reach it.
    #[must_use]
    pub fn is_open(self) -> bool {
        !self.address.ip().to_canonical().is_loopback()
    }
}

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Listen::HINT)]
pub struct InvalidListen;

impl FromStr for Listen {
    type Err = InvalidListen;

    fn from_str(text: &str) -> Result<Self, InvalidListen> {
        if let Some(port) = text.strip_prefix("localhost:") {
            let port = port.parse().map_err(|_| InvalidListen)?;
            return Ok(Self::loopback(port));
        }
        let address = text.parse().map_err(|_| InvalidListen)?;
        Ok(Self { address, also: None })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(out)
    }
}

impl TextForm for Listen {
    const NAME: &'static str = "Listen";
    const WANTED: &'static str = "an address and a port";
    const HINT: &'static str =
        "write an address and a port, as 127.0.0.1:8420, [::1]:8420, localhost:8420 or 0.0.0.0:0";

    fn pattern() -> String {
        r":\d{1,5}$".to_owned()
    }

    fn read(text: &str) -> Result<Self, Complaint> {
        let refused = |_| complain(format!("`{}` is no address", shortened(text)), Self::HINT);
        text.parse().or_else(refused)
    }
}

text_form!(Listen);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_means_both_loopback_addresses() {
        let listen: Listen = "localhost:9000".parse().unwrap();
        assert_eq!(listen.address.to_string(), "127.0.0.1:9000");
        assert_eq!(listen.also.unwrap().to_string(), "[::1]:9000");
    }

    #[test]
    fn only_loopback_addresses_are_closed() {
        for (text, open) in [
            ("127.0.0.1:1", false),
            ("127.8.8.8:1", false),
            ("[::1]:1", false),
            ("[::ffff:127.0.0.1]:1", false),
            ("0.0.0.0:1", true),
            ("[::]:1", true),
            ("192.168.1.2:1", true),
        ] {
            assert_eq!(text.parse::<Listen>().unwrap().is_open(), open, "{text}");
        }
    }

    #[test]
    fn what_has_no_port_is_no_address() {
        for text in ["127.0.0.1", "8420", ":8420", "example.com:80", "localhost:x", ""] {
            assert_eq!(text.parse::<Listen>(), Err(InvalidListen), "{text}");
        }
    }
}
