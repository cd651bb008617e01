//! The command as its users meet it: the real program, its exit codes, and every text it shows.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that cannot go on has nothing better to do"
)]

mod answers;
mod bad_files;
mod check;
mod config;
mod ctl;
mod ending;
mod exec;
mod full_disk;
mod help;
mod intercept;
mod judged;
mod left_behind;
mod lessons;
mod many;
mod over_http;
mod own_files;
mod precedence;
mod program;
mod readme;
mod replay;
mod serve;
mod state;
mod stopped;
mod surroundings;
mod validate;
mod waiting;
