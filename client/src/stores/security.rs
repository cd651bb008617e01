//! Files that a store is reached with: the certificate of the authority that it is checked by, and secrets.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::address::Kind;
#[cfg(feature = "nats")]
use super::nats::Identity;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 1 << 20;
/// How the seed of a user's NKey begins, and how long it is.
const SEED: (&str, usize) = ("SU", 58);

/// Why a file cannot be used to reach a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", .path.display())]
pub struct UnusableFile {
    path: PathBuf,
    problem: String,
}

impl UnusableFile {
    fn new(path: &Path, problem: impl Into<String>) -> Self {
        Self { path: path.to_owned(), problem: problem.into() }
    }
}

/// Who asks, as a file says it. It has no `Debug`, so that it is in no message.
#[cfg_attr(
    not(feature = "nkeys"),
    expect(dead_code, reason = "without NKeys they are told apart to be refused")
)]
enum Secret {
    /// The password of the user whom the address names; without one it is a token of NATS.
    Password(String),
    /// The seed of an NKey.
    Seed(String),
}

impl Kind {
    pub(super) fn trusting(self, file: &Path) -> Result<Self, UnusableFile> {
        let certificates = authority(file)?;
        match self {
            #[cfg(feature = "redis")]
            Self::Redis(client) => {
                let certificates =
                    redis::TlsCertificates { client_tls: None, root_cert: Some(certificates) };
                let client = redis::Client::build_with_tls(
                    client.get_connection_info().clone(),
                    certificates,
                );
                client.map(Self::Redis).map_err(|_| {
                    UnusableFile::new(
                        file,
                        "TLS is not spoken with this address: write rediss://HOST:PORT/DB",
                    )
                })
            }
            #[cfg(feature = "nats")]
            Self::Nats(mut address) => {
                drop(certificates);
                address.authority = Some(file.to_owned());
                Ok(Self::Nats(address))
            }
        }
    }

    pub(super) fn with_credentials(self, file: &Path) -> Result<Self, UnusableFile> {
        let secret = secret(file)?;
        match self {
            #[cfg(feature = "redis")]
            Self::Redis(client) => {
                let Secret::Password(password) = secret else {
                    return Err(UnusableFile::new(
                        file,
                        "Redis knows no keys: give a file with the password of the user in the address",
                    ));
                };
                let info = client.get_connection_info().clone();
                let settings = info.redis_settings().clone().set_password(password);
                let client = redis::Client::open(info.set_redis_settings(settings));
                client.map(Self::Redis).map_err(|error| UnusableFile::new(file, error.to_string()))
            }
            #[cfg(feature = "nats")]
            Self::Nats(mut address) => {
                address.identity = identity(address.identity, secret)
                    .map_err(|problem| UnusableFile::new(file, problem))?;
                Ok(Self::Nats(address))
            }
        }
    }
}

/// Who asks NATS, by the address and a file. What stands before the `@` of an address without a password is the user then.
#[cfg(feature = "nats")]
fn identity(named: Identity, secret: Secret) -> Result<Identity, &'static str> {
    Ok(match (named, secret) {
        (Identity::User(user, _) | Identity::Token(user), Secret::Password(password)) => {
            Identity::User(user, password)
        }
        (_, Secret::Password(token)) => Identity::Token(token),
        #[cfg(feature = "nkeys")]
        (_, Secret::Seed(seed)) => Identity::Seed(seed),
        #[cfg(not(feature = "nkeys"))]
        (_, Secret::Seed(_)) => {
            return Err("this build has no NKeys: turn on the feature `nkeys` of crisp-sync");
        }
    })
}

/// The certificates of an authority.
fn authority(path: &Path) -> Result<Vec<u8>, UnusableFile> {
    let text = text_of(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let mut roots = rustls::RootCertStore::empty();
    let usable = certificates.is_ok_and(|certificates| {
        !certificates.is_empty() && certificates.into_iter().all(|it| roots.add(it).is_ok())
    });
    match usable {
        true => Ok(text.into_bytes()),
        false => Err(UnusableFile::new(
            path,
            "no certificate is in it; give that of the authority which signed the store's, as PEM \
             (`-----BEGIN CERTIFICATE-----`)",
        )),
    }
}

/// The secret in a file.
fn secret(path: &Path) -> Result<Secret, UnusableFile> {
    let text = text_of(path)?;
    if text.contains("-----BEGIN ") {
        let wanted = "keys and credentials between lines of `-----BEGIN …` are not read; give a file with a password, a \
                      token or the seed of an NKey alone on one line";
        return Err(UnusableFile::new(path, wanted));
    }
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.contains(['\r', '\n']) {
        let wanted = "a password, a token or the seed of an NKey is wanted, alone on one line";
        return Err(UnusableFile::new(path, wanted));
    }
    if line.starts_with(SEED.0) && line.len() == SEED.1 {
        return Ok(Secret::Seed(line.to_owned()));
    }
    Ok(Secret::Password(line.to_owned()))
}

fn text_of(path: &Path) -> Result<String, UnusableFile> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    match read {
        Ok(length) if length as u64 > LONGEST => {
            Err(UnusableFile::new(path, "it has over 1 MiB; give another file"))
        }
        Ok(_) => Ok(text),
        Err(error) => {
            Err(UnusableFile::new(path, format!("it cannot be read ({error}); look at its rights")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_file_without_a_certificate_is_refused_with_what_is_wanted() {
        for text in ["", "secret", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            let refused = authority(file(text).path()).unwrap_err().to_string();
            assert!(refused.contains("as PEM") && !refused.contains("secret"), "{refused}");
        }
        let refused = authority(Path::new("/nowhere/ca.pem")).unwrap_err().to_string();
        assert!(refused.contains("/nowhere/ca.pem: it cannot be read"), "{refused}");
    }

    #[test]
    fn a_secret_is_one_line_and_never_in_a_message() {
        assert!(
            matches!(secret(file("se cret\n").path()), Ok(Secret::Password(it)) if it == "se cret")
        );
        for text in ["", "\n", "secret\nsecret\n"] {
            let refused = secret(file(text).path()).err().unwrap().to_string();
            assert!(!refused.contains("secret") && refused.contains("on one line"), "{refused}");
        }
        let long = "x".repeat(1 + usize::try_from(LONGEST).unwrap());
        assert!(secret(file(&long).path()).err().unwrap().to_string().contains("over 1 MiB"));
    }

    #[test]
    fn a_seed_is_told_from_a_password_and_a_credentials_file_is_refused() {
        let seed = format!("SU{}", "A".repeat(56));
        assert!(matches!(secret(file(&seed).path()), Ok(Secret::Seed(_))));
        let credentials = "-----BEGIN NATS USER JWT-----\nsecret\n";
        let refused = secret(file(credentials).path()).err().unwrap().to_string();
        assert!(refused.contains("are not read") && !refused.contains("secret"), "{refused}");
    }
}
