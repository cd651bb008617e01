//! `examples/service/compose.yaml` and the Dockerfile beside it, without Docker: what they name exists, and they agree.

use serde_json::Value;

use crate::install::repository;
use crate::sync::{crisp_sync, ended};

fn text(file: &str) -> String {
    std::fs::read_to_string(repository("examples/service").join(file)).unwrap()
}

fn compose() -> Value {
    serde_saphyr::from_str(&text("compose.yaml")).unwrap()
}

/// The names of the variables that a service is given.
fn variables(service: &Value) -> Vec<String> {
    match &service["environment"] {
        Value::Array(names) => names.iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
        Value::Object(values) => values.keys().cloned().collect(),
        none => panic!("no environment: {none}"),
    }
}

fn command(service: &Value) -> Vec<String> {
    service["command"].as_str().unwrap().split(' ').map(str::to_owned).collect()
}

/// The port at the end of the value of this option.
fn port_of(words: &[String], option: &str) -> String {
    let at = words.iter().position(|word| word == option).unwrap();
    words[at + 1].rsplit(':').next().unwrap().to_owned()
}

#[test]
fn every_service_and_volume_that_is_named_is_declared() {
    let compose = compose();
    let services = compose["services"].as_object().unwrap();
    let volumes = compose["volumes"].as_object().unwrap();
    for (name, service) in services {
        assert!(service["image"].is_string(), "{name} has no image");
        for needed in service["depends_on"].as_array().into_iter().flatten() {
            assert!(services.contains_key(needed.as_str().unwrap()), "{name} needs {needed}");
        }
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let source = volume.as_str().unwrap().split(':').next().unwrap();
            let there = match source.strip_prefix("./") {
                Some(folder) => repository("examples/service").join(folder).is_dir(),
                None => volumes.contains_key(source),
            };
            assert!(there, "{name} has a volume of {source}");
        }
    }
}

#[test]
fn the_program_takes_the_command_and_knows_the_variables() {
    let service = &compose()["services"]["crisp-sync"];
    // Values are read before help is given: a wrong one is refused.
    let (code, help) = ended(crisp_sync().args(command(service)).arg("--help"));
    assert_eq!(code, Some(0), "{help}");
    for name in variables(service) {
        let known = ["=", "]"].iter().any(|end| help.contains(&format!("[env: {name}{end}")));
        assert!(known, "it does not know {name}");
    }
    let mut mistaken = command(service);
    mistaken.extend(["--store".to_owned(), "nowhere".to_owned()]);
    let (code, said) = ended(crisp_sync().args(mistaken).arg("--help"));
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn the_plugin_reads_the_variables_and_asks_where_the_service_listens() {
    let compose = compose();
    let plugin = &compose["services"]["plugin"];
    let source = text("node-express/index.js");
    for name in variables(plugin) {
        assert!(source.contains(&name), "the plugin does not read {name}");
    }
    let port = port_of(&command(&compose["services"]["crisp-sync"]), "--listen");
    assert_eq!(plugin["environment"]["CRISP_SYNC_URL"], format!("http://crisp-sync:{port}"));
    let own = plugin["environment"]["PORT"].to_string();
    assert!(plugin["ports"][0].as_str().unwrap().ends_with(&format!(":{own}")));
}

#[test]
fn images_and_ports_are_those_of_the_dockerfile_and_of_the_pages() {
    let compose = compose();
    let services = &compose["services"];
    let dockerfile = text("Dockerfile");
    let image = services["crisp-sync"]["image"].as_str().unwrap();
    assert!(dockerfile.contains(&format!("--tag {image} ")), "{image} is not what is built");
    let port = port_of(&command(&services["crisp-sync"]), "--listen");
    assert!(dockerfile.contains(&format!("\nEXPOSE {port}\n")));
    assert!(dockerfile.contains(&format!("CRISP_SYNC_LISTEN=0.0.0.0:{port}\n")));
    let page = std::fs::read_to_string(repository("docs/stores.md")).unwrap();
    let nats = services["nats"]["image"].as_str().unwrap().strip_prefix("nats:").unwrap();
    assert!(
        page.contains(&format!("NATS ({nats} or later")),
        "the page wants another NATS than {nats}"
    );
    assert!(page.contains("examples/service/compose.yaml"));
    let store = format!("nats://nats:{}", port_of(&command(&services["crisp-sync"]), "--store"));
    assert_eq!(store, "nats://nats:4222");
}
