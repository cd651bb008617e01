//! The signature of web hooks and attestations (docs/wire.md#web-hooks).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Lowercase hexadecimal HMAC-SHA256 over `[timestamp;body]`; the key is the secret as a text.
pub(crate) fn sign(secret: &str, timestamp: i64, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("[{timestamp};").as_bytes());
    mac.update(body);
    mac.update(b"]");
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_the_wire_page_is_met() {
        assert_eq!(
            sign("0123456789abcdef0123456789abcdef", 1_700_000_000_000, br#"{"a":1}"#),
            "7f5ac62fdbd986e32a25c3cd6cce0bfc60523658e755a54f28cf748907ac62c1"
        );
    }
}
