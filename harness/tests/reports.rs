//! What programs read of a run: JUnit, annotations, pictures; and how long a story may be.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use crisp_harness::candidate::ClientChoice;
use crisp_harness::replay::replay_files;
use crisp_harness::report::{RunEvent, Teller, Text, github, junit, svg};
use crisp_harness::search::{Files, Plan, read, search};

const CORPUS: &[(&str, &str)] = &[
    ("builtin/calm.yaml", "name: nothing happens"),
    (
        "builtin/late.yaml",
        "name: a save while the list is read\nserver: { page_size: 1 }\n\
         start: { websites: { w1: { message: old }, w2: { message: old } } }\n\
         when: [ { after: list/1, save: { w1: { message: new } } } ]\n",
    ),
];

fn searched(client: &str, cases: u64) -> Vec<RunEvent> {
    let client: ClientChoice = client.parse().unwrap();
    let plan = Plan { cases, corpus: CORPUS, ..Plan::default() };
    let mut events = Vec::new();
    search(&client.candidate(), &plan, &(), &mut |event| events.push(event.clone())).unwrap();
    events
}

fn replayed(client: &str, files: &Files, text: Text) -> String {
    let client: ClientChoice = client.parse().unwrap();
    let mut teller = Teller::new(text);
    let mut told = String::new();
    replay_files(files, &client.candidate(), &mut |event| told += &teller.tell(event)).unwrap();
    told
}

#[test]
fn junit_of_a_search_lists_the_known_scenarios_that_passed() {
    let xml = junit(&searched("sync", 20)).unwrap();
    assert!(xml.contains("name=\"nothing happens\""), "{xml}");
    assert!(xml.contains("tests=\"3\""), "{xml}");
    assert!(xml.contains("failures=\"0\""), "{xml}");
}

#[test]
fn junit_of_a_search_has_one_failing_case_for_one_failure() {
    let xml = junit(&searched("guide", 20)).unwrap();
    assert!(xml.contains("failures=\"1\""), "{xml}");
    assert!(!xml.contains("random cases"), "no random case was run: {xml}");
    assert!(xml.contains("name=\"nothing happens\""), "{xml}");
}

#[test]
fn a_failure_without_a_file_has_an_annotation_without_a_place() {
    let events = searched("guide", 20);
    let told: String = events.iter().filter_map(github).collect();
    assert!(told.starts_with("::error title="), "{told}");
}

#[test]
fn a_picture_has_the_whole_story_and_what_was_expected() {
    let events = searched("guide", 20);
    let drawn = events.iter().find_map(|event| match event {
        RunEvent::ScenarioFinished(report) => svg(report),
        _ => None,
    });
    let drawn = drawn.unwrap();
    for words in ["An operator saved w1", "after the last change and the last fault", ">expected "]
    {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
}

#[test]
fn the_story_of_a_missing_website_says_which_other_left_while_the_pages_were_read() {
    let shift = "name: shift\nserver: { page_size: 1 }\nstart: { generated: 3 }\n\
                 when: [ { after: list/1, uninstall: w1 } ]\n";
    let files = read(&[("shift.yaml", shift)]).unwrap();
    let told = replayed("mutant:no-drift-check", &files, Text::default());
    assert!(told.contains("missing website"), "{told}");
    assert!(told.contains("w1 uninstalls"), "{told}");
}

#[test]
fn a_story_of_a_thousand_requests_is_folded() {
    let down = "name: down\nfaults: [ { window: 65s..665s, status: 503 } ]";
    let files = read(&[("down.yaml", down)]).unwrap();
    let told = replayed("mutant:no-backoff", &files, Text::default());
    assert!(told.lines().count() < 90, "{}: {told}", told.lines().count());
    assert!(told.contains("like these"), "{told}");
}

#[test]
fn a_report_keeps_to_the_width_that_it_is_given() {
    let files = read(CORPUS).unwrap();
    let told = replayed("guide", &files, Text { width: 80, ..Text::default() });
    let wide = told.lines().filter(|line| line.chars().count() > 80);
    // A command and a name are never broken.
    let wide: Vec<_> = wide
        .filter(|line| {
            !line.starts_with("  Replay")
                && !line.starts_with("FAIL")
                && !line.starts_with("JUDGED")
        })
        .collect();
    assert!(wide.is_empty(), "{wide:#?}");
}
