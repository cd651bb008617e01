//! The two pages in `docs/` that may not drift from the code.
//!
//! `docs/quirks.md` is written from the table of quirks: run the tests with `CRISP_MOCK_BLESS=1`
//! to write it anew. `docs/fidelity.md` is written by hand; what it has to mention is found in the
//! code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crisp_mock_server::api::ROUTES;
use crisp_mock_server::quirks::{Profile, Quirk, Quirks, TABLE};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What opens the page of quirks.
const QUIRKS_HEAD: &str = "\
# Quirks

What the real API leaves undocumented is a switch here, each with a default and a reason. This page
is written from the code by a test, so it cannot be out of date.

Set one with `--quirk since-boundary=exclusive`, under `quirks:` in a configuration file, or while
the server runs with `PUT /_mock/quirks` and `{\"since-boundary\": \"exclusive\"}`. Where an
alternative holds a number or a duration, others will do as well: `page-size=7`, `since-lag=250ms`,
`horizon=partial:12h`.

The evidence is that of the default; its marks and the keys of its sources are explained in
[the fidelity ledger](fidelity.md).

| Quirk | Default | Alternatives | The question | Why the default | Evidence | Source |
|---|---|---|---|---|---|---|
";

const PROFILES_HEAD: &str = "
## Profiles

A profile is a named set of quirks: `--profile hostile`. Single quirks can be set on top of it.

`typical` has every default. `hostile` is as awkward as a correct client has to expect, and still
livable; it changes these:

| Quirk | Under `hostile` |
|---|---|
";

fn quirks_page() -> String {
    let mut page = QUIRKS_HEAD.to_owned();
    for (quirk, (_, default)) in TABLE.iter().zip(Quirks::default().values()) {
        let Quirk { name, question, alternatives, why, evidence, .. } = quirk;
        let alternatives: Vec<_> = alternatives.iter().map(|value| format!("`{value}`")).collect();
        let alternatives = alternatives.join(", ");
        let sources = sources_of(quirk);
        let _ = writeln!(
            page,
            "| `{name}` | `{default}` | {alternatives} | {question} | {why} | {evidence} | {sources} |"
        );
    }
    page.push_str(PROFILES_HEAD);
    for (quirk, value) in Profile::Hostile.changes() {
        let _ = writeln!(page, "| `{}` | `{value}` |", quirk.name);
    }
    page
}

fn sources_of(quirk: &Quirk) -> &'static str {
    if quirk.sources.is_empty() { "–" } else { quirk.sources }
}

#[test]
fn the_page_of_quirks_is_what_the_code_says() {
    let path = root().join("docs/quirks.md");
    let page = quirks_page();
    if std::env::var_os("CRISP_MOCK_BLESS").is_some_and(|bless| bless == "1") {
        std::fs::write(&path, &page).expect("docs/ can be written");
    }
    assert!(
        read(&path) == page,
        "docs/quirks.md is out of date: run the tests with CRISP_MOCK_BLESS=1 and commit it"
    );
}

/// One row of the ledger.
#[derive(Debug)]
struct Row {
    what: String,
    here: String,
    evidence: String,
    sources: String,
}

/// The tables of the ledger by the heading above them, with the quirks as a table.
fn ledger() -> BTreeMap<String, Vec<Row>> {
    let mut tables: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut heading = String::new();
    for line in read(&root().join("docs/fidelity.md")).lines() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text.to_owned();
        } else if line.starts_with("| `") {
            let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let [what, here, evidence, sources] = cells[..] else {
                continue; // the list of sources
            };
            tables.entry(heading.clone()).or_default().push(Row {
                what: what.trim_matches('`').to_owned(),
                here: here.to_owned(),
                evidence: evidence.to_owned(),
                sources: sources.to_owned(),
            });
        }
    }
    let quirks = TABLE.iter().zip(Quirks::default().values()).map(|(quirk, (_, default))| Row {
        what: quirk.name.to_owned(),
        here: default,
        evidence: quirk.evidence.to_owned(),
        sources: sources_of(quirk).to_owned(),
    });
    tables.insert("Quirks".to_owned(), quirks.collect());
    tables
}

/// What a table of the ledger speaks of.
fn rows_of(heading: &str) -> BTreeSet<String> {
    let mut tables = ledger();
    let rows = tables.remove(heading).unwrap_or_else(|| panic!("no table under {heading}"));
    let number = rows.len();
    let whats: BTreeSet<_> = rows.into_iter().map(|row| row.what).collect();
    assert_eq!(whats.len(), number, "something has two rows under {heading}");
    whats
}

