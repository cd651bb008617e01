//! What becomes of a replay on a machine that is too slow for it, or that cannot go on.

use std::sync::atomic::{AtomicUsize, Ordering};

use crisp_harness::candidate::{Candidate, InVirtualTime, Trial, Untried};
use crisp_harness::replay::{ExitCode, ReplayError, replay};
use crisp_harness::report::Text;
use crisp_harness::runner::{Judged, Outside};
use crisp_harness::subject::Sync;
use crisp_harness::world::Prepared;

/// Judges some scenarios, and is then too slow for them, or cannot go on at all.
struct Slow {
    well: usize,
    then: fn(Judged) -> Result<Judged, Untried>,
    count: AtomicUsize,
}

impl Trial for Slow {
    fn judge(&self, prepared: &Prepared) -> Result<Judged, Untried> {
        let judged = InVirtualTime(Box::new(Sync::reference())).judge(prepared)?;
        let well = self.count.fetch_add(1, Ordering::Relaxed) < self.well;
        if well { Ok(judged) } else { (self.then)(judged) }
    }
}

fn too_slow(mut judged: Judged) -> Result<Judged, Untried> {
    let unjudged = Some("this machine was too slow".to_owned());
    judged.outside = Some(Box::new(Outside { unjudged, slow: true, ..Outside::default() }));
    Ok(judged)
}

fn gone(_: Judged) -> Result<Judged, Untried> {
    Err(Untried { problem: "no port was free".to_owned(), hint: None })
}

/// The last line of a replay of ten scenarios, and how it ended.
fn replayed(
    well: usize,
    then: fn(Judged) -> Result<Judged, Untried>,
) -> (String, Result<ExitCode, ReplayError>) {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..10 {
        let file = folder.path().join(format!("{number}.yaml"));
        std::fs::write(file, format!("name: nothing happens {number}\n")).expect("a file");
    }
    let trial = Box::new(Slow { well, then, count: AtomicUsize::new(0) });
    let candidate = Candidate { trial, ..Candidate::in_virtual_time("slow", Sync::reference()) };
    let mut last = String::new();
    let ended = replay(&[folder.path().to_owned()], &candidate, &mut |event| {
        let told = Text::default().render(event);
        if !told.is_empty() {
            last = told;
        }
    });
    (last, ended)
}

#[test]
fn too_much_that_a_slow_machine_left_out_is_no_verdict_and_a_little_is() {
    let (last, ended) = replayed(7, too_slow);
    assert_eq!(ended.unwrap(), ExitCode::NothingJudged);
    let says = "NONE    7 passed, 3 not judged: 3 of them because this machine was too slow";
    assert!(last.starts_with(says), "{last}");
    let (last, ended) = replayed(8, too_slow);
    assert_eq!(ended.unwrap(), ExitCode::Passed);
    assert!(last.starts_with("PASS    8 passed, 2 not judged (2 because"), "{last}");
}

#[test]
fn what_was_judged_is_told_also_where_the_rest_could_not_be() {
    let (last, ended) = replayed(4, gone);
    assert_eq!(ended.unwrap_err().exit_code(), ExitCode::Environment);
    assert_eq!(last, "NONE    4 passed\n");
    let (last, _) = replayed(0, gone);
    assert!(last.starts_with("JUDGED"), "{last}");
}
