//! What survives a restart.

use crate::program::Serving;
use crate::sync::{Sync, ctl, id, plugin_of};

#[cfg(unix)]
#[tokio::test]
async fn a_restart_serves_at_once_and_says_how_old_it_is_while_the_api_is_away() {
    let serving = Serving::start(&["--websites", "45"]);
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("set.json");
    let start = || Sync::spawn(plugin_of(&serving).arg("--state").arg(&state));
    let first = start();
    let before = first.until("/websites", |status, _| status == 200).await;
    first.until("/status", |_, body| body["verified"] == true || body["websites"] == 45).await;
    assert_eq!(first.stop(), Some(0));
    ctl(&serving, &["fault", "since", "status=503"]);
    ctl(&serving, &["fault", "list", "status=503"]);
    let second = start();
    let after = second.until("/websites", |status, _| status == 200).await;
    assert_eq!(before["websites"], after["websites"]);
    let status = second.until("/status", |_, body| body["state"] == "stale").await;
    let age = status["age_ms"].as_u64().unwrap();
    // The set holds everything up to the last poll, less the overlap of 120 s that it looks back.
    assert!((1..600_000).contains(&age), "{status}");
    assert_eq!(second.json("/readyz").await.0, 200);
    ctl(&serving, &["save", "w1", "message=meanwhile"]);
    ctl(&serving, &["fault", "--clear"]);
    let path = format!("/websites/{}", id("w1"));
    second.until(&path, |_, body| body["settings"]["message"] == "meanwhile").await;
    second.until("/status", |_, body| body["state"] == "fresh").await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_answered_and_taken_over_from_a_process_that_was_killed() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let serving = Serving::start(&["--websites", "3"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sync.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let mut command = plugin_of(&serving);
    command.arg("--listen").arg(format!("unix:{}", path.display()));
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let asked = async {
        loop {
            if let Ok(mut socket) = tokio::net::UnixStream::connect(&path).await {
                let request = b"GET /healthz HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n";
                socket.write_all(request).await.unwrap();
                let mut answer = String::new();
                socket.read_to_string(&mut answer).await.unwrap();
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let answer = tokio::time::timeout(crate::sync::DEADLINE, asked).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(answer.unwrap().starts_with("HTTP/1.1 200 OK"));
}
