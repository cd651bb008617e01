//! An emulator of Crisp's plugin-settings REST API, for tests.
//!
//! # Examples
//!
//! A server on a free port, in one line; dropping it stops it. Point any client at
//! [`Info::url`](spaces::Info).
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use crisp_mock_server::server::{MockServer, ServerOptions};
//!
//! let server = MockServer::start(ServerOptions::default()).await?;
//! println!("export CRISP_REST_HOST={}", server.info().url);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same without a socket is [`InProcess`]; without even a clock it is
//! [`Space::handle`](space::Space::handle).
//!
//! # Layout
//!
//! From the inside out, which is also the order to read in. Nothing above the line reads a clock,
//! opens a socket or draws a random number; a test in the workspace holds that.
//!
//! | Module | What it holds |
//! |---|---|
//! | [`id`] | website ids, their short names `w1`, `w2`, …, and secrets derived from a seed |
//! | [`clock`], [`duration`] | what time it is: elapsed time for waits, wall time for stamps |
//! | [`operation`] | the short names of routes: `list`, `since`, `save_settings`, … |
//! | [`document`], [`form`] | documents that people write: read, checked against a type, shown with what is wrong |
//! | [`quirks`] | what the real API leaves undocumented, each a switch with a reason |
//! | [`schema`], [`sample`] | settings schemas; websites and settings made from a seed |
//! | [`engine`] | the pure world: websites, the differential, paging, quota |
//! | [`api`] | the routes as Crisp has them: credentials, tiers, envelope |
//! | [`rtm`] | the RTM API: frames, sessions, what each socket is bound to |
//! | [`fault`] | what can go wrong: the plan, the decision, the delivery it leads to |
//! | [`hooks`] | web hooks: which deliveries there are, when each is due, what became of it |
//! | [`state`] | a world as a document: dumped, and started from |
//! | [`options`], [`stub`] | what a world can be started with |
//! | [`journal`] | what was asked and what became of it, in bounded memory |
//! | [`space`] | one world with all of the above around it: one request in, one delivery out |
//! | — | — |
//! | [`spaces`] | many spaces in one process, chosen by credentials; the machine's clocks |
//! | [`socket`] | HTTP/1.1 over TCP, carrying every delivery out for real |
//! | [`sender`] | deliveries of web hooks, carried out for real |
//! | [`ui`] | the files of the page for people |
//! | [`control`] | the control API `/_mock` |
//! | [`server`] | all of it behind listening sockets |

pub mod api;
pub mod bounds;
pub mod clock;
pub mod control;
pub mod document;
pub mod duration;
pub mod engine;
pub mod exact;
pub mod fault;
pub mod form;
pub mod hooks;
pub mod id;
mod javascript;
pub mod journal;
pub mod nearest;
pub mod operation;
pub mod options;
pub mod quirks;
pub mod rtm;
pub mod sample;
pub mod schema;
pub mod sender;
pub mod server;
mod signature;
pub mod socket;
pub mod space;
pub mod spaces;
pub mod state;
pub mod stub;
pub mod ui;

pub use server::{InProcess, MockServer, ServerOptions};
pub use space::Space;
