//! What the journal says of a request: what no route read, why it was refused, how to mend it.

use bytes::Bytes;
use crisp_mock_server::api::Tier;
use crisp_mock_server::journal::{Filter, MOST_BYTES, MOST_ENTRIES};
use http::Request;
use serde_json::json;

use crate::emulator::{Emulator, START, id, message};

#[test]
fn an_entry_tells_what_was_asked_and_how_it_was_answered() {
    let mut crisp = Emulator::new();
    crisp.seconds(2);
    let path = crisp.of("w2", "/settings");
    crisp.get("plugin/connect/account");
    crisp.get(&format!("{path}?a=b"));
    let entry = serde_json::to_value(crisp.journal()).unwrap();
    let expected = json!({
        "seq": 2, "time": "2026-01-01T00:00:02.000Z", "elapsed_ms": 2_000,
        "operation": "get_settings", "occurrence": 1, "method": "GET",
        "path": format!("/v1/{path}"), "query": "a=b", "website": id("w2"), "website_name": "w2",
        "status": 200, "outcome": "answer", "carried_out": true,
        "unread": {"query": ["a"]}, "duration_ms": null,
    });
    assert_eq!(entry, expected);
}

#[test]
fn misspelt_parameters_headers_and_members_show_up() {
    let mut crisp = Emulator::new();
    crisp.get("plugin/connect/websites/all/1?filter_configurd=1&include_plan=1");
    assert_eq!(crisp.journal().unread.query, ["filter_configurd"]);
    let request = crisp.request(Tier::Plugin, "GET", "plugin/connect/account");
    let request = request.header("x-crisp-teir", "plugin").header("accept", "*/*");
    crisp.raw(&request.body(Bytes::new()).unwrap());
    assert_eq!(crisp.journal().unread.headers, ["x-crisp-teir"]);
    let path = crisp.of("w1", "/event");
    let body = json!({"name": "a", "data": {}, "date": 1});
    crisp.ask(Tier::Plugin, "POST", &path, Some(body));
    assert_eq!(crisp.journal().unread.body, ["date"]);
}

#[test]
fn a_misspelt_parameter_shows_up_even_when_that_is_why_the_request_was_refused() {
    let mut crisp = Emulator::new();
    crisp.get(&format!("plugin/connect/websites/since?data_since={START}&include_plan=1"));
    assert_eq!(
        crisp.explanation(),
        "date_since is missing: send ?date_since=2026-01-31T09:00:00.000Z; \
         nothing reads `data_since`: did you mean `date_since`?"
    );
    assert_eq!(crisp.journal().unread.query, ["data_since"]);
    crisp.get("plugin/connect/websites/all/x?include_plan=1&page=2");
    assert_eq!(crisp.journal().unread.query, ["page"]);
}

#[test]
fn a_request_that_was_refused_before_it_was_read_has_nothing_unread() {
    let mut crisp = Emulator::new();
    let request = Request::get("/v1/plugin/connect/websites/all/1?include_plan=1");
    crisp.raw(&request.body(Bytes::new()).unwrap());
    assert_eq!(crisp.journal().status, Some(401));
    assert!(crisp.journal().unread.is_empty());
}

#[test]
fn an_answer_from_the_cache_leaves_nothing_unread() {
    let mut crisp = Emulator::quirky(&[("get-cache", "kept:1h")]);
    for _ in 0..2 {
        crisp.get("plugin/connect/websites/all/1?include_plan=1&filter_configured=1");
        assert!(crisp.journal().unread.is_empty(), "{:?}", crisp.journal().unread);
    }
}

#[test]
fn a_misspelt_parameter_is_explained_although_the_answer_is_a_good_one() {
    let mut crisp = Emulator::new();
    crisp.get("plugin/connect/websites/all/1?filter_configurd=1&x=1");
    assert_eq!(
        crisp.explanation(),
        "nothing reads `filter_configurd`: did you mean `filter_configured`?"
    );
    crisp.get("plugin/connect/websites/all/1?filter_configured=1&something_else=1");
    assert_eq!(crisp.journal().explanation, None);
}

#[test]
fn a_date_that_is_none_is_told_what_it_lacks() {
    let mut crisp = Emulator::new();
    for (date, fix) in [
        ("1767225600000", "numbers are not read, send `new Date(ms).toISOString()`"),
        ("2026-01-01T00:00:00", "the time zone is missing, end it with `Z`"),
        ("2026-01-01", "the time of day is missing, add `T00:00:00Z`"),
        ("2026-02-30T00:00:00Z", "no calendar has that day or hour"),
        ("2026-01-01T00%253A00%253A00Z", "it was percent-encoded twice"),
        ("yesterday", "send what `toISOString()` writes"),
    ] {
        crisp.get(&format!("plugin/connect/websites/since?date_since={date}"));
        let why = crisp.explanation();
        assert!(why.ends_with(fix), "{date}: {why}");
    }
}

