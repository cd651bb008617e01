//! Every server option: a file says one thing, the environment another, the command line a third.

use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Ended, Serving, answer, as_the_plugin, folder, program, request, run};

/// What a server that was started with one option shows of it.
enum Probe {
    /// Asked while it serves.
    Serving(fn(&Serving) -> String),
    /// Which of the files that the values name is in its folder.
    File,
    /// What it printed until it ended by itself.
    Ended(fn(&Ended) -> String),
}

/// An option by its key in the file, its values in the three places, and what shows them.
type Row = (&'static str, [&'static str; 3], Probe);

#[rustfmt::skip]
const ROWS: [Row; 30] = [
    ("listen", ["127.0.0.1:0", "127.0.0.2:0", "127.0.0.3:0"], Probe::Serving(|one| one.url().rsplit_once(':').unwrap().0.to_owned())),
    ("rtm_listen", ["127.0.0.1:0", "127.0.0.2:0", "127.0.0.3:0"], Probe::Serving(socket_for_go)),
    ("websites", ["2", "3", "4"], Probe::Serving(|one| websites(one).len().to_string())),
    ("unconfigured", ["1", "2", "3"], Probe::Serving(|one| websites(one).iter().filter(|site| site["configured"] == false).count().to_string())),
    ("seed", ["1", "2", "3"], Probe::Serving(|one| websites(one)[0]["token"].to_string())),
    ("schema", ["0.json", "1.json", "2.json"], Probe::Serving(|one| one.ctl_json(&["schema"])["title"].to_string())),
    ("identifier", ["a", "b", "c"], Probe::Serving(|one| one.info["identifier"].to_string())),
    ("key", ["a", "b", "c"], Probe::Serving(|one| one.info["key"].to_string())),
    ("accept_any_credentials", ["true", "false", "true"], Probe::Serving(|one| answer(request(one.url(), "/v1/plugin/connect/account", &as_the_plugin("a", "b")))[..12].to_owned())),
    ("quota", ["5", "off", "7"], Probe::Serving(|one| one.ctl_json(&["quota"])["limit"].to_string())),
    ("page_size", ["2", "3", "4"], Probe::Serving(|one| one.ctl_json(&["quirks"])["page-size"].to_string())),
    ("profile", ["hostile", "typical", "hostile"], Probe::Serving(|one| one.ctl_json(&["quirks"]).to_string())),
    ("quirks", ["since-boundary=exclusive", "since-boundary=inclusive", "since-boundary=exclusive"], Probe::Serving(|one| one.ctl_json(&["quirks"])["since-boundary"].to_string())),
    ("clock", ["manual", "real", "manual"], Probe::Serving(|one| one.ctl_json(&["clock"])["mode"].to_string())),
    ("now", ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"], Probe::Serving(|one| one.ctl_json(&["clock"])["now"].as_str().unwrap()[..10].to_owned())),
    ("settings_url", ["http://a/", "http://b/", "http://c/"], Probe::Serving(|one| websites(one)[0]["settings_url"].as_str().unwrap()[..9].to_owned())),
    ("stub", ["GET x=201", "GET x=202", "GET x=203"], Probe::Serving(|one| answer(one.ask("/v1/x"))[..12].to_owned())),
    ("stub_file", ["0.json", "1.json", "2.json"], Probe::Serving(|one| answer(one.ask("/v1/x"))[..12].to_owned())),
    ("hook", ["http://127.0.0.1:1/", "http://127.0.0.1:2/", "http://127.0.0.1:3/"], Probe::Serving(|one| hooks(one)["hooks"].to_string())),
    ("hooks_anywhere", ["true", "false", "true"], Probe::Serving(|one| hooks(one)["anywhere"].to_string())),
    ("control_token", ["a", "b", "c"], Probe::Serving(|one| ["a", "b", "c"].map(|token| allowed(one, token)).join(" "))),
    ("faults", ["0.json", "1.json", "2.json"], Probe::Serving(|one| one.ctl_json(&["fault", "--list"])["faults"].as_array().unwrap().len().to_string())),
    ("state", ["0.json", "1.json", "2.json"], Probe::Serving(|one| websites(one).len().to_string())),
    ("journal", ["0.log", "1.log", "2.log"], Probe::File),
    ("ready_file", ["0.log", "1.log", "2.log"], Probe::File),
    ("print", ["json", "text", "json"], Probe::Ended(|ended| ended.stdout.starts_with('{').to_string())),
    ("public_url", ["http://a", "http://b", "http://c"], Probe::Serving(|one| one.info["url"].to_string())),
    ("idle_exit", ["1ms", "2ms", "3ms"], Probe::Ended(|ended| ended.stderr.lines().last().unwrap_or_default().to_owned())),
    ("workers", ["2", "3", "4"], Probe::Serving(|one| one.threads("tokio-rt-worker").to_string())),
    // Larger than any process id of the systems there are: such a process has ended.
    ("parent_pid", ["4194305", "4194306", "4194307"], Probe::Ended(|ended| ended.stderr.lines().last().unwrap_or_default().to_owned())),
];

/// The host of the socket that Crisp's Go client is told of.
fn socket_for_go(server: &Serving) -> String {
    let [identifier, key] = ["identifier", "key"].map(|fact| server.info[fact].as_str().unwrap());
    let headers = format!("{}User-Agent: go-crisp-api/3\r\n", as_the_plugin(identifier, key));
    let answer = answer(request(server.url(), "/v1/plugin/connect/endpoints", &headers));
    answer.split("ws://").nth(1).unwrap().split('/').next().unwrap().to_owned()
}

fn websites(server: &Serving) -> Vec<Value> {
    let websites = server.ctl_json(&["websites"]);
    websites["websites"].as_object().unwrap().values().cloned().collect()
}

fn hooks(server: &Serving) -> Value {
    let answer = answer(server.ask("/_mock/hooks"));
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

fn allowed(server: &Serving, token: &str) -> String {
    let headers = format!("Authorization: Bearer {token}\r\n");
    answer(request(server.url(), "/_mock/info", &headers))[9..12].to_owned()
}

/// A folder with what the values of an option name, and a config file with one of its values.
fn files(key: &str, value: Option<&str>) -> TempDir {
    let folder = folder(&[]);
    for number in 0..3 {
        let text = match key {
            "schema" => format!(r#"{{"type": "object", "title": "{number}"}}"#),
            "faults" => format!("[{}]", ["{at: list, status: 503}"; 3][..=number].join(", ")),
            "state" => {
                let websites = ["w1: {}", "w2: {}", "w3: {}"][..=number].join(", ");
                format!("{{version: 1, websites: {{{websites}}}}}")
            }
            "stub_file" => format!("{{stub: GET x=20{}}}", number + 1),
            _ => continue,
        };
        std::fs::write(folder.path().join(format!("{number}.json")), text).unwrap();
    }
    let config = match (key, value) {
        ("quirks", Some(value)) => format!("quirks: {{ {} }}", value.replace('=', ": ")),
        (_, Some(value)) => format!("{key}: {value}"),
        (_, None) => String::new(),
    };
    std::fs::write(folder.path().join("config.yaml"), config).unwrap();
    folder
}

/// What a server shows of an option whose value stands in some of the three places.
fn shown(row: &Row, [file, environment, argument]: [Option<&str>; 3]) -> String {
    let (key, values, probe) = row;
    let folder = files(key, file);
    // Relative paths: those in the file start where the file is, the others where the program runs.
    let mut command: Command = program();
    command.current_dir(folder.path()).args(["serve", "--config", "config.yaml"]);
    let name = if *key == "quirks" { "quirk" } else { key };
    if *key != "listen" {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    if let Some(value) = environment {
        command.env(format!("CRISP_MOCK_{}", name.to_uppercase()), value);
    }
    if let Some(value) = argument {
        command.args([format!("--{}", name.replace('_', "-")), value.to_owned()]);
    }
    match probe {
        Probe::Serving(ask) => ask(&Serving::spawn(&mut command)),
        Probe::File => {
            let server = Serving::spawn(&mut command);
            drop(server);
            let there = values.iter().filter(|name| folder.path().join(name).exists());
            there.copied().collect::<Vec<_>>().join(" ")
        }
        Probe::Ended(read) => {
            if *key == "print" {
                command.args(["--idle-exit", "1ms"]);
            }
            read(&Ended::of(&mut command))
        }
    }
}

#[test]
fn for_every_option_the_command_line_wins_over_the_environment_and_that_over_the_file() {
    for row in &ROWS {
        let (key, [low, middle, high], _) = row;
        let by_file = shown(row, [Some(low), None, None]);
        let by_environment = shown(row, [Some(low), Some(middle), None]);
        let by_argument = shown(row, [Some(low), Some(middle), Some(high)]);
        assert_eq!(shown(row, [Some(middle), None, None]), by_environment, "{key}");
        assert_eq!(shown(row, [Some(high), None, None]), by_argument, "{key}");
        assert_ne!(by_file, by_environment, "{key}: the probe cannot tell its values apart");
        assert_ne!(by_argument, by_environment, "{key}: the probe cannot tell its values apart");
    }
}

#[test]
fn every_key_of_the_file_has_its_row() {
    let schema: Value = serde_json::from_str(&run(&["schema", "config"]).stdout).unwrap();
    let mut keys: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    keys.retain(|key| !["$schema", "quirk"].contains(&key.as_str()));
    keys.sort();
    let mut rows = ROWS.map(|(key, ..)| key);
    rows.sort_unstable();
    assert_eq!(keys, rows);
}
