//! `exec`: what the command sees, and how both of them end.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use crate::program::{Ended, answer, as_the_plugin, folder, program, request};

/// `exec` with options, running this very test program as a client that asks for some paths.
fn asking(options: &[&str], paths: &[&str]) -> Command {
    let mut command = program();
    command
        .arg("exec")
        .args(options)
        .arg("--")
        .arg(std::env::current_exe().unwrap())
        .args(["exec::the_command_of_other_tests", "--exact"])
        .env("ASK_FOR", paths.join(" "));
    command
}

/// `exec` of a line for the shell.
#[cfg(unix)]
fn shell(options: &[&str], line: &str) -> Command {
    let mut command = program();
    command.arg("exec").args(options).args(["--", "sh", "-c", line]);
    command
}

/// Not a test of its own: what [`asking`] runs. Without its variables it does nothing.
#[test]
fn the_command_of_other_tests() {
    let Ok(paths) = std::env::var("ASK_FOR") else {
        return;
    };
    let said = |name| std::env::var(name).unwrap();
    let credentials = as_the_plugin(&said("CRISP_IDENTIFIER"), &said("CRISP_KEY"));
    for path in paths.split_whitespace() {
        let got = answer(request(&said("CRISP_REST_HOST"), path, &credentials));
        if path == "/v1/plugin/connect/account" {
            assert!(got.starts_with("HTTP/1.1 200"), "{got}");
        }
    }
}

const ACCOUNT: &str = "/v1/plugin/connect/account";
const LIST: &str = "/v1/plugin/connect/websites/all/1";

#[test]
fn the_emulator_is_ready_when_the_command_starts_and_gone_when_it_has_ended() {
    let folder = folder(&[]);
    let ready = folder.path().join("ready.json");
    let ended = Ended::of(&mut asking(&["--ready-file", ready.to_str().unwrap()], &[ACCOUNT]));
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
    let info: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(ready).unwrap()).unwrap();
    let host = info["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    assert!(!host.ends_with(":8420"), "any free port");
    assert!(TcpStream::connect(host).is_err(), "it still listens");
}

#[cfg(unix)]
#[test]
fn the_command_finds_every_fact_and_those_that_were_asked_for_in_its_environment() {
    let line = "for name in CRISP_REST_HOST CRISP_REST_URL CRISP_MOCK_CONTROL_URL CRISP_IDENTIFIER \
                CRISP_KEY CRISP_TIER CRISP_PLUGIN_ID TOKEN BASE; do eval echo $name=\\$$name; done";
    let options = ["--env", "TOKEN={identifier}:{key}", "--env", "BASE={rest_url}x"];
    let ended = Ended::of(&mut shell(&options, line));
    let port = ended.stdout.split("127.0.0.1:").nth(1).unwrap();
    let port = &port[..port.find('\n').unwrap()];
    insta::assert_snapshot!(ended.stdout.replace(port, "PORT"));
}

#[test]
fn a_variable_that_names_no_fact_is_our_own_failure() {
    let ended = Ended::of(&mut asking(&["--env", "TOKEN={kye}"], &[]));
    assert_eq!(ended.code, Some(125));
    assert!(ended.stderr.contains("did you mean {key}?"), "{}", ended.stderr);
}

#[cfg(unix)]
#[test]
fn the_command_s_exit_code_is_ours_and_a_signal_s_is_128_and_its_number() {
    for (line, code) in [("exit 0", 0), ("exit 1", 1), ("exit 77", 77), ("kill -KILL $$", 137)] {
        assert_eq!(Ended::of(&mut shell(&[], line)).code, Some(code), "{line}");
    }
}

#[cfg(unix)]
#[test]
fn what_cannot_be_run_and_what_is_not_there_have_the_codes_that_shells_give_them() {
    let folder = folder(&[("tests.sh", "exit 0\n")]);
    let here = |name: &str| {
        let mut command = program();
        Ended::of(command.current_dir(folder.path()).args(["exec", "--", name]))
    };
    insta::assert_snapshot!("not_runnable", here("./tests.sh").shown());
    insta::assert_snapshot!("not_there", here("./test.sh").shown());
    assert_eq!(here("no-such-command-anywhere").code, Some(127));
    assert_eq!(here(".").code, Some(126));
}

#[cfg(target_os = "linux")]
#[test]
fn a_script_whose_interpreter_is_missing_is_told_so() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("tests.sh", "#!/no/such/shell\n")]);
    let script = folder.path().join("tests.sh");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let ended = Ended::of(program().args(["exec", "-q", "--"]).arg(script));
    assert_eq!(ended.code, Some(126));
    assert!(ended.stderr.contains("the interpreter"), "{}", ended.stderr);
}

