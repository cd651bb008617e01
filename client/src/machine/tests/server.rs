//! A tiny model of the API, for these tests only: a log of events, and views of it.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::WebsiteId;

/// What is not documented, as far as these tests sweep it.
#[derive(Clone, Debug)]
pub struct Quirks {
    pub page_size: usize,
    pub pages_overlap: bool,
    pub newest_first: bool,
    /// In the order of the ids, so that a website that comes back has its place again.
    pub by_id: bool,
    /// A website that comes back has the token that it had.
    pub same_token: bool,
    pub exclusive: bool,
    pub seconds: bool,
    pub lag: Duration,
    pub raw_log: bool,
    pub deep_patch: bool,
    pub no_date: bool,
    pub past_end_404: bool,
    pub cache_for: Duration,
    /// A cache in front gives 304 without a body to every address that it has seen.
    pub not_modified: bool,
    pub remembers: Duration,
    /// An older date than so long ago is refused.
    pub horizon: Duration,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            page_size: 2,
            pages_overlap: false,
            newest_first: false,
            by_id: false,
            same_token: false,
            exclusive: false,
            seconds: false,
            lag: Duration::ZERO,
            raw_log: false,
            deep_patch: false,
            no_date: false,
            past_end_404: false,
            cache_for: Duration::ZERO,
            not_modified: false,
            remembers: Duration::MAX,
            horizon: Duration::MAX,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    pub token: String,
    pub settings: Value,
    installed: i64,
}

#[derive(Clone, Debug)]
struct LogEntry {
    at: i64,
    id: WebsiteId,
    site: Option<Site>,
    install: bool,
}

/// The server. All times are since the start; its clock shows the start plus `skew`.
pub struct Server {
    pub quirks: Quirks,
    pub skew_ms: i64,
    log: Vec<LogEntry>,
    tokens: u32,
    cache: BTreeMap<String, (i64, Bytes)>,
    pub requests: Vec<(Duration, String)>,
    saves: Vec<String>,
    pub retry_after: Option<u32>,
}

pub const START: i64 = 1_767_225_600_000; // 2026-01-01T00:00:00Z

impl Server {
    pub fn new(quirks: Quirks) -> Self {
        let (log, cache, requests, saves) = Default::default();
        let (skew_ms, tokens, retry_after) = (0, 0, None);
        Self { quirks, skew_ms, log, tokens, cache, requests, saves, retry_after }
    }

    fn stamp(&self, now: Duration) -> i64 {
        START + self.skew_ms + now.as_millis() as i64
    }

    /// Installed long before the start.
    pub fn installed_before(&mut self, id: WebsiteId, settings: Value) {
        self.tokens += 1;
        let at = START - 30 * 24 * 3_600_000 + i64::from(self.tokens);
        let site = Site { token: format!("t{}", self.tokens), settings, installed: at };
        self.log.push(LogEntry { at, id, site: Some(site), install: true });
    }

    pub fn install(&mut self, now: Duration, id: WebsiteId, settings: Value) {
        self.tokens += 1;
        let at = self.stamp(now);
        let mut before = self.log.iter().rev().filter(|entry| entry.id == id);
        let before = before.find_map(|entry| entry.site.clone()).filter(|_| self.quirks.same_token);
        let token = before.map_or_else(|| format!("t{}", self.tokens), |site| site.token);
        let site = Site { token, settings, installed: at };
        self.log.push(LogEntry { at, id, site: Some(site), install: true });
    }

    pub fn uninstall(&mut self, now: Duration, id: WebsiteId) {
        let at = self.stamp(now);
        if self.truth().contains_key(&id) {
            self.log.push(LogEntry { at, id, site: None, install: false });
        }
    }

    pub fn save(&mut self, now: Duration, id: WebsiteId, settings: Value) -> bool {
        let Some(site) = self.truth().remove(&id) else {
            return false;
        };
        let at = self.stamp(now);
        let site = Some(Site { settings, ..site });
        self.log.push(LogEntry { at, id, site, install: false });
        true
    }

    fn view(&self, until: i64) -> BTreeMap<WebsiteId, Site> {
        let mut view = BTreeMap::new();
        for entry in self.log.iter().filter(|entry| entry.at <= until) {
            match &entry.site {
                Some(site) => view.insert(entry.id, site.clone()),
                None => view.remove(&entry.id),
            };
        }
        view
    }

