//! Certificates for the stores of one test: an authority and what it signed.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// The files of one authority, and those of a server that it vouches for.
pub struct Certificates {
    folder: tempfile::TempDir,
}

impl Certificates {
    /// New ones, for a server of this name or address.
    pub fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        // Each has a name of its own, or a verifier would take one authority for another.
        let named = format!("authority {}", folder.path().display());
        authority.distinguished_name.push(DnType::CommonName, named);
        let certificate = authority.self_signed(&key).unwrap();
        let issuer = Issuer::new(authority, key);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new([name.to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        let certificates = Self { folder };
        let texts = [certificate.pem(), leaf.pem(), key.serialize_pem()];
        for (name, text) in ["authority", "server", "key"].into_iter().zip(texts) {
            std::fs::write(certificates.file(name), text).unwrap();
        }
        certificates
    }

    /// Where the certificate of the `authority`, that of the `server`, or its `key` is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name).with_extension("pem")
    }
}
