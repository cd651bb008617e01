//! From a document to a state: every mistake at once, each with its place.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::website::{self, Draft};
use super::{Dumped, State, VERSION};
use crate::clock::Mode;
use crate::document::{Form, Kind, Language, Node, Pairs, Problem, member, read_in_part};
use crate::form::{Date, WebsiteName};
use crate::id::WebsiteId;
use crate::quirks::{Quirks, Settings};
use crate::schema::SettingsSchema;

/// More changes than a world sees in a lifetime; numbers above leave no room to count on.
const MOST_CHANGES: u64 = 1 << 62;

/// A dump as it is written.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("additionalProperties" = false, "x-name" = "a dump"))]
struct Dump {
    version: u64,
    /// Which program wrote it; for readers.
    written_by: Option<String>,
    clock: ClockPart,
    seed: Option<u64>,
    changes: u64,
    quota: QuotaPart,
    quirks: Settings,
    /// The settings schema, whose own mistakes are found when it is read.
    schema: Option<Value>,
    #[serde(with = "Pairs::<WebsiteName, Draft>")]
    websites: Vec<(WebsiteId, Draft)>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("additionalProperties" = false, "x-name" = "`clock`"))]
struct ClockPart {
    now: Option<Date>,
    mode: Option<Mode>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("additionalProperties" = false, "x-name" = "`quota`"))]
struct QuotaPart {
    limit: Option<u64>,
    used: u64,
}

impl Language for Dump {
    fn forms() -> Vec<Form> {
        website::forms()
    }

    fn problems(&self, node: &Node) -> Vec<Problem> {
        let mut problems = self.quirks.problems("/quirks");
        if self.changes().max(self.changes) > MOST_CHANGES {
            problems.push(Problem::value("/changes", "the number of changes is too large"));
        }
        let names = match node.get("websites").map(|node| &node.kind) {
            Some(Kind::Map(entries)) => entries.iter().map(|entry| entry.key.as_str()).collect(),
            _ => Vec::new(),
        };
        let mut met: BTreeMap<WebsiteId, &str> = BTreeMap::new();
        let mut changes: BTreeSet<u64> = BTreeSet::new();
        for (name, (id, draft)) in names.into_iter().zip(&self.websites) {
            let mut refuse = |problem: Problem| problems.push(problem);
            let place = member("/websites", name);
            if let Some(other) = met.insert(*id, name) {
                refuse(Problem::value(&place, format!("`{name}` is `{other}` once more")));
            }
            if let Some(other) = draft.website_id.filter(|other| other != id) {
                let message = format!("`{name}` is {id}, and not the website_id {other}");
                refuse(Problem::value(&place, message));
            }
            if let Some(contradiction) = draft.contradiction() {
                refuse(Problem::value(&place, contradiction));
            }
            for change in draft.changes() {
                if !changes.insert(change) {
                    let message = format!("change {change} is another's in `seq` already");
                    let hint = "leave `seq` out: what follows in the file came later";
                    refuse(Problem::value(&place, message).hint(hint));
                }
            }
        }
        problems
    }
}

impl Dump {
    /// The last change that a website speaks of.
    fn changes(&self) -> u64 {
        let each = self.websites.iter().flat_map(|(_, draft)| draft.changes());
        each.max().unwrap_or(0)
    }
}

impl State {
    /// Reads a dump.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it; if its version is another, that alone.
    pub fn parse(document: &Value) -> Result<Self, Vec<Problem>> {
        let mut node = Node::from_value(document);
        has_our_version(&node).map_err(|problem| vec![problem])?;
        without_nulls(&mut node);
        let (mut dump, mut problems): (Dump, _) = read_in_part(&node);
        let mut quirks = Quirks::default();
        // Those that do not fit are among the problems.
        let _ = quirks.apply(&dump.quirks);
        dump.websites.iter_mut().for_each(|(_, draft)| draft.keep_numbers(quirks.numbers));
        let changes = dump.changes.max(dump.changes());
        let schema = dump.schema.map(|raw| SettingsSchema::from_value(raw, quirks.schema_rules()));
        let schema =
            schema.unwrap_or_else(|| Ok(SettingsSchema::sample())).unwrap_or_else(|invalid| {
                problems.extend(invalid.into_iter().map(|problem| problem.under("/schema")));
                SettingsSchema::sample()
            });
        if !problems.is_empty() {
            return Err(problems);
        }
        let websites = dump.websites.into_iter().map(|(id, mut record)| {
            let bills = std::mem::take(&mut record.bills);
            Dumped { id, bills, record }
        });
        Ok(Self {
            now: dump.clock.now.map(|now| now.0),
            mode: dump.clock.mode,
            seed: dump.seed.unwrap_or(1),
            schema,
            quirks,
            limit: dump.quota.limit,
            used: dump.quota.used,
            changes,
            websites: websites.collect(),
        })
    }
}

fn has_our_version(node: &Node) -> Result<(), Problem> {
    let refused = |message: String, hint: &str| Problem::value("/version", message).hint(hint);
    if !matches!(node.kind, Kind::Map(_)) {
        let problem = Problem::value("", "a dump is a map, and this is none");
        return Err(problem.hint("`crisp-mock ctl state > state.json` writes one"));
    }
    match node.get("version").map(Node::to_value) {
        Some(Value::Number(number)) if number.as_u64() == Some(VERSION) => Ok(()),
        Some(other) => Err(refused(
            format!(
                "a dump of version {other} cannot be read: this crisp-mock knows version {VERSION}"
            ),
            "load it with the crisp-mock named under `written_by`, or write the dump anew with this one",
        )),
        None => Err(refused(
            "there is no `version`, so this is no dump".to_owned(),
            "write `version: 1` if you made it by hand; server options go into `--config`",
        )),
    }
}

/// Takes out what is null: in a dump that means absent, and a website that is null has nothing to
/// say. Settings and schemas keep theirs.
fn without_nulls(node: &mut Node) {
    let Kind::Map(entries) = &mut node.kind else { return };
    entries.retain(|entry| !matches!(entry.value.kind, Kind::Null));
    for entry in entries {
        match (entry.key.as_str(), &mut entry.value.kind) {
            ("websites", Kind::Map(websites)) => {
                for website in websites {
                    if matches!(website.value.kind, Kind::Null) {
                        website.value.kind = Kind::Map(Vec::new());
                    }
                    without_nulls(&mut website.value);
                }
            }
            ("clock" | "quota" | "seq" | "left", _) => without_nulls(&mut entry.value),
            _ => {}
        }
    }
}
