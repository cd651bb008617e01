//! The control API and the spaces behind it, through the router without a socket.

mod clock;
mod guard;
mod journal;
mod rules;
mod spaces;
mod talk;
mod websites;