#[test]
fn the_ledger_has_a_row_for_every_route_and_no_other() {
    let routes = ROUTES.iter().map(|route| format!("{} {}", route.method, route.pattern));
    assert_eq!(rows_of("Routes"), routes.collect());
}

/// The sources of the routes, tests inside them excepted.
fn sources() -> Vec<String> {
    let crate_source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folders = ["api", "space"].map(|name| std::fs::read_dir(crate_source.join(name)));
    let entries = folders.into_iter().flat_map(|folder| folder.expect("the sources of the routes"));
    entries
        .map(|entry| entry.expect("a file").path())
        .filter(|file| file.is_file())
        .map(|file| read(&file).split("#[cfg(test)]").next().unwrap_or_default().to_owned())
        .collect()
}

/// The arguments of every call that makes an answer or a refusal.
fn answers(source: &str) -> impl Iterator<Item = &str> {
    let makers = ["Answer::new(", "Answer::written(", "Refused::new(", "Self::new("];
    makers.into_iter().flat_map(move |maker| {
        source.match_indices(maker).map(move |(at, _)| {
            let arguments = &source[at + maker.len()..];
            let end = arguments.char_indices().nth(120).map_or(arguments.len(), |(end, _)| end);
            &arguments[..end]
        })
    })
}

/// The first text in some arguments, if it comes before anything is closed.
fn first_text(arguments: &str) -> Option<&str> {
    let (before, rest) = arguments.split_once('"')?;
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let text = rest.split('"').next()?;
    (!before.contains([';', '{']) && !text.is_empty() && plain(text)).then_some(text)
}

/// Statuses and reasons that stand in the code.
fn statuses_and_reasons() -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut statuses, mut reasons) = (BTreeSet::new(), BTreeSet::new());
    for source in sources() {
        for arguments in answers(&source) {
            let status = arguments.trim_start().split(',').next().unwrap_or_default();
            if status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit()) {
                statuses.insert(status.to_owned());
            }
            reasons.extend(first_text(arguments).map(str::to_owned));
        }
    }
    // These two are chosen by status, not in a call.
    reasons.extend(["enhance_your_calm", "too_many_requests"].map(str::to_owned));
    (statuses, reasons)
}

#[test]
fn the_ledger_has_a_row_for_every_reason_in_the_code_and_no_other() {
    let (_, reasons) = statuses_and_reasons();
    assert!(reasons.len() > 20, "the scan finds too little: {reasons:?}");
    assert_eq!(rows_of("Reasons"), reasons);
}

#[test]
fn the_ledger_has_a_row_for_every_status_in_the_code_and_in_the_quirks_and_no_other() {
    let (mut statuses, _) = statuses_and_reasons();
    let quirks = TABLE.iter().filter(|quirk| quirk.name.ends_with("-status"));
    let values = quirks.flat_map(|quirk| quirk.alternatives.iter().map(|text| (*text).to_owned()));
    statuses.extend(values);
    let defaults = Quirks::default().values().into_iter();
    statuses.extend(defaults.filter(|(name, _)| name.ends_with("-status")).map(|(_, text)| text));
    assert_eq!(rows_of("Statuses"), statuses);
}

#[test]
fn every_row_of_the_ledger_names_its_evidence_and_a_source_that_is_listed() {
    const MARKS: [&str; 5] = ["documented", "client", "measured", "third party", "our choice"];
    let page = read(&root().join("docs/fidelity.md"));
    let (_, list) = page.split_once("## Sources").expect("the list of sources");
    let listed = list.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let listed: BTreeSet<_> = listed.collect();
    for (heading, rows) in ledger() {
        for row in rows {
            let Row { what, here, evidence, sources } = &row;
            assert!(!here.is_empty(), "{heading}: {what}");
            let mark = MARKS.iter().find(|mark| evidence.starts_with(**mark));
            let mark = *mark.unwrap_or_else(|| panic!("{heading}: {what}: `{evidence}`?"));
            if mark == "our choice" && sources == "–" {
                continue;
            }
            for source in sources.split(", ") {
                assert!(listed.contains(source), "{heading}: {what}: source `{source}`?");
            }
        }
    }
}
