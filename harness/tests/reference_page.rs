//! The examples of `docs/scenarios.md` are scenarios, and the reference passes them.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use crisp_harness::oracle::Rule;
use crisp_harness::runner::{Outcome, judge, reference};
use crisp_harness::scenario::Scenario;
use crisp_harness::world::Prepared;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scenarios.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_example_is_read_and_passed() {
    let page = page();
    let examples: Vec<_> =
        page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 7, "examples are missing");
    for example in examples {
        let scenario =
            Scenario::parse("docs/scenarios.md", example).unwrap_or_else(|error| panic!("{error}"));
        let client = reference(&scenario);
        let judged = judge(&Prepared::new(scenario.into()).unwrap(), &client);
        assert_eq!(judged.outcome(), Outcome::Passed, "{example}\n{:#?}", judged.failures());
    }
}

#[test]
fn every_rule_is_explained() {
    let page = page();
    for rule in Rule::ALL {
        let name = format!("`{}` (O{})", rule.name(), rule.number());
        assert!(page.contains(&name), "{name} is missing");
    }
}
