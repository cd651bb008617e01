//! Services whose store is reached by TLS alone, and asks who they are.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use async_nats::ConnectOptions;
use serde_json::Value;

use crate::certificates::Certificates;
use crate::identities::{self, Identity};
use crate::program::Serving;
use crate::server::{Keeps, Kind, Server};
use crate::sync::{DEADLINE, Sync, ctl, ended, id, plugin_of};
use crate::want::{Missing, or_skip, program};

const PASSWORD: &str = "a-pass:word/of@ours";

fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.map(OsString::from).to_vec()
}

/// A store that speaks TLS with these certificates, and knows `reader` by the password.
fn secured(kind: Kind, certificates: &Certificates) -> Result<Server, Missing> {
    let file = |name: &str| certificates.file(name).into_os_string();
    Server::start_with(kind, Keeps::Nothing, |port| {
        let (mut more, files) = match kind {
            Kind::Redis => {
                let port = port.to_string();
                let mut more =
                    words(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
                let password = format!(">{PASSWORD}");
                more.extend(words([
                    "--user", "reader", "on", &password, "~crisp:*", "&crisp:*", "+@all",
                ]));
                more.extend(words(["--user", "default", "off", "--tls-ca-cert-file"]));
                more.push(file("authority"));
                (more, ["--tls-cert-file", "--tls-key-file"])
            }
            Kind::Nats => {
                let more = words(["--user", "reader", "--pass", PASSWORD, "--tls"]);
                (more, ["--tlscert", "--tlskey"])
            }
        };
        for (option, name) in files.into_iter().zip(["server", "key"]) {
            more.extend([option.into(), file(name)]);
        }
        more
    })
}

/// The address without a secret, of this user.
fn address(server: &Server, user: &str) -> String {
    match server.kind {
        Kind::Redis => format!("rediss://{user}127.0.0.1:{}/0", server.port()),
        Kind::Nats => format!("tls://{user}127.0.0.1:{}", server.port()),
    }
}

fn file_with(folder: &Path, text: &str) -> std::path::PathBuf {
    let file = folder.join("secret");
    std::fs::write(&file, text).unwrap();
    file
}

/// What a service says until it says this, and that nothing of it is a secret. It is ended then.
fn says(mut command: Command, wanted: &str, secret: &str) {
    command.args(["--log-level", "trace"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (send, lines) = channel();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    // The test may have ended.
    std::thread::spawn(move || {
        stderr.lines().map_while(Result::ok).try_for_each(|it| send.send(it))
    });
    let mut said = String::new();
    let end = tokio::time::Instant::now() + DEADLINE;
    while !said.contains(wanted) {
        let left = end.saturating_duration_since(tokio::time::Instant::now());
        let line = lines.recv_timeout(left);
        said += &line.unwrap_or_else(|_| panic!("nothing of `{wanted}` in:\n{said}"));
        said.push('\n');
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!said.contains(secret), "{said}");
}

/// A service with this store publishes, and another one with it shows the same.
async fn shares(serving: &Serving, prepare: impl Fn(&mut Command)) -> [Sync; 2] {
    let start = async || {
        let mut command = plugin_of(serving);
        prepare(&mut command);
        let sync = Sync::spawn(&mut command);
        sync.until("/readyz", |status, _| status == 200).await;
        sync
    };
    let services = [start().await, start().await];
    ctl(serving, &["save", "w1", "message=shared"]);
    for service in &services {
        let path = format!("/websites/{}", id("w1"));
        service.until(&path, |_, body| body["settings"]["message"] == "shared").await;
    }
    services
}

async fn by_password(kind: Kind) {
    let certificates = Certificates::new("127.0.0.1");
    let Some(server) = or_skip(secured(kind, &certificates)) else { return };
    let serving = Serving::start(&["--websites", "3"]);
    let folder = tempfile::tempdir().unwrap();
    let password = file_with(folder.path(), &format!("{PASSWORD}\n"));
    let _services = shares(&serving, |command| {
        command.args(["--store", &address(&server, "reader@"), "--store-ca"]);
        command.arg(certificates.file("authority")).arg("--store-credentials").arg(&password);
    })
    .await;
    let plugin = serving.info["plugin_id"].as_str().unwrap();
    until_published(async || match kind {
        Kind::Redis => in_redis(&server, &certificates, plugin).await,
        Kind::Nats => {
            let (user, password) = ("reader".to_owned(), PASSWORD.to_owned());
            let options = ConnectOptions::with_user_and_password(user, password);
            in_nats(options, &server, &certificates, plugin).await
        }
    })
    .await;
}

/// Waits until a reader finds what was saved.
async fn until_published(published: impl AsyncFn() -> Value) {
    let asked = async {
        while published().await["settings"]["message"] != "shared" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, asked).await.unwrap();
}

/// What a reader that is checked alike finds in Redis.
async fn in_redis(server: &Server, certificates: &Certificates, plugin: &str) -> Value {
    let mut ask = tokio::process::Command::new(program("redis-cli").unwrap());
    ask.args(["-p", &server.port().to_string(), "--tls", "--cacert"]);
    ask.arg(certificates.file("authority"));
    ask.args(["--user", "reader", "GET", &format!("crisp:{plugin}:website:{}", id("w1"))]);
    let answer = ask.env("REDISCLI_AUTH", PASSWORD).output().await.unwrap().stdout;
    serde_json::from_slice(&answer).unwrap_or_default()
}

/// And in NATS.
async fn in_nats(
    options: ConnectOptions,
    server: &Server,
    certificates: &Certificates,
    plugin: &str,
) -> Value {
    let options = options.add_root_certificates(certificates.file("authority"));
    let client = options.connect(server.url()).await.unwrap();
    let (bucket, w1) = (format!("crisp-{plugin}"), id("w1"));
    let asked = format!("$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.website.{w1}");
    let answer = client.request(asked, "".into()).await;
    let payload = answer.map(|answer| answer.payload).unwrap_or_default();
    serde_json::from_slice(&payload).unwrap_or_default()
}

#[tokio::test]
async fn services_share_a_redis_by_tls_and_a_password_in_a_file() {
    by_password(Kind::Redis).await;
}

#[tokio::test]
async fn services_share_a_nats_by_tls_and_a_password_in_a_file() {
    by_password(Kind::Nats).await;
}

/// A NATS that knows one user by a key.
async fn by_key(identity: Identity) {
    let certificates = Certificates::new("127.0.0.1");
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("nats.conf");
    let file = |name: &str| certificates.file(name).display().to_string();
    let tls = format!("tls {{ cert_file: '{}', key_file: '{}' }}", file("server"), file("key"));
    std::fs::write(&config, format!("{}\n{tls}\n", identity.config)).unwrap();
    let more = |_| vec!["-c".into(), config.clone().into()];
    let Some(server) = or_skip(Server::start_with(Kind::Nats, Keeps::Nothing, more)) else {
        return;
    };
    let serving = Serving::start(&["--websites", "3"]);
    let credentials = file_with(folder.path(), &identity.credentials);
    let prepare = |command: &mut Command| {
        // TLS is the server's wish here.
        command.args(["--store", &server.url(), "--store-ca"]).arg(certificates.file("authority"));
        command.arg("--store-credentials").arg(&credentials);
    };
    let _services = shares(&serving, prepare).await;
    let plugin = serving.info["plugin_id"].as_str().unwrap();
    let text = &identity.credentials;
    until_published(async || {
        let options = ConnectOptions::with_nkey(text.clone());
        in_nats(options, &server, &certificates, plugin).await
    })
    .await;
    let stranger = identities::nkey();
    std::fs::write(&credentials, &stranger.credentials).unwrap();
    let mut refused = plugin_of(&serving);
    prepare(&mut refused);
    says(
        refused,
        "look at the address (CRISP_SYNC_STORE) and at --store-credentials",
        &stranger.credentials,
    );
}

#[tokio::test]
async fn services_share_a_nats_that_knows_them_by_an_nkey() {
    by_key(identities::nkey()).await;
}

/// Each mistake, and what the service says to do; it never says the secret.
fn mistakes(kind: Kind) {
    let (right, other) = (Certificates::new("127.0.0.1"), Certificates::new("127.0.0.1"));
    let elsewhere = Certificates::new("elsewhere.example");
    let found = secured(kind, &right).and_then(|it| Ok((it, secured(kind, &elsewhere)?)));
    let Some((server, named_otherwise)) = or_skip(found) else { return };
    let serving = Serving::start(&["--websites", "3"]);
    let secret = "not-the-password";
    let with = |server: &Server, certificates: &Certificates| {
        let mut command = plugin_of(&serving);
        let store = address(server, &format!("reader:{secret}@"));
        command
            .env("CRISP_SYNC_STORE", store)
            .arg("--store-ca")
            .arg(certificates.file("authority"));
        command
    };
    says(
        with(&server, &right),
        "look at the address (CRISP_SYNC_STORE) and at --store-credentials",
        secret,
    );
    says(with(&server, &other), "give that authority's certificate with --store-ca", secret);
    says(with(&named_otherwise, &elsewhere), "write one of its names in --store", secret);
}

#[test]
fn what_is_wrong_with_a_redis_is_told_with_what_to_do_and_without_the_secret() {
    mistakes(Kind::Redis);
}

#[test]
fn what_is_wrong_with_a_nats_is_told_with_what_to_do_and_without_the_secret() {
    mistakes(Kind::Nats);
}

#[test]
fn a_file_that_cannot_be_used_is_refused_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = file_with(folder.path(), "one-secret\nand another\n");
    let refused = |store: &str, option: &str| {
        let mut command = crate::sync::crisp_sync();
        command.args(["serve", "--identifier", "i", "--store", store, option]).arg(&file);
        ended(command.env("CRISP_KEY", "k"))
    };
    for (store, option, wanted) in [
        ("rediss://127.0.0.1:1", "--store-ca", "as PEM"),
        ("tls://127.0.0.1:1", "--store-credentials", "alone on one line"),
    ] {
        let (code, said) = refused(store, option);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(wanted) && !said.contains("one-secret"), "{said}");
    }
    let certificates = Certificates::new("127.0.0.1");
    std::fs::copy(certificates.file("authority"), &file).unwrap();
    let (code, said) = refused("redis://127.0.0.1:1", "--store-ca");
    assert!(code == Some(2) && said.contains("write rediss://"), "{said}");
}
