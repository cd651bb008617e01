//! Who may ask.
//!
//! A browser on the same machine can reach the loopback interface, and a foreign DNS can point a name
//! there. So without a token a request has to name this machine by an address or as localhost, and a
//! page of another origin is refused. Whatever other machines can reach demands a token.

use std::net::IpAddr;

use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Uri};
use subtle::ConstantTimeEq;

use super::listen::Listen;
use super::problem::Problem;

/// The shortest token that is taken.
const SHORTEST_TOKEN: usize = 16;

/// Who may ask a service.
#[derive(Clone)]
pub struct Access(Rule);

#[derive(Clone)]
enum Rule {
    /// Who can open the file of the socket.
    Socket,
    /// Programs of this machine.
    Machine,
    /// Who has the token.
    Token(Box<str>),
}

/// Why a service does not start: who may ask was not said, or not well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenToTheNetwork {
    /// Other machines could read the settings and the tokens of all websites.
    #[error(
        "{0} can be reached from other machines, which could read and save the settings of all \
         websites\n  = hint: demand a token with `--token TOKEN` or CRISP_SYNC_TOKEN, or listen on \
         127.0.0.1 or on a Unix socket"
    )]
    NoToken(Listen),
    /// The token can be guessed.
    #[error(
        "the token has fewer than {SHORTEST_TOKEN} characters, or some that a header cannot have\n  \
         = hint: `openssl rand -hex 32` makes one"
    )]
    BadToken,
}

impl Access {
    /// The rule for this place: a token, if there is one; without one this machine alone.
    ///
    /// # Errors
    /// [`OpenToTheNetwork`] when other machines can reach the place and there is no token, or the
    /// token is short.
    pub fn of(listen: &Listen, token: Option<&str>) -> Result<Self, OpenToTheNetwork> {
        let fits = |token: &str| {
            token.len() >= SHORTEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic())
        };
        match (token, listen) {
            (Some(token), _) if fits(token) => Ok(Self(Rule::Token(token.into()))),
            (Some(_), _) => Err(OpenToTheNetwork::BadToken),
            (None, Listen::Unix(_)) => Ok(Self(Rule::Socket)),
            (None, listen) if listen.is_open() => Err(OpenToTheNetwork::NoToken(listen.clone())),
            (None, _) => Ok(Self(Rule::Machine)),
        }
    }

    /// No rule, for a service that no socket leads to.
    pub(super) fn in_process() -> Self {
        Self(Rule::Socket)
    }

    pub(super) fn check(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let token = match &self.0 {
            Rule::Socket => return Ok(()),
            Rule::Token(token) => Some(token),
            Rule::Machine => None,
        };
        let host =
            uri.authority().map(Authority::as_str).or_else(|| text(HOST)).unwrap_or_default();
        if let Some(origin) = text(ORIGIN)
            && origin.split_once("://").map(|(_, authority)| authority) != Some(host)
        {
            let message = format!("a page of {} may not use this service", shortened(origin));
            return Err(Problem::forbidden(
                message,
                "ask from the plugin's server, not from a page",
            ));
        }
        match token {
            Some(token) => {
                let given = text(AUTHORIZATION).and_then(|text| text.strip_prefix("Bearer "));
                let given = given.unwrap_or_default().as_bytes();
                let is_right = bool::from(given.ct_eq(token.as_bytes()));
                is_right.then_some(()).ok_or_else(Problem::unauthorized)
            }
            None if is_ours(host) => Ok(()),
            None => Err(Problem::forbidden(
                format!("`{}` is not a name of this machine", shortened(host)),
                "ask by an IP address or localhost, or start the service with a token",
            )),
        }
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Rule::Socket => "Access(the file of the socket)",
            Rule::Machine => "Access(this machine)",
            Rule::Token(_) => "Access(token …)",
        })
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Whether no foreign DNS can have led here: an address, or a name of localhost.
fn is_ours(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().to_ascii_lowercase();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok() || name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(access: &Access, headers: &[(http::HeaderName, &str)]) -> bool {
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        access.check(&headers, &Uri::from_static("/websites")).is_ok()
    }

    #[test]
    fn without_a_token_only_names_that_no_foreign_dns_can_point_here_are_answered() {
        let access = Access::of(&"127.0.0.1:1".parse().unwrap(), None).unwrap();
        for host in ["127.0.0.1:1", "[::1]:1", "localhost", "LOCALHOST:1", "a.localhost:1"] {
            assert!(check(&access, &[(HOST, host)]), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example:1", "plugin", ""] {
            assert!(!check(&access, &[(HOST, host)]), "{host}");
        }
        assert!(!check(&access, &[(HOST, "127.0.0.1:1"), (ORIGIN, "http://evil.example")]));
    }

    #[test]
    fn a_place_that_other_machines_reach_demands_a_token_that_cannot_be_guessed() {
        let open: Listen = "0.0.0.0:1".parse().unwrap();
        assert_eq!(Access::of(&open, None).unwrap_err(), OpenToTheNetwork::NoToken(open.clone()));
        assert_eq!(Access::of(&open, Some("short")).unwrap_err(), OpenToTheNetwork::BadToken);
        let token = "0123456789abcdef";
        let access = Access::of(&open, Some(token)).unwrap();
        assert!(check(&access, &[(AUTHORIZATION, "Bearer 0123456789abcdef")]));
        assert!(!check(&access, &[(AUTHORIZATION, "Bearer 0123456789abcdeF")]));
        assert!(!check(&access, &[]));
        assert!(!format!("{access:?}").contains(token));
    }
}
