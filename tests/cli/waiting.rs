//! `healthcheck`

use crate::program::{Ended, Serving, program, run};

#[test]
fn a_running_server_is_healthy() {
    let server = Serving::start(&[]);
    let ended = run(&["healthcheck", "--url", server.url()]);
    assert_eq!(ended.shown(), "exit 0\n--- stdout\nready\n");
}

#[test]
fn in_a_container_the_server_s_own_environment_says_where_it_is() {
    let server = Serving::start(&["--control-token", "s3cret"]);
    let port = server.url().rsplit(':').next().unwrap();
    let mut command = program();
    command
        .arg("healthcheck")
        .env("CRISP_MOCK_LISTEN", format!("0.0.0.0:{port}"))
        .env("CRISP_MOCK_CONTROL_TOKEN", "s3cret");
    assert_eq!(Ended::of(&mut command).code, Some(0));
}

#[test]
fn where_nothing_answers_it_gives_up_in_time() {
    let address = "http://127.0.0.1:1";
    let ended = run(&["healthcheck", "--url", address, "--timeout", "100ms"]);
    assert_eq!(ended.code, Some(1));
    let expected = format!("error: {address}/_mock was not ready within 100ms: ");
    assert!(ended.stderr.starts_with(&expected), "{}", ended.stderr);
}
