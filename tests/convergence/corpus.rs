//! The scenarios of the repository, by the second opinion: the oracles judge neither prices nor
//! plans.

use std::path::Path;

use crisp_harness::scenario::Scenario;
use crisp_harness::world::{Prepared, run_and_keep};

use crate::client::{Circumstances, Reference};
use crate::opinion;

#[test]
fn every_scenario_ends_with_the_cache_equal_to_the_server() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = crisp_harness::replay::load(&[folder]).unwrap();
    let (mut wrong, mut rested, all) = (Vec::new(), 0, files.len());
    for (file, prepared) in files {
        let probed = opinion::with_probe(&Scenario::clone(&prepared.scenario));
        let prepared = Prepared::new(probed.into()).unwrap();
        let client = Reference::new(Circumstances::default());
        let (run, space) = run_and_keep(&prepared, &client, &mut ());
        if !opinion::came_to_rest(&run) {
            continue;
        }
        rested += 1;
        let shown = client.shown().map(|snapshot| opinion::shown(&snapshot));
        let held = opinion::held(&space);
        if let Err(why) = opinion::converged(&prepared.scenario, &held, shown.as_ref()) {
            wrong.push(format!("{file}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rested * 10 >= all * 9, "{rested} of {all} came to rest");
}
