//! `--intercept`: official clients and the usual HTTP libraries, with no other host than Crisp's own.
//!
//! Each runs where Crisp's names lead to a listener that counts connections and no other name is found, so
//! that one packet to the real host would fail the claim.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::LazyLock;

use crate::install::{node_24, node_modules, python, repository};
use crate::want::{Missing, or_skip, program};

/// What `real_host.py` ends with when anything connected to the real host.
const REACHED: i32 = 99;

/// A network in which nothing but this machine is reached; containers may not be allowed to make one.
fn isolated() -> Result<Command, Missing> {
    program("unshare")?;
    program("ip")?;
    static WHY_NOT: LazyLock<Option<String>> = LazyLock::new(|| {
        let tried = Command::new("unshare").args(ISOLATED).args(["ip", "link"]).output();
        match tried {
            Ok(output) if output.status.success() => None,
            Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Some(error.to_string()),
        }
    });
    if let Some(why) = WHY_NOT.as_ref() {
        return Err(Missing::forbidden("a network of its own (unshare)", why));
    }
    let mut command = Command::new("unshare");
    command.args(ISOLATED).arg(program("python3")?);
    command.arg(repository("tests/clients/intercept/real_host.py"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CRISP_MOCK_") {
            command.env_remove(name);
        }
    }
    Ok(command)
}

const ISOLATED: [&str; 4] = ["--user", "--map-root-user", "--net", "--mount"];

/// A Node and what it is called in messages.
fn node_of_this_machine() -> Result<PathBuf, Missing> {
    program("node")
}

fn script(name: &str) -> PathBuf {
    repository("tests/clients/intercept").join(name)
}

/// `exec` with options before the command.
fn exec(options: &[&str], command: &[PathBuf]) -> Result<Output, Missing> {
    let mut isolated = isolated()?;
    isolated.arg(env!("CARGO_BIN_EXE_crisp-mock")).args(["exec", "--fail-on", "idle,unmatched"]);
    isolated.args(options).arg("--").args(command);
    let clients =
        ["tests/clients/sockets", "tests/clients/intercept/crisp-api-6"].map(node_modules);
    let clients: Vec<_> = clients.into_iter().collect::<Result<_, _>>()?;
    isolated.env("NODE_PATH", std::env::join_paths(clients).expect("no folder has a colon"));
    isolated.output().map_err(|error| Missing::new("unshare", error.to_string()))
}

/// What a command says that has to succeed; nothing where something is missing.
fn said(options: &[&str], command: Result<Vec<PathBuf>, Missing>) -> Option<String> {
    let output = or_skip(command.and_then(|command| exec(options, &command)))?;
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{stdout}\n{stderr}", output.status);
    Some(stdout.into_owned())
}

fn lists(node: Result<PathBuf, Missing>, package: &str) {
    let command = node.map(|node| vec![node, script("list.cjs"), package.into()]);
    if let Some(said) = said(&["--intercept"], command) {
        assert_eq!(said, "20 websites\n");
    }
}

#[test]
fn crisp_api_11_without_a_host_lists_its_websites_on_node_20() {
    lists(node_of_this_machine(), "crisp-api-11");
}

#[test]
fn crisp_api_10_without_a_host_lists_its_websites_on_node_20() {
    lists(node_of_this_machine(), "crisp-api-10");
}

#[test]
fn crisp_api_6_without_a_host_lists_its_websites_on_node_20() {
    lists(node_of_this_machine(), "crisp-api-6");
}

#[test]
fn crisp_api_5_without_a_host_lists_its_websites_on_node_20() {
    lists(node_of_this_machine(), "crisp-api-5");
}

#[test]
fn crisp_api_11_without_a_host_lists_its_websites_on_node_24() {
    lists(node_24(), "crisp-api-11");
}

#[test]
fn crisp_api_10_without_a_host_lists_its_websites_on_node_24() {
    lists(node_24(), "crisp-api-10");
}

#[test]
fn crisp_api_6_without_a_host_lists_its_websites_on_node_24() {
    lists(node_24(), "crisp-api-6");
}

