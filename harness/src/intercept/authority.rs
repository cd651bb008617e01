//! A certificate authority for one run: its key is in memory alone, and it can vouch for names below
//! `crisp.chat` only.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ServerConfig;

/// The names in the certificate: those of [`super::hosts::PATTERNS`].
const NAMES: [&str; 3] = ["api.crisp.chat", "relay.crisp.chat", "*.relay.crisp.chat"];

/// An authority, and a server's side of TLS with a certificate that it vouches for.
pub(super) struct Authority {
    /// Its certificate, for clients to trust.
    pub(super) pem: String,
    pub(super) server: Arc<ServerConfig>,
}

impl Authority {
    /// Makes both anew.
    ///
    /// # Errors
    ///
    /// In words, when the machine gives no random numbers.
    pub(super) fn new() -> Result<Self, String> {
        let key = KeyPair::generate().map_err(in_words)?;
        let params = authority().map_err(in_words)?;
        let certificate = params.self_signed(&key).map_err(in_words)?;
        let issuer = Issuer::new(params, key);
        let leaf_key = KeyPair::generate().map_err(in_words)?;
        let leaf = leaf().and_then(|leaf| leaf.signed_by(&leaf_key, &issuer)).map_err(in_words)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let chain = vec![leaf.der().clone(), certificate.der().clone()];
        let mut server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .map_err(|error| error.to_string())?;
        // The emulator speaks nothing else.
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { pem: certificate.pem(), server: Arc::new(server) })
    }
}

/// Valid at any time that a test may set its clock to: the key is gone when the run ends.
fn always(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2100, 1, 1);
}

fn authority() -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    always(&mut params);
    params.distinguished_name.push(DnType::CommonName, "crisp-mock, for one run");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("crisp.chat".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    Ok(params)
}

fn leaf() -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    always(&mut params);
    params.distinguished_name.push(DnType::CommonName, "api.crisp.chat");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Python since 3.13 and other strict verifiers want it.
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn in_words(error: Error) -> String {
    error.to_string()
}
