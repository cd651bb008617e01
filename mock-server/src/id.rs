//! Identifiers: websites, their short names, and secrets derived from a seed.
//!
//! A website can be written `w1`, `w2`, … wherever a person writes one. The name and the id are the
//! same fact: [`WebsiteId::numbered`] turns a number into an id by arithmetic alone and
//! [`WebsiteId::number`] turns it back, so no table has to be kept and every server in the world
//! agrees on what `w1` is.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The id of a website: a UUID, written `w7` by people where it has a number.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::id::WebsiteId;
///
/// let website: WebsiteId = "w7".parse()?;
/// assert_eq!(website, WebsiteId::numbered(7));
/// assert_eq!(website.number(), Some(7));
/// assert_eq!(website, website.to_string().parse()?);
/// # Ok::<(), crisp_mock_server::id::InvalidWebsiteId>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebsiteId(Uuid);

/// Odd, so that multiplication by it is a permutation of the 32-bit numbers: neighbours get ids
/// that look unrelated. The value is 2^32 divided by the golden ratio.
const SPREAD: u32 = 0x9E37_79B1;
/// The inverse of [`SPREAD`] modulo 2^32; a test multiplies the two.
const GATHER: u32 = 0x0E8B_2F51;

/// The ids of the first websites, which scenarios name again and again.
static FIRST: LazyLock<[WebsiteId; 64]> =
    LazyLock::new(|| std::array::from_fn(|number| WebsiteId::derived(number as u32)));

impl WebsiteId {
    /// The id of the website called `w{number}`.
    #[must_use]
    pub fn numbered(number: u32) -> Self {
        let first = FIRST.get(number as usize).copied();
        first.unwrap_or_else(|| Self::derived(number))
    }

    fn derived(number: u32) -> Self {
        let head = number.wrapping_mul(SPREAD).to_be_bytes();
        let mut bytes: [u8; 16] = derive_bytes(&["website", &number.to_string()]);
        bytes[..4].copy_from_slice(&head);
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The number in the website's short name, if it has one.
    #[must_use]
    pub fn number(self) -> Option<u32> {
        let head = self.0.as_bytes().first_chunk::<4>()?;
        let number = u32::from_be_bytes(*head).wrapping_mul(GATHER);
        (number > 0 && Self::numbered(number) == self).then_some(number)
    }

    /// The short name (`w7`) where there is one, else the UUID.
    #[must_use]
    pub fn short(self) -> String {
        self.number().map_or_else(|| self.to_string(), |number| format!("w{number}"))
    }

    /// The id as a UUID.
    #[must_use]
    pub fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for WebsiteId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for WebsiteId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(out)
    }
}

impl fmt::Debug for WebsiteId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.short())
    }
}

impl From<WebsiteId> for String {
    fn from(id: WebsiteId) -> Self {
        id.to_string()
    }
}

/// A text that names no website.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a website: write a short name like `w1`, or a UUID")]
pub struct InvalidWebsiteId(String);

impl FromStr for WebsiteId {
    type Err = InvalidWebsiteId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidWebsiteId(text.chars().take(80).collect());
        if let Some(digits) = text.strip_prefix('w') {
            let number: u32 = digits.parse().map_err(|_| invalid())?;
            let canonical = number > 0 && !digits.starts_with(['0', '+']);
            return canonical.then(|| Self::numbered(number)).ok_or_else(invalid);
        }
        (text.len() == 36)
            .then(|| Uuid::try_parse(text).ok())
            .flatten()
            .map(Self)
            .ok_or_else(invalid)
    }
}

impl TryFrom<String> for WebsiteId {
    type Error = InvalidWebsiteId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// 16 bytes that depend on every part and on nothing else; the parts cannot run into each other.
fn derive_bytes(parts: &[&str]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&derive_digest(parts)[..16]);
    bytes
}

fn derive_digest(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// A UUID that depends on the parts and on nothing else.
#[must_use]
pub fn derive_uuid(parts: &[&str]) -> Uuid {
    uuid::Builder::from_random_bytes(derive_bytes(parts)).into_uuid()
}

/// 64 lowercase hex digits that depend on the parts and on nothing else (docs/wire.md#credentials).
#[must_use]
pub fn derive_key(parts: &[&str]) -> String {
    hex::encode(derive_digest(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gather_undoes_spread() {
        assert_eq!(SPREAD.wrapping_mul(GATHER), 1);
    }

    #[test]
    fn every_number_comes_back_from_its_id() {
        for number in (1..2_000).chain([1_000_000, u32::MAX]) {
            assert_eq!(WebsiteId::numbered(number).number(), Some(number));
        }
    }

    #[test]
    fn an_id_that_was_not_made_here_has_no_number() {
        let id: WebsiteId = "8c842203-7ed8-4e29-a608-7cf78a7d2fcc".parse().unwrap();
        assert_eq!(id.number(), None);
        assert_eq!(id.short(), "8c842203-7ed8-4e29-a608-7cf78a7d2fcc");
    }

    #[test]
    fn names_that_are_not_canonical_are_refused() {
        for text in ["w0", "w01", "w+1", "w", "W1", "w-1", "w1 ", "1", "", "w4294967296"] {
            assert!(text.parse::<WebsiteId>().is_err(), "{text} was accepted");
        }
    }
}
