//! Mistakes about the plugin's own saves.

use crisp_sync::machine::parts::{
    Exchange, Flight, OneAtATime, OwnWrites, Parts, SettledWrites, Source, Touch, Unclear,
};
use crisp_sync::machine::{Moment, Operation};
use crisp_sync::{Config, WebsiteId};

use super::flight::Sends;
use super::{Make, Mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "poll-overwrites-own-save",
        number: 32,
        about: "lets the answer to a poll that was asked before a save undo the save",
        seen: Some("redux-toolkit #1512, #5139; enki PR #113"),
        make: Make::Parts(|config| Parts {
            flight: Box::new(Sends {
                beside: |operation, _| operation.is_save() || operation == Operation::Account,
                accepts: |number, newest| OneAtATime.accepts(number, newest),
            }),
            ..Writes { believes: |source| source == Source::Poll, ..Writes::reference(config) }
                .parts(config)
        }),
    },
    Mutant {
        name: "timeout-is-success",
        number: 33,
        about: "takes a save without an answer for done",
        seen: Some("FoundationDB's `commit_unknown_result`"),
        make: Make::Parts(|config| {
            Writes { unclear: Unclear::TakeAsDone, ..Writes::reference(config) }.parts(config)
        }),
    },
    Mutant {
        name: "repeats-saves-blindly",
        number: 34,
        about: "sends a save without an answer again, over whatever was saved since",
        seen: Some("FoundationDB's `commit_unknown_result`; Jepsen on TigerBeetle"),
        make: Make::Parts(|config| {
            Writes { unclear: Unclear::SendAgain, ..Writes::reference(config) }.parts(config)
        }),
    },
    Mutant {
        name: "no-roll-back",
        number: 35,
        about: "shows a save at once, and still shows it when the API has refused it",
        seen: Some("stacker.news PR #1772"),
        make: Make::Parts(|config| {
            Writes { shows_before_answer: true, ..Writes::reference(config) }.parts(config)
        }),
    },
    Mutant {
        name: "late-save-answer-wins",
        number: 36,
        about: "shows its save when the answer comes, though a poll has brought newer settings",
        seen: Some("logic-pro-mcp PR #514"),
        make: Make::Parts(|config| Parts {
            flight: Box::new(Sends {
                beside: |operation, busy| {
                    operation == Operation::Since && busy.iter().all(|other| other.is_save())
                },
                accepts: |number, newest| OneAtATime.accepts(number, newest),
            }),
            ..Writes { writes_late: true, ..Writes::reference(config) }.parts(config)
        }),
    },
    Mutant {
        name: "relist-overwrites-own-save",
        number: 37,
        about: "lets a page that was read before a save undo the save",
        seen: None,
        make: Make::Parts(|config| {
            Writes { believes: |source| source == Source::Page, ..Writes::reference(config) }
                .parts(config)
        }),
    },
];

/// The reference's care for own saves, some of whose decisions are another's.
struct Writes {
    inner: SettledWrites,
    /// Sources that are believed whatever was saved.
    believes: fn(Source) -> bool,
    unclear: Unclear,
    shows_before_answer: bool,
    writes_late: bool,
}

impl Writes {
    fn reference(config: &Config) -> Self {
        Self {
            inner: SettledWrites::new(config),
            believes: |_| false,
            unclear: Unclear::ReadBack,
            shows_before_answer: false,
            writes_late: false,
        }
    }

    fn parts(self, config: &Config) -> Parts {
        Parts { own_writes: Box::new(self), ..Parts::reference(config) }
    }
}

impl OwnWrites for Writes {
    fn learnt(&mut self, website: WebsiteId, now: Moment) {
        self.inner.learnt(website, now);
    }

    fn judge(&mut self, website: WebsiteId, said: &Exchange, source: Source) -> Touch {
        if (self.believes)(source) {
            return Touch::Apply;
        }
        self.inner.judge(website, said, source)
    }

    fn unclear(&self) -> Unclear {
        self.unclear
    }

    fn shows_before_answer(&self) -> bool {
        self.shows_before_answer
    }

    fn writes_late(&self) -> bool {
        self.writes_late
    }

    fn forget(&mut self, now: Moment) {
        self.inner.forget(now);
    }
}
