//! Generated data: websites that could be real, with settings that fit the plugin's schema.
//!
//! Everything here is a function of a seed and a website's number: the same on every machine, in
//! whatever order it is asked for. That is a promise, kept by a test that knows the values.

mod chance;
mod flatten;
mod make;
mod number;
mod pattern;
mod shape;
mod text;
mod website;

#[cfg(test)]
mod tests;

use serde_json::Value;

pub use website::{Plan, Website, website};

use crate::schema::SettingsSchema;
use chance::{Source, Stream};
use make::Maker;
use shape::Shape;

/// Settings are made so many times until they fit.
const ATTEMPTS: u32 = 6;

/// Makes settings that fit a schema. Reads the schema once, then takes a few microseconds for each
/// website.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::sample::SettingsGenerator;
/// use crisp_mock_server::schema::SettingsSchema;
///
/// let schema = SettingsSchema::sample();
/// let generator = SettingsGenerator::new(&schema);
/// let settings = generator.settings(1, 7).expect("the sample schema is easy");
/// assert!(schema.check(&settings).is_ok());
/// assert_eq!(Some(settings), generator.settings(1, 7));
/// ```
#[derive(Debug, Clone)]
pub struct SettingsGenerator {
    schema: SettingsSchema,
    shape: Option<Shape>,
}

impl SettingsGenerator {
    /// Takes a schema apart.
    #[must_use]
    pub fn new(schema: &SettingsSchema) -> Self {
        Self { schema: schema.clone(), shape: shape::of(schema) }
    }

    /// The settings of website `w{number}` in the world of this seed: an object that fits the
    /// schema, with at least one member wherever the schema allows one. `None` if none was found.
    #[must_use]
    pub fn settings(&self, seed: u64, number: u32) -> Option<Value> {
        let shape = self.shape.as_ref()?;
        (0..ATTEMPTS).find_map(|attempt| {
            let settings =
                Maker::new(Source { seed, number, attempt }).value(shape, Stream::SETTINGS);
            settings.filter(|settings| settings.is_object() && self.schema.fits(settings))
        })
    }
}

/// The settings of one website; for many, keep a [`SettingsGenerator`].
#[must_use]
pub fn settings(seed: u64, number: u32, schema: &SettingsSchema) -> Option<Value> {
    SettingsGenerator::new(schema).settings(seed, number)
}
