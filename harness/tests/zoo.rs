//! The zoo: every mutant is caught by its own file, and fairly.
//!
//! `UPDATE=1 cargo test --release -p crisp-harness --test zoo` writes `docs/zoo.md` anew. The kill matrix is
//! compared in release builds (`cargo test --release -p crisp-harness --test zoo`), or with `MATRIX=1`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crisp_harness::candidate::ClientChoice;
use crisp_harness::generate::exhaustive::Bound;
use crisp_harness::generate::{Bounds, scenario};
use crisp_harness::replay::{ExitCode, load, replay};
use crisp_harness::report::ScenarioReport;
use crisp_harness::runner::{Outcome, judge, reference};
use crisp_harness::subject::{Client, Guide};
use crisp_harness::world::Prepared;
use crisp_harness::zoo::bounds::{Falls, cases, convicts};
use crisp_harness::zoo::matrix::{Matrix, Rules, search};
use crisp_harness::zoo::{self, Mutant};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn path(mutant: &Mutant) -> PathBuf {
    root().join("scenarios").join(mutant.file())
}

fn prepared(mutant: &Mutant) -> Prepared {
    let loaded = load(&[path(mutant)]).unwrap_or_else(|error| panic!("{error}"));
    loaded.into_iter().next().unwrap().1
}

