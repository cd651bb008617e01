//! The types of the Node and Python packages are those of the control API.

use std::process::Command;

use crisp_mock_server::server::{MockServer, ServerOptions};

use crate::dist::{CRISP_MOCK, passes};
use crate::install::repository;
use crate::want::{or_skip, program};

const FILES: [(&str, &str); 2] =
    [("ts", "clients/node/openapi.d.ts"), ("py", "clients/python/crisp_mock/types.py")];

#[tokio::test]
async fn the_types_of_the_packages_are_made_from_the_openapi_document() {
    let Some(python) = or_skip(program("python3")) else {
        return;
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = MockServer::start(ServerOptions::default()).await.expect("a free port");
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
    let url = format!("{}/openapi.json", server.info().control_url);
    let openapi = http.get(url).send().await.expect("an answer").text().await.expect("a document");
    let folder = tempfile::tempdir().expect("a folder");
    let (document, faults) =
        (folder.path().join("openapi.json"), folder.path().join("faults.json"));
    std::fs::write(&document, openapi).expect("a file");
    let schema = passes(Command::new(CRISP_MOCK).args(["schema", "faults"]));
    std::fs::write(&faults, schema).expect("a file");
    for (language, file) in FILES {
        let mut make = Command::new(&python);
        make.arg("-B").arg(repository("packaging/types_of.py")).arg(language);
        let made = make.arg(&document).arg(&faults).output().expect("Python");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let made = String::from_utf8(made.stdout).expect("a text");
        if std::env::var_os("CRISP_MOCK_BLESS").is_some() {
            std::fs::write(repository(file), &made).expect("a file of this repository");
        }
        let kept = std::fs::read_to_string(repository(file)).expect("a file of this repository");
        assert!(kept == made, "{file} is not what the control API is: run `just bless`");
    }
}
