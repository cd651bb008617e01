//! Random histories.

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::case::case;
use crate::judge::judge;

/// Some ten seconds of a debug build. Hundreds of thousands take minutes of a release build:
/// `CRISP_MOCK_CASES=200000 cargo test --release --test convergence whatever_happens`.
const CASES: u32 = 800;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn whatever_happens_the_cache_converges_and_never_shows_what_was_not() {
    let cases = number("CRISP_MOCK_CASES").map_or(CASES, |cases| cases as u32);
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(number("CRISP_MOCK_SEED").unwrap_or(1)),
        failure_persistence: None,
        max_shrink_iters: 4_000,
        max_global_rejects: 1_000_000,
        max_local_rejects: 1_000_000,
        ..Config::default()
    };
    let outcome = TestRunner::new(config)
        .run(&case(), |case| judge(&case).map(drop).map_err(TestCaseError::fail));
    if let Err(TestError::Fail(why, _)) = &outcome {
        panic!("{}", why.message());
    }
    outcome.unwrap();
}
