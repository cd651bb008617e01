//! Files that the program writes: nothing is lost that was there.

use std::path::Path;

#[cfg(target_os = "linux")]
use crate::program::limited;
use crate::program::{Ended, Serving, answer, folder, program};

fn serve(listen: &str, folder: &Path) -> std::process::Command {
    let mut command = program();
    command.current_dir(folder).args(["serve", "--listen", listen]);
    command.args(["--ready-file", "ready.json", "--journal", "journal.ndjson"]);
    command
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn a_server_that_finds_its_port_taken_changes_no_file_of_the_other() {
    let folder = folder(&[]);
    let first = Serving::spawn(&mut serve("127.0.0.1:0", folder.path()));
    answer(first.ask("/v1/plugin/connect/account"));
    let address = first.url().strip_prefix("http://").unwrap();
    let before = ["ready.json", "journal.ndjson"].map(|name| read(folder.path(), name));
    let second = Ended::of(&mut serve(address, folder.path()));
    assert_eq!(second.code, Some(4), "{}", second.stderr);
    assert_eq!(["ready.json", "journal.ndjson"].map(|name| read(folder.path(), name)), before);
}

#[test]
fn two_servers_do_not_write_one_journal() {
    let folder = folder(&[]);
    let first = Serving::spawn(&mut serve("127.0.0.1:0", folder.path()));
    let second = Ended::of(&mut serve("127.0.0.1:0", folder.path()));
    assert_eq!(second.code, Some(2));
    assert!(read(folder.path(), "ready.json").contains(first.url()), "the first one's stays");
    assert!(second.stderr.contains("another crisp-mock writes the journal"), "{}", second.stderr);
}

#[test]
fn a_journal_is_added_to_and_half_a_line_of_before_stays_by_itself() {
    let folder = folder(&[("journal.ndjson", "{\"seq\":1}\n{\"seq\":")]);
    let mut server = Serving::spawn(&mut serve("127.0.0.1:0", folder.path()));
    answer(server.ask("/v1/plugin/connect/account"));
    assert!(server.log_line().contains("account#1"));
    let text = read(folder.path(), "journal.ndjson");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..2], ["{\"seq\":1}", "{\"seq\":"]);
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[2].contains("\"operation\":\"account\""), "{text}");
}

#[cfg(unix)]
#[test]
fn a_ready_file_that_is_a_link_or_a_folder_is_left_alone() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = folder(&[("precious.txt", "kept")]);
    let ready = folder.path().join("ready.json");
    symlink(folder.path().join("precious.txt"), &ready).unwrap();
    let refused = Ended::of(&mut serve("127.0.0.1:0", folder.path()));
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.stderr.contains("is no regular file, and was left alone"),
        "{}",
        refused.stderr
    );
    assert!(ready.symlink_metadata().unwrap().is_symlink());
    assert_eq!(read(folder.path(), "precious.txt"), "kept");

    std::fs::remove_file(&ready).unwrap();
    std::fs::create_dir(&ready).unwrap();
    let refused = Ended::of(&mut serve("127.0.0.1:0", folder.path()));
    assert_eq!(refused.code, Some(2));
    assert!(ready.is_dir());

    // It holds credentials.
    std::fs::remove_dir(&ready).unwrap();
    let _server = Serving::spawn(&mut serve("127.0.0.1:0", folder.path()));
    assert_eq!(ready.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let others = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(others, 3, "nothing beside the ready file, the journal and what was there");
}

#[cfg(target_os = "linux")]
#[test]
fn a_journal_that_the_disk_takes_no_more_of_ends_in_a_whole_line_and_its_server_in_a_failure() {
    use std::io::Read as _;

    let before = "{\"seq\":1}\n";
    let folder = folder(&[("journal.ndjson", before)]);
    // So much room that an entry fits, and another does not.
    let mut command = limited(folder.path(), 2, &["serve", "--quiet", "--listen", "127.0.0.1:0"]);
    let mut server = Serving::spawn(command.args(["--journal", "journal.ndjson"]));
    for _ in 0..5 {
        let got = answer(server.ask("/v1/plugin/connect/account"));
        assert!(got.starts_with("HTTP/1.1 200"), "it goes on: {got}");
    }
    let text = read(folder.path(), "journal.ndjson");
    assert!(text.ends_with('\n'), "half a line: {text}");
    let entries = text.strip_prefix(before).unwrap().lines();
    let entries: Vec<serde_json::Value> =
        entries.map(|line| serde_json::from_str(line).unwrap()).collect();
    let kept = entries.len();
    assert!((1..5).contains(&kept), "{text}");
    server.signal("TERM");
    assert_eq!(server.wait(), Some(4));
    let mut told = String::new();
    server.stderr.read_to_string(&mut told).unwrap();
    let error = format!("error: the journal journal.ndjson ends before request {}", kept + 1);
    assert!(told.starts_with(&error), "{told}");
    assert_eq!(told.matches("error: ").count(), 1, "{told}");
}
