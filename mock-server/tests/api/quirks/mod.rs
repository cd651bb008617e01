//! Every quirk, at its default and at every alternative, told by what a client sees.
//!
//! Each case is a scene that ends in a short text. The table says which text each value brings; no
//! two values of one quirk may bring the same, or the switch would switch nothing.

mod access;
mod hooks;
mod listing;
mod rtm;
mod saves;
mod since;

use std::collections::BTreeSet;

use crisp_mock_server::quirks::{Profile, Quirks, TABLE};

use crate::emulator::Emulator;

/// A quirk, the scene that shows it, and what is seen under each value.
pub struct Case {
    name: &'static str,
    scene: fn(&mut Emulator) -> String,
    /// What the emulator is to be like besides.
    stage: fn(&str, &str) -> Emulator,
    seen: &'static [(&'static str, &'static str)],
}

/// The usual stage: three websites and one quirk.
fn plain(name: &str, value: &str) -> Emulator {
    Emulator::quirky(&[(name, value)])
}

/// Cases and one test for each.
macro_rules! cases {
    ($($test:ident $name:literal on $stage:path { $($value:literal => $seen:literal,)+ })+) => {
        pub const CASES: &[super::Case] = &[$(super::Case {
            name: $name,
            scene: scenes::$test,
            stage: $stage,
            seen: &[$(($value, $seen)),+],
        }),+];

        mod each_value_is_seen {
            $(#[test]
            fn $test() {
                let case = super::CASES.iter().find(|case| case.name == $name);
                case.expect("it is above").play();
            })+
        }
    };
}
use cases;

impl Case {
    fn play(&self) {
        let mut texts = BTreeSet::new();
        for (value, expected) in self.seen {
            let seen = (self.scene)(&mut (self.stage)(self.name, value));
            assert_eq!(seen, *expected, "quirk {} = {value}", self.name);
            assert!(texts.insert(seen), "{} = {value} changes nothing that is seen", self.name);
        }
    }
}

fn all() -> impl Iterator<Item = &'static Case> {
    [access::CASES, hooks::CASES, listing::CASES, rtm::CASES, saves::CASES, since::CASES]
        .into_iter()
        .flatten()
}

#[test]
fn every_quirk_is_tested_at_its_default_and_at_every_alternative() {
    let defaults = Quirks::default().values();
    for (about, (_, default)) in TABLE.iter().zip(defaults) {
        let cases: Vec<_> = all().filter(|case| case.name == about.name).collect();
        assert_eq!(cases.len(), 1, "quirk {} has no case, or several", about.name);
        let mut tested: Vec<_> = cases[0].seen.iter().map(|(value, _)| *value).collect();
        let mut wanted: Vec<_> = about.alternatives.to_vec();
        wanted.push(&default);
        tested.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(tested, wanted, "values of quirk {}", about.name);
    }
    assert_eq!(all().count(), TABLE.len(), "a case for a quirk that is gone");
}

/// The whole day of a plugin goes well under the hostile profile, only differently.
#[test]
fn the_hostile_profile_is_awkward_and_still_livable() {
    use crate::emulator::{message, options};
    use crisp_mock_server::options::WorldOptions;

    let mut crisp = Emulator::with(WorldOptions {
        profile: Some(Profile::Hostile),
        websites: Some(7),
        ..options()
    });
    let mut listed = Vec::new();
    for page in 1.. {
        let reply = crisp.get(&format!("plugin/connect/websites/all/{page}"));
        assert_eq!(reply.status, 200);
        if reply.names().is_empty() {
            break;
        }
        listed.extend(reply.names().split(' ').map(str::to_owned));
    }
    assert_eq!(listed, ["w7", "w6", "w5", "w4", "w3", "w2", "w1"]);
    let cursor = crisp.now();
    crisp.seconds(5);
    assert_eq!(crisp.write("PATCH", "w1", message("Hi")).status, 200);
    crisp.uninstall("w2");
    crisp.seconds(5);
    assert_eq!(crisp.since(&cursor), "updated w1, removed w2");
}
