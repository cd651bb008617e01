//! Histories that a client, or the emulator, once lost. Each was found by the random search, cut
//! down, and is judged by the same sentences.

use serde_json::json;

use crate::case::{Case, Deed};
use crate::history::Seen;
use crate::judge::judge;

fn holds(case: &Case) {
    if let Err(verdict) = judge(case) {
        panic!("{verdict}");
    }
}

/// A save brought a website into the cache before the list did. Reading a website alone tells no
/// price, and what the polls said was held back as contradicting our save until it was out of
/// their reach: the price stayed unknown until the next full list.
#[test]
fn the_price_of_a_website_that_a_save_brought_in_is_told_by_the_next_list() {
    holds(&Case {
        websites: 1,
        deeds: vec![
            (0, Deed::Install(2, None)),
            (0, Deed::Put(2, json!({"v": 1000, "by": "us"}))),
            (15_665, Deed::Operator(2, json!({"v": 1001}))),
        ],
        knows_plugin: false,
        ..Case::default()
    });
}

/// The same with a website that was known: a new price, told in the same breath as our save.
#[test]
fn a_price_that_changes_just_before_our_save_is_not_lost() {
    holds(&Case {
        overlap: 20,
        deeds: vec![(30_000, Deed::Price(1, 77)), (31_000, Deed::Put(1, json!({"v": 1000})))],
        ..Case::default()
    });
}

/// A save was carried out while the first list was read, and reading it back failed for a while.
/// The list's older state contradicted the save, so the website was left out of the first set,
/// and the cache called itself ready without it.
#[test]
fn the_first_set_has_the_website_whose_save_is_still_being_read_back() {
    holds(&Case {
        websites: 4,
        faults: vec![json!({"at": "get_settings#1..4", "status": 503})],
        deeds: vec![(0, Deed::Put(1, json!({"v": 1000, "by": "us"})))],
        overlap: 20,
        ..Case::default()
    });
}

/// A definite save could not be read back before its website left. It was called done while the
/// cache went on showing what was there before the save.
#[test]
fn a_done_save_shows_even_when_its_website_leaves_before_it_is_read_back() {
    holds(&Case {
        websites: 2,
        faults: vec![json!({"at": "get_settings#1", "stale": "1s"})],
        deeds: vec![(20_985, Deed::Patch(2, json!({"w": 1007}))), (21_200, Deed::Uninstall(2))],
        overlap: 20,
        ..Case::default()
    });
}

/// An operator's edit came just after our save and was in the first list. Reading back failed
/// until the caller's patience ended, and then the older save was put over the edit.
#[test]
fn a_save_that_cannot_be_read_back_does_not_go_over_a_later_edit() {
    holds(&Case {
        websites: 5,
        faults: vec![json!({"at": "get_settings#1..3", "status": 400})],
        deeds: vec![
            (0, Deed::Put(5, json!({"v": 1001, "by": "us"}))),
            (36, Deed::Operator(5, json!({"v": 1000}))),
        ],
        overlap: 20,
        relist: 100,
        knows_plugin: false,
        ..Case::default()
    });
}

/// The server's clock was set back, so that the cursor lay in its future, and the server refuses
/// such dates. The first poll after a list was not believed to be about its date: the client went
/// on asking the same, and listed nothing either, until the clock had caught up.
#[test]
fn a_cursor_in_the_servers_future_is_given_up_also_right_after_a_list() {
    holds(&Case {
        quirks: vec![("future-date", "refused".into())],
        faults: vec![json!({"window": "0s..46s", "clock": "server", "skew": "+600s"})],
        deeds: vec![(85_858, Deed::Operator(2, json!({"v": 1000})))],
        overlap: 20,
        relist: 100,
        ..Case::default()
    });
}

/// The same in the middle of a list: the differential that verifies it is asked from the future.
#[test]
fn a_clock_that_is_set_back_between_the_pages_starts_the_list_anew() {
    for answer in ["refused", "empty"] {
        let case = Case {
            websites: 3,
            quirks: vec![("page-size", "1".into()), ("future-date", answer.into())],
            faults: vec![json!({"window": "0s..5s", "clock": "server", "skew": "+600s"})],
            deeds: vec![(6_000, Deed::Uninstall(1))],
            latency: (1_000, 1_000),
            overlap: 20,
            ..Case::default()
        };
        holds(&case);
    }
}

/// Pages moved, or said so, in three passes in a row. A website that was on none of them was
/// dropped although nothing had called it removed.
#[test]
fn a_website_that_a_doubtful_list_lacks_is_asked_for_before_it_is_dropped() {
    let case = Case {
        quirks: vec![("page-size", "1".into())],
        faults: vec![json!({"window": "100s..150s", "at": "list/2", "repeat_page": true})],
        relist: 100,
        ..Case::default()
    };
    let world = judge(&case).unwrap();
    let removed =
        |(_, seen): &(_, Seen)| matches!(seen, Seen::Change(crisp_sync::Change::Removed { .. }));
    assert!(!world.seen.iter().any(removed), "{}", world.story());
}
