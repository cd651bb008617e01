//! Websites with names, domains and plans that could be real.

use fake::Fake;
use fake::faker::name::raw::LastName;
use fake::locales::EN;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use serde::Serialize;
use uuid::Uuid;

use super::chance::{Source, Stream, one_in, pick};
use crate::id::derive_uuid;

/// What is generated about a website besides its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Website {
    /// The name of a company.
    pub name: String,
    /// A domain under `.example`, which is reserved (RFC 2606). No two numbers share one.
    pub domain: String,
    /// The website's plan.
    pub plan: Plan,
    /// The `price` of the subscription: 0 to 65535, whole (docs/wire.md#pages).
    pub price: u16,
}

/// A website's plan, as `include_plan=1` shows it (docs/wire.md#pages).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The same for the same name, made up.
    pub id: Uuid,
    /// `Free`, `Mini`, `Essentials` or `Plus`.
    pub name: &'static str,
    /// Whether the website tries it before paying; never on `Free`.
    pub trialing: bool,
}

/// Names with the price that goes with them and how often they occur, in parts of 20.
const PLANS: [(&str, u16, usize); 4] =
    [("Free", 0, 8), ("Mini", 45, 5), ("Essentials", 95, 5), ("Plus", 295, 2)];

impl Plan {
    /// The plan of that name, if there is one; not on trial.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (name, ..) = PLANS.iter().find(|(known, ..)| *known == name)?;
        Some(Self { id: derive_uuid(&["plan", name]), name, trialing: false })
    }
}

/// The website called `w{number}` in the world of this seed.
///
/// The same on every machine, whatever was asked before.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::sample;
///
/// let website = sample::website(1, 7);
/// assert_eq!(website, sample::website(1, 7));
/// assert!(website.domain.ends_with(".example"));
/// ```
#[must_use]
pub fn website(seed: u64, number: u32) -> Website {
    let mut chance = Source { seed, number, attempt: 0 }.open(Stream::WEBSITE);
    let name = company(&mut chance);
    let mut deck = PLANS.iter().flat_map(|plan| std::iter::repeat_n(plan, plan.2));
    let (plan, price, _) = deck.nth(chance.random_range(0_u32..20) as usize).unwrap_or(&PLANS[0]);
    let trialing = *price > 0 && one_in(&mut chance, 8);
    Website {
        domain: format!("{}-{number}.example", slug(&name)),
        name,
        plan: Plan { id: plan_id(plan), name: plan, trialing },
        price: *price,
    }
}

/// A family and its trade: `Kuhn Bakery`.
fn company(chance: &mut ChaCha8Rng) -> String {
    const TRADES: [&str; 24] = [
        "Academy",
        "Audio",
        "Bakery",
        "Bikes",
        "Books",
        "Cameras",
        "Coffee",
        "Consulting",
        "Cosmetics",
        "Events",
        "Flowers",
        "Furniture",
        "Gardens",
        "Hotels",
        "Insurance",
        "Labs",
        "Logistics",
        "Outdoor",
        "Repairs",
        "Software",
        "Studio",
        "Tea",
        "Toys",
        "Travel",
    ];
    let family: &str = LastName(EN).fake_with_rng(chance);
    let trade = pick(chance, &TRADES).copied().unwrap_or(TRADES[0]);
    format!("{family} {trade}")
}

/// Derived once for each plan: a hash for each of 100,000 websites would be noticed at the start.
fn plan_id(name: &str) -> Uuid {
    static IDS: std::sync::LazyLock<[Uuid; 4]> =
        std::sync::LazyLock::new(|| PLANS.map(|(name, ..)| derive_uuid(&["plan", name])));
    let known = PLANS.iter().position(|(known, ..)| *known == name);
    known.map_or(Uuid::nil(), |index| IDS[index])
}

/// Lowercase letters, digits and single hyphens: fit for a domain, at most 40 of them.
fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.chars().take(40) {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') && c != '\'' {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// A short lowercase word.
pub(super) fn word(chance: &mut ChaCha8Rng) -> &'static str {
    const WORDS: [&str; 24] = [
        "amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "harbor", "indigo",
        "jasper", "kelp", "lumen", "maple", "nectar", "onyx", "pebble", "quartz", "river",
        "saffron", "tulip", "umber", "violet", "willow", "zephyr",
    ];
    pick(chance, &WORDS).copied().unwrap_or(WORDS[0])
}
