//! What the example plugins come to, as they are, in virtual time: one table for the whole corpus,
//! `examples/verdicts.yaml`, with a sentence for each failure. It holds exactly.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

use crate::install::repository;
use crate::judged::{crisp_mock, plugin, replay};
use crate::plugin::Language;
use crate::want::or_skip;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// The plugins that it is about.
    plugins: Vec<String>,
    verdicts: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The word of the failure, `passes` or `not judged`.
    outcome: String,
    /// The hazard that the report names.
    hazard: Option<String>,
    /// The language of the plugin that it is about, if it is one alone.
    only: Option<Language>,
    why: String,
    scenarios: BTreeSet<String>,
}

impl Table {
    fn read() -> Self {
        let text = std::fs::read_to_string(repository("examples/verdicts.yaml"));
        serde_saphyr::from_str(&text.expect("the verdicts are there")).expect("they can be read")
    }

    /// Outcome and hazard of each scenario for a plugin of this language.
    fn of(&self, language: Language) -> BTreeMap<String, (String, Option<String>)> {
        let mut all = BTreeMap::new();
        for row in &self.verdicts {
            if row.only.is_some_and(|only| only != language) {
                continue;
            }
            for file in &row.scenarios {
                let before = all.insert(file.clone(), (row.outcome.clone(), row.hazard.clone()));
                assert_eq!(before, None, "{file} is in two rows");
            }
        }
        all
    }
}

/// Outcome and hazard, as the table has them.
fn outcome(event: &Value) -> (String, Option<String>) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let failure = &event["failure"];
    let outcome = match event["outcome"].as_str() {
        Some("passed") => "passes".to_owned(),
        Some("not_judged") => "not judged".to_owned(),
        _ => text(&failure["word"]).unwrap_or_else(|| "the client stopped".to_owned()),
    };
    (outcome, text(&failure["hazard"]["number"]))
}

/// Holds a plugin against the table, the whole corpus in one run.
fn holds(language: Language, script: &str) {
    let Some((run, modules)) = or_skip(plugin(language, script)) else {
        return;
    };
    let expected = Table::read().of(language);
    let mut command = crisp_mock();
    command.args(["--run", &run, "--read", "http://127.0.0.1:{port}/_cache"]);
    command.args(["--save", "POST http://127.0.0.1:{port}/settings"]);
    command.args(["--time", "virtual", "--client-timeout", "60s"]);
    command.envs(modules.iter().map(|modules| ("NODE_PATH", modules)));
    let events = replay(&mut command, &BTreeSet::from([String::new()]));
    let mut differs = String::new();
    for (file, event) in &events {
        let (got, wanted) = (outcome(event), expected.get(file));
        if wanted != Some(&got) {
            let _ = writeln!(differs, "{file}: {got:?}, and the table has {wanted:?}");
        }
    }
    assert_eq!(differs, "");
    let missed: Vec<_> = expected.keys().filter(|file| !events.contains_key(*file)).collect();
    assert!(missed.is_empty(), "nothing is said of {missed:?}");
}

#[test]
fn the_node_plugin_comes_to_what_the_table_says() {
    holds(Language::Node, "index");
}

#[test]
fn the_python_plugin_comes_to_what_the_table_says() {
    holds(Language::Python, "plugin");
}

fn linked<'a>(files: impl IntoIterator<Item = &'a String>) -> String {
    let links = files.into_iter().map(|file| format!("[{file}](../scenarios/{file})"));
    links.collect::<Vec<_>>().join(", ")
}

/// The page that people read is made from the file that the tests read.
#[test]
fn the_page_of_verdicts_says_what_the_file_says() {
    let table = Table::read();
    let names: Vec<_> = table.plugins.iter().map(|name| format!("[{name}](../{name})")).collect();
    let mut page = format!(
        "# What comes of judging the example plugins\n\n\
         <!-- Made from examples/verdicts.yaml; `just bless` rewrites it. -->\n\n\
         They are written as a plugin's author would write them: the official client, the loop of \
         Crisp's settings guide. They need not pass, and they do not. This is the whole corpus in \
         virtual time, with `--save`; it is the same in every run.\n\nThe plugins: {}.\n\n\
         | Verdict | Hazard | Plugin | Why | Scenarios |\n|---|---|---|---|---|\n",
        names.join(", ")
    );
    for row in &table.verdicts {
        let hazard = row.hazard.as_ref().map_or_else(
            || "–".to_owned(),
            |hazard| format!("[{hazard}](hazards.md#{})", hazard.to_lowercase()),
        );
        let only = match row.only {
            Some(Language::Node) => "node",
            Some(Language::Python) => "python",
            None => "both",
        };
        let (outcome, why) = (&row.outcome, row.why.trim());
        let files = linked(&row.scenarios);
        let _ = writeln!(page, "| {outcome} | {hazard} | {only} | {why} | {files} |");
    }
    let path = repository("docs/verdicts.md");
    if std::env::var_os("CRISP_MOCK_BLESS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(path).expect("the page is there");
    assert_eq!(written, page, "`just bless` makes it anew");
}
