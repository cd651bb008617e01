//! The Go module, where Go is installed. Nothing else here needs it, so that it is not asked for in CI.

use crate::dist::{CRISP_MOCK, command, passes};
use crate::install::repository;
use crate::want::program;

#[test]
fn the_go_module_is_formatted_vetted_and_its_tests_pass() {
    let Ok(go) = program("go") else {
        eprintln!("skipped: no folder of PATH has Go");
        return;
    };
    let caches = tempfile::tempdir().expect("a folder");
    let go = |words: &[&str]| {
        let mut go = command(&go);
        go.current_dir(repository("clients/go")).args(words).env("CRISP_MOCK_BINARY", CRISP_MOCK);
        go.env("GOCACHE", caches.path()).env("GOFLAGS", "-mod=mod").env("GOTOOLCHAIN", "local");
        go.env("GOPROXY", "off");
        passes(&mut go)
    };
    assert_eq!(go(&["fmt", "./..."]).trim(), "", "these are not as gofmt writes them");
    go(&["vet", "./..."]);
    go(&["test", "./..."]);
}
