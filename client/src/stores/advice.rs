//! What to do about a store that cannot be reached, by why.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError};

/// Who asks is not known to the store, or may not.
pub(super) const WHO_ASKS: &str = "user, password, token or key are not the store's; look at the address (CRISP_SYNC_STORE) and at \
     --store-credentials";

/// What to do when TLS with the store failed; none: it was something else.
pub(super) fn of_tls(error: &(dyn Error + 'static)) -> Option<&'static str> {
    Some(match tls_error(error)? {
        rustls::Error::InvalidCertificate(reason) => of_certificate(reason),
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::HandshakeFailure
            | AlertDescription::BadCertificate,
        ) => {
            "it wants a certificate of the client's own, and none is sent: set `tls-auth-clients no` in Redis, or \
             `verify: false` in NATS"
        }
        rustls::Error::InvalidMessage(_) => {
            "it does not speak TLS there: give the port of TLS, or write redis:// or nats://"
        }
        _ => "TLS with it failed; look at the log of the store",
    })
}

fn of_certificate(reason: &CertificateError) -> &'static str {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext,
        NotValidYet, NotValidYetContext, UnknownIssuer,
    };
    match reason {
        UnknownIssuer | BadSignature => {
            "its certificate is of an authority that is not trusted here: give that authority's certificate with \
             --store-ca FILE"
        }
        NotValidForName | NotValidForNameContext { .. } => {
            "its certificate is for another name: write one of its names in --store"
        }
        Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. } => {
            "its certificate has expired or is not valid yet: renew it, or set the clock of this machine"
        }
        _ => {
            "its certificate cannot be used: give the store one for servers, signed by the authority in --store-ca"
        }
    }
}

/// The error of TLS that this one came from.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // These two stand for what they hold, and name its cause as their own.
        let held: Option<&'a (dyn Error + 'static)> =
            if let Some(error) = error.downcast_ref::<io::Error>() {
                error.get_ref().map(|error| error as _)
            } else if let Some(error) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
                Some(&**error)
            } else {
                None
            };
        cause = held.or_else(|| error.source());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_found_within_other_errors() {
        let reason = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = io::Error::new(io::ErrorKind::InvalidData, reason);
        assert!(of_tls(&error).unwrap().contains("--store-ca"));
        let shared: Arc<dyn Error + Send + Sync> = Arc::new(error);
        assert!(of_tls(&shared).unwrap().contains("--store-ca"));
        assert_eq!(of_tls(&io::Error::other("no TLS in it")), None);
    }

    #[test]
    fn each_reason_has_advice_of_its_own() {
        let certificate = rustls::Error::InvalidCertificate;
        let advice = [
            certificate(CertificateError::UnknownIssuer),
            certificate(CertificateError::NotValidForName),
            certificate(CertificateError::Expired),
            certificate(CertificateError::BadEncoding),
            rustls::Error::AlertReceived(AlertDescription::CertificateRequired),
            rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType),
            rustls::Error::EncryptError,
        ]
        .map(|error| of_tls(&error).unwrap());
        let different: std::collections::BTreeSet<_> = advice.iter().collect();
        assert_eq!(different.len(), advice.len());
    }
}
