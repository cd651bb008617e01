//! The address of the RTM API, as discovery gives it (docs/wire.md#endpoints).

use http::Uri;
use serde::Deserialize;

use crate::wire;

/// A longer address is none of Crisp's.
const LONGEST: usize = 2048;

/// Where a socket is to be opened, from the body of `GET plugin/connect/endpoints`. `secure`: the
/// API's own address is `https`, so the key is not sent over an open connection to another machine.
pub(in crate::machine) fn read(body: &[u8], secure: bool) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Endpoints {
        socket: Socket,
    }
    #[derive(Deserialize)]
    struct Socket {
        app: String,
    }
    let data = wire::data(body).map_err(|problem| problem.to_string())?;
    let endpoints: Endpoints = serde_json::from_str(data.get())
        .map_err(|problem| format!("`socket.app` cannot be read ({})", wire::short(problem)))?;
    with_query(&endpoints.socket.app, secure)
}

fn with_query(app: &str, secure: bool) -> Result<String, String> {
    let refuse = |problem: &str| {
        let shown: String = app.chars().take(200).collect();
        Err(format!("`socket.app` is `{shown}` ({problem}); it looks like wss://host/path/"))
    };
    if app.len() > LONGEST {
        return refuse("longer than 2,048 bytes");
    }
    let Ok(uri) = app.parse::<Uri>() else { return refuse("not an address") };
    let Some(host) = uri.host().filter(|host| !host.is_empty()) else {
        return refuse("without a host");
    };
    match uri.scheme_str() {
        Some("wss") => {}
        Some("ws") if !secure || is_this_machine(host) => {}
        Some("ws") => return refuse("the key would be sent unencrypted"),
        _ => return refuse("neither ws:// nor wss://"),
    }
    let joint = match (uri.query(), uri.path()) {
        (Some(_), _) => "&",
        (None, "") => "/?",
        (None, _) => "?",
    };
    let slash =
        if uri.path() == "/" && uri.query().is_none() && !app.ends_with('/') { "/" } else { "" };
    Ok(format!("{app}{slash}{joint}EIO=4&transport=websocket"))
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<core::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_address_is_kept_and_the_version_asked_for() {
        let url = with_query("wss://app.relay.crisp.chat/p/68/", true).unwrap();
        assert_eq!(url, "wss://app.relay.crisp.chat/p/68/?EIO=4&transport=websocket");
        let url = with_query("ws://127.0.0.1:8420", true).unwrap();
        assert_eq!(url, "ws://127.0.0.1:8420/?EIO=4&transport=websocket");
        let url = with_query("ws://relay.test/?a=b", false).unwrap();
        assert_eq!(url, "ws://relay.test/?a=b&EIO=4&transport=websocket");
    }

    #[test]
    fn the_key_is_sent_in_the_open_to_this_machine_alone_or_where_rest_does_so_already() {
        for app in ["ws://127.0.0.1:8420/", "ws://localhost/", "ws://[::1]:8420/"] {
            assert!(with_query(app, true).is_ok(), "{app}");
        }
        let problem = with_query("ws://relay.test/", true).unwrap_err();
        assert!(problem.contains("unencrypted"), "{problem}");
        assert!(with_query("ws://relay.test/", false).is_ok());
    }

    #[test]
    fn rubbish_is_refused_with_its_beginning() {
        let long = format!("wss://{}", "x".repeat(3000));
        for app in ["", "wss://", "https://x/", "/p/68/", "not an address", long.as_str()] {
            let problem = with_query(app, false).unwrap_err();
            assert!(problem.len() < 400, "{problem}");
        }
    }

    #[test]
    fn an_answer_without_an_address_says_so() {
        let body = br#"{"error":false,"reason":"resolved","data":{"socket":{}}}"#;
        assert!(read(body, true).unwrap_err().contains("`socket.app`"));
        let body = br#"{"error":false,"reason":"resolved","data":{"socket":{"app":"wss://x/"}}}"#;
        assert!(read(body, true).is_ok());
        assert!(read(b"<html>", true).is_err());
    }
}
