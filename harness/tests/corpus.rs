//! The files under `scenarios/`: all are read, all come about, all are passed by the reference.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crisp_harness::candidate::ClientChoice;
use crisp_harness::replay::{ExitCode, load, replay};
use crisp_harness::report::{RunEvent, ScenarioReport, Text};
use crisp_harness::runner::{Outcome, judge};
use crisp_harness::scenario::json_schema;
use crisp_harness::subject::{Guide, GuideEvents, Sync};
use crisp_harness::world::Prepared;
use crisp_harness::zoo;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

fn files() -> Vec<(String, Prepared)> {
    let root = folder();
    let strip = |(file, prepared): (String, Prepared)| {
        let short = Path::new(&file).strip_prefix(&root).unwrap().display().to_string();
        (short, prepared)
    };
    load(&[folder()]).unwrap_or_else(|error| panic!("{error}")).into_iter().map(strip).collect()
}

#[test]
fn the_reference_passes_every_scenario_and_every_fault_fires() {
    let mut told = String::new();
    let mut unfired = Vec::new();
    let code = replay(&[folder()], &ClientChoice::Sync.candidate(), &mut |event| {
        told.push_str(&Text::default().render(event));
        if let RunEvent::ScenarioFinished(report) = event {
            // The events of a client that opens no socket meet nothing.
            let unfired_events = |fault: &str| fault.contains("\"at\":\"rtm");
            let never = report
                .unfired
                .iter()
                .filter(|fault| !unfired_events(&fault.fault))
                .map(|fault| format!("{}: {}", report.name, fault.fault));
            unfired.extend(never);
        }
    });
    assert_eq!(code.unwrap(), ExitCode::Passed, "{told}");
    assert_eq!(unfired, Vec::<String>::new(), "faults that never fire");
}

#[test]
fn two_runs_of_a_scenario_are_equal_to_the_byte() {
    for (file, prepared) in files() {
        let runs =
            [(), ()].map(|()| judge(&prepared, &Sync::reference()).run.history.fingerprint());
        assert_eq!(runs[0], runs[1], "{file}");
    }
}