#[test]
fn crisp_api_5_without_a_host_lists_its_websites_on_node_24() {
    lists(node_24(), "crisp-api-5");
}

#[test]
fn node_24_arrives_by_proxy_and_certificate_alone_where_the_preload_is_taken_away() {
    let bare = ["env", "-u", "NODE_OPTIONS"].map(PathBuf::from);
    let command = node_24().map(|node| {
        let plugin = [node, script("list.cjs"), "crisp-api-11".into()];
        bare.into_iter().chain(plugin).collect()
    });
    if let Some(said) = said(&["--intercept"], command) {
        assert_eq!(said, "20 websites\n");
    }
}

#[test]
fn fetch_https_and_tls_of_node_arrive_from_a_module_in_old_and_new_versions() {
    for node in [node_of_this_machine(), node_24()] {
        let command = node.map(|node| vec![node, script("fetch.mjs")]);
        if let Some(said) = said(&["--intercept"], command) {
            assert_eq!(said, "fetch 200\nhttps 200\ntls 200\n");
        }
    }
}

#[test]
fn a_bot_without_a_host_hears_events_over_the_rtm_api() {
    for (node, package) in [
        (node_of_this_machine(), "crisp-api-11"),
        (node_of_this_machine(), "crisp-api-10"),
        (node_24(), "crisp-api-11"),
    ] {
        let command = node.map(|node| vec![node, script("listen.cjs"), package.into()]);
        if let Some(said) = said(&["--intercept"], command) {
            assert_eq!(said, "heard Hi\n");
        }
    }
}

#[test]
fn the_python_client_without_a_host_lists_its_websites_with_and_without_the_preload() {
    for isolation in [None, Some("-I")] {
        let command = python("tests/clients/intercept").map(|python| {
            let isolation = isolation.map(PathBuf::from);
            [python].into_iter().chain(isolation).chain([script("list.py")]).collect()
        });
        if let Some(said) = said(&["--intercept"], command) {
            assert_eq!(said, "20 websites\n");
        }
    }
}

#[test]
fn requests_httpx_urllib_and_aiohttp_arrive_whether_or_not_they_heed_the_environment() {
    let command =
        python("tests/clients/intercept").map(|python| vec![python, script("libraries.py")]);
    if let Some(said) = said(&["--intercept"], command) {
        insta::assert_snapshot!(said, @r"
        requests with the environment: 200
        httpx with the environment: 200
        urllib with the environment: 200
        httpx (async) with the environment: 200
        aiohttp with the environment: 200
        requests without the environment: 200
        httpx without the environment: 200
        urllib without the environment: 200
        httpx (async) without the environment: 200
        aiohttp without the environment: 200
        ");
    }
}

#[test]
fn curl_arrives_and_another_host_is_refused_and_named() {
    let line = "curl -sS -u $CRISP_IDENTIFIER:$CRISP_KEY -H 'X-Crisp-Tier: plugin' -o /dev/null \
                -w '%{http_code} %{scheme}\\n' https://api.crisp.chat/v1/plugin/connect/account; \
                curl -s -o /dev/null -w '%{http_connect}\\n' https://other.example/; true";
    let command = program("curl").map(|_| ["sh", "-c", line].map(PathBuf::from).to_vec());
    let Some(output) = or_skip(command.and_then(|command| exec(&["--intercept"], &command))) else {
        return;
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "200 HTTPS\n403\n", "{stderr}");
    let named = "1× other.example:443: --intercept-allow other.example lets it through";
    assert!(stderr.contains(named), "{stderr}");
}

/// Nothing else here needs these, so that they are not asked for in CI.
#[test]
fn go_ruby_and_php_arrive_where_they_are_installed() {
    let ruby = "Net::HTTP: 20 websites\nopen-uri: 20 websites\n";
    let rows = [
        ("ruby", &[][..], "list.rb", ruby),
        ("php", &[], "list.php", "curl: 20 websites\n"),
        ("go", &["run"], "list.go", "net/http: 20 websites\n"),
    ];
    for (name, words, file, wanted) in rows {
        let Ok(runtime) = program(name) else {
            eprintln!("skipped: no folder of PATH has {name}");
            continue;
        };
        let words = words.iter().map(PathBuf::from);
        let command = [runtime].into_iter().chain(words).chain([script(file)]).collect();
        if let Some(said) = said(&["--intercept"], Ok(command)) {
            assert_eq!(said, wanted);
        }
    }
}

#[test]
fn without_the_option_the_same_plugins_reach_for_the_real_host() {
    let plugins = [
        node_of_this_machine().map(|node| vec![node, script("list.cjs"), "crisp-api-11".into()]),
        python("tests/clients/intercept").map(|python| vec![python, script("list.py")]),
    ];
    for plugin in plugins {
        let Some(output) = or_skip(plugin.and_then(|plugin| exec(&[], &plugin))) else { return };
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(REACHED), "{stderr}");
    }
}

