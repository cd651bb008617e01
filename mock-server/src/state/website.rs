//! One website in a dump.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Origin;
use crate::document::{Complaint, Form, TextForm, complain, shortened, text_form};
use crate::engine::{Bill, INSTALLED_BEFORE, Plan, Record, Tombstone, Version, Website, numbers};
use crate::form::{self, Date, WebsiteName};
use crate::id::{WebsiteId, derive_uuid};
use crate::quirks::Numbers;

/// A website as it is written. Only what matters has to be: `w1: {}` is one without settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("additionalProperties" = false, "x-name" = "a website"))]
pub(super) struct Draft {
    /// The id that its name stands for; for readers, and held against the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<WebsiteName>")]
    pub website_id: Option<WebsiteId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Token>")]
    token: Option<Uuid>,
    /// Absent when none were ever saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-name" = "a map of settings"))]
    settings: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
    price: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    installed_at: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<Date>,
    /// When it uninstalled the plugin: it is not there any more, and the differential says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_at: Option<Date>,
    /// Which changes of the world these were: they order what happened in one millisecond.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    #[serde(skip_serializing_if = "is_zero")]
    earlier_installations: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    configured_since: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unconfigured_since: Option<Date>,
    /// What it was when it left the last time, if it came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<Box<Draft>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bills: Vec<Bill>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "`seq`"))]
struct Seq {
    installed: u64,
    changed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A token, which is a UUID.
struct Token(Uuid);

impl fmt::Display for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl TextForm for Token {
    const NAME: &'static str = "Token";
    const WANTED: &'static str = "a token";
    const HINT: &'static str = "a token is a UUID; leave it out, and one is made";

    fn pattern() -> String {
        "^[0-9A-Fa-f-]{32,36}$".to_owned()
    }

    fn read(text: &str) -> Result<Self, Complaint> {
        let refused = |_| complain(format!("`{}` is not a token", shortened(text)), Self::HINT);
        text.parse().map(Self).or_else(refused)
    }
}

text_form!(Token);

/// The forms of the texts of a website.
pub(super) fn forms() -> Vec<Form> {
    form::FORMS.into_iter().chain([Form::of::<Token>()]).collect()
}

impl Draft {
    /// The numbers of the changes that it speaks of.
    pub fn changes(&self) -> Vec<u64> {
        let own = self.seq.iter().flat_map(|seq| {
            let removed = seq.removed.filter(|_| self.removed_at.is_some());
            [Some(seq.installed), Some(seq.changed), removed]
        });
        let mut all: Vec<u64> = own.flatten().collect();
        all.dedup();
        all.extend(self.left.iter().flat_map(|left| left.changes()));
        all
    }

    /// What it contradicts itself in, if it does.
    pub fn contradiction(&self) -> Option<&'static str> {
        match &self.left {
            Some(left) if left.removed_at.is_none() => Some("`left` needs a `removed_at`"),
            Some(left) if left.left.is_some() => {
                Some("`left` cannot hold another: one is remembered")
            }
            _ => None,
        }
    }

    /// The record that the engine keeps; what is not said is as for a generated website.
    pub fn record(&self, id: WebsiteId, origin: Origin, next: &mut u64) -> Record {
        let website = Arc::new(self.website(id, origin, next));
        match self.removed(next) {
            Some(removed) => Record::Gone(Arc::new(Tombstone { removed, last: website })),
            None => Record::Live(website),
        }
    }

    fn removed(&self, next: &mut u64) -> Option<Version> {
        let stamp = self.removed_at?.0;
        let seq = self.seq.and_then(|seq| seq.removed);
        Some(Version { stamp, seq: seq.unwrap_or_else(|| fresh(next)) })
    }

    fn website(&self, id: WebsiteId, origin: Origin, next: &mut u64) -> Website {
        let left = self.left.as_ref().and_then(|left| {
            let last = Arc::new(left.website(id, origin, next));
            let removed = left.removed(next)?;
            Some(Arc::new(Tombstone { removed, last }))
        });
        let installed = Version {
            stamp: self
                .installed_at
                .map_or_else(|| origin.wall.minus(INSTALLED_BEFORE), |date| date.0),
            seq: self.seq.map_or_else(|| fresh(next), |seq| seq.installed),
        };
        let changed = match (self.changed_at, self.seq) {
            (None, None) => installed,
            (date, seq) => Version {
                stamp: date.map_or(installed.stamp, |date| date.0),
                seq: seq.map_or_else(|| fresh(next), |seq| seq.changed),
            },
        };
        let installation = self.earlier_installations.to_string();
        let token =
            || derive_uuid(&["token", &origin.seed.to_string(), &id.to_string(), &installation]);
        Website {
            id,
            token: self.token.unwrap_or_else(token),
            settings: self.settings.as_ref().map(|settings| origin.text(settings)),
            plan: Arc::new(self.plan.clone().unwrap_or_else(Plan::free)),
            price: self.price,
            earlier_installations: self.earlier_installations,
            installed,
            changed,
            left,
            configured_since: self.configured_since.map(|date| date.0),
            unconfigured_since: self.unconfigured_since.map(|date| date.0),
        }
    }

    /// Keeps its settings, and those of before it left, by the quirk.
    pub fn keep_numbers(&mut self, quirk: Numbers) {
        self.settings = self.settings.take().map(|settings| numbers::kept(settings, quirk));
        if let Some(left) = &mut self.left {
            left.keep_numbers(quirk);
        }
    }

    /// What is to be written of a record.
    pub fn of(record: &Record, quirk: Numbers) -> Self {
        match record {
            Record::Live(website) => Self::of_website(website, None, quirk),
            Record::Gone(tombstone) => {
                Self::of_website(&tombstone.last, Some(tombstone.removed), quirk)
            }
        }
    }

    fn of_website(website: &Website, removed: Option<Version>, quirk: Numbers) -> Self {
        let settings = website.settings.as_deref();
        let left = website.left.as_ref();
        Self {
            website_id: Some(website.id),
            token: Some(website.token),
            settings: settings.map(|text| numbers::parsed(text, quirk)),
            plan: Some(Plan::clone(&website.plan)),
            price: website.price,
            installed_at: Some(Date(website.installed.stamp)),
            changed_at: Some(Date(website.changed.stamp)),
            removed_at: removed.map(|removed| Date(removed.stamp)),
            seq: Some(Seq {
                installed: website.installed.seq,
                changed: website.changed.seq,
                removed: removed.map(|removed| removed.seq),
            }),
            earlier_installations: website.earlier_installations,
            configured_since: website.configured_since.map(Date),
            unconfigured_since: website.unconfigured_since.map(Date),
            left: left
                .map(|left| Box::new(Self::of_website(&left.last, Some(left.removed), quirk))),
            bills: Vec::new(),
        }
    }
}

fn fresh(next: &mut u64) -> u64 {
    *next = next.saturating_add(1);
    *next
}
