//! What is published for other languages: packed as for a release, installed and used as by a plugin's
//! author, with the program that cargo built for tests in place of the one that is released.
//!
//! `packaging/check` does the same with the files of a release.

#[expect(dead_code, reason = "the tests of services use the rest")]
#[path = "../clients/install.rs"]
mod install;
#[expect(dead_code, reason = "the tests of clients use the rest")]
#[path = "../clients/want.rs"]
mod want;

mod dist;
mod running;

mod archive;
mod go;
mod image;
mod node_fixtures;
mod npm;
mod pip;
mod pytest;
mod types;
mod versions;
mod workflows;
