//! What `ctl` makes of a server that is no emulator.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::program::{Serving, run};

/// A server that gives this answer to every request, the last part without an end if it is wanted.
fn answering(head: String, endless: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(head.as_bytes());
            let part = [b'x'; 1 << 16];
            while endless && stream.write_all(&part).is_ok() {}
        }
    });
    url
}

#[test]
fn an_answer_without_an_end_is_given_up() {
    let url = answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n".into(), true);
    let ended = run(&["ctl", "info", "--url", &url]);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("its answer has more than 64 MiB"), "{}", ended.stderr);
}

#[test]
fn a_redirect_is_not_followed() {
    let server = Serving::start(&[]);
    let url = answering(
        format!(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: {}/_mock/reset\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n",
            server.url()
        ),
        false,
    );
    let ended = run(&["ctl", "reset", "--url", &url]);
    assert_eq!(ended.code, Some(4), "{}", ended.stdout);
    assert!(ended.stderr.contains("something else answers there"), "{}", ended.stderr);
}
