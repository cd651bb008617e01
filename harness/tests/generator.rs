//! What the generator promises to draw, held against a thousand cases and more.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crisp_harness::generate::{Bounds, scenario};
use crisp_harness::scenario::{Anchor, Deed, Scenario, Step};
use crisp_mock_server::fault::Occurrence;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use serde_json::{Number, Value};

/// The largest whole number that every JSON library keeps exactly.
const LARGEST: i64 = 1 << 53;

fn cases() -> impl Iterator<Item = Scenario> {
    (0..2000).map(|index| scenario(1, index, Bounds::default()))
}

fn poll_every(case: &Scenario) -> Duration {
    case.client.poll_every.unwrap_or(Duration::from_secs(60))
}

/// Settings by the website that has them at the start, or gets them.
fn settings(case: &Scenario) -> Vec<(WebsiteId, Value)> {
    let mut all = case.start.websites.clone();
    for step in &case.when {
        match &step.deed {
            Deed::Save(some) | Deed::ClientSave(some) | Deed::ClientUpdate(some) => {
                all.extend(some.iter().cloned());
            }
            Deed::Install(some) => {
                let with = some.iter().filter_map(|(id, settings)| {
                    let settings = settings.clone()?;
                    Some((*id, settings))
                });
                all.extend(with);
            }
            _ => {}
        }
    }
    all
}

/// What is in a value, by a word for each sort that a client may get wrong.
fn sorts(value: &Value, depth: usize, seen: &mut BTreeSet<&'static str>) {
    match value {
        Value::Null => seen.insert("null"),
        Value::Bool(true) => seen.insert("true"),
        Value::Bool(false) => seen.insert("false"),
        Value::Number(number) => seen.insert(number_sort(number)),
        Value::String(text) if text.is_empty() => seen.insert("empty text"),
        Value::String(text) if !text.is_ascii() => seen.insert("non-ASCII text"),
        Value::String(text) if text.trim() != text => seen.insert("padded text"),
        Value::String(_) => seen.insert("text"),
        Value::Array(items) => {
            items.iter().for_each(|item| sorts(item, depth + 1, seen));
            seen.insert("list")
        }
        Value::Object(members) => {
            for (key, value) in members {
                if !key.is_ascii() {
                    seen.insert("non-ASCII key");
                }
                sorts(value, depth + 1, seen);
            }
            match (members.is_empty(), depth) {
                (true, 0) => seen.insert("{} as settings"),
                (true, _) => seen.insert("{} as a value"),
                (false, 0) => seen.insert("settings"),
                (false, 1) => seen.insert("nested"),
                (false, _) => seen.insert("nested twice"),
            }
        }
    };
}

fn number_sort(number: &Number) -> &'static str {
    match number.as_i64() {
        Some(LARGEST) => "2^53",
        Some(number) if number == -LARGEST => "-2^53",
        Some(number) if number < 0 => "negative",
        Some(_) => "whole",
        None => "fraction",
    }
}

#[test]
fn settings_have_every_type_of_value_that_json_has_and_the_texts_that_go_wrong() {
    let mut seen = BTreeSet::new();
    for case in cases() {
        for (_, settings) in settings(&case) {
            assert!(settings.is_object(), "{settings}");
            sorts(&settings, 0, &mut seen);
        }
    }
    let wanted = [
        "-2^53",
        "2^53",
        "empty text",
        "false",
        "fraction",
        "list",
        "negative",
        "nested",
        "nested twice",
        "non-ASCII key",
        "non-ASCII text",
        "null",
        "padded text",
        "settings",
        "text",
        "true",
        "whole",
        "{} as a value",
        "{} as settings",
    ];
    assert_eq!(seen, BTreeSet::from(wanted));
}

#[test]
fn no_whole_number_is_beyond_what_every_json_library_keeps() {
    fn check(value: &Value) {
        match value {
            Value::Number(number) if number.is_f64() => {}
            Value::Number(number) => {
                let whole = number.as_i64().expect("a whole number");
                assert!(whole.abs() <= LARGEST, "{whole}");
            }
            Value::Array(items) => items.iter().for_each(check),
            Value::Object(members) => members.values().for_each(check),
            _ => {}
        }
    }
    cases().for_each(|case| settings(&case).iter().for_each(|(_, value)| check(value)));
}

#[test]
fn some_websites_have_a_key_that_no_other_has() {
    let mut owners = BTreeMap::<String, BTreeSet<WebsiteId>>::new();
    for case in cases() {
        for (id, settings) in settings(&case) {
            let keys = settings.as_object().expect("an object").keys();
            for key in keys.filter(|key| key.starts_with("only_")) {
                owners.entry(key.clone()).or_default().insert(id);
            }
        }
    }
    assert!(owners.len() >= 3, "{owners:?}");
}

/// A value goes away and comes back: a client that compares what it has with what it gets sees
/// nothing.
#[test]
fn values_return_in_one_case_of_twenty_at_least() {
    let returns = |case: &Scenario| {
        let mut histories = BTreeMap::<WebsiteId, Vec<&Value>>::new();
        for (id, settings) in &case.start.websites {
            histories.entry(*id).or_default().push(settings);
        }
        let mut saves: Vec<_> = case.when.iter().filter_map(timed).collect();
        saves.sort_by_key(|(at, _)| *at);
        for (_, deed) in saves {
            if let Deed::Save(some) = deed {
                for (id, settings) in some {
                    histories.entry(*id).or_default().push(settings);
                }
            }
        }
        histories.values().any(|values| {
            values.windows(3).any(|three| three[0] == three[2] && three[0] != three[1])
        })
    };
    let times = cases().filter(returns).count();
    assert!(times * 20 >= 2000, "{times} of 2000");
}

