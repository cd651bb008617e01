//! From a document to a state: every mistake at once, each with its place.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::website::{Draft, date};
use super::{Dumped, State, VERSION};
use crate::clock::{Mode, Stamp};
use crate::document::Problem;
use crate::id::WebsiteId;
use crate::nearest::nearest;
use crate::quirks::Quirks;
use crate::schema::SettingsSchema;

/// The members of a dump.
const KEYS: [&str; 9] =
    ["version", "written_by", "clock", "seed", "changes", "quota", "quirks", "schema", "websites"];

/// More changes than a world sees in a lifetime; numbers above leave no room to count on.
const MOST_CHANGES: u64 = 1 << 62;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ClockPart {
    now: Option<String>,
    mode: Option<Mode>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct QuotaPart {
    limit: Option<u64>,
    used: u64,
}

struct Reader<'a> {
    members: &'a Map<String, Value>,
    errors: Vec<Problem>,
}

impl State {
    /// Reads a dump.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it; if its version is another, that alone.
    pub fn parse(document: &Value) -> Result<Self, Vec<Problem>> {
        let members = versioned(document).map_err(|error| vec![error])?;
        let mut reader = Reader { members, errors: Vec::new() };
        reader.refuse_unknown_members();
        let clock: ClockPart = reader.part("clock");
        let now = reader.date(clock.now.as_deref());
        let quota: QuotaPart = reader.part("quota");
        let quirks: Quirks = reader.part("quirks");
        let schema = reader.schema(&quirks);
        let seed = reader.part::<Option<u64>>("seed").unwrap_or(1);
        let mut changes = reader.part::<u64>("changes");
        let websites = reader.websites();
        let told = websites.iter().flat_map(|dumped| dumped.record.changes());
        changes = changes.max(told.max().unwrap_or(0));
        if changes > MOST_CHANGES {
            reader.refuse("/changes", "the number of changes is too large", None);
        }
        if !reader.errors.is_empty() {
            return Err(reader.errors);
        }
        Ok(Self {
            now,
            mode: clock.mode,
            seed,
            schema,
            quirks,
            limit: quota.limit,
            used: quota.used,
            changes,
            websites,
        })
    }
}

/// The members of a document whose version is ours.
fn versioned(document: &Value) -> Result<&Map<String, Value>, Problem> {
    let refused = |message: String, hint: &str| Problem::value("/version", message).hint(hint);
    let Value::Object(members) = document else {
        let problem = Problem::value("", "a dump is a map, and this is none");
        return Err(problem.hint("`crisp-mock ctl state > state.json` writes one"));
    };
    match members.get("version") {
        Some(Value::Number(number)) if number.as_u64() == Some(VERSION) => Ok(members),
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

impl Reader<'_> {
    fn refuse(&mut self, pointer: &str, message: impl Into<String>, hint: Option<String>) {
        self.errors.push(Problem { hint, ..Problem::value(pointer, message) });
    }

    fn refuse_unknown_members(&mut self) {
        for key in self.members.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let hint = match nearest(key, KEYS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("a dump has {}", KEYS.join(", ")),
            };
            let shown: String = key.chars().take(60).collect();
            let message = format!("`{shown}` is not part of a dump");
            self.refuse(&pointer(&[key]), message, Some(hint));
        }
    }

    /// A member of a known shape; what is absent or null has its default.
    fn part<T: DeserializeOwned + Default>(&mut self, key: &str) -> T {
        let Some(value) = self.members.get(key).filter(|value| !value.is_null()) else {
            return T::default();
        };
        T::deserialize(value).unwrap_or_else(|error| {
            self.refuse(&pointer(&[key]), error.to_string(), None);
            T::default()
        })
    }

    fn date(&mut self, text: Option<&str>) -> Option<Stamp> {
        date(text?).map_err(|message| self.refuse("/clock/now", message, None)).ok()
    }

    fn schema(&mut self, quirks: &Quirks) -> SettingsSchema {
        let Some(raw) = self.members.get("schema").filter(|raw| !raw.is_null()) else {
            return SettingsSchema::sample();
        };
        SettingsSchema::from_value(raw.clone(), quirks.schema_rules()).unwrap_or_else(|invalid| {
            for problem in invalid.problems() {
                let place = format!("/schema{}", problem.pointer);
                self.refuse(&place, &problem.message, problem.hint.clone());
            }
            SettingsSchema::sample()
        })
    }

    fn websites(&mut self) -> Vec<Dumped> {
        let websites: Map<String, Value> = self.part("websites");
        let mut names: BTreeMap<WebsiteId, &str> = BTreeMap::new();
        let mut changes: BTreeSet<u64> = BTreeSet::new();
        let mut dumped = Vec::with_capacity(websites.len());
        for (name, value) in &websites {
            let place = pointer(&["websites", name]);
            match website(name, value) {
                Ok(one) => {
                    if let Some(other) = names.insert(one.id, name) {
                        self.refuse(&place, format!("`{name}` is `{other}` once more"), None);
                    }
                    for change in one.record.changes() {
                        if !changes.insert(change) {
                            let message = format!("change {change} is another's in `seq` already");
                            let hint = "leave `seq` out: what follows in the file came later";
                            self.refuse(&place, message, Some(hint.to_owned()));
                        }
                    }
                    dumped.push(one);
                }
                Err(message) => self.refuse(&place, message, None),
            }
        }
        dumped
    }
}

fn website(name: &str, value: &Value) -> Result<Dumped, String> {
    let id: WebsiteId = name.parse().map_err(|error| format!("{error}"))?;
    let nothing = Value::Object(Map::new());
    let value = if value.is_null() { &nothing } else { value };
    let mut record = Draft::deserialize(value).map_err(|error| error.to_string())?;
    if let Some(other) = record.website_id.filter(|other| *other != id) {
        return Err(format!("`{name}` is {id}, and not the website_id {other}"));
    }
    if let Some(contradiction) = record.contradiction() {
        return Err(contradiction.to_owned());
    }
    Ok(Dumped { id, bills: std::mem::take(&mut record.bills), record })
}

fn pointer(names: &[&str]) -> String {
    names.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
}