/// `replay` of one scenario with an example that does not find these variables.
fn judged(
    runtime: Result<PathBuf, Missing>,
    example: &str,
    hidden: &[(&str, &str)],
    options: &[&str],
) {
    let Some((runtime, mut isolated)) = or_skip(runtime.and_then(|it| Ok((it, isolated()?))))
    else {
        return;
    };
    let source = std::fs::read_to_string(repository("examples/mended-loop").join(example));
    let source = source.expect("the example is there");
    let mut deaf = source;
    for (variable, replacement) in hidden {
        assert!(deaf.contains(variable), "{variable} in {example}");
        deaf = deaf.replace(variable, replacement);
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join(example), deaf).expect("a file can be written");
    let run = format!("{} {example}", runtime.display());
    let output = isolated
        .current_dir(folder.path())
        .arg(env!("CARGO_BIN_EXE_crisp-mock"))
        .args(["replay", "builtin/basics/a-value-returns.yaml", "--intercept"])
        .args(options)
        .args(["--run", &run, "--read", "http://127.0.0.1:{port}/"])
        .output()
        .expect("it can be run");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    if options.contains(&"real") && output.status.code() == Some(3) {
        // In real time a machine may be too slow to judge it.
        assert!(stdout.contains("1 not judged"), "{stdout}\n{stderr}");
        return;
    }
    assert!(stdout.contains("1 passed"), "{stdout}\n{stderr}");
    assert_eq!(output.status.code(), Some(0), "{stdout}\n{stderr}");
}

const HOST: (&str, &str) = ("CRISP_REST_HOST", "NO_SUCH_VARIABLE");

#[test]
fn a_node_plugin_that_knows_crisps_host_alone_is_judged_in_virtual_and_in_real_time() {
    judged(node_of_this_machine(), "index.mjs", &[HOST], &["--time", "virtual"]);
    judged(node_24(), "index.mjs", &[HOST], &["--time", "virtual"]);
    judged(node_of_this_machine(), "index.mjs", &[HOST], &["--time", "real"]);
}

#[test]
fn a_python_plugin_that_knows_crisps_host_alone_is_judged_in_virtual_and_in_real_time() {
    judged(program("python3"), "plugin.py", &[HOST], &["--time", "virtual"]);
    judged(program("python3"), "plugin.py", &[HOST], &["--time", "real"]);
}

#[test]
fn a_plugin_with_credentials_in_its_source_is_judged_in_virtual_and_in_real_time() {
    let node = [HOST, ("CRISP_IDENTIFIER, CRISP_KEY }", "A = \"its own\", B = 1 }")];
    let node = [node[0], node[1], ("${CRISP_IDENTIFIER}:${CRISP_KEY}", "${A}:${B}")];
    let python = [HOST, ("{CRISP_IDENTIFIER}:{CRISP_KEY}", "its own:1")];
    for time in ["virtual", "real"] {
        let options = ["--accept-any-credentials", "--time", time];
        judged(node_of_this_machine(), "index.mjs", &node, &options);
        judged(program("python3"), "plugin.py", &python, &options);
    }
}
