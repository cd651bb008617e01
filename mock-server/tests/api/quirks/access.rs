//! Quirks of access, limits, the clock and the cache.

use crisp_mock_server::options::WorldOptions;

use crate::emulator::{Emulator, options, quirks};

/// A stage with a quota of one request.
fn one_a_day(name: &str, value: &str) -> Emulator {
    let quirks = quirks(&[(name, value)]);
    Emulator::with(WorldOptions { quota: Some(1.into()), quirks, ..options() })
}

/// A stage with one request a second.
fn one_a_second(name: &str, value: &str) -> Emulator {
    Emulator::quirky(&[("edge-limit", "1/s"), (name, value)])
}

super::cases! {
    tier_refusal_status "tier-refusal-status" on super::plain {
        "403" => "403 restricted_route_tier",
        "401" => "401 restricted_route_tier",
        "404" => "404 restricted_route_tier",
    }
    quota_status "quota-status" on one_a_day {
        "429" => "429 too_many_requests",
        "420" => "420 enhance_your_calm",
    }
    edge_status "edge-status" on one_a_second {
        "420" => "420 enhance_your_calm",
        "429" => "429 too_many_requests",
    }
    edge_limit "edge-limit" on super::plain {
        "off" => "12 of 12, then 12 of 12",
        "10/s" => "10 of 12, then 10 of 12",
        "1/s" => "1 of 12, then 1 of 12",
    }
    quota_reset "quota-reset" on one_a_day {
        "00:00" => "allowed again at hour 24",
        "rolling-24h" => "allowed again at hour 25",
        "09:00" => "allowed again at hour 9",
    }
    refused_count "refused-count" on one_a_day {
        "except-401" => "400, then 429",
        "never" => "400, then 206",
    }
    development_token "development-token" on super::plain {
        "like-production" => "3 listed, 401 of 401 answered",
        "trusted:2" => "2 listed, 399 of 401 answered",
    }
    retry_after "retry-after" on one_a_day {
        "absent" => "none",
        "seconds" => "82800",
        "date" => "Fri, 02 Jan 2026 00:00:00 GMT",
    }
    get_cache "get-cache" on super::plain {
        "off" => "3 none, 3 none, write, 4 none, 5s, 4 none",
        "busted:5s" => "3 MISS, 3 HIT, write, 4 MISS, 5s, 4 MISS",
        "kept:5s" => "3 MISS, 3 HIT, write, 3 HIT, 5s, 4 MISS",
    }
    missing_tier "missing-tier" on super::plain {
        "user" => "200 listed",
        "401" => "401 invalid_session",
    }
    session_refusal_status "session-refusal-status" on super::plain {
        "401" => "401, elsewhere 401",
        "403" => "403, elsewhere 401",
        "404" => "404, elsewhere 401",
    }
    clock_offset "clock-offset" on super::plain {
        "0s" => "Thu, 01 Jan 2026 00:02:00 GMT, stamped 2026-01-01T00:02:00.000Z",
        "-60s" => "Thu, 01 Jan 2026 00:01:00 GMT, stamped 2026-01-01T00:01:00.000Z",
        "90s" => "Thu, 01 Jan 2026 00:03:30 GMT, stamped 2026-01-01T00:03:30.000Z",
    }
    date_header "date-header" on super::plain {
        "sent" => "Thu, 01 Jan 2026 00:00:00 GMT",
        "none" => "none",
    }
    unknown_agent "unknown-agent" on super::plain {
        "ignored" => "none 200, curl 200, node 200, go 200, python 200, ruby 200",
        "refused" => "none 403, curl 403, node 200, go 200, python 200, ruby 200",
    }
}

mod scenes {
    use bytes::Bytes;
    use crisp_mock_server::api::Tier;
    use http::Request;
    use serde_json::json;

    use crate::emulator::{Emulator, Reply, basic};

    const ACCOUNT: &str = "plugin/connect/account";

    fn header(reply: &Reply, name: &str) -> String {
        reply.header(name).unwrap_or("none").to_owned()
    }

