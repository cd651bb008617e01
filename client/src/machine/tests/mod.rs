//! The machine against a model server, in virtual time.

mod converging;
mod server;
mod sim;
