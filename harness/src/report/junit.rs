//! JUnit XML for CI systems.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{RunEvent, Text};
use crate::runner::Outcome;

/// All events of a run as one JUnit report.
///
/// # Errors
///
/// When the report cannot be written as XML, which names and stories cannot bring about.
pub fn junit(events: &[RunEvent]) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("crisp-mock");
    let mut suite = TestSuite::new("scenarios");
    for event in events {
        match event {
            RunEvent::SearchFinished(searched) if searched.cases > 0 => {
                suite.add_test_case(search(searched));
            }
            RunEvent::KnownJudged { file, name, outcome } => {
                let status = match outcome {
                    Outcome::Passed => TestCaseStatus::success(),
                    Outcome::Failed | Outcome::NotJudged => TestCaseStatus::skipped(),
                };
                let mut case = TestCase::new(name.clone(), status);
                case.set_classname(file.clone());
                suite.add_test_case(case);
            }
            RunEvent::Untried { problem, hint } => {
                let mut error = TestCaseStatus::non_success(NonSuccessKind::Error);
                error.set_message(problem.clone());
                error.set_description(hint.clone().unwrap_or_default());
                suite.add_test_case(TestCase::new("the client can be tried", error));
            }
            _ => {}
        }
        let RunEvent::ScenarioFinished(scenario) = event else {
            continue;
        };
        let status = match scenario.outcome {
            Outcome::Passed => TestCaseStatus::success(),
            Outcome::NotJudged => {
                let mut skipped = TestCaseStatus::skipped();
                skipped.set_message(super::text::reason(scenario));
                skipped
            }
            Outcome::Failed => {
                let mut failed = TestCaseStatus::non_success(NonSuccessKind::Failure);
                if let Some(failure) = &scenario.failure {
                    failed.set_message(failure.story.join(" "));
                    failed.set_type(failure.word);
                }
                failed.set_description(Text::default().render(event));
                failed
            }
        };
        let mut case = TestCase::new(scenario.name.clone(), status);
        case.set_classname(scenario.file.clone());
        suite.add_test_case(case);
    }
    report.add_test_suite(suite);
    report.to_string()
}

/// The search as a whole: what it was convicted of stands in cases of its own.
fn search(searched: &super::Searched) -> TestCase {
    let figures = format!(
        "{} cases, {} failed, {} not judged",
        searched.cases, searched.failed, searched.not_judged
    );
    // What they convicted the client of has a case of its own.
    let mut status = match (searched.passed, searched.unmet.is_empty()) {
        (_, false) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (0, true) => TestCaseStatus::skipped(),
        _ => TestCaseStatus::success(),
    };
    status.set_message(figures.clone());
    let mut case = TestCase::new("random cases", status);
    case.set_system_out(figures);
    case.set_classname("search");
    case
}
