//! Mistakes about what a differential says and does.

use std::collections::HashSet;
use std::slice::from_ref;
use std::sync::Arc;

use crisp_sync::machine::parts::{
    Difference, Draft, Item, ItemKind, Parts, Reading, Unreadable, WholeStates,
};
use crisp_sync::{Config, Settings, Website};
use serde_json::{Map, Value, json};

use super::{Make, Mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "swallows-removals",
        number: 11,
        about: "does nothing with websites that are reported as removed",
        seen: Some("Kubus PR #135"),
        make: Make::Parts(|config| {
            applying(config, |items, draft| {
                let gone = |item: &&Item| item.difference == ItemKind::Removed;
                keep(items, draft, |item| !gone(&item));
            })
        }),
    },
    Mutant {
        name: "drops-unknown-updates",
        number: 12,
        about: "drops an update of a website that it has never heard of",
        seen: None,
        make: Make::Parts(|config| {
            applying(config, |items, draft| {
                let added: HashSet<_> = items
                    .iter()
                    .filter(|item| item.difference == ItemKind::Added)
                    .map(|item| item.id)
                    .collect();
                let known: HashSet<_> = draft.ids().into_iter().collect();
                keep(items, draft, |item| {
                    item.difference != ItemKind::Updated
                        || known.contains(&item.id)
                        || added.contains(&item.id)
                });
            })
        }),
    },
    Mutant {
        name: "ignores-known-additions",
        number: 13,
        about: "ignores an addition of a website that it has, which had left and come back",
        seen: None,
        make: Make::Parts(|config| {
            applying(config, |items, draft| {
                let known: HashSet<_> = draft.ids().into_iter().collect();
                keep(items, draft, |item| {
                    item.difference != ItemKind::Added || !known.contains(&item.id)
                });
            })
        }),
    },
    Mutant {
        name: "keeps-the-old-token",
        number: 14,
        about: "takes new settings in, and keeps the token that it has",
        seen: None,
        make: Make::Parts(|config| {
            changing(config, |before, after| {
                after.token.clone_from(&before.token);
            })
        }),
    },
    Mutant {
        name: "merges-settings",
        number: 15,
        about: "puts new settings over the old ones member by member, and keeps those that went",
        seen: Some("unleash-edge #1603"),
        make: Make::Parts(|config| {
            changing(config, |before, after| {
                let members = |website: &Website| website.settings.parse::<Map<String, Value>>();
                if let (Ok(mut merged), Ok(new)) = (members(before), members(after)) {
                    merged.extend(new);
                    if let Ok(merged) = Settings::from_value(&merged) {
                        after.settings = merged;
                    }
                }
            })
        }),
    },
    Mutant {
        name: "garbage-is-no-news",
        number: 22,
        about: "takes an answer that it cannot read for one without changes",
        seen: Some("vector #5877"),
        make: Make::Parts(|config| {
            reading(config, |body| Reading { problem: None, ..WholeStates.read(body) })
        }),
    },
    Mutant {
        name: "error-envelope-is-data",
        number: 23,
        about: "reads the data of an answer without looking at its `error`",
        seen: Some("LaunchDarkly's Go SDK, whose flag `cached` guards against the like"),
        make: Make::Parts(|config| {
            reading(config, |body| {
                let envelope: Value = serde_json::from_slice(body).unwrap_or_default();
                match envelope.get("error") {
                    Some(Value::Bool(true)) => whole(envelope["data"].as_array()),
                    _ => WholeStates.read(body),
                }
            })
        }),
    },
    Mutant {
        name: "empty-clears-the-cache",
        number: 24,
        about: "takes a difference without items for a set without websites",
        seen: None,
        make: Make::Parts(|config| {
            applying(config, |items, draft| {
                if items.is_empty() {
                    draft.ids().into_iter().for_each(|id| draft.remove(id));
                }
                WholeStates.apply(items, draft);
            })
        }),
    },
    Mutant {
        name: "removals-last",
        number: 27,
        about: "applies the removals of an answer last, also those of websites that came back",
        seen: None,
        make: Make::Parts(|config| {
            applying(config, |items, draft| {
                let gone = |item: &&Item| item.difference == ItemKind::Removed;
                let (removed, others): (Vec<_>, Vec<_>) = items.iter().partition(gone);
                for item in others.into_iter().chain(removed) {
                    WholeStates.apply(from_ref(item), draft);
                }
            })
        }),
    },
    Mutant {
        name: "first-entry-wins",
        number: 28,
        about: "takes the first of several entries of a website for the present one",
        seen: None,
        make: Make::Parts(|config| {
            applying(config, |items, draft| {
                let mut seen = HashSet::new();
                let first: Vec<_> = items.iter().filter(|item| seen.insert(item.id)).collect();
                for item in first {
                    WholeStates.apply(from_ref(item), draft);
                }
            })
        }),
    },
    Mutant {
        name: "poisoned-by-one-entry",
        number: 29,
        about: "refuses a whole answer because one website has empty settings",
        seen: Some("pouchdb #4963"),
        make: Make::Parts(|config| {
            reading(config, |body| {
                let reading = WholeStates.read(body);
                let odd = |item: &Item| {
                    item.difference != ItemKind::Removed && item.website.settings.is_unconfigured()
                };
                match reading.items.iter().find(|item| odd(item)) {
                    Some(item) => unreadable(format!("{} has no settings", item.id)),
                    None => reading,
                }
            })
        }),
    },
    Mutant {
        name: "polls-configured-only",
        number: 31,
        about: "asks for the changes of configured websites, and misses settings that were emptied",
        seen: Some("`filter_configured`, as Crisp's samples use it"),
        make: Make::Parts(|config| {
            Reader { configured_only: true, ..Reader::REFERENCE }.parts(config)
        }),
    },
];

