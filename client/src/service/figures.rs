//! `GET /metrics`: what Prometheus reads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use http::{Response, StatusCode};

use super::Inner;
use super::body::Body;
use super::route::NAMES;
use super::status::standing;
use crate::cache::{Meter, report};

/// The classes of statuses, by their first digit.
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// How many requests were answered, by route and class of status.
#[derive(Debug, Default)]
pub(super) struct Figures([[AtomicU64; CLASSES.len()]; NAMES.len()]);

impl Figures {
    pub(super) fn answered(&self, route: &str, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(2);
        let route = NAMES.iter().position(|name| *name == route);
        let count = route.and_then(|route| self.0.get(route)?.get(class));
        if let Some(count) = count {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Takes the figures of the cache down as text.
#[derive(Default)]
struct Text(Mutex<String>);

impl Text {
    fn line(&self, kind: &str, name: &str, value: impl std::fmt::Display) {
        self.add(&format!("# TYPE {name} {kind}\n{name} {value}\n"));
    }

    fn add(&self, lines: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(lines);
    }
}

impl Meter for Text {
    fn counter(&self, name: &'static str, total: u64) {
        self.line("counter", name, total);
    }

    fn gauge(&self, name: &'static str, value: f64) {
        self.line("gauge", name, value);
    }
}

/// The figures of the cache and of the service.
pub(super) fn metrics(inner: &Inner) -> Response<Body> {
    let text = Text::default();
    if let Some(status) = inner.cache.status() {
        report(&text, &status);
        let counters = &status.counters;
        let failed = counters.failures + counters.saves_refused + counters.saves_unknown;
        text.add("# TYPE crisp_sync_requests_by_outcome_total counter\n");
        for (outcome, count) in [
            ("throttled", counters.throttled),
            ("failed", failed.saturating_sub(counters.throttled)),
            ("good", counters.requests.saturating_sub(failed)),
        ] {
            let name = "crisp_sync_requests_by_outcome_total";
            text.add(&format!("{name}{{outcome=\"{outcome}\"}} {count}\n"));
        }
        if let Some(limit) = status.budget.limit {
            text.gauge(
                "crisp_sync_quota_left",
                f64::from(limit.saturating_sub(status.budget.spent)),
            );
        }
        let (state, age) = standing(inner, Some(&status));
        let lag = age.unwrap_or_default().saturating_sub(status.stale_after);
        text.gauge("crisp_sync_fresh", f64::from(u8::from(state == "fresh")));
        text.gauge("crisp_sync_lag_seconds", lag.as_secs_f64());
    }
    let listeners = u32::try_from(inner.feed.listeners()).unwrap_or(u32::MAX);
    text.gauge("crisp_sync_listeners", f64::from(listeners));
    text.add("# TYPE crisp_sync_answers_total counter\n");
    for (route, counts) in NAMES.iter().zip(&inner.figures.0) {
        for (class, count) in CLASSES.iter().zip(counts) {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                let labels = format!("route=\"{route}\",status=\"{class}\"");
                text.add(&format!("crisp_sync_answers_total{{{labels}}} {count}\n"));
            }
        }
    }
    let text = text.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    Body::whole(text).ok("text/plain; version=0.0.4")
}