#[test]
fn every_mutant_fails_its_own_file_by_exactly_the_oracles_that_the_file_names() {
    let mut wrong = Vec::new();
    for mutant in zoo::all() {
        let prepared = prepared(mutant);
        let judged = judge(&prepared, &*mutant.client());
        let by: Vec<_> = Rules::convicting(&judged).iter().collect();
        if by != prepared.scenario.by || judged.outcome() != Outcome::Failed {
            let named = &prepared.scenario.by;
            wrong.push(format!("{mutant:?}: named are {named:?}, it is {by:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reference_passes_the_file_of_every_mutant() {
    for mutant in zoo::all() {
        let prepared = prepared(mutant);
        let judged = judge(&prepared, &reference(&prepared.scenario));
        assert_eq!(judged.outcome(), Outcome::Passed, "{mutant:?}: {:#?}", judged.failures());
    }
}

#[test]
fn the_hint_of_every_mutant_is_its_own_hazard() {
    let mut wrong = Vec::new();
    for mutant in zoo::all() {
        let judged = judge(&prepared(mutant), &*mutant.client());
        let report = ScenarioReport::of(&judged, 0, &mutant.file(), "", Some(true));
        let failure = report.failure.unwrap();
        let hint = failure.hazard.as_ref().map_or("nothing", |hazard| hazard.number);
        if hint != mutant.hazard {
            let what = failure.hazard.map_or("", |hazard| hazard.what);
            wrong.push(format!(
                "{mutant:?}: {} hints at {hint} ({what}), it is {}",
                failure.demand, mutant.hazard
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_forty_six_of_the_research_are_there_and_names_and_numbers_are_unique() {
    let numbers: BTreeSet<_> = zoo::all().iter().map(|mutant| mutant.number).collect();
    let names: BTreeSet<_> = zoo::all().iter().map(|mutant| mutant.name).collect();
    assert_eq!(numbers.len(), zoo::all().len());
    assert_eq!(names.len(), zoo::all().len());
    assert!((1..=46).all(|number| numbers.contains(&number)));
    for name in names {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(name.chars().all(kebab), "{name}");
    }
}

#[test]
fn every_file_of_the_folder_is_short_and_about_the_mutant_that_it_is_named_for() {
    for (file, prepared) in load(&[root().join("scenarios/mutants")]).unwrap() {
        let stem = Path::new(&file).file_stem().unwrap().to_str().unwrap();
        assert_eq!(prepared.scenario.kills, [stem], "{file}");
        assert!(prepared.scenario.when.len() <= 3, "{file}: too many steps");
        let faults = prepared.scenario.faults.faults.len();
        assert!(faults <= 2, "{file}: too many faults");
    }
}

#[test]
fn a_replay_of_its_file_convicts_a_mutant_and_says_who_was_judged() {
    let choice: ClientChoice = "mutant:M17".parse().unwrap();
    let candidate = choice.candidate();
    assert_eq!(
        candidate.judged,
        "mutant no-drift-check (M17: does not ask whether websites moved between pages while it \
         read them; built in, not your plugin)"
    );
    assert_eq!(candidate.options, "--client mutant:no-drift-check");
    let file = path(zoo::named("no-drift-check").unwrap());
    let code = replay(&[file], &candidate, &mut |_| {}).unwrap();
    assert_eq!(code, ExitCode::Failed);
}

#[test]
fn an_unknown_mutant_is_refused_with_the_nearest_name_or_with_all_of_them() {
    let told = |name: &str| name.parse::<ClientChoice>().unwrap_err().to_string();
    assert_eq!(
        told("mutant:no-driftcheck"),
        "there is no mutant `no-driftcheck`: did you mean `no-drift-check`? \
         `crisp-mock check --zoo` lists them all"
    );
    let all = told("mutant:M99");
    assert!(all.starts_with("there is no mutant `M99`: choose one of cursor-moves-on-failure, "));
    assert!(told("mutnat:x").contains("`mutant:NAME`"));
}

#[test]
fn a_file_that_kills_an_unknown_mutant_is_refused_where_it_is_written() {
    let told = |text: &str| zoo::parse("x.yaml", text).unwrap_err().report;
    let unknown = told("name: x\nkills: [no-overlap, no-drift-chek]\nby: [converged]\n");
    assert!(unknown.starts_with("x.yaml:2:21: there is no mutant `no-drift-chek`"), "{unknown}");
    assert!(unknown.contains("did you mean `no-drift-check`?"), "{unknown}");
    let kills_alone = told("name: x\nkills: no-overlap\n");
    assert!(kills_alone.starts_with("x.yaml:2:1: `kills` does not say which"));
    let by_alone = told("name: x\nby: [converged]\n");
    assert!(by_alone.starts_with("x.yaml:2:1: `by` stands without `kills`"));
}

/// Half a minute of work when optimised, an hour when not.
fn is_optimised() -> bool {
    !cfg!(debug_assertions) || std::env::var_os("MATRIX").is_some()
}

/// CI sets `MATRIX`, and builds with some optimisation.
#[test]
fn the_kill_matrix_has_not_changed_and_random_cases_find_all_but_two() {
    if !is_optimised() {
        eprintln!("not compared without optimisation, unless MATRIX is set");
        return;
    }
    let scenarios = root().join("scenarios");
    let mut files = load(std::slice::from_ref(&scenarios)).unwrap();
    for (file, _) in &mut files {
        let short = Path::new(&*file).strip_prefix(&scenarios).unwrap();
        *file = short.display().to_string();
    }
    let generate =
        |seed, index, events| scenario(seed, index, Bounds { events, ..Bounds::default() });
    let random = search(&generate, &[1, 2, 3, 4, 5, 6, 7], 3000, 2);
    let matrix = Matrix::over(&files, 2).with_random(random);
    for row in &matrix.rows {
        assert!(row.own.iter().next().is_some(), "{:?}", row.mutant);
    }
    let often = matrix.rows.iter().filter(|row| {
        let found = row.random.as_ref().map_or(0, |random| random.found());
        found >= 4
    });
    let (often, all) = (often.count(), matrix.rows.len());
    assert!(often >= all - 2, "random cases find {often} of {all} in 4 of 7 seeds\n{matrix}");
    insta::assert_snapshot!(matrix);
}

#[test]
fn the_page_lists_every_mutant() {
    let hazards = std::fs::read_to_string(root().join("docs/hazards.md")).unwrap();
    let mut table = String::from(
        "| # | Mutant | What it does wrong | Hazard | Seen in the wild | Caught by |\n",
    );
    table.push_str("|---|---|---|---|---|---|\n");
    for mutant in zoo::all() {
        let by: Vec<_> = prepared(mutant).scenario.by.iter().map(|rule| rule.name()).collect();
        let (label, name, file) = (mutant.label(), mutant.name, mutant.file());
        let (about, seen, by) = (mutant.about, mutant.seen.unwrap_or("–"), by.join(", "));
        let hazard = mutant.hazard;
        let row = hazard.to_lowercase();
        assert!(hazards.contains(&format!("<a id=\"{row}\"></a>{hazard} |")), "{name}: {hazard}");
        writeln!(
            table,
            "| {label} | [`{name}`](../scenarios/{file}) | {about} | [{hazard}](hazards.md#{row}) \
             | {seen} | {by} |"
        )
        .unwrap();
    }
    if std::env::var_os("UPDATE").is_some() {
        write_on_the_page("table", &table);
    }
    assert!(on_the_page("table") == table, "run this test with UPDATE=1");
}

/// What stands on the page of the zoo between two marks.
fn on_the_page(mark: &str) -> String {
    let text = std::fs::read_to_string(root().join("docs/zoo.md")).unwrap();
    let (_, rest) = text.split_once(&format!("<!-- {mark} -->\n")).unwrap();
    rest.split_once("<!-- end -->\n").unwrap().0.to_owned()
}

fn write_on_the_page(mark: &str, new: &str) {
    let page = root().join("docs/zoo.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let mark = format!("<!-- {mark} -->\n");
    let (before, rest) = text.split_once(&mark).unwrap();
    let (_, after) = rest.split_once("<!-- end -->\n").unwrap();
    std::fs::write(&page, format!("{before}{mark}{new}<!-- end -->\n{after}")).unwrap();
}

/// How far the table of the page looks.
const BOUND: Bound = Bound { deeds: 2, faults: 1 };

/// Where it is quick the table is made anew and compared, otherwise each of its rows is tried: its
/// case convicts its client.
#[test]
fn the_page_says_where_the_guide_and_every_mutant_falls() {
    let update = std::env::var_os("UPDATE").is_some();
    if update || is_optimised() {
        let made = Falls::within(BOUND, 2).to_string();
        if update {
            write_on_the_page("falls", &made);
        }
        assert!(on_the_page("falls") == made, "run this test with UPDATE=1\n{made}");
    }
    let table = on_the_page("falls");
    let mut rows = table.lines().filter(|row| row.contains("| `"));
    let guide: (&str, Box<dyn Client>) = ("guide", Box::new(Guide));
    let mutants = zoo::all().iter().map(|mutant| (mutant.name, mutant.client()));
    for (name, client) in std::iter::once(guide).chain(mutants) {
        let row = rows.next().unwrap_or_else(|| panic!("no row for {name}"));
        let [_, _, named, level, number, _] = row.split('|').map(str::trim).collect::<Vec<_>>()[..]
        else {
            panic!("no row of the table: {row}");
        };
        assert_eq!(named, format!("`{name}`"));
        let all = cases(BOUND, &*client);
        let number: Option<u64> = number.parse().ok();
        if let Some(number) = number {
            assert_eq!(all.level(number).unwrap().to_string(), level, "{row}");
            assert!(convicts(&all, number, &*client), "{row}: it does not");
        }
        assert_eq!(number.is_none(), level == "deeper", "{row}");
    }
    assert_eq!(rows.next(), None);
}
