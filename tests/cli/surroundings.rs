//! Surroundings that say what they may not say, or have no room.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};

use crate::program::{Ended, folder, program, run};

#[test]
fn a_variable_that_is_no_text_is_refused_and_not_passed_over() {
    for (name, command) in [
        ("CRISP_MOCK_URL", "ctl"),
        ("CRISP_MOCK_CONTROL_URL", "ctl"),
        ("CRISP_MOCK_SPACE", "ctl"),
        ("CRISP_MOCK_CONTROL_TOKEN", "ctl"),
        ("CRISP_MOCK_URL", "healthcheck"),
        ("CRISP_MOCK_LISTEN", "healthcheck"),
    ] {
        let rest = if command == "ctl" { &["info"][..] } else { &["--timeout", "1ms"] };
        let value = OsStr::from_bytes(b"http://127.0.0.1:1/\xff");
        let ended = Ended::of(program().arg(command).args(rest).env(name, value));
        assert_eq!(ended.code, Some(2), "{name} {command}: {}", ended.shown());
        assert!(ended.stderr.contains("UTF-8"), "{name} {command}: {}", ended.stderr);
    }
    let mut command = program();
    command.args(["healthcheck", "--timeout", "1ms"]).env("CRISP_MOCK_LISTEN", "everywhere");
    let ended = Ended::of(&mut command);
    assert_eq!(ended.code, Some(2), "{}", ended.shown());
    assert!(ended.stderr.contains("CRISP_MOCK_LISTEN=`everywhere`"), "{}", ended.stderr);
}

#[test]
fn too_few_files_are_an_error_and_no_panic() {
    let folder = folder(&[("a.yaml", "name: nothing happens\n")]);
    for line in [
        "serve --listen 127.0.0.1:0 --idle-exit 1ms",
        "exec -- true",
        "ctl info --url http://127.0.0.1:1",
        "healthcheck --url http://127.0.0.1:1 --timeout 1ms",
        "replay a.yaml --over-http",
        "replay a.yaml --client-cmd cat",
        "check --client guide --cases 1 --seed 1 --forever",
    ] {
        for files in 4..9 {
            let script = format!("ulimit -n {files}; exec \"$@\"");
            let mut command = Command::new("sh");
            command.current_dir(folder.path()).args(["-c", &script, "sh"]);
            command.arg(program().get_program()).args(line.split(' '));
            let ended = Ended::of(command.stdin(Stdio::null()));
            assert!(!ended.stderr.contains("panicked"), "{files} {line}: {}", ended.stderr);
            if files < 7 {
                let code = if line.starts_with("exec") { 125 } else { 4 };
                assert_eq!(ended.code, Some(code), "{files} {line}: {}", ended.shown());
                assert!(ended.stderr.contains("oo many open files"), "{}", ended.stderr);
            }
        }
    }
}

#[test]
fn a_file_without_an_end_is_read_as_far_as_a_document_may_go() {
    for command in ["validate", "replay"] {
        let ended = run(&[command, "/dev/zero"]);
        assert_eq!(ended.code, Some(2), "{}", ended.shown());
        assert!(ended.stderr.contains("/dev/zero: it has more than 16 MiB"), "{}", ended.stderr);
    }
}
