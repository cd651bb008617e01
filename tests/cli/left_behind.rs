//! Processes that leave the group, the session and the parents that they were started with.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::program::{folder, program};

/// A line that leaves a process behind which waits for what never comes, and hears no polite signal.
/// `with` starts it; its parent is the shell, or one that has ended.
fn leaving(with: &str, is_orphan: bool) -> String {
    let (open, close) = if is_orphan { ("(", ")") } else { ("{", ";}") };
    let end = if is_orphan { "&" } else { "& true" };
    let close = format!("{close}{}", if is_orphan { ";" } else { "" });
    format!(
        "d=$(mktemp -d); mkfifo $d/ready $d/never; {open} {with} setsid sh -c \"trap '' TERM; \
         exec 5<>$d/never; echo set >$d/ready; read never <&5\" {end}{close} read set <$d/ready; \
         rm -r $d"
    )
}

/// `exec` of a line, and everything that it and whatever it left behind wrote: the end of that is the
/// end of all of them.
fn exec(line: &str) -> (Option<i32>, String) {
    let mut command = program();
    command.args(["exec", "--quiet", "--", "sh", "-c", line]);
    let mut exec =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut written = String::new();
    exec.stdout.take().unwrap().read_to_string(&mut written).unwrap();
    (exec.wait().unwrap().code(), written)
}

#[test]
fn exec_leaves_nothing_behind_that_made_a_session_of_its_own() {
    // With an environment of its own it is found as well: its parent has ended, and it is ours.
    for with in ["", "env -i PATH=\"$PATH\""] {
        let line = format!("{}; echo done; exit 3", leaving(with, true));
        assert_eq!(exec(&line), (Some(3), "done\n".to_owned()), "{with}");
    }
}

/// Without that, what has ended would stay in the system's list as long as `exec` runs.
#[test]
fn an_orphan_of_the_command_that_ends_is_taken_leave_of() {
    let line = "d=$(mktemp -d); mkfifo $d/pid; (setsid sh -c \"echo \\$\\$ >$d/pid\" &); \
        read pid <$d/pid; rm -r $d; while [ -d /proc/$pid ]; do :; done; echo gone";
    assert_eq!(exec(line), (Some(0), "gone\n".to_owned()));
}

#[test]
fn a_killed_exec_leaves_nothing_behind_that_made_a_session_of_its_own() {
    let line = "d=$(mktemp -d); mkfifo $d/ready; \
        exec 3<&0; \
        (setsid sh -c \"trap 'echo asked; exit' TERM; echo set >$d/ready; read line <&3\" &); \
        read set <$d/ready; rm -r $d; echo ready; read line";
    let mut command = program();
    command.args(["exec", "--quiet", "--", "sh", "-c", line]);
    let mut exec =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(exec.stdout.take().unwrap());
    let mut said = String::new();
    stdout.read_line(&mut said).unwrap();
    assert_eq!(said, "ready\n");
    let stdin = exec.stdin.take();
    exec.kill().unwrap();
    exec.wait().unwrap();
    said.clear();
    stdout.read_to_string(&mut said).unwrap();
    assert_eq!(said, "asked\n");
    drop(stdin);
}

/// Whatever has the program's third output open is a process that it started.
#[test]
fn clients_leave_nothing_behind_that_made_a_session_of_its_own() {
    let scenario = "name: a save\nwhen:\n  - { at: 70s, save: { w1: { message: new } } }\n";
    for (with, is_orphan, then) in
        [("", true, "exit 1"), ("env -i PATH=\"$PATH\"", false, "read a; read b; read c")]
    {
        let client = format!("{}; {then}", leaving(with, is_orphan));
        let folder = folder(&[("a.yaml", scenario), ("client.sh", &client)]);
        let mut command = Command::new("sh");
        command.current_dir(folder.path()).args(["-c", "exec 9>&1; exec \"$@\"", "sh"]);
        command.arg(program().get_program()).args(["replay", "a.yaml", "--client-timeout", "2s"]);
        command.args(["--client-cmd", "sh client.sh"]).stdin(Stdio::null());
        let mut replay = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut written = String::new();
        replay.stdout.take().unwrap().read_to_string(&mut written).unwrap();
        assert_eq!(replay.wait().unwrap().code(), Some(4), "{written}");
    }
}
