//! What is demanded of every client.

mod rule;

pub use rule::Rule;
