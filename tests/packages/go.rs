//! The Go module.

use std::path::Path;

use crate::dist::{CRISP_MOCK, command, passes};
use crate::install::repository;
use crate::want::{or_skip, program};

#[test]
fn the_go_module_is_formatted_vetted_and_its_tests_pass() {
    let Some(go) = or_skip(program("go")) else { return };
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
    let go = |words: &[&str]| {
        let mut go = command(&go);
        go.current_dir(repository("clients/go")).args(words).env("CRISP_MOCK_BINARY", CRISP_MOCK);
        go.env("GOCACHE", &cache).env("GOFLAGS", "-mod=mod").env("GOTOOLCHAIN", "local");
        go.env("GOPROXY", "off");
        passes(&mut go)
    };
    assert_eq!(go(&["fmt", "./..."]).trim(), "", "these are not as gofmt writes them");
    go(&["vet", "./..."]);
    go(&["test", "./..."]);
}
