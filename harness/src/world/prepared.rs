//! A scenario made ready to run: everything that needs to be worked out once, worked out.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crisp_mock_server::clock::Stamp;
use crisp_mock_server::document::list;
use crisp_mock_server::fault::{Effect, Fault, Occurrence};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::options::{Blueprint, Quota, WorldOptions};
use crisp_mock_server::quirks::{GetCache, PageSize, Quirks};
use crisp_mock_server::sample::SettingsGenerator;
use crisp_mock_server::schema::SettingsSchema;
use jiff::Timestamp;
use serde_json::Value;

use crate::history::AllowedStaleness;
use crate::scenario::{Anchor, Scenario};
use crate::words::{START, Side};

/// Compiling a schema costs more than running a scenario.
static SAMPLE: LazyLock<SettingsSchema> = LazyLock::new(SettingsSchema::sample);

/// Whatever a day brings has come by then.
pub(crate) const A_DAY: Duration = Duration::from_secs(25 * 3_600);

/// A scenario made ready to run.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    pub(crate) blueprint: Arc<Blueprint>,
    /// What is installed before the start.
    pub(crate) start: Vec<(WebsiteId, Option<Value>)>,
    /// What the true time is at the start.
    pub(crate) begins: Timestamp,
    pub(crate) staleness: AllowedStaleness,
    /// When the last thing happens that is planned by time.
    pub(crate) planned: Duration,
    /// A run ends when, this long after that and in the time that it then takes to settle, something is still going on.
    pub(crate) longest: Duration,
    /// Whether some fault goes on for ever.
    pub(crate) endless: bool,
    /// When some clock begins or ceases to be wrong.
    pub(crate) edges: Vec<(Duration, Side)>,
}

impl Prepared {
    /// Prepares a scenario.
    ///
    /// # Errors
    ///
    /// In words, when a quirk does not exist or the schema is not valid: [`Scenario::parse`] has
    /// ruled both out.
    pub fn new(scenario: Arc<Scenario>) -> Result<Self, String> {
        let server = &scenario.server;
        let mut quirks = server.profile.unwrap_or_default().quirks();
        quirks.apply(&server.quirks).map_err(|error| error.to_string())?;
        if let Some(size) = server.page_size {
            quirks.page_size = PageSize(size.clamp(1, 100));
        }
        let schema = match &server.schema {
            None => SAMPLE.clone(),
            Some(raw) => SettingsSchema::from_value(raw.clone(), quirks.schema_rules())
                .map_err(|problems| list(&problems))?,
        };
        let staleness = staleness(&quirks);
        let begins = scenario.start.date.map_or(START, Stamp::timestamp);
        let options = WorldOptions {
            websites: Some(0),
            quota: server.quota.map(Quota::from),
            now: Some(begins),
            ..WorldOptions::default()
        };
        let blueprint = Blueprint {
            options,
            websites: 0,
            unconfigured: 0,
            seed: server.seed.unwrap_or(1),
            schema,
            quirks,
            faults: scenario.faults.clone(),
            stubs: Vec::new(),
            state: None,
        };
        Ok(Self {
            start: start(&scenario, &blueprint),
            begins,
            staleness,
            planned: planned(&scenario),
            longest: longest(&blueprint),
            endless: scenario.faults.faults.iter().any(is_endless),
            edges: edges(&scenario),
            blueprint: Arc::new(blueprint),
            scenario,
        })
    }
}

/// A daily quota comes back within a day. Faults that are counted meet a client that waits longer after each of them for
/// hours. Where there is neither, what goes on going wrong after six hours goes on for ever.
fn longest(blueprint: &Blueprint) -> Duration {
    let closes = |fault: &Fault| fault.window.is_some_and(|window| window.until.is_some());
    let lasts = blueprint.quota().is_some() || !blueprint.faults.faults.iter().all(closes);
    let hours = if lasts { A_DAY } else { Duration::from_secs(6 * 3_600) };
    hours + longest_retry_after(blueprint)
}

