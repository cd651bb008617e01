//! Clients outside, held against tiny real programs that behave and misbehave.

mod bench;
mod plugin;
mod process;
mod service;