#[test]
fn a_command_without_the_two_dashes_is_told_where_they_go() {
    let ended = Ended::of(program().args(["exec", "npm", "test"]));
    assert_eq!(ended.code, Some(125));
    let hint = "`crisp-mock exec -- npm test`";
    assert!(ended.stderr.contains(hint), "{}", ended.stderr);
    let ended = Ended::of(program().args(["exec", "--websits", "3", "--", "true"]));
    assert!(!ended.stderr.contains(hint), "{}", ended.stderr);
}

#[cfg(unix)]
#[test]
fn a_variable_may_hold_commas_and_a_variable_of_ours_several_lines() {
    let line = "echo $CONFIG; echo $A$B";
    let mut exec = shell(&["-q", "--env", r#"CONFIG={"a":"{tier}","b":[1,2]}"#], line);
    assert_eq!(Ended::of(&mut exec).stdout, "{\"a\":\"plugin\",\"b\":[1,2]}\n\n");
    let mut exec = shell(&["-q"], line);
    exec.env("CRISP_MOCK_ENV", "A=1,2\nB={tier}");
    assert_eq!(Ended::of(&mut exec).stdout, "\n1,2plugin\n");
}

#[cfg(unix)]
#[test]
fn arguments_reach_the_command_as_they_are() {
    let mut command = program();
    let arguments = ["a b", "", "$HOME", "*", "--help", "\"'\\", "é\n"];
    command.args(["exec", "-q", "--", "printf", "[%s]"]).args(arguments);
    assert_eq!(Ended::of(&mut command).stdout, "[a b][][$HOME][*][--help][\"'\\][é\n]");
}

#[test]
fn every_failure_of_the_emulator_is_125() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for options in [
        &["--listen", &taken][..],
        &["--websits", "3"],
        &["--page-size", "0"],
        &["--schema", "missing.json"],
        &["--journal", "missing/journal.ndjson"],
        &["--fail-on", "boredom"],
    ] {
        let ended = Ended::of(&mut asking(options, &[]));
        assert_eq!(ended.code, Some(125), "{options:?}: {}", ended.stderr);
    }
    assert_eq!(Ended::of(program().args(["exec"])).code, Some(125), "no command");
    assert_eq!(Ended::of(program().args(["exec", "--help"])).code, Some(0));
}

#[test]
fn a_run_without_a_request_says_what_was_probably_forgotten() {
    let ended = Ended::of(&mut asking(&[], &[]));
    assert_eq!(ended.code, Some(0));
    assert_eq!(
        ended.stderr,
        "crisp-mock: 0 requests received: is setRestHost(process.env.CRISP_REST_HOST) called?\n"
    );
    let quiet = Ended::of(&mut asking(&["--quiet"], &[]));
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
}

#[test]
fn the_summary_has_requests_faults_and_quota() {
    let folder = folder(&[(
        "faults.yaml",
        "- { at: \"list#2\", status: 503 }\n- { at: since, reset: true }\n",
    )]);
    let faults = folder.path().join("faults.yaml");
    let options = ["--quota", "100", "--clock", "manual", "--faults", faults.to_str().unwrap()];
    let ended = Ended::of(&mut asking(&options, &[LIST, LIST, LIST, "/v1/plugin/conect"]));
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
    insta::assert_snapshot!(ended.stderr);
}

#[test]
fn a_green_run_that_proves_nothing_is_turned_red_with_the_reason() {
    let folder = folder(&[("faults.yaml", "{ at: since, reset: true }")]);
    let faults = folder.path().join("faults.yaml");
    let faults = ["--faults", faults.to_str().unwrap()];
    for (fail_on, options, paths) in [
        ("idle", &[][..], &[][..]),
        ("unmatched", &[], &["/v1/plugin/connect/acount"]),
        ("quota", &["--quota", "1"], &[LIST, LIST]),
        ("unfired-fault", &faults, &[LIST]),
    ] {
        let told = [&["--fail-on", fail_on], options].concat();
        let ended = Ended::of(&mut asking(&told, paths));
        assert_eq!(ended.code, Some(1), "{fail_on}");
        let reason = ended.stderr.lines().last().unwrap().to_owned();
        insta::assert_snapshot!(format!("fail_on_{fail_on}"), reason);
        let honest = asking(&["--fail-on", fail_on], &[ACCOUNT]).output().unwrap();
        assert_eq!(honest.status.code(), Some(0), "{fail_on} holds for an honest run");
    }
    let all = asking(&["--fail-on", "idle,unmatched,quota,unfired-fault"], &[ACCOUNT]);
    assert_eq!(Ended::of(&mut { all }).code, Some(0));
}

#[cfg(unix)]
#[test]
fn a_fault_of_a_space_that_is_gone_again_counts_as_unfired_too() {
    let binary = env!("CARGO_BIN_EXE_crisp-mock");
    let line = format!(
        "set -e; {binary} ctl space create name=s > /dev/null
         {binary} ctl --space s fault list reset > /dev/null
         {binary} ctl space remove s > /dev/null
         {binary} ctl fault since reset > /dev/null
         {binary} ctl reset > /dev/null"
    );
    let ended = Ended::of(&mut shell(&["--fail-on", "unfired-fault"], &line));
    assert_eq!(ended.code, Some(1), "{}", ended.shown());
    assert!(ended.stderr.contains("2 armed faults never fired"), "{}", ended.stderr);
}

#[test]
fn a_failure_shows_the_last_20_requests_with_the_faults_they_met() {
    let folder = folder(&[("faults.yaml", "{ at: list, status: 503 }")]);
    let faults = folder.path().join("faults.yaml");
    let paths = [&[LIST; 25][..], &["/v1/x"]].concat();
    let options = ["--faults", faults.to_str().unwrap(), "--fail-on", "unmatched"];
    let ended = Ended::of(&mut asking(&options, &paths));
    let mut lines = ended.stderr.lines();
    assert_eq!(lines.next(), Some("the last 20 requests:"));
    let shown: Vec<_> = lines.by_ref().take(20).collect();
    assert!(shown[0].contains("list#7"), "{}", shown[0]);
    assert!(shown[0].contains(r#"503    GET"#) && shown[0].contains(r#"fault {"at":"list""#));
    assert!(shown[19].contains("unmatched#1"), "{}", shown[19]);
    assert!(lines.next().unwrap().starts_with("crisp-mock: 26 requests"));
}

/// The lines of a journal, without what differs from run to run.
fn journal(file: &Path) -> Vec<(u64, String, String)> {
    let text = std::fs::read_to_string(file).unwrap();
    let entry = |line: &str| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(entry["duration_ms"].is_number(), "{line}");
        let text = |key: &str| entry[key].as_str().unwrap().to_owned();
        (entry["seq"].as_u64().unwrap(), text("space"), text("operation"))
    };
    text.lines().map(entry).collect()
}

#[test]
fn the_journal_file_has_every_request_even_those_that_were_cleared() {
    let folder = folder(&[]);
    let file = folder.path().join("journal.ndjson");
    let options = ["--journal", file.to_str().unwrap()];
    let ended = Ended::of(&mut asking(&options, &[ACCOUNT, LIST, "/v1/nowhere"]));
    assert_eq!(ended.code, Some(0));
    let seen = journal(&file);
    let operations: Vec<_> = seen.iter().map(|(_, _, operation)| operation.as_str()).collect();
    assert_eq!(operations, ["account", "list", "unmatched"]);
    assert!(seen.iter().all(|(_, space, _)| space == "default"));
}

#[cfg(unix)]
mod signals {
    use std::io::{BufRead, BufReader, Read};
    use std::os::unix::process::CommandExt;
    use std::process::{Child, ChildStdout, Stdio};

    use super::*;
    use crate::program::polite_signals;

    /// A running `exec`, whose command has said that it is ready and now waits for its input.
    struct Running {
        exec: Child,
        stdout: BufReader<ChildStdout>,
    }

    impl Running {
        fn start(options: &[&str], before: &str) -> Self {
            let mut exec = shell(options, &format!("{before} echo ready; read line"))
                // Out of the terminal's foreground, where Ctrl-C would reach both by itself.
                .process_group(0)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut running = Self { stdout: BufReader::new(exec.stdout.take().unwrap()), exec };
            assert_eq!(running.line(), "ready\n");
            running
        }

        fn line(&mut self) -> String {
            let mut line = String::new();
            self.stdout.read_line(&mut line).unwrap();
            line
        }

        fn signal(&self, name: &str) {
            let mut kill = Command::new("kill");
            kill.arg(format!("-{name}")).arg(self.exec.id().to_string());
            assert!(kill.status().unwrap().success());
        }

        fn code(&mut self) -> Option<i32> {
            // Its input stays open until it has ended: `wait` alone would close it.
            let stdin = self.exec.stdin.take();
            let code = self.exec.wait().unwrap().code();
            drop(stdin);
            code
        }

        /// Everything that still comes from the command and from whatever it left behind; ends
        /// when none of them is there any more.
        fn rest(&mut self) -> String {
            let mut rest = String::new();
            self.stdout.read_to_string(&mut rest).unwrap();
            rest
        }
    }

    #[test]
    fn a_signal_reaches_the_command_which_ends_as_it_likes() {
        for signal in polite_signals() {
            let mut exec = Running::start(&[], &format!("trap 'echo got it; exit 7' {signal};"));
            exec.signal(signal);
            assert_eq!(exec.code(), Some(7), "SIG{signal}");
            assert_eq!(exec.rest(), "got it\n");
        }
    }

    #[test]
    fn a_command_that_a_signal_ends_has_its_code() {
        let mut exec = Running::start(&[], "");
        exec.signal("TERM");
        assert_eq!(exec.code(), Some(128 + 15));
    }

    #[test]
    fn a_second_signal_ends_both_at_once() {
        let mut exec = Running::start(&[], "trap 'echo no; read line' TERM;");
        exec.signal("TERM");
        assert_eq!(exec.line(), "no\n");
        exec.signal("INT");
        assert_eq!(exec.code(), Some(128 + 2));
        assert_eq!(exec.rest(), "", "the command is gone");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_command_whose_exec_is_killed_does_not_outlive_it() {
        let mut exec = Running::start(&[], "trap 'echo ended; exit' TERM;");
        let stdin = exec.exec.stdin.take();
        exec.signal("KILL");
        assert_eq!(exec.code(), None);
        assert_eq!(exec.rest(), "ended\n");
        drop(stdin);
    }

    /// A shell that hands no signal on, around one that says what it got.
    const NESTED: &str = "sh -c 'trap \"echo inner; exit\" TERM; echo ready; read line'; exit 3;";

    #[test]
    fn a_signal_reaches_what_the_command_has_started_and_so_does_the_end_of_exec() {
        for name in ["TERM", "KILL"] {
            let mut exec = Running::start(&[], NESTED);
            // Kept open: a command that reads its stdin to the end would end by a closed one.
            let stdin = exec.exec.stdin.take();
            exec.signal(name);
            exec.code();
            assert_eq!(exec.rest(), "inner\n", "SIG{name}");
            drop(stdin);
        }
    }

    #[test]
    fn what_the_command_leaves_behind_is_asked_to_end() {
        // The command ends when the other one is ready to be asked.
        let left = "d=$(mktemp -d); mkfifo $d/f; exec 3<&0 4>&1;
            (trap 'echo asked >&4; exit' TERM; echo set >$d/f; read line <&3) &
            read set <$d/f; rm -r $d; echo ready; exit 4;";
        let mut exec = Running::start(&[], left);
        let stdin = exec.exec.stdin.take();
        assert_eq!(exec.exec.wait().unwrap().code(), Some(4));
        assert_eq!(exec.rest(), "asked\n");
        drop(stdin);
    }

    #[test]
    fn a_command_that_is_not_needed_any_more_is_ended() {
        // It may be ended before it has said anything: on a busy machine a shell starts slowly.
        let mut exec = shell(&["--idle-exit", "100ms"], "read line")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Kept open: the command would end by a closed one.
        let stdin = exec.stdin.take();
        let output = exec.wait_with_output().unwrap();
        drop(stdin);
        assert_eq!(output.status.code(), Some(125));
        let stderr = String::from_utf8(output.stderr).unwrap();
        let last = stderr.lines().last().unwrap();
        assert_eq!(last, "error: the command was ended: no request for 100ms");
    }

    #[test]
    fn what_the_command_leaves_running_does_not_hold_up_the_end() {
        // The request hangs, and its sender outlives the command.
        let folder = folder(&[("faults.yaml", "{ at: list, hang: true }")]);
        let faults = folder.path().join("faults.yaml");
        let options = ["--faults", faults.to_str().unwrap()];
        let client = std::env::current_exe().unwrap();
        let client = format!("{} exec::the_command_of_other_tests --exact", client.display());
        let arrived = "'/_mock/requests?operation=list&wait=30s'";
        let line = format!("ASK_FOR={LIST} {client} & ASK_FOR={arrived} {client}");
        let mut exec =
            shell(&options, &line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert_eq!(exec.wait().unwrap().code(), Some(0));
    }
}
