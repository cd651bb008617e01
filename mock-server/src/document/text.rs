//! Values that are written as a text with a form of its own: `since#2`, `1m30s`, `100B/s`.

use std::fmt::Display;

/// What is wrong with a text, and what to write instead.
pub type Complaint = (String, Option<String>);

/// A type whose values are written as texts. [`text_form!`] derives `Serialize`, `Deserialize` and
/// `JsonSchema` from it.
pub trait TextForm: Sized + Display + 'static {
    /// The name by which the JSON Schema refers to the form.
    const NAME: &'static str;
    /// What a value is, in words that fit behind "stands where … should".
    const WANTED: &'static str;
    /// What to write when something else than a text stands there.
    const HINT: &'static str;

    /// A regular expression that every such text matches, for editors.
    fn pattern() -> String;

    /// Reads a text.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and what to write instead.
    fn read(text: &str) -> Result<Self, Complaint>;
}

/// A form by name, as the texts of a document are held against it.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    pub(super) name: &'static str,
    pub(super) check: fn(&str) -> Result<(), Complaint>,
}

impl Form {
    /// The form of a type.
    #[must_use]
    pub const fn of<T: TextForm>() -> Self {
        Self { name: T::NAME, check: |text| T::read(text).map(drop) }
    }
}

/// A complaint with advice.
///
/// # Errors
///
/// Always: the complaint.
pub fn complain<T>(message: impl Into<String>, hint: &str) -> Result<T, Complaint> {
    Err((message.into(), Some(hint.to_owned())))
}

/// The first 80 characters of a text, for messages.
#[must_use]
pub fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Derives `Serialize`, `Deserialize` and `JsonSchema` of a [`TextForm`].
#[macro_export]
#[doc(hidden)]
macro_rules! text_form {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                <Self as $crate::document::TextForm>::read(&text)
                    .map_err(|(message, _)| serde::de::Error::custom(message))
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                <Self as $crate::document::TextForm>::NAME.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "pattern": <Self as $crate::document::TextForm>::pattern(),
                    "x-form": <Self as $crate::document::TextForm>::NAME,
                    "x-name": <Self as $crate::document::TextForm>::WANTED,
                    "x-hint": <Self as $crate::document::TextForm>::HINT,
                })
            }
        }
    };
}

pub(crate) use text_form;
