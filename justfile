# What a contributor types. `just` lists the recipes.

default:
    @just --list

# Start the emulator
serve *options:
    cargo run --release -- serve {{options}}

# Everything that CI checks
check:
    bash .ci/run

# Only the fast part: format, lints, unit tests
quick:
    cargo fmt --all -- --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    cargo test --workspace --lib

# The benchmarks, as ratios taken in one run
bench:
    cargo bench --workspace

# Licences, sources and bans of every dependency (needs cargo-deny)
deny:
    cargo deny check bans licenses sources

# Rewrite the pages and snapshots that are made from the code
bless:
    CRISP_MOCK_BLESS=1 cargo test --workspace

# Everything that would be published, packed and built from the packages
package:
    cargo package --workspace

# Packages for npm, PyPI and others, into target/dist (needs cargo-zigbuild), and tries them
artifacts *options:
    packaging/build {{options}}
    packaging/check

# Other mock servers beside ours, on the same page (installs them from npm and crates.io)
peers *options:
    python3 benches/peers/run.py {{options}}

# Fuzz targets, all or those that are named: `FUZZ_SECONDS=600 just fuzz schema`
fuzz *targets:
    fuzz/run {{targets}}
