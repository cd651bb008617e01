//! The scenarios of this repository, inside the program: `check` has them wherever it is installed.

/// The name of each file, and what is in it.
pub const CORPUS: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/corpus.rs"));
