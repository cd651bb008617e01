//! Crisp's official clients, unmodified, and plugins written with them, against the emulator.
//!
//! The clients come from their registries, once, into `target/`; a claim about a client that
//! cannot be had here is skipped loudly, and fails where `CI` is set.

mod emulator;
mod install;
mod lines;
mod numbers;
mod official;
mod plugin;
#[path = "../support/ports.rs"]
mod ports;
mod want;
mod webdriver;

mod adapters;
mod ajv;
mod ci_examples;
mod dates;
mod difference;
mod example_plugins;
mod faults;
mod frameworks;
mod hooks;
mod intercept;
mod judged;
mod lessons;
mod listening;
mod moved;
mod on_disc;
mod openapi;
mod page;
mod pages;
mod refusals;
mod retries;
mod session;
mod set_up;
mod settings;
mod settings_page;
mod sockets;
mod sound;
mod stubs;
mod verdicts;
