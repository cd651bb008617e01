//! An emulator of Crisp's plugin-settings REST API, for tests.
//!
//! # Layout
//!
//! In the order in which they are worth reading:
//!
//! | Module | What it holds |
//! |---|---|
//! | [`id`] | website ids, their short names `w1`, `w2`, …, and secrets derived from a seed |
//! | [`clock`] | what time it is: elapsed time for waits, wall time for stamps |
//! | [`operation`] | the short names of routes: `list`, `since`, `save_settings`, … |
//! | [`schema`] | the plugin's settings schema, and settings held against it |
//! | [`sample`] | websites and settings made from a seed |

pub mod api;
pub mod clock;
pub mod control;
pub mod duration;
pub mod engine;
pub mod fault;
pub mod id;
pub mod journal;
pub mod nearest;
pub mod operation;
pub mod options;
mod populate;
pub mod quirks;
pub mod sample;
pub mod schema;
pub mod server;
pub mod socket;
pub mod space;
pub mod stub;