#[test]
fn a_path_without_a_route_is_compared_without_its_ids() {
    let mut crisp = Emulator::new();
    let settings = crisp.of("w1", "/setings");
    for (path, near) in [
        (settings.as_str(), "plugins/subscription/{website}/{plugin}/settings"),
        ("plugins/connect/websites/all/1", "plugin/connect/websites/all/{page}"),
        ("plugin/connect/website/since", "plugin/connect/websites/since"),
        ("plugin/connect/acount", "plugin/connect/account"),
    ] {
        crisp.get(path);
        let why = crisp.explanation();
        assert!(why.ends_with(&format!("the nearest route is {near}")), "{path}: {why}");
    }
    crisp.get("website/8c842203-7ed8-4e29-a608-7cf78a7d2fcc/conversation/x/message");
    assert!(crisp.explanation().contains("--stub"), "{}", crisp.explanation());
}

#[test]
fn explanations_name_the_fix() {
    let mut crisp = Emulator::new();
    let w9 = crisp.of("w9", "/settings");
    let other = format!("plugins/subscription/{}/{}", id("w1"), id("w1"));
    let w1_by_name = crisp.of("w1", "/settings").replace(&id("w1").to_string(), "w1");
    let cases = [
        (w9, "website w9 does not have the plugin: install it with `crisp-mock ctl install`"),
        (other, "this world is about"),
        (
            "plugins/subscription".into(),
            "which is open to user: send X-Crisp-Tier `user` with that tier's key",
        ),
        (w1_by_name, "`w1` is a name for people: the API writes it 9e3779b1-"),
        ("plugin/connect/websites/all/x".into(), "page_number has to be a number from 1"),
    ];
    for (path, why) in cases {
        assert!(crisp.get(&path).status >= 400);
        assert!(crisp.explanation().contains(why), "{}", crisp.explanation());
    }
}

#[test]
fn a_name_is_given_to_numbered_websites_only() {
    let mut crisp = Emulator::new();
    let stranger = "8c842203-7ed8-4e29-a608-7cf78a7d2fcc";
    crisp.user_get(&format!("plugins/subscription/{stranger}"));
    assert_eq!(crisp.journal().website, Some(id(stranger)));
    assert_eq!(crisp.journal().website_name, None);
}

#[test]
fn numbers_run_on_whatever_happens_and_entries_are_found_by_filter() {
    let mut crisp = Emulator::new();
    for _ in 0..3 {
        crisp.list();
        crisp.get("plugin/connect/nothing");
    }
    crisp.write("PUT", "w1", message("Hi"));
    assert_eq!(crisp.journal().seq, 7);
    let count = |filter: Filter| crisp.space.journal.entries(&filter).count();
    assert_eq!(count(Filter { status: Some(404), ..Filter::default() }), 3);
    assert_eq!(count(Filter { method: Some("put".into()), ..Filter::default() }), 1);
    assert_eq!(count(Filter { website: Some(id("w1")), ..Filter::default() }), 1);
    assert_eq!(count(Filter { since_seq: 5, ..Filter::default() }), 2);
    assert_eq!(count(Filter { path: Some("websites".into()), ..Filter::default() }), 3);
}

/// What the texts of an entry take in memory, spare room included.
fn memory(entry: &crisp_mock_server::journal::Entry) -> usize {
    let unread = &entry.unread;
    let lists = [&unread.query, &unread.headers, &unread.body];
    let explanation = entry.explanation.as_ref().map_or(0, String::capacity);
    lists.into_iter().flatten().map(String::capacity).sum::<usize>()
        + [&entry.method, &entry.path, &entry.query].map(String::capacity).iter().sum::<usize>()
        + explanation
}

#[test]
fn huge_requests_leave_small_entries() {
    let mut crisp = Emulator::new();
    let long = "x".repeat(30_000);
    let paths = [
        long.clone(),
        format!("plugin/connect/websites/all/{long}"),
        format!("plugin/connect/websites/all/1?{long}=1&a{long}=2"),
        format!("plugins/subscription/{long}/{long}"),
    ];
    for path in paths {
        for method in ["GET", long.as_str()] {
            crisp.ask(Tier::Plugin, method, &path, None);
            let entry = crisp.journal();
            assert!(memory(&entry) < 10_000, "{} bytes", memory(&entry));
        }
    }
    let request = crisp.request(Tier::Plugin, "PUT", &crisp.of("w1", "/settings"));
    let request = request.header("content-type", &long).header("user-agent", &long);
    crisp.raw(&request.body(Bytes::from_static(b"{}")).unwrap());
    assert!(memory(&crisp.journal()) < 10_000);
    let path = crisp.of("w1", "/event");
    let mut body = json!({"name": "a", "data": {}});
    body[&long] = json!(1);
    crisp.ask(Tier::Plugin, "POST", &path, Some(body));
    assert!(memory(&crisp.journal()) < 10_000);
}

#[test]
fn the_journals_memory_is_bounded_and_it_says_what_it_dropped() {
    let mut crisp = Emulator::new();
    let long = "x".repeat(3_000);
    for _ in 0..MOST_ENTRIES + 10 {
        crisp.get(&format!("plugin/connect/websites/all/{long}?{long}"));
    }
    let all = Filter::default();
    let entries = crisp.space.journal.entries(&all);
    let (number, bytes) = entries.fold((0, 0), |(n, b), entry| (n + 1, b + memory(entry)));
    assert!(bytes <= MOST_BYTES);
    assert_eq!(crisp.space.journal.dropped() as usize + number, MOST_ENTRIES + 10);
}