/// The reference's reading of differentials, some of whose decisions are another's.
#[derive(Clone, Copy)]
struct Reader {
    configured_only: bool,
    read: fn(&[u8]) -> Reading,
    apply: fn(&[Item], &mut Draft),
}

impl Reader {
    const REFERENCE: Self = Self {
        configured_only: false,
        read: |body| WholeStates.read(body),
        apply: |items, draft| WholeStates.apply(items, draft),
    };

    fn parts(self, config: &Config) -> Parts {
        Parts { difference: Box::new(self), ..Parts::reference(config) }
    }
}

impl Difference for Reader {
    fn configured_only(&self) -> bool {
        self.configured_only
    }

    fn read(&self, body: &[u8]) -> Reading {
        (self.read)(body)
    }

    fn apply(&self, items: &[Item], draft: &mut Draft) {
        (self.apply)(items, draft);
    }
}

fn reading(config: &Config, read: fn(&[u8]) -> Reading) -> Parts {
    Reader { read, ..Reader::REFERENCE }.parts(config)
}

fn applying(config: &Config, apply: fn(&[Item], &mut Draft)) -> Parts {
    Reader { apply, ..Reader::REFERENCE }.parts(config)
}

/// Applies some of the items.
fn keep(items: &[Item], draft: &mut Draft, wanted: impl Fn(&Item) -> bool) {
    let kept: Vec<_> = items.iter().filter(|item| wanted(item)).cloned().collect();
    WholeStates.apply(&kept, draft);
}

/// Applies everything, and then changes what websites that were known before have become.
fn changing(config: &Config, change: fn(&Website, &mut Website)) -> Parts {
    /// The reference's reading, and what is done to the websites afterwards.
    struct Changing(fn(&Website, &mut Website));

    impl Difference for Changing {
        fn read(&self, body: &[u8]) -> Reading {
            WholeStates.read(body)
        }

        fn apply(&self, items: &[Item], draft: &mut Draft) {
            let known = |item: &Item| draft.get(&item.id).cloned();
            let before: Vec<Arc<Website>> = items.iter().filter_map(known).collect();
            WholeStates.apply(items, draft);
            for before in before {
                if let Some(after) = draft.get(&before.id) {
                    let mut changed = Website::clone(after);
                    (self.0)(&before, &mut changed);
                    draft.put(Arc::new(changed));
                }
            }
        }
    }

    Parts { difference: Box::new(Changing(change)), ..Parts::reference(config) }
}

/// The items of a list in an envelope that says that all is well.
fn whole(items: Option<&Vec<Value>>) -> Reading {
    let items = items.cloned().unwrap_or_default();
    let body = json!({ "error": false, "reason": "resolved", "data": items });
    WholeStates.read(body.to_string().as_bytes())
}

fn unreadable(problem: String) -> Reading {
    Reading { problem: Some(Unreadable::WrongData { problem }), ..Reading::default() }
}

/// The items that came before an answer broke off, and that it did.
pub(super) fn items_before_the_cut(config: &Config) -> Parts {
    reading(config, |body| {
        let whole_answer = WholeStates.read(body);
        let Some(problem) = whole_answer.problem else {
            return whole_answer;
        };
        let start = body.windows(8).position(|bytes| bytes == b"\"data\":[");
        let mut rest = start.map_or(&[][..], |start| &body[start + 8..]);
        let mut items = Vec::new();
        while !rest.is_empty() {
            let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
            let Some(Ok(item)) = values.next() else { break };
            items.push(item);
            rest = rest.get(values.byte_offset() + 1..).unwrap_or_default();
        }
        Reading { problem: Some(problem), ..whole(Some(&items)) }
    })
}