    pub fn truth(&self) -> BTreeMap<WebsiteId, Site> {
        self.view(i64::MAX)
    }

    /// All states of a website, oldest first: absent, or token and settings.
    pub fn history(&self, id: WebsiteId) -> Vec<Option<(String, Value)>> {
        let mut history = vec![None];
        let here = self.log.iter().filter(|entry| entry.id == id);
        let state = |site: &Site| (site.token.clone(), site.settings.clone());
        history.extend(here.map(|entry| entry.site.as_ref().map(state)));
        history
    }

    /// What happened since this many entries of the log: where, and whether the plugin came, left,
    /// or neither.
    pub fn happened_since(&self, entries: usize) -> Vec<(WebsiteId, Option<bool>)> {
        let what = |entry: &LogEntry| match (&entry.site, entry.install) {
            (None, _) => Some(false),
            (Some(_), true) => Some(true),
            (Some(_), false) => None,
        };
        self.log.iter().skip(entries).map(|entry| (entry.id, what(entry))).collect()
    }

    /// How many entries the log has.
    pub fn happened(&self) -> usize {
        self.log.len()
    }

    /// How many saves were carried out or refused here.
    pub fn saves_received(&self) -> usize {
        self.saves.len()
    }

    /// How many different ones.
    pub fn saves_distinct(&self) -> usize {
        self.saves.iter().collect::<std::collections::BTreeSet<_>>().len()
    }

    /// The answer to a request that arrives now.
    pub fn answer(&mut self, now: Duration, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path().trim_start_matches("/v1/").to_owned();
        self.requests.push((now, format!("{} {path}", request.method())));
        let key = request.uri().to_string();
        let at = self.stamp(now);
        let cacheable = request.method() == "GET" && !self.quirks.cache_for.is_zero();
        if cacheable
            && let Some((filled, body)) = self.cache.get(&key)
            && at - filled < self.quirks.cache_for.as_millis() as i64
        {
            let body = body.clone();
            return self.respond(now, 200, body, true);
        }
        if self.quirks.not_modified && request.method() == "GET" {
            if self.cache.contains_key(&key) {
                return self.respond(now, 304, Bytes::new(), false);
            }
            self.cache.insert(key.clone(), (at, Bytes::new()));
        }
        let query = request.uri().query().unwrap_or_default().to_owned();
        let (status, body) = self.route(now, request, &path, &query);
        if cacheable && status < 300 {
            self.cache.insert(key, (at, body.clone()));
        }
        self.respond(now, status, body, false)
    }

    fn respond(&self, now: Duration, status: u16, body: Bytes, hit: bool) -> Response<Bytes> {
        let mut response = Response::builder().status(status);
        if !self.quirks.no_date {
            let second = Timestamp::from_second(self.stamp(now).div_euclid(1000)).unwrap();
            let date = second.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            response = response.header("date", date);
        }
        if hit {
            response = response.header("bloom-status", "HIT");
        }
        if let Some(seconds) = self.retry_after {
            response = response.header("retry-after", seconds);
        }
        response.body(body).unwrap()
    }

    fn route(
        &mut self,
        now: Duration,
        request: &Request<Bytes>,
        path: &str,
        query: &str,
    ) -> (u16, Bytes) {
        let visible = self.stamp(now) - self.quirks.lag.as_millis() as i64;
        let segments: Vec<_> = path.split('/').collect();
        match (request.method().as_str(), &segments[..]) {
            ("GET", ["plugin", "connect", "account"]) => {
                ok(200, json!({"plugin_id": "00000000-0000-0000-0000-0000000000ff"}))
            }
            ("GET", ["plugin", "connect", "endpoints"]) => {
                ok(200, json!({"socket": {"app": "ws://relay.test/p/68/"}}))
            }
            ("GET", ["plugin", "connect", "websites", "all", page]) => {
                self.list(visible, page.parse().unwrap())
            }
            ("GET", ["plugin", "connect", "websites", "since"]) => self.since(now, visible, query),
            (method, ["plugins", "subscription", website, _, "settings"]) => {
                self.settings(now, method, website.parse().unwrap(), request.body())
            }
            _ => refuse(404, "not_found"),
        }
    }

