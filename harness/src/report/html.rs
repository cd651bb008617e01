//! Failures to look at, in one file that opens offline: it draws its lanes with the page's own modules.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crisp_mock_server::ui;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{RunEvent, ScenarioReport};

/// So many failures are in one file, the first.
const MOST: usize = 100;

/// A run or a search as a page of its own; one that says so when nothing failed.
///
/// # Errors
///
/// Never for events of this crate; what `serde_json` reports otherwise.
pub fn html(events: &[RunEvent]) -> Result<String, serde_json::Error> {
    let data = serde_json::to_string(&data(events))?;
    // Inside of a script element no `<` may stand that could end it.
    let data = data.replace('<', "\\u003c");
    let script = script();
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'",
        hash(&script),
        hash(ui::STYLE)
    );
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <title>crisp-mock report</title>\n<style>{}</style>\n</head>\n<body>\n\
         <main id=\"main\"></main>\n\
         <script type=\"application/json\" id=\"report\">{data}</script>\n\
         <script type=\"module\">{script}</script>\n</body>\n</html>\n",
        ui::STYLE
    ))
}

/// The modules of the page that draw a report, as one.
fn script() -> String {
    let mut script = String::from("\n");
    for module in [ui::DOM, ui::LANES, ui::REPORT] {
        for line in module.lines().filter(|line| !line.starts_with("import ")) {
            script.push_str(line.strip_prefix("export ").unwrap_or(line));
            script.push('\n');
        }
    }
    script.push_str(
        "document.getElementById(\"main\").append(drawReport(JSON.parse(document.getElementById(\"report\").textContent)));\n",
    );
    script
}

/// What a policy calls a script or a style.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

fn data(events: &[RunEvent]) -> Value {
    let mut judged_by = String::new();
    let (mut passed, mut failed, mut not_judged) = (0, 0, 0);
    let mut failures = Vec::new();
    for event in events {
        match event {
            RunEvent::RunStarted { judged, .. } | RunEvent::SearchStarted { judged, .. } => {
                judged_by.clone_from(judged);
            }
            RunEvent::ScenarioFinished(report) if report.failure.is_some() => {
                failures.push(report.as_ref());
            }
            RunEvent::RunFinished { passed: p, failed: f, not_judged: n, .. } => {
                (passed, failed, not_judged) = (*p as u64, *f as u64, *n as u64);
            }
            RunEvent::SearchFinished(searched) => {
                let known = searched.corpus.map_or((0, 0, 0), |corpus| {
                    (corpus.passed as u64, corpus.failed as u64, corpus.not_judged as u64)
                });
                passed = searched.passed + known.0;
                failed = searched.failed + known.1;
                not_judged = searched.not_judged + known.2;
            }
            _ => {}
        }
    }
    json!({
        "judged": judged_by,
        "passed": passed,
        "failed": failed,
        "not_judged": not_judged,
        "left_out": failures.len().saturating_sub(MOST),
        "scenarios": failures.into_iter().take(MOST).map(shown).collect::<Vec<_>>(),
    })
}

/// A failure with what only this report shows.
fn shown(report: &ScenarioReport) -> Value {
    let mut shown = json!(report);
    shown["lanes"] = json!(report.failure.as_ref().map(|failure| &failure.lanes));
    shown["yaml"] = json!(report.origin.as_ref().map_or(&report.yaml, |origin| &origin.yaml));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_file_that_asks_no_address() {
        let event = RunEvent::RunStarted {
            judged: "</script><script>alert(1)</script>".to_owned(),
            scenarios: 0,
            pace: String::new(),
        };
        let page = html(&[event]).unwrap();
        assert!(!page.contains("<script>alert"));
        assert!(page.contains("\\u003c/script>"));
        assert!(!page.contains("import ") && !page.contains("src=") && !page.contains("href=\""));
        assert_eq!(page.matches("</script>").count(), 2);
    }

    #[test]
    fn the_modules_have_no_name_twice_and_no_import_over_several_lines() {
        let mut names = std::collections::BTreeSet::new();
        for module in [ui::DOM, ui::LANES, ui::REPORT] {
            assert!(
                module.lines().all(|line| !line.starts_with("import ") || line.ends_with("\";"))
            );
            for line in module.lines().map(|line| line.strip_prefix("export ").unwrap_or(line)) {
                let mut words = line.split([' ', '(']);
                let word = words.next().unwrap_or_default();
                if matches!(word, "function" | "const" | "let") {
                    let name = words.next().unwrap_or_default();
                    assert!(names.insert(name), "{name} is declared twice");
                }
            }
        }
    }
}
