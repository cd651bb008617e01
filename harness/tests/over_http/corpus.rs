//! The whole corpus over real sockets, with the real driver of `crisp-sync`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use crisp_harness::candidate::Candidate;
use crisp_harness::live::{OverHttp, OwnDriver, Terms};
use crisp_harness::replay::{ExitCode, replay};
use crisp_harness::report::{RunEvent, Text};
use crisp_harness::runner::Outcome;

/// What cannot be said in real time. A file that joins this list needs a reason.
const UNSAID: [&str; 16] = [
    "dates/the-client-clock-is-wrong-for-a-while.yaml",
    "dates/the-client-clock-jumps.yaml",
    "dates/the-past-is-forgotten.yaml",
    "dates/the-past-is-refused.yaml",
    "guide/an-outage-and-a-short-memory.yaml",
    "guide/wrong-for-a-day.yaml",
    "length/a-quiet-night.yaml",
    "mutants/no-relist-after-outage.yaml",
    "mutants/offset-measured-once.yaml",
    "mutants/relist-merges.yaml",
    "outages/the-quota-is-spent.yaml",
    "regressions/a-date-too-old-before-the-first-poll.yaml",
    "regressions/a-list-s-check-is-refused-after-a-long-outage.yaml",
    "regressions/a-removal-forgotten-in-an-outage.yaml",
    "regressions/a-removal-that-an-earlier-pass-was-told.yaml",
    "regressions/an-edge-of-one-a-second-and-a-404-at-the-end.yaml",
];

/// What was judged of these files.
#[derive(Default)]
struct Told {
    text: String,
    unsaid: Vec<String>,
    /// What the machine was too slow for.
    doubtful: Vec<String>,
}

fn judged(root: &Path, files: &[PathBuf], terms: Terms) -> Told {
    let candidate = Candidate {
        trial: Box::new(OverHttp::new(OwnDriver, terms)),
        judged: "crisp-sync".to_owned(),
        options: "--over-http".to_owned(),
        is_reference: true,
    };
    let mut told = Told::default();
    let code = replay(files, &candidate, &mut |event| {
        told.text.push_str(&Text::default().render(event));
        if let RunEvent::ScenarioFinished(report) = event
            && report.outcome == Outcome::NotJudged
        {
            let file = Path::new(&report.file).strip_prefix(root).unwrap();
            let file = file.display().to_string();
            // A busy machine makes runs that do not count; they are not counted here either.
            let doubt = report.unjudged.as_deref().unwrap_or_default();
            let busy = doubt.contains("runs") || doubt.contains("slow");
            if doubt.starts_with("it is about events") {
                return; // this client opens no socket
            }
            if busy { &mut told.doubtful } else { &mut told.unsaid }.push(file);
        }
    });
    assert_ne!(code.unwrap(), ExitCode::Failed, "{}", told.text);
    told
}

#[test]
fn the_reference_passes_the_corpus_over_real_sockets() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let all = judged(&root, std::slice::from_ref(&root), Terms::default());
    assert_eq!(all.unsaid, UNSAID, "{}", all.text);
    if all.doubtful.len() > 3 {
        // Other tests held them up: again, a scenario at a time.
        let files: Vec<_> = all.doubtful.iter().map(|file| root.join(file)).collect();
        let alone = Terms { jobs: NonZeroUsize::new(1), ..Terms::default() };
        let again = judged(&root, &files, alone);
        assert!(again.doubtful.len() <= 3, "too much is left in doubt: {}", again.text);
    }
}