    pub fn tier_refusal_status(crisp: &mut Emulator) -> String {
        crisp.user_get(ACCOUNT).outcome()
    }

    pub fn quota_status(crisp: &mut Emulator) -> String {
        crisp.list();
        crisp.list().outcome()
    }

    pub fn edge_status(crisp: &mut Emulator) -> String {
        crisp.list();
        crisp.list().outcome()
    }

    pub fn edge_limit(crisp: &mut Emulator) -> String {
        let mut burst = || {
            let passed = (0..12).filter(|_| crisp.list().status == 206).count();
            crisp.seconds(1);
            passed
        };
        format!("{} of 12, then {} of 12", burst(), burst())
    }

    pub fn quota_reset(crisp: &mut Emulator) -> String {
        crisp.seconds(3_600);
        crisp.list();
        let mut hour = 1;
        while crisp.list().status == 429 {
            crisp.seconds(3_600);
            hour += 1;
        }
        format!("allowed again at hour {hour}")
    }

    pub fn refused_count(crisp: &mut Emulator) -> String {
        let refused = crisp.since_with("never", "").status;
        format!("{refused}, then {}", crisp.list().status)
    }

    pub fn development_token(crisp: &mut Emulator) -> String {
        let listed = crisp.develop("plugin/connect/websites/all/1").data;
        let answered = (0..401).filter(|_| crisp.develop(ACCOUNT).status == 200).count();
        format!("{} listed, {answered} of 401 answered", listed.as_array().map_or(0, Vec::len))
    }

    pub fn retry_after(crisp: &mut Emulator) -> String {
        crisp.seconds(3_600);
        crisp.list();
        header(&crisp.list(), "retry-after")
    }

    pub fn get_cache(crisp: &mut Emulator) -> String {
        let seen = |crisp: &mut Emulator| {
            let reply = crisp.list();
            let number = reply.data.as_array().map_or(0, Vec::len);
            format!("{number} {}", header(&reply, "bloom-status"))
        };
        let before = format!("{}, {}, write", seen(crisp), seen(crisp));
        crisp.install("w4");
        let after = seen(crisp);
        crisp.seconds(5);
        format!("{before}, {after}, 5s, {}", seen(crisp))
    }

    pub fn missing_tier(crisp: &mut Emulator) -> String {
        let user = basic(&crisp.space.accounts().user);
        let request = Request::get("/v1/plugins/subscription").header("authorization", user);
        crisp.raw(&request.body(Bytes::new()).unwrap()).outcome()
    }

    pub fn session_refusal_status(crisp: &mut Emulator) -> String {
        let mut ask = |method: &str, path: &str| {
            let request = Request::builder().method(method).uri(format!("/v1/{path}"));
            crisp.raw(&request.body(Bytes::new()).unwrap()).status
        };
        let session = ask("HEAD", "plugin/connect/session");
        format!("{session}, elsewhere {}", ask("GET", ACCOUNT))
    }

    pub fn clock_offset(crisp: &mut Emulator) -> String {
        crisp.seconds(120);
        let reply = crisp.write("PUT", "w1", json!({}));
        let stamp = crisp.website("w1").unwrap().changed.stamp;
        format!("{}, stamped {stamp}", header(&reply, "date"))
    }

    pub fn date_header(crisp: &mut Emulator) -> String {
        header(&crisp.list(), "date")
    }

    pub fn unknown_agent(crisp: &mut Emulator) -> String {
        let mut seen = Vec::new();
        for (name, agent) in [
            ("none", ""),
            ("curl", "curl/8.5.0"),
            ("node", "node-crisp-api/11.3.0"),
            ("go", "go-crisp-api/3.73.1"),
            ("python", "python-crisp-api/1.1.23"),
            ("ruby", "ruby-crisp-api/1.1.16"),
        ] {
            let mut request = crisp.request(Tier::Plugin, "GET", ACCOUNT);
            if !agent.is_empty() {
                request = request.header("user-agent", agent);
            }
            let status = crisp.raw(&request.body(Bytes::new()).unwrap()).status;
            seen.push(format!("{name} {status}"));
        }
        seen.join(", ")
    }
}
