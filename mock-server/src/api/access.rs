//! Credentials and tiers of a request (docs/wire.md#credentials, docs/wire.md#tiers).

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

use crate::api::input::Input;

/// The tier that a token belongs to and a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// An operator's account.
    User,
    /// One website's own token.
    Website,
    /// A Marketplace plugin.
    Plugin,
}

impl Tier {
    /// The name in `X-Crisp-Tier`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Website => "website",
            Self::Plugin => "plugin",
        }
    }
}

impl FromStr for Tier {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::User, Self::Website, Self::Plugin]
            .into_iter()
            .find(|tier| tier.name() == text)
            .ok_or(())
    }
}

/// A pair that opens a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The tier it belongs to.
    pub tier: Tier,
    /// A UUID.
    pub identifier: String,
    /// 64 hexadecimal digits.
    pub key: String,
}

/// The accounts of a space: the plugin's two and one operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// The plugin's token.
    pub plugin: Account,
    /// The plugin's development token, of the same tier (quirk `development-token`).
    pub development: Account,
    /// An operator with every role on every website.
    pub user: Account,
    /// Whether a pair that opens none of them opens the plugin's.
    pub takes_any: bool,
}

/// Why credentials open nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// There is no `Authorization`.
    #[error("there is no Authorization header: send `Basic` with base64 of `identifier:key`")]
    Missing,
    /// It is there, but not of that form.
    #[error("Authorization is not `Basic` with base64 of `identifier:key`")]
    Malformed,
    /// No token has that identifier.
    #[error("no token of this server has that identifier: `GET /_mock/info` shows the pair")]
    Identifier,
    /// The identifier is known, the key is another.
    #[error("the identifier is known, but the key is wrong: `GET /_mock/info` shows the pair")]
    Key,
}

impl Accounts {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> [&Account; 3] {
        [&self.plugin, &self.development, &self.user]
    }

    /// Whether this is the development token.
    pub(crate) fn is_development(&self, account: &Account) -> bool {
        self.development.identifier == account.identifier
    }

    /// The account that the request's credentials open.
    ///
    /// # Errors
    ///
    /// [`Unknown`] says why they open none.
    pub fn find(&self, input: &Input<'_>) -> Result<&Account, Unknown> {
        let pair = pair(input.headers().get(AUTHORIZATION))?;
        let (identifier, key) = pair.split_once(':').ok_or(Unknown::Malformed)?;
        self.of_pair(identifier, key)
    }

    /// The account that an identifier and its key open; where any are taken, those of no account open the
    /// plugin's.
    ///
    /// # Errors
    ///
    /// [`Unknown`] says why they open none.
    pub fn of_pair(&self, identifier: &str, key: &str) -> Result<&Account, Unknown> {
        let account = self.all().into_iter().find(|account| account.identifier == identifier);
        let same = |account: &&Account| account.key.as_bytes().ct_eq(key.as_bytes()).into();
        match account {
            Some(account) if same(&account) => Ok(account),
            _ if self.takes_any => Ok(&self.plugin),
            Some(_) => Err(Unknown::Key),
            None => Err(Unknown::Identifier),
        }
    }
}

/// The identifier in an `Authorization` header, by which a request finds its space.
#[must_use]
pub fn identifier_of(authorization: Option<&HeaderValue>) -> Option<String> {
    let mut pair = pair(authorization).ok()?;
    pair.truncate(pair.find(':')?);
    Some(pair)
}

/// The pair `identifier:key` in an `Authorization` header.
fn pair(authorization: Option<&HeaderValue>) -> Result<String, Unknown> {
    let authorization = authorization.ok_or(Unknown::Missing)?.as_bytes();
    // Read as bytes: what is no base64 is no text either.
    let mut parts = authorization.splitn(2, |byte| *byte == b' ');
    let (Some(scheme), Some(encoded)) = (parts.next(), parts.next()) else {
        return Err(Unknown::Malformed);
    };
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Err(Unknown::Malformed);
    }
    let decoded = STANDARD.decode(encoded.trim_ascii()).map_err(|_| Unknown::Malformed)?;
    String::from_utf8(decoded).map_err(|_| Unknown::Malformed)
}