#[test]
fn golden_fingerprints_have_not_changed() {
    let golden = [
        "basics/an-operator-saves.yaml",
        "outages/a-bad-line.yaml",
        "saves/the-answer-is-lost.yaml",
    ];
    let lines = files().into_iter().filter(|(file, _)| golden.contains(&file.as_str()));
    let lines: Vec<_> = lines
        .map(|(file, prepared)| {
            let fingerprint = judge(&prepared, &Sync::reference()).run.history.fingerprint();
            format!("{fingerprint}  {file}")
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_scenario_teaches_and_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    let files = files();
    assert!(files.len() >= 60, "there are only {} scenarios", files.len());
    for (file, prepared) in files {
        let scenario = &prepared.scenario;
        assert!(scenario.about.is_some(), "{file} has no `about`");
        assert!(names.insert(scenario.name.clone()), "{file}: the name is taken");
    }
}

#[test]
fn every_scenario_is_written_back_as_it_was_read() {
    for (file, prepared) in files() {
        let yaml = prepared.scenario.to_yaml();
        let again = zoo::parse(&file, &yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
        assert_eq!(again, *prepared.scenario, "{file}\n{yaml}");
    }
}

#[test]
fn the_guide_s_loop_is_convicted_by_its_own_files_and_fairly() {
    let mut judged = 0;
    let of_the_guide =
        |file: &String| file.starts_with("guide/") && !file.starts_with("guide/events/");
    for (file, prepared) in files().into_iter().filter(|(file, _)| of_the_guide(file)) {
        assert_eq!(judge(&prepared, &Guide).outcome(), Outcome::Failed, "{file}");
        judged += 1;
    }
    assert!(judged >= 5, "only {judged} files convict the guide");
}

#[test]
fn the_guide_s_loop_that_listens_is_convicted_by_its_own_files_and_told_the_hazard_of_each() {
    let mut judged = 0;
    let of_events = |file: &String| file.starts_with("guide/events/");
    for (file, prepared) in files().into_iter().filter(|(file, _)| of_events(file)) {
        let verdict = judge(&prepared, &GuideEvents);
        assert_eq!(verdict.outcome(), Outcome::Failed, "{file}");
        assert_eq!(verdict.run.unfired, [0; 0], "{file}: faults that never fire");
        let report = ScenarioReport::of(&verdict, 0, &file, "", Some(true));
        let hint = report.failure.and_then(|failure| failure.hazard).map(|hazard| hazard.number);
        let named = hazards(prepared.scenario.about.as_deref().unwrap_or_default());
        let is_named = hint.is_some_and(|hint| named.iter().any(|named| named == hint));
        assert!(is_named, "{file}: the hint is {hint:?}, its `about` names {named:?}");
        let again = judge(&prepared, &GuideEvents).run.history.fingerprint();
        assert_eq!(verdict.run.history.fingerprint(), again, "{file}");
        judged += 1;
    }
    assert!(judged >= 5, "only {judged} files convict the guide's loop that listens");
}

#[test]
fn a_failure_is_told_on_one_screen() {
    let mut told = String::new();
    let file = folder().join("guide/a-save-during-a-slow-poll.yaml");
    replay(&[file], &ClientChoice::Guide.candidate(), &mut |event| {
        told.push_str(&Text::default().render(event))
    })
    .unwrap();
    let root = folder().display().to_string();
    insta::assert_snapshot!(told.replace(&root, "scenarios"));
}

#[test]
fn the_json_schema_is_the_one_in_the_folder() {
    let path = folder().join("schema.json");
    let expected = serde_json::to_string_pretty(&json_schema(&zoo::names())).unwrap() + "\n";
    equal_or_written(&path, &expected);
}

#[test]
fn every_scenario_satisfies_the_json_schema() {
    let validator = jsonschema::validator_for(&json_schema(&zoo::names())).unwrap();
    for (file, _) in files() {
        let text = std::fs::read_to_string(folder().join(&file)).unwrap();
        let value: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        let errors: Vec<_> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{file}");
    }
}

#[test]
fn the_index_lists_every_scenario() {
    let mut index = String::from(
        "# Scenarios\n\nOne behaviour a file. `crisp-mock replay scenarios` runs them all; \
         `docs/scenarios.md` explains the language.\nThis index is written from the files \
         (`UPDATE=1 cargo test -p crisp-harness --test corpus`).\n",
    );
    let mut section = String::new();
    for (file, prepared) in files() {
        let folder = file.split('/').next().unwrap_or_default().to_owned();
        if folder != section {
            index.push_str(&format!(
                "\n## {folder}\n\n| File | What happens | Hazards |\n|---|---|---|\n"
            ));
            section = folder;
        }
        let scenario = &prepared.scenario;
        let hazards = hazards(scenario.about.as_deref().unwrap_or_default());
        let name = file.split('/').next_back().unwrap_or_default().trim_end_matches(".yaml");
        index.push_str(&format!(
            "| [{name}]({file}) | {} | {} |\n",
            scenario.name,
            hazards.join(", ")
        ));
    }
    equal_or_written(&folder().join("README.md"), &index);
}

/// The hazards that an `about` names: a letter and a number.
fn hazards(about: &str) -> Vec<String> {
    let words = about.split(|c: char| !c.is_ascii_alphanumeric());
    let named = words.filter(|word| {
        let mut letters = word.chars();
        letters.next().is_some_and(|letter| "CPAWFE".contains(letter))
            && word.len() > 1
            && letters.all(|digit| digit.is_ascii_digit())
    });
    named.map(str::to_owned).collect()
}

/// With `UPDATE` set the file is written, otherwise it has to be equal.
fn equal_or_written(path: &Path, expected: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, expected).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "{} is not up to date: run this test with UPDATE=1", path.display());
}
