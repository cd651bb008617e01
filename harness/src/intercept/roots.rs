//! The certificates that a plugin's processes trust: those that they would trust without us, and ours.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Variables that name a file of certificates beside the system's. `SSL_CERT_FILE` is not among them: it
/// replaces the system's, and is looked at with them.
const FURTHER: [&str; 3] = ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// The most that is taken of one such file, in bytes; the system's own has about 200 KiB.
const MOST: u64 = 16 << 20;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The system's roots and those that the environment names, with ours, as one PEM text. What cannot be
/// read is left out: then hosts that are allowed are not trusted, and the program says so itself.
pub(super) fn bundle(ours: &str) -> String {
    let mut bundle = Bundle::default();
    bundle.take(ours);
    for root in rustls_native_certs::load_native_certs().certs {
        bundle.push(&STANDARD.encode(root));
    }
    for name in FURTHER {
        let file = std::env::var_os(name).and_then(|path| File::open(path).ok());
        let mut text = String::new();
        if file.is_some_and(|file| file.take(MOST).read_to_string(&mut text).is_ok()) {
            bundle.take(&text);
        }
    }
    bundle.text
}

/// Certificates, each once: a program may read all of them for every connection.
#[derive(Default)]
struct Bundle {
    text: String,
    known: HashSet<String>,
}

impl Bundle {
    /// Takes the certificates of a PEM text.
    fn take(&mut self, pem: &str) {
        for block in pem.split(BEGIN).skip(1) {
            if let Some((digits, _)) = block.split_once(END) {
                self.push(&digits.split_whitespace().collect::<String>());
            }
        }
    }

    /// Adds a certificate, given in base64, in lines of 64 digits (RFC 7468).
    fn push(&mut self, digits: &str) {
        if !digits.is_ascii() || !self.known.insert(digits.to_owned()) {
            return;
        }
        self.text.extend([BEGIN, "\n"]);
        let mut rest = digits;
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(64));
            self.text.extend([line, "\n"]);
            rest = after;
        }
        self.text.extend([END, "\n"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_certificate_is_there_once_in_lines_of_64_digits() {
        let mut bundle = Bundle::default();
        let digits = STANDARD.encode([0xff; 60]);
        bundle.push(&digits);
        bundle.take(&format!(
            "a comment\n{BEGIN}\r\n{digits}\r\n{END}\n{BEGIN}\nAAAA\n{END}\n{BEGIN}"
        ));
        let lines: Vec<_> = bundle.text.lines().map(str::len).collect();
        assert_eq!(lines, [27, 64, 16, 25, 27, 4, 25]);
    }

    #[test]
    fn ours_stands_first() {
        let ours = format!("{BEGIN}\nAAAA\n{END}\n");
        assert!(bundle(&ours).starts_with(&ours));
    }
}
