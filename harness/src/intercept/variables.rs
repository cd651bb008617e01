//! The variables by which a program's processes find the proxy, the certificate and the preloads
//! (docs/intercept.md).

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::Path;

use super::hosts::{PATTERNS, canonical, is_crisp};
use crate::preload::{before, node_options, searched_first};

/// How connections to Crisp's hosts are to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Through the proxy and TLS, where no preload sees to it.
    Proxy,
    /// By the preloads alone: without TLS, so that a preload that moves the clock can read along. Hosts
    /// beside Crisp's go through the proxy.
    Preload,
}

/// Files that a program's processes read.
pub(super) struct Places<'a> {
    /// Certificates, as PEM.
    pub(super) roots: &'a Path,
    /// The preload of Node.
    pub(super) node: &'a Path,
    /// The folder with the preload of Python.
    pub(super) python: &'a Path,
    /// The folder with the preload of Ruby.
    pub(super) ruby: &'a Path,
    /// The folder with settings of PHP.
    pub(super) php: &'a Path,
}

/// All of them. `present` gives a variable as the program would find it without them.
pub(super) fn variables(
    proxy: SocketAddr,
    emulator: SocketAddr,
    places: &Places<'_>,
    route: Route,
    present: &dyn Fn(&str) -> Option<OsString>,
) -> Vec<(&'static str, OsString)> {
    let proxy = OsString::from(format!("http://{proxy}"));
    let roots = places.roots.as_os_str();
    let mut all: Vec<(&'static str, OsString)> = vec![
        ("CRISP_INTERCEPT_HOSTS", PATTERNS.join(",").into()),
        ("CRISP_INTERCEPT_TO", emulator.to_string().into()),
        ("HTTPS_PROXY", proxy.clone()),
        ("https_proxy", proxy),
        // Node since 22.21 and 24; an older one passes it over.
        ("NODE_USE_ENV_PROXY", "1".into()),
        ("NODE_OPTIONS", node_options(places.node, present("NODE_OPTIONS"))),
        ("PYTHONPATH", searched_first(places.python, present("PYTHONPATH"))),
        ("RUBYLIB", searched_first(places.ruby, present("RUBYLIB"))),
        // By its name: options are parted at spaces, which a path may have.
        ("RUBYOPT", before("-rcrisp_redirect", present("RUBYOPT"))),
        ("PHP_INI_SCAN_DIR", scan_dir(places.php, present("PHP_INI_SCAN_DIR"))),
    ];
    for name in ["NO_PROXY", "no_proxy"] {
        all.push((name, direct(present(name).as_deref(), route)));
    }
    for name in [
        "NODE_EXTRA_CA_CERTS",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "DENO_CERT",
    ] {
        all.push((name, roots.to_owned()));
    }
    all
}

/// The hosts that are reached without the proxy: this machine, and those that were named, but none of
/// Crisp's, unless the preloads see to them.
fn direct(present: Option<&OsStr>, route: Route) -> OsString {
    let present = present.unwrap_or_default().to_string_lossy();
    let named = present.split(',').map(str::trim).filter(|host| !host.is_empty() && !covers(host));
    let ours = ["127.0.0.1", "localhost", "::1"];
    let preloads = PATTERNS.iter().copied().filter(|_| route == Route::Preload);
    let all: Vec<_> = named.chain(ours).chain(preloads).collect();
    all.join(",").into()
}

/// Whether a host of `NO_PROXY` stands for one of Crisp's: by itself, or as a domain above it.
fn covers(host: &str) -> bool {
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let domain = canonical(host.trim_start_matches('*').trim_start_matches('.'));
    let is_above = |name: &str| {
        name.strip_suffix(&domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    domain.is_empty() || is_crisp(&domain) || PATTERNS.iter().any(|pattern| is_above(pattern))
}

/// A folder after those in which PHP looks anyhow: an empty one stands for its own.
fn scan_dir(ours: &Path, present: Option<OsString>) -> OsString {
    let mut folders = present.unwrap_or_default();
    folders.push(if cfg!(windows) { ";" } else { ":" });
    folders.push(ours);
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(route: Route, present: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let places = Places {
            roots: Path::new("/r.pem"),
            node: Path::new("/n.cjs"),
            python: Path::new("/p"),
            ruby: Path::new("/u"),
            php: Path::new("/h"),
        };
        let look = |name: &str| {
            present.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        let (proxy, emulator) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        let all = variables(proxy, emulator, &places, route, &look);
        all.into_iter().map(|(name, value)| (name, value.into_string().unwrap())).collect()
    }

    fn value(all: &[(&'static str, String)], name: &str) -> String {
        all.iter().find(|(known, _)| *known == name).unwrap().1.clone()
    }

    #[test]
    fn no_host_of_crisps_is_reached_without_the_proxy_whatever_the_machine_says() {
        let named = "*, .crisp.chat,API.crisp.chat:443,chat,relay.crisp.chat,a.test,10.0.0.0/8";
        let all = found(Route::Proxy, &[("NO_PROXY", named)]);
        assert_eq!(value(&all, "NO_PROXY"), "a.test,10.0.0.0/8,127.0.0.1,localhost,::1");
        assert_eq!(value(&all, "no_proxy"), "127.0.0.1,localhost,::1");
    }

    #[test]
    fn where_the_preloads_see_to_crisps_hosts_the_proxy_does_not() {
        let all = found(Route::Preload, &[]);
        let direct = "127.0.0.1,localhost,::1,api.crisp.chat,.relay.crisp.chat";
        assert_eq!(value(&all, "NO_PROXY"), direct);
    }

    #[test]
    fn what_the_program_would_find_is_kept_behind_ours() {
        let present = [
            ("NODE_OPTIONS", "--no-warnings"),
            ("PYTHONPATH", "/x"),
            ("RUBYLIB", "/z"),
            ("RUBYOPT", "-W0"),
            ("PHP_INI_SCAN_DIR", "/y"),
        ];
        let all = found(Route::Proxy, &present);
        assert_eq!(value(&all, "NODE_OPTIONS"), "--require \"/n.cjs\" --no-warnings");
        let separator = if cfg!(windows) { ";" } else { ":" };
        assert_eq!(value(&all, "PYTHONPATH"), format!("/p{separator}/x"));
        assert_eq!(value(&all, "RUBYLIB"), format!("/u{separator}/z"));
        assert_eq!(value(&all, "RUBYOPT"), "-rcrisp_redirect -W0");
        assert_eq!(value(&all, "PHP_INI_SCAN_DIR"), format!("/y{separator}/h"));
    }
}
