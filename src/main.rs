//! The `crisp-mock` command.
fn main() {}
