use crisp_mock_server::document::Document;

use super::*;

fn diagnose(text: &str) -> String {
    Scenario::parse("scenarios/slip.yaml", text).unwrap_err().to_string()
}

const FULL: &str = r#"
name: everything that can be written
about: A scenario that uses every word of the language once, so that writing and reading it agree.
server:
  page_size: 2
  quota: 5000
  seed: 7
  profile: hostile
  quirks: { list-order: newest-first, since_lag: 1500ms, get-cache: off }
  schema: { type: object, properties: { message: { type: string } } }
client:
  { poll_every: 20s, overlap: 2m, relist_every: 1h, longest_gap: 2h, request_timeout: 10s, quota: 5000, seed: 3, clock: -90s }
start:
  websites: { w1: { message: "007", n: 1.5, on: true, nested: { list: [1, null, "a: b"] } }, w2: {} }
  unconfigured: [w3]
faults:
  - { at: "since#2", status: 503 }
  - { window: "65s..800s", at: since, throttle: 429, retry_after: 20s }
  - { window: "20s..", clock: client, step: +90s }
  - { at: "rtm_event#3", drop: true }
when:
  - { at: 30s, save: { w1: { message: new } } }
  - { after: list/1, uninstall: w2 }
  - { during: "since#2", wait: 1s, install: { w4: { message: hi } } }
  - { at: 40s, install: [w5, w6] }
  - { at: 41s, plan: { w1: Mini } }
  - { at: 42s, client_save: { w1: { message: mine } } }
  - { at: 43s, client_update: { w1: { message: ours } } }
  - { at: 44s, clock: { server: -60s } }
  - { at: 45s, restart: client }
  - { after: "rtm#1", wait: 1s, kick: true }
  - { during: "rtm_event#2", save: { w1: { message: heard } } }
  - { at: 900s, quiet: true }
expect:
  converged_within: 65s
  ready_within: 10s
  websites: { w1: { message: ours } }
  requests: { since: 3, list: 2 }
  requests_per_hour: 70
  never_seen: { w1: { message: ghost } }
  status: fresh
  saves: [done, unknown]
  oracles: { snapshot: { off: the server lags behind itself } }
kills: [no-drift-check]
by: [converged, honest-ready]
found: { rule: lost update, client: my-plugin 1.4.2, seed: 1 }
"#;

#[test]
fn what_is_written_is_read_back() {
    let scenario = Scenario::parse("full.yaml", FULL).unwrap();
    let yaml = scenario.to_yaml();
    assert_eq!(Scenario::parse("again.yaml", &yaml).unwrap(), scenario, "{yaml}");
    insta::assert_snapshot!(yaml);
}

#[test]
fn white_space_in_what_a_scenario_teaches_is_read_back_as_it_was() {
    let long = "word ".repeat(30);
    for about in [format!("{long} two spaces"), format!("{long}\n\na paragraph"), "a\tb".into()] {
        let scenario =
            Scenario { about: Some(about), ..Scenario::parse("full.yaml", FULL).unwrap() };
        let yaml = scenario.to_yaml();
        assert_eq!(Scenario::parse("again.yaml", &yaml).unwrap(), scenario, "{yaml}");
    }
}

#[test]
fn a_key_of_any_length_is_written_so_that_it_is_read() {
    for length in [900, 1_023, 1_024, 1_025, 5_000] {
        for key in ["x".repeat(length), "\u{e9}, ".repeat(length / 3), "\"".repeat(length)] {
            let key = Value::from(key);
            let written =
                format!("{{ w1: {{ ? {key} : {{ ? {key} : null }}, b: [{{ ? {key} : 1 }}] }} }}");
            let file = format!(
                "name: keys\nstart: {{ websites: {written} }}\nwhen: [{{ at: 1s, save: {written} }}]\n"
            );
            let scenario = Scenario::parse("keys.yaml", &file).unwrap();
            let yaml = scenario.to_yaml();
            assert_eq!(Scenario::parse("again.yaml", &yaml).unwrap(), scenario, "{yaml}");
        }
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    insta::assert_snapshot!(diagnose(
        r#"
name: [no]
serevr: { page_size: 0 }
server: { pagesize: 2, page_size: 0, quirks: { list-ordr: x, since-boundary: fuzzy } }
client: { poll_every: 60, overlap: soon }
start: { websites: { w0: {}, w1: 3 } }
faults:
  - { at: "since#2", stauts: 503 }
  - { at: "list/0", reset: true }
when:
  - { at: 30s, after: list/1, save: { w1: { message: new } } }
  - { during: "sicne#2" }
  - { at: 40s, sav: { w1: {} } }
  - { at: 50s, clock: { moon: +1s } }
expect: { converged: 65s, status: fine, oracles: { snapshots: { off: x } } }
"#
    ));
}

#[test]
fn what_can_never_happen_is_told() {
    insta::assert_snapshot!(diagnose(
        r#"
name: impossible
server: { page_size: 2 }
start: { websites: { w1: { message: 7 }, w2: {} }, unconfigured: w2 }
faults:
  - { at: "save_settings#1", lose_answer: true }
  - { at: "list/4", status: 500 }
  - { at: usage, status: 500 }
  - { window: "20m..30m", at: since, status: 500 }
when:
  - { after: list/9, uninstall: w1 }
  - { during: "update_settings#1", uninstall: w1 }
  - { at: 10m, quiet: true }
"#
    ));
}

#[test]
fn what_is_no_yaml_or_would_blow_up_memory_is_told() {
    let deep = format!("name: {}", "[".repeat(300));
    let texts = [
        "name: x\nname: y\n",
        "name: &a [x]\nabout: *a\n",
        "name: x\n  about: y\n",
        "",
        "- x\n",
        deep.as_str(),
    ];
    let told: Vec<_> = texts.iter().map(|text| diagnose(text)).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn the_schema_accepts_what_the_parser_accepts() {
    let validator = jsonschema::validator_for(&json_schema(&["no-drift-check"])).unwrap();
    let value = Document::parse("full.yaml", FULL).unwrap().value();
    let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    for slip in [
        "{ name: x, fautls: [] }",
        "{ name: x, server: { pagesize: 2 } }",
        "{ name: x, when: [ { at: 5s } ] }",
        "{ name: x, when: [ { at: 5s, after: list/1, quiet: true } ] }",
        "{ name: x, expect: { status: fine } }",
    ] {
        let value = Document::parse("slip.yaml", slip).unwrap().value();
        assert!(!validator.is_valid(&value), "{slip} was accepted");
        assert!(Scenario::parse("slip.yaml", slip).is_err(), "{slip} was parsed");
    }
}

#[test]
fn names_and_reasons_may_not_be_left_empty() {
    for (text, said) in [
        ("name: x\nkills: [no-overlap]\nby: []\n", "does not say which oracles"),
        ("name: x\nkills: []\nby: [converged]\n", "`by` stands without `kills`"),
        (
            "name: x\nexpect: { oracles: { snapshot: { off: \" \" } } }\n",
            "the reason why it is off",
        ),
        ("name: x\nwhen: [{ at: 1s, plan: { w1: \"\" } }]\n", "the name of a plan"),
        ("name: x\nabout: \"\"\n", "stands where a text should"),
        ("name: \" \"\n", "stands where a name should"),
        ("name: x\nserver: { page_size: 0 }\n", "`0` is out of range"),
    ] {
        let told = diagnose(text);
        assert!(told.contains(said), "{text}: {told}");
    }
}