#[test]
fn the_list_has_three_pages_in_a_third_of_the_cases() {
    let pages = |case: &Scenario| {
        let start = &case.start;
        let websites = start.generated.unwrap_or_else(|| {
            u32::try_from(start.websites.len() + start.unconfigured.len()).expect("a few")
        });
        websites.div_ceil(case.server.page_size.expect("each case has one"))
    };
    let long = cases().filter(|case| pages(case) >= 3).count();
    assert!(long * 10 >= 2000 * 3, "{long} of 2000");
}

fn timed(step: &Step) -> Option<(Duration, &Deed)> {
    match step.anchor {
        Anchor::At(at) => Some((at, &step.deed)),
        Anchor::After(_) | Anchor::During(_) => None,
    }
}

#[test]
fn a_website_leaves_and_comes_back_with_a_poll_between() {
    let comes_back = |case: &Scenario| {
        let steps: Vec<_> = case.when.iter().filter_map(timed).collect();
        steps.iter().any(|(left, deed)| {
            let Deed::Uninstall(gone) = deed else {
                return false;
            };
            steps.iter().any(|(back, deed)| {
                matches!(deed, Deed::Install(some)
                    if some.iter().any(|(id, _)| gone.contains(id))
                        && *back >= *left + poll_every(case))
            })
        })
    };
    let times = cases().filter(comes_back).count();
    assert!(times * 50 >= 2000, "{times} of 2000");
}

#[test]
fn much_happens_after_the_second_poll_and_with_no_list_to_heal_it() {
    let late = |case: &Scenario| {
        let second = 2 * poll_every(case);
        case.when.iter().any(|step| match step.anchor {
            Anchor::At(at) => at > second,
            Anchor::After(spot) | Anchor::During(spot) => {
                // The first differential belongs to the load.
                spot.operation == Operation::Since && spot.number > 2
            }
        })
    };
    let no_net = |case: &Scenario| case.client.relist_every >= Some(Duration::from_secs(86_400));
    let (late, off, both) = cases().fold((0, 0, 0), |(late_ones, off, both), case| {
        let (is_late, is_off) = (late(&case), no_net(&case));
        (
            late_ones + u32::from(is_late),
            off + u32::from(is_off),
            both + u32::from(is_late && is_off),
        )
    });
    assert!(late > 1000 && off > 900 && both > 500, "{late} {off} {both}");
}

/// Anything else means something else as soon as what comes before it is taken away.
#[test]
fn faults_are_drawn_by_operation_and_occurrence_or_by_a_window_and_by_nothing_else() {
    let (mut windows, mut occurrences) = (0, 0);
    for case in cases() {
        for fault in &case.faults.faults {
            let counted = fault
                .at
                .is_some_and(|target| matches!(target.occurrence, Occurrence::Range { .. }));
            let ends = fault.window.is_some_and(|window| window.until.is_some());
            assert!(counted != ends, "{}", case.to_yaml());
            assert!(fault.website.is_none(), "{}", case.to_yaml());
            windows += u32::from(ends);
            occurrences += u32::from(counted);
        }
    }
    assert!(windows > 200 && occurrences > 200, "{windows} {occurrences}");
}

#[test]
fn each_case_leaves_some_off_and_all_is_drawn_in_some() {
    let word = |deed: &Deed| -> &'static str {
        match deed {
            Deed::Save(_) => "save",
            Deed::Install(_) => "install",
            Deed::Uninstall(_) => "uninstall",
            Deed::Plan(_) => "plan",
            Deed::ClientSave(_) => "client_save",
            Deed::ClientUpdate(_) => "client_update",
            Deed::Clock { .. } => "clock",
            Deed::Restart(_) => "restart",
            Deed::Quiet => "quiet",
            Deed::Kick => "kick",
        }
    };
    let mut with = BTreeMap::<&str, u32>::new();
    for case in cases() {
        let mut words: BTreeSet<_> = case.when.iter().map(|step| word(&step.deed)).collect();
        if !case.faults.faults.is_empty() {
            words.insert("faults");
        }
        if !case.server.quirks.0.is_empty() {
            words.insert("quirks");
        }
        words.into_iter().for_each(|word| *with.entry(word).or_default() += 1);
    }
    let drawn = [
        "client_save",
        "client_update",
        "clock",
        "faults",
        "install",
        "plan",
        "quirks",
        "restart",
        "save",
        "uninstall",
    ];
    for feature in drawn {
        let times = with.get(feature).copied().unwrap_or_default();
        assert!((40..=1800).contains(&times), "{feature}: {times} of 2000");
    }
    assert_eq!(with.len(), drawn.len(), "{with:?}");
}

#[test]
fn no_case_has_more_steps_than_it_may_and_no_client_saves_that_cannot() {
    for max_steps in [0, 1, 3, 8] {
        let bounds = Bounds { max_steps, saves: false, events: false };
        for index in 0..500 {
            let case = scenario(2, index, bounds);
            assert!(case.when.len() <= max_steps, "{}", case.to_yaml());
            let saves =
                |step: &Step| matches!(step.deed, Deed::ClientSave(_) | Deed::ClientUpdate(_));
            assert!(!case.when.iter().any(saves), "{}", case.to_yaml());
        }
    }
}
