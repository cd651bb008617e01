//! The certificates that a plugin's processes trust: those that they would trust without us, and ours.

use std::fs::File;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Variables that name a file of certificates beside the system's. `SSL_CERT_FILE` is not among them: it
/// replaces the system's, and is looked at with them.
const FURTHER: [&str; 3] = ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// The most that is taken of one such file, in bytes; the system's own has about 200 KiB.
const MOST: u64 = 16 << 20;

/// The system's roots and those that the environment names, with ours, as one PEM text. What cannot be
/// read is left out: then hosts that are allowed are not trusted, and the program says so itself.
pub(super) fn bundle(ours: &str) -> String {
    let mut bundle = ours.to_owned();
    for root in rustls_native_certs::load_native_certs().certs {
        push(&mut bundle, &root);
    }
    for name in FURTHER {
        let file = std::env::var_os(name).and_then(|path| File::open(path).ok());
        let mut text = String::new();
        if file.is_some_and(|file| file.take(MOST).read_to_string(&mut text).is_ok()) {
            bundle.push_str(&text);
            bundle.push('\n');
        }
    }
    bundle
}

/// Adds a certificate in PEM: lines of 64 digits (RFC 7468).
fn push(bundle: &mut String, certificate: &[u8]) {
    bundle.push_str("-----BEGIN CERTIFICATE-----\n");
    let digits = STANDARD.encode(certificate);
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        bundle.push_str(line);
        bundle.push('\n');
        rest = after;
    }
    bundle.push_str("-----END CERTIFICATE-----\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_written_in_lines_of_64_digits() {
        let mut text = String::new();
        push(&mut text, &[0xff; 60]);
        let lines: Vec<_> = text.lines().map(str::len).collect();
        assert_eq!(lines, [27, 64, 16, 25]);
    }

    #[test]
    fn ours_stands_first() {
        assert!(bundle("ours\n").starts_with("ours\n"));
    }
}
