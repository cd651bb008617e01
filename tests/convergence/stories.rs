//! Histories that a client, or the emulator, once lost. Each was found by the random search, cut
//! down, and is judged by the same sentences.

use serde_json::json;

use crate::case::{Case, Deed};
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
        deeds: vec![
            (30_000, Deed::Price(1, 77)),
            (31_000, Deed::Put(1, json!({"v": 1000}))),
        ],
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
        deeds: vec![
            (20_985, Deed::Patch(2, json!({"w": 1007}))),
            (21_200, Deed::Uninstall(2)),
        ],
        overlap: 20,
        ..Case::default()
    });
}