    fn list(&self, visible: i64, page: usize) -> (u16, Bytes) {
        let mut sites: Vec<_> = self.view(visible).into_iter().collect();
        sites.sort_by_key(|(id, site)| (if self.quirks.by_id { 0 } else { site.installed }, *id));
        if self.quirks.newest_first {
            sites.reverse();
        }
        let size = self.quirks.page_size;
        let step = size - usize::from(self.quirks.pages_overlap);
        let page: Vec<_> = sites
            .into_iter()
            .skip(step * page.saturating_sub(1))
            .take(size)
            .map(|(id, site)| item(id, &site))
            .collect();
        if page.is_empty() && self.quirks.past_end_404 {
            return refuse(404, "page_not_found");
        }
        ok(206, Value::Array(page))
    }

    fn since(&self, now: Duration, visible: i64, query: &str) -> (u16, Bytes) {
        let date = query.split('&').find_map(|pair| pair.strip_prefix("date_since=")).unwrap();
        let from: Timestamp = date.replace("%3A", ":").parse().unwrap();
        let grain = if self.quirks.seconds { 1000 } else { 1 };
        let from = from.as_millisecond().div_euclid(grain);
        let horizon = self.quirks.horizon.as_millis().min(1 << 60) as i64;
        if from < self.stamp(now).saturating_sub(horizon).div_euclid(grain) {
            return refuse(400, "invalid_data");
        }
        let forgotten =
            self.stamp(now).saturating_sub(self.quirks.remembers.as_millis().min(1 << 60) as i64);
        let within = |entry: &&LogEntry| {
            let stamp = entry.at.div_euclid(grain);
            let after = if self.quirks.exclusive { stamp > from } else { stamp >= from };
            after && entry.at <= visible && (entry.site.is_some() || entry.at >= forgotten)
        };
        let window: Vec<_> = self.log.iter().filter(within).collect();
        let tell = |entry: &LogEntry, added: bool| match &entry.site {
            None => json!({"website_id": entry.id, "difference": "removed"}),
            Some(site) => {
                let mut item = item(entry.id, site);
                item["difference"] = json!(if added { "added" } else { "updated" });
                item
            }
        };
        let items: Vec<Value> = if self.quirks.raw_log {
            window.iter().map(|entry| tell(entry, entry.install)).collect()
        } else {
            let mut net: BTreeMap<WebsiteId, (&LogEntry, bool)> = BTreeMap::new();
            for entry in window {
                let added = entry.install || net.get(&entry.id).is_some_and(|known| known.1);
                net.insert(entry.id, (entry, added));
            }
            net.values().map(|(entry, added)| tell(entry, *added)).collect()
        };
        ok(200, Value::Array(items))
    }

    fn settings(
        &mut self,
        now: Duration,
        method: &str,
        id: WebsiteId,
        body: &Bytes,
    ) -> (u16, Bytes) {
        let Some(site) = self.truth().remove(&id) else {
            return refuse(404, "not_subscribed");
        };
        if method == "GET" {
            return ok(200, item(id, &site));
        }
        let sent: Value = serde_json::from_slice(body).unwrap();
        self.saves.push(format!("{id} {sent}"));
        if sent.get("invalid").is_some() {
            return refuse(400, "invalid_data");
        }
        let mut settings = if method == "PUT" { json!({}) } else { site.settings };
        merge(&mut settings, &sent, self.quirks.deep_patch && method == "PATCH");
        self.save(now, id, settings);
        ok(200, json!({}))
    }
}

fn merge(into: &mut Value, patch: &Value, deep: bool) {
    for (name, value) in patch.as_object().unwrap() {
        if deep && value.is_object() && into[name].is_object() {
            merge(&mut into[name], value, true);
        } else {
            into[name] = value.clone();
        }
    }
}

fn item(id: WebsiteId, site: &Site) -> Value {
    json!({"website_id": id, "token": site.token, "settings": site.settings, "price": 0})
}

fn ok(status: u16, data: Value) -> (u16, Bytes) {
    (status, json!({"error": false, "reason": "listed", "data": data}).to_string().into())
}

pub fn refuse(status: u16, reason: &str) -> (u16, Bytes) {
    (status, json!({"error": true, "reason": reason, "data": {}}).to_string().into())
}
