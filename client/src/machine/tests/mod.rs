//! The machine against a model server, in virtual time.

mod converging;
mod random;
mod server;
mod sim;
