//! Identifiers of websites and plugins.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a UUID; identifiers look like 8c842203-7ed8-4e29-a608-7cf78a7d2fcc")]
pub struct InvalidId {
    text: String,
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The identifier with these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes of the identifier.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The identifier with this number as its 128 bits: short to write in tests.
            pub const fn from_number(number: u128) -> Self {
                Self(Uuid::from_u128(number))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                match Uuid::try_parse(text) {
                    Ok(id) => Ok(Self(id)),
                    Err(_) => Err(InvalidId { text: text.chars().take(80).collect() }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

identifier! {
    /// A website that has, or had, the plugin installed (`website_id`, docs/wire.md#pages).
    ///
    /// Two spellings of one UUID (upper and lower case) are one website. Copying it is free.
    ///
    /// ```
    /// use crisp_sync::WebsiteId;
    ///
    /// let id: WebsiteId = "8C842203-7ed8-4e29-a608-7cf78a7d2fcc".parse()?;
    /// assert_eq!(id.to_string(), "8c842203-7ed8-4e29-a608-7cf78a7d2fcc");
    /// # Ok::<(), crisp_sync::InvalidId>(())
    /// ```
    WebsiteId
}

identifier! {
    /// The plugin itself (`plugin_id`, docs/wire.md#subscription).
    PluginId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_and_lower_case_are_one_website() {
        let lower: WebsiteId = "8c842203-7ed8-4e29-a608-7cf78a7d2fcc".parse().unwrap();
        let upper: WebsiteId = "8C842203-7ED8-4E29-A608-7CF78A7D2FCC".parse().unwrap();
        assert_eq!(lower, upper);
    }

    #[test]
    fn a_text_that_is_no_uuid_is_refused_with_an_example() {
        let refusal = "w1".parse::<WebsiteId>().unwrap_err();
        assert!(refusal.to_string().starts_with("`w1` is not a UUID"), "{refusal}");
    }
}
