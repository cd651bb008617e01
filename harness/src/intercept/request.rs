//! What is answered to the head of a request to the proxy.

use super::hosts::{Destination, Hosts, split};

/// What to do with a connection whose first request has this head.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Answer 200 and carry bytes to the emulator, with TLS if the client begins it.
    TunnelToEmulator,
    /// Answer 200 and carry bytes to this host and port as they are.
    Tunnel(String, u16),
    /// Carry the head and all that follows to the emulator: it is a request without a tunnel.
    Forward,
    /// Answer 403, and note that this host and port were asked for.
    Refuse(String, u16),
    /// Answer 400, with what is wrong.
    Bad(&'static str),
}

/// The longest head of a request to the proxy, in bytes.
pub(super) const LONGEST_HEAD: usize = 8 << 10;
const MOST_FIELDS: usize = 64;

/// Judges a whole head, up to and with its empty line.
pub(super) fn judge(head: &[u8], hosts: &Hosts) -> Verdict {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let whole = request.parse(head).is_ok_and(|status| status.is_complete());
    let (true, Some(method), Some(target)) = (whole, request.method, request.path) else {
        return Verdict::Bad("this is no HTTP request");
    };
    if method == "CONNECT" {
        let Some((host, port)) = split(target) else {
            return Verdict::Bad("CONNECT names HOST:PORT, as api.crisp.chat:443");
        };
        return match hosts.of(host, port) {
            Destination::Emulator => Verdict::TunnelToEmulator,
            Destination::Itself => Verdict::Tunnel(bare(host), port),
            Destination::Nowhere => Verdict::Refuse(bare(host), port),
        };
    }
    let Some((host, port)) = absolute(target) else {
        return Verdict::Bad(
            "this is the proxy for api.crisp.chat, not a server: send CONNECT, or ask the emulator \
             itself at CRISP_REST_HOST",
        );
    };
    match hosts.of(host, port) {
        Destination::Emulator => Verdict::Forward,
        Destination::Itself => Verdict::Bad("other hosts are reached by CONNECT alone"),
        Destination::Nowhere => Verdict::Refuse(bare(host), port),
    }
}

fn bare(host: &str) -> String {
    host.trim_matches(['[', ']']).to_owned()
}

/// Host and port of an absolute address, as clients send it that open no tunnel.
fn absolute(target: &str) -> Option<(&str, u16)> {
    let (scheme, rest) = target.split_once("://")?;
    let usual = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = split(authority).unwrap_or((authority, usual));
    (!host.is_empty()).then_some((host, port))
}

/// The bytes that answer a refused host.
pub(super) fn refusal(host: &str) -> Vec<u8> {
    answer(
        "403 Forbidden",
        &format!(
            "crisp-mock --intercept lets through the hosts of Crisp's API alone, and not {host}. If your \
             plugin is to reach it, start crisp-mock with --intercept-allow {host}\n"
        ),
    )
}

/// The bytes that answer a request that cannot be understood.
pub(super) fn bad(why: &str) -> Vec<u8> {
    answer("400 Bad Request", &format!("crisp-mock --intercept: {why}\n"))
}

/// The bytes that answer when a host that is allowed cannot be reached.
pub(super) fn unreachable(host: &str, port: u16, why: &str) -> Vec<u8> {
    let text = format!(
        "crisp-mock --intercept: {host}:{port} cannot be reached: {why}. Is it running, and is the name \
         right in --intercept-allow?\n"
    );
    answer("502 Bad Gateway", &text)
}

/// The bytes that open a tunnel.
pub(super) const OPENED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

fn answer(status: &str, text: &str) -> Vec<u8> {
    let length = text.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{text}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(head: &str) -> Verdict {
        let allowed = ["db.test:5432".parse().unwrap()];
        judge(format!("{head}\r\nhost: x\r\n\r\n").as_bytes(), &Hosts::new(&allowed))
    }

    #[test]
    fn a_tunnel_leads_to_the_emulator_to_a_host_that_is_allowed_or_nowhere() {
        assert_eq!(judged("CONNECT api.crisp.chat:443 HTTP/1.1"), Verdict::TunnelToEmulator);
        assert_eq!(
            judged("CONNECT db.test:5432 HTTP/1.1"),
            Verdict::Tunnel("db.test".into(), 5432)
        );
        let refused = Verdict::Refuse("a.test".into(), 443);
        assert_eq!(judged("CONNECT a.test:443 HTTP/1.1"), refused);
        let refused = Verdict::Refuse("::1".into(), 443);
        assert_eq!(judged("CONNECT [::1]:443 HTTP/1.1"), refused);
    }

    #[test]
    fn a_request_without_a_tunnel_is_forwarded_for_crisps_hosts_alone() {
        assert_eq!(judged("GET https://api.crisp.chat/v1/x HTTP/1.1"), Verdict::Forward);
        assert_eq!(judged("GET http://u:p@API.crisp.chat:80?x HTTP/1.1"), Verdict::Forward);
        let refused = Verdict::Refuse("a.test".into(), 80);
        assert_eq!(judged("GET http://a.test/api.crisp.chat HTTP/1.1"), refused);
    }

    #[test]
    fn what_is_no_request_to_a_proxy_is_told_so() {
        for head in [
            "GET /v1/plugin HTTP/1.1",
            "CONNECT api.crisp.chat HTTP/1.1",
            "CONNECT api.crisp.chat:0 HTTP/1.1",
            "GET ftp://api.crisp.chat/ HTTP/1.1",
            "\u{16}\u{3}\u{1}",
        ] {
            assert!(matches!(judged(head), Verdict::Bad(_)), "{head}");
        }
    }
}