/// The longest silence that a fault asks for.
pub(crate) fn longest_retry_after(blueprint: &Blueprint) -> Duration {
    blueprint.faults.faults.iter().filter_map(|fault| fault.retry_after).max().unwrap_or_default()
}

fn staleness(quirks: &Quirks) -> AllowedStaleness {
    let cache = match quirks.get_cache {
        GetCache::Off => Duration::ZERO,
        GetCache::Busted(life) | GetCache::Kept(life) => life,
    };
    AllowedStaleness {
        since_lag: quirks.since_lag.0,
        list_lag: quirks.list_lag.0,
        cache,
        merge_depth: quirks.merge_depth,
    }
}

fn start(scenario: &Scenario, blueprint: &Blueprint) -> Vec<(WebsiteId, Option<Value>)> {
    let start = &scenario.start;
    let generator =
        scenario.server.schema.as_ref().map(|_| SettingsGenerator::new(&blueprint.schema));
    let generated = (1..=start.generates()).map(|number| {
        let settings = match &generator {
            Some(generator) => generator.settings(blueprint.seed, number),
            None => Some(serde_json::json!({ "message": format!("Hello from w{number}") })),
        };
        (WebsiteId::numbered(number), settings)
    });
    let written = start.websites.iter().map(|(id, settings)| (*id, Some(settings.clone())));
    let bare = start.unconfigured.iter().map(|id| (*id, None));
    generated.chain(written).chain(bare).collect()
}

fn planned(scenario: &Scenario) -> Duration {
    let steps = scenario.when.iter().filter_map(|step| match step.anchor {
        Anchor::At(at) => Some(at + step.wait.unwrap_or_default()),
        Anchor::After(_) | Anchor::During(_) => None,
    });
    let windows = scenario.faults.faults.iter().filter_map(|fault| {
        let window = fault.window?;
        Some(window.until.unwrap_or(window.from))
    });
    let checkpoints = scenario.expect.checkpoints.iter().map(|checkpoint| checkpoint.at);
    steps.chain(windows).chain(checkpoints).max().unwrap_or_default()
}

fn is_endless(fault: &Fault) -> bool {
    if matches!(fault.effect, Effect::Clock(_)) {
        return false; // a clock may stay wrong
    }
    let closes = fault.window.is_some_and(|window| window.until.is_some());
    let runs_out = fault.times.is_some()
        || fault.at.is_some_and(|target| {
            matches!(target.occurrence, Occurrence::Range { last: Some(_), .. })
        });
    !closes && !runs_out
}

fn edges(scenario: &Scenario) -> Vec<(Duration, Side)> {
    let mut edges = Vec::new();
    for fault in &scenario.faults.faults {
        let Effect::Clock(side) = fault.effect else { continue };
        let ends = fault.window.map(|window| [Some(window.from), window.until]);
        edges.extend(ends.into_iter().flatten().flatten().map(|at| (at, side)));
    }
    edges
}

/// How many milliseconds the faults move the client's clock at this time.
pub(super) fn client_step(scenario: &Scenario, now: Duration) -> i64 {
    let steps = scenario.faults.faults.iter().filter_map(|fault| match fault.clock() {
        Some((Side::Client, millis)) => {
            fault.window.is_some_and(|window| window.is_open(now)).then_some(millis)
        }
        _ => None,
    });
    steps.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_may_last_a_day_where_a_quota_or_a_counted_fault_has_a_client_wait() {
        let hours = |text: &str| {
            let scenario = Scenario::parse("a.yaml", &format!("name: a\n{text}")).unwrap();
            Prepared::new(scenario.into()).unwrap().longest.as_secs() / 3_600
        };
        assert_eq!(hours(""), 6);
        assert_eq!(hours("faults:\n  - { window: 1m..2m, at: since, status: 500 }\n"), 6);
        assert_eq!(hours("faults:\n  - { at: since#2..9, status: 500 }\n"), 25);
        assert_eq!(hours("server: { quota: 100 }\n"), 25);
        assert_eq!(
            hours("faults:\n  - { window: 1m..2m, at: since, status: 429, retry_after: 2h }\n"),
            8
        );
    }
}
