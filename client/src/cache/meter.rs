//! Figures for whatever monitors the plugin.

use crate::machine::{Freshness, SocketState, Status};

/// Receives the cache's figures after everything that happened. Implement it with the metrics
/// library of the plugin's choice: two calls, names that say what they count.
///
/// ```
/// use crisp_sync::Meter;
///
/// struct Printed;
///
/// impl Meter for Printed {
///     fn counter(&self, name: &'static str, total: u64) {
///         println!("{name} {total}");
///     }
///     fn gauge(&self, name: &'static str, value: f64) {
///         println!("{name} {value}");
///     }
/// }
/// ```
pub trait Meter: Send + Sync + 'static {
    /// A count since the start. It is handed over whole, not as an increment.
    fn counter(&self, name: &'static str, total: u64);

    /// A value that goes up and down.
    fn gauge(&self, name: &'static str, value: f64);
}

/// Hands everything over.
pub(crate) fn report(meter: &dyn Meter, status: &Status) {
    let counters = &status.counters;
    for (name, total) in [
        ("crisp_sync_requests_total", counters.requests),
        ("crisp_sync_polls_total", counters.polls),
        ("crisp_sync_failures_total", counters.failures),
        ("crisp_sync_lists_total", counters.lists),
        ("crisp_sync_drifts_total", counters.drifts),
        ("crisp_sync_saves_done_total", counters.saves_done),
        ("crisp_sync_saves_refused_total", counters.saves_refused),
        ("crisp_sync_saves_unknown_total", counters.saves_unknown),
        ("crisp_sync_read_backs_total", counters.read_backs),
        ("crisp_sync_odd_items_total", counters.odd_items),
        ("crisp_sync_over_bound_total", counters.over_bound),
        ("crisp_sync_cached_answers_total", counters.cached_answers),
        ("crisp_sync_throttled_total", counters.throttled),
        ("crisp_sync_changes_total", counters.changes),
        ("crisp_sync_connects_total", counters.connects),
        ("crisp_sync_events_total", counters.events),
    ] {
        meter.counter(name, total);
    }
    let age = match status.freshness {
        Freshness::Fresh { age } | Freshness::Stale { age: Some(age) } => Some(age),
        Freshness::Loading | Freshness::Stale { age: None } => None,
    };
    meter.gauge("crisp_sync_ready", f64::from(u8::from(status.ready)));
    meter.gauge("crisp_sync_websites", status.websites as f64);
    meter.gauge("crisp_sync_requests_today", f64::from(status.budget.spent));
    let listens = status.socket == SocketState::Live;
    meter.gauge("crisp_sync_listening", f64::from(u8::from(listens)));
    if let Some(age) = age {
        meter.gauge("crisp_sync_age_seconds", age.as_secs_f64());
    }
}
