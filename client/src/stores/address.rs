//! The address of a store: of which kind it is, and what of it may be shown.

/// Why a text is no store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{address}` is no store ({problem}); write redis://HOST:6379/0, rediss://HOST:6379/0, redis+unix:///PATH, \
     nats://HOST:4222 or tls://HOST:4222"
)]
pub struct InvalidStore {
    address: String,
    problem: String,
}

/// What a store is asked by.
#[derive(Clone)]
pub(super) enum Kind {
    #[cfg(feature = "redis")]
    Redis(::redis::Client),
    #[cfg(feature = "nats")]
    Nats(super::nats::Address),
}

impl Kind {
    /// The kind of the store at this address.
    ///
    /// # Errors
    /// When this build knows no such kind, or the address is none of that kind.
    pub(super) fn of(address: &str) -> Result<Self, InvalidStore> {
        let scheme = address.split_once("://").map_or("", |(scheme, _)| scheme);
        let found = match scheme {
            "redis" | "rediss" | "redis+unix" | "valkey" | "valkeys" => redis(address),
            "nats" | "tls" => nats(scheme, address),
            _ => Err("its kind is not known".to_owned()),
        };
        found.map_err(|problem| InvalidStore { address: without_password(address), problem })
    }
}

#[cfg(feature = "redis")]
fn redis(address: &str) -> Result<Kind, String> {
    if address.contains('#') {
        return Err("its certificate is always checked: leave out what follows the `#`".to_owned());
    }
    ::redis::Client::open(address).map(Kind::Redis).map_err(|error| error.to_string())
}

#[cfg(not(feature = "redis"))]
fn redis(_: &str) -> Result<Kind, String> {
    Err("this build has no Redis: turn on the feature `redis` of crisp-sync".to_owned())
}

/// Several servers of a cluster have a comma between them.
#[cfg(feature = "nats")]
fn nats(scheme: &str, address: &str) -> Result<Kind, String> {
    use std::str::FromStr as _;

    use super::nats::{Address, Identity};

    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (who, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (hosts, copies) = match rest.split_once('?') {
        Some((hosts, query)) => (hosts, copies(query)?),
        None => (rest, 1),
    };
    let mut servers = Vec::new();
    for host in hosts.split(',') {
        if host.is_empty() || host.contains(['/', '?', '#']) {
            return Err("a host and nothing after it is wanted".to_owned());
        }
        let server = async_nats::ServerAddr::from_str(&format!("{scheme}://{host}"));
        servers.push(server.map_err(|error| error.to_string())?);
    }
    let plain = |text: &str| {
        let text = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
        Some(text.into_owned()).filter(|text| !text.is_empty())
    };
    let (user, password) = match who.split_once(':') {
        Some((user, password)) => (plain(user), plain(password)),
        None => (plain(who), None),
    };
    let identity = match (user, password) {
        (Some(user), Some(password)) => Identity::User(user, password),
        (Some(token), None) => Identity::Token(token),
        (None, _) => Identity::Anonymous,
    };
    Ok(Kind::Nats(Address { servers, identity, authority: None, copies }))
}

/// How many servers of the cluster are to keep each stream.
#[cfg(feature = "nats")]
fn copies(query: &str) -> Result<u8, String> {
    let number = query.strip_prefix("replicas=").and_then(|number| number.parse().ok());
    let number = number.filter(|number| (1..=5).contains(number));
    number.ok_or_else(|| "after the hosts stands at most `?replicas=`, and 1 to 5".to_owned())
}

#[cfg(not(feature = "nats"))]
fn nats(_: &str, _: &str) -> Result<Kind, String> {
    Err("this build has no NATS: turn on the feature `nats` of crisp-sync".to_owned())
}

/// The address as it may be printed.
pub(super) fn without_password(address: &str) -> String {
    let address: String = address.chars().take(200).collect();
    match (address.find("://"), address.rfind('@')) {
        (Some(kind), Some(at)) if kind + 3 <= at => {
            format!("{}…{}", &address[..kind + 3], &address[at..])
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use crate::Store;

    #[test]
    fn an_address_of_another_kind_is_refused_and_a_password_never_printed() {
        for text in ["", "localhost", "http://x", "memcached://x:secret@y", "ftp://u:secret@h"] {
            let refused = Store::new(text).map(drop).unwrap_err().to_string();
            assert!(refused.contains("redis://HOST"), "{refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn the_address_of_a_redis_is_shown_without_its_password() {
        assert!(Store::new("redis://").is_err());
        assert!(Store::new("rediss://h/#insecure").is_err());
        let store = Store::new("redis://user:secret@127.0.0.1:6379/2").unwrap();
        assert_eq!(store.to_string(), "redis://…@127.0.0.1:6379/2");
        assert!(!format!("{store:?}").contains("secret"));
    }

    #[cfg(feature = "nats")]
    #[test]
    fn the_address_of_a_nats_names_servers_and_who_asks() {
        use super::Kind;
        use crate::stores::nats::Identity;

        for text in [
            "nats://",
            "nats://h/x",
            "nats://h:x",
            "nats://h,",
            "nats://h?tls=1",
            "nats://h?replicas=6",
        ] {
            assert!(Store::new(text).is_err(), "{text}");
        }
        let store = Store::new("nats://user:se%40cret@a:4222,b").unwrap();
        assert_eq!(store.to_string(), "nats://…@a:4222,b");
        let Kind::Nats(address) = store.kind else { panic!("another kind") };
        assert!(matches!(address.identity, Identity::User(_, password) if password == "se@cret"));
        assert_eq!(address.servers.len(), 2);
        assert_eq!(address.servers[1].port(), 4222);
        assert_eq!(address.copies, 1);
        let Kind::Nats(address) = Store::new("tls://a,b?replicas=3").unwrap().kind else {
            panic!("another kind")
        };
        assert!(address.servers.iter().all(async_nats::ServerAddr::tls_required));
        assert_eq!(address.copies, 3);
    }
}
