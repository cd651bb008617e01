//! A call of the control API as a value.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::emulator::PATIENCE;

/// A call, and how its answer is written for people.
pub struct Call {
    /// Its method.
    pub method: Method,
    /// Its path below the control API of a space.
    pub path: String,
    /// Its body.
    pub body: Option<Value>,
    /// For how long its answer is awaited.
    pub patience: Duration,
    /// The answer in words; `--print json` prints it as it came.
    pub in_words: Box<dyn Fn(&Value) -> String>,
}

impl Call {
    /// Asks.
    pub fn get(path: impl Into<String>, in_words: impl Fn(&Value) -> String + 'static) -> Self {
        Self::new(Method::GET, path, None, in_words)
    }

    /// Posts without a body.
    pub fn post(path: impl Into<String>, in_words: impl Fn(&Value) -> String + 'static) -> Self {
        Self::new(Method::POST, path, None, in_words)
    }

    /// Deletes.
    pub fn delete(path: impl Into<String>, in_words: impl Fn(&Value) -> String + 'static) -> Self {
        Self::new(Method::DELETE, path, None, in_words)
    }

    /// Sends a body.
    pub fn send(
        method: Method,
        path: impl Into<String>,
        body: Value,
        in_words: impl Fn(&Value) -> String + 'static,
    ) -> Self {
        Self::new(method, path, Some(body), in_words)
    }

    /// Waits so much longer for its answer.
    pub fn patient(self, longer: Duration) -> Self {
        Self { patience: self.patience + longer, ..self }
    }

    fn new(
        method: Method,
        path: impl Into<String>,
        body: Option<Value>,
        in_words: impl Fn(&Value) -> String + 'static,
    ) -> Self {
        let in_words = Box::new(in_words);
        Self { method, path: path.into(), body, patience: PATIENCE, in_words }
    }
}

/// A path with those parameters that have a value.
pub fn with_query<const N: usize>(path: &str, asked: [(&str, Option<String>); N]) -> String {
    let asked = asked.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let url = reqwest::Url::parse_with_params("http://any/", asked).ok();
    let query = url.as_ref().and_then(reqwest::Url::query).unwrap_or_default();
    format!("{path}?{query}")
}
