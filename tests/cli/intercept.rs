//! `--intercept`: the proxy, its certificate and its files, as a program meets them.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Certificate, Client, Proxy, StatusCode};
use tempfile::TempDir;

use crate::program::{Ended, Serving, folder, program, run};

/// No answer of the proxy takes longer, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running `serve` with its files in a folder of this test's, so that they go however it ends.
struct Intercepting {
    serving: Serving,
    _files: TempDir,
}

impl Deref for Intercepting {
    type Target = Serving;

    fn deref(&self) -> &Serving {
        &self.serving
    }
}

fn start(options: &[&str]) -> Intercepting {
    let files = folder(&[]);
    Intercepting { serving: start_in(files.path(), options), _files: files }
}

/// A running `serve` with its files in this folder.
fn start_in(files: &Path, options: &[&str]) -> Serving {
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--intercept"]).args(options);
    Serving::spawn(command.env("TMPDIR", files))
}

/// A variable that a plugin is to be started with.
fn variable(serving: &Serving, name: &str) -> String {
    let found = serving.info["intercept"][name].as_str();
    found.unwrap_or_else(|| panic!("no {name} in {}", serving.info)).to_owned()
}

/// Sends bytes to the proxy, and gives all that it answers.
fn asked(serving: &Serving, bytes: &str) -> String {
    let mut stream = connected(serving);
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn connected(serving: &Serving) -> TcpStream {
    let proxy = variable(serving, "HTTPS_PROXY");
    let stream = TcpStream::connect(proxy.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A client that trusts nothing but the certificates in the file, and goes through the proxy.
fn client(serving: &Serving) -> Client {
    let pem = std::fs::read(variable(serving, "SSL_CERT_FILE")).unwrap();
    // Ours stands first.
    let ours = Certificate::from_pem_bundle(&pem).unwrap().into_iter().take(1);
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .proxy(Proxy::https(variable(serving, "HTTPS_PROXY")).unwrap())
        .tls_certs_only(ours)
        .timeout(PATIENCE)
        .build()
        .unwrap()
}

fn ask(serving: &Serving, identifier: &str, key: &str) -> reqwest::Result<StatusCode> {
    let asked = async {
        client(serving)
            .get("https://api.crisp.chat/v1/plugin/connect/account")
            .basic_auth(identifier, Some(key))
            .header("X-Crisp-Tier", "plugin")
            .send()
            .await
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(asked).map(|answer| answer.status())
}

fn ask_as_the_plugin(serving: &Serving) -> reqwest::Result<StatusCode> {
    let text = |key: &str| serving.info[key].as_str().unwrap();
    ask(serving, text("identifier"), text("key"))
}

#[test]
fn a_client_that_trusts_the_certificate_reaches_the_emulator_by_crisps_address() {
    let serving = start(&[]);
    assert_eq!(ask_as_the_plugin(&serving).unwrap(), StatusCode::OK);
}

#[test]
fn a_reset_of_the_emulator_reaches_the_client_through_tls_as_a_reset() {
    let serving = start(&[]);
    let armed = serving.ctl(&["fault", "account#1", "reset=true"]);
    assert_eq!(armed.code, Some(0), "{}", armed.stderr);
    let error = ask_as_the_plugin(&serving).unwrap_err();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    assert!(cause.to_string().contains("reset"), "{cause}");
    assert_eq!(ask_as_the_plugin(&serving).unwrap(), StatusCode::OK);
}

#[test]
fn another_host_is_answered_with_403_that_says_how_it_is_let_through() {
    let mut intercepting = start(&["--quiet"]);
    let answer = asked(&intercepting, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
    assert!(answer.contains("--intercept-allow a.test"), "{answer}");
    let answer = asked(&intercepting, "GET http://b.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
    #[cfg(unix)]
    {
        intercepting.serving.signal("TERM");
        assert_eq!(intercepting.serving.wait(), Some(0));
        let mut told = String::new();
        intercepting.serving.stderr.read_to_string(&mut told).unwrap();
        for host in ["a.test:443", "b.test:80"] {
            assert!(told.contains(host), "{told}");
        }
    }
}

#[test]
fn a_host_that_is_allowed_is_reached_on_its_port_alone() {
    let own = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = own.local_addr().unwrap();
    let serving = start(&["--intercept-allow", &format!("{address}")]);
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = own.accept().unwrap();
        let mut asked = [0; 4];
        stream.read_exact(&mut asked).unwrap();
        stream.write_all(b"pong").unwrap();
        asked
    });
    let answer = asked(&serving, &format!("CONNECT {address} HTTP/1.1\r\n\r\nping"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("\r\n\r\npong"), "{answer}");
    assert_eq!(&answering.join().unwrap(), b"ping");
    let answer = asked(&serving, "CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[test]
fn a_request_that_opens_no_tunnel_reaches_the_emulator_too() {
    let serving = start(&[]);
    let head = "GET https://api.crisp.chat/v1/plugin/connect/account HTTP/1.1\r\n\
                Host: api.crisp.chat\r\nConnection: close\r\n\r\n";
    let answer = asked(&serving, head);
    assert!(answer.starts_with("HTTP/1.1 401"), "it came without credentials: {answer}");
}

#[test]
fn what_is_no_request_or_too_long_is_turned_away() {
    let serving = start(&[]);
    let answer = asked(&serving, "GET / HTTP/1.1\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("CRISP_REST_HOST"), "{answer}");
    let mut stream = connected(&serving);
    // The proxy may have closed it before all is written.
    let _ = stream.write_all(&vec![b'a'; 64 << 10]);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert_eq!(answer, b"");
}

#[cfg(unix)]
#[test]
fn its_files_are_their_owners_alone_and_go_with_the_server() {
    use std::os::unix::fs::PermissionsExt as _;

    let mut intercepting = start(&[]);
    let roots = PathBuf::from(variable(&intercepting, "SSL_CERT_FILE"));
    let place = roots.parent().unwrap().to_owned();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&roots), mode(&place)), (0o600, 0o700));
    assert!(!std::fs::read_to_string(&roots).unwrap().contains("PRIVATE"));
    intercepting.serving.signal("TERM");
    assert_eq!(intercepting.serving.wait(), Some(0));
    assert!(!place.exists());
}

#[cfg(unix)]
#[test]
fn what_a_killed_server_left_goes_at_the_next_start_and_the_files_of_a_running_one_stay() {
    let files = folder(&[]);
    let place = |serving: &Serving| {
        let roots = PathBuf::from(variable(serving, "SSL_CERT_FILE"));
        roots.parent().unwrap().to_owned()
    };
    let running = start_in(files.path(), &[]);
    let mut killed = start_in(files.path(), &[]);
    killed.signal("KILL");
    killed.wait();
    assert!(place(&killed).exists());
    let next = start_in(files.path(), &[]);
    assert!(!place(&killed).exists());
    assert!(place(&running).exists() && place(&next).exists());
}

#[cfg(unix)]
#[test]
fn the_command_finds_the_variables_with_those_that_were_there_already() {
    let line = "echo $NO_PROXY; echo $NODE_OPTIONS; test -f $CURL_CA_BUNDLE && echo there; \
                dirname $CURL_CA_BUNDLE";
    let mut command = program();
    command.args(["exec", "--intercept", "--env", "NODE_OPTIONS=--no-warnings"]);
    command.args(["--", "sh", "-c", line]).env("NO_PROXY", "*,.crisp.chat,a.test");
    let ended = Ended::of(&mut command);
    let lines: Vec<_> = ended.stdout.lines().collect();
    let [direct, node, there, folder] = lines[..] else { panic!("{}", ended.shown()) };
    assert_eq!(direct, "a.test,127.0.0.1,localhost,::1");
    assert!(node.starts_with("--require ") && node.ends_with(" --no-warnings"), "{node}");
    assert_eq!(there, "there");
    assert!(!Path::new(folder).exists(), "it goes with the command");
    assert!(ended.stderr.contains("docs/intercept.md has a table"), "{}", ended.stderr);
}

#[test]
fn the_banner_prints_the_variables_for_a_shell_and_says_that_any_credentials_are_taken() {
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--intercept", "--accept-any-credentials"]);
    let ended = Ended::of(command.args(["--idle-exit", "1ms"]));
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
    assert!(ended.stdout.contains("\nexport HTTPS_PROXY='http://127.0.0.1:"), "{}", ended.stdout);
    assert!(ended.stdout.contains("for development only"), "{}", ended.stdout);
}

#[test]
fn any_pair_is_the_plugins_where_that_is_asked_for_and_on_its_tier_alone() {
    let serving = start(&["--accept-any-credentials"]);
    assert_eq!(ask(&serving, "from-its-source", "x").unwrap(), StatusCode::OK);
    let known = serving.info["identifier"].as_str().unwrap();
    assert_eq!(ask(&serving, known, "another key").unwrap(), StatusCode::OK);
    let strict = start(&[]);
    assert_eq!(ask(&strict, "from-its-source", "x").unwrap(), StatusCode::UNAUTHORIZED);
}

#[test]
fn a_rule_that_would_open_crisps_hosts_is_refused() {
    for host in ["api.crisp.chat", "*", "x.relay.crisp.chat:443"] {
        let ended = run(&["serve", "--intercept", "--intercept-allow", host]);
        assert_eq!(ended.code, Some(2), "{}", ended.shown());
    }
    let ended = run(&["serve", "--intercept-allow", "a.test"]);
    assert_eq!(ended.code, Some(2), "it says nothing without --intercept: {}", ended.shown());
}
