//! Mistakes about the full list: where it begins, where it ends, when it is believed.

use crisp_sync::Config;
use crisp_sync::machine::parts::{
    CarefulLoad, Evidence, Load, PageSeen, PageStep, Parts, Publishing,
};

use super::{Make, Mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "stops-at-a-short-page",
        number: 8,
        about: "takes a page with fewer items than it expects for the last one",
        seen: Some("Microsoft Graph's documentation: an empty page with a next link"),
        make: Make::Parts(|config| {
            Pages {
                after_page: |seen| match seen.items {
                    ..20 => PageStep::End,
                    _ => PageStep::Next,
                },
                ..Pages::REFERENCE
            }
            .parts(config)
        }),
    },
    Mutant {
        name: "one-page-only",
        number: 9,
        about: "reads the first page of the list and no other",
        seen: None,
        make: Make::Parts(|config| {
            Pages { after_page: |_| PageStep::End, ..Pages::REFERENCE }.parts(config)
        }),
    },
    Mutant {
        name: "wrong-first-page",
        number: 10,
        about: "raises its page counter before the first page, and so begins with the second",
        seen: Some("Crisp's guide, which sets its page counter to 0 first"),
        make: Make::Parts(|config| Pages { first_page: 2, ..Pages::REFERENCE }.parts(config)),
    },
    Mutant {
        name: "no-drift-check",
        number: 17,
        about: "does not ask whether websites moved between pages while it read them",
        seen: Some("api-pagination #60; galaxy #2707; openlinker PR #2032"),
        make: Make::Parts(|config| Pages { drifted: |_| false, ..Pages::REFERENCE }.parts(config)),
    },
    Mutant {
        name: "drift-check-too-early",
        number: 18,
        about: "asks for drift once, right after the load, when a lagging server cannot tell yet",
        seen: None,
        make: Make::Parts(|config| {
            Pages {
                drifted: |evidence| !evidence.later && CarefulLoad.drifted(evidence),
                ..Pages::REFERENCE
            }
            .parts(config)
        }),
    },
    Mutant {
        name: "half-a-list",
        number: 19,
        about: "takes a page that failed for the end of the list",
        seen: Some("pipeshub PR #3413; Nango PR #644"),
        make: Make::Parts(|config| {
            Pages { after_failure: PageStep::End, ..Pages::REFERENCE }.parts(config)
        }),
    },
    Mutant {
        name: "relist-merges",
        number: 20,
        about: "puts a fresh list over the old cache, and keeps what is no longer listed",
        seen: Some("unleash-edge #1603; cilium #3010"),
        make: Make::Parts(|config| {
            Pages { keeps_unlisted: true, ..Pages::REFERENCE }.parts(config)
        }),
    },
    Mutant {
        name: "loads-configured-only",
        number: 30,
        about: "loads the websites that are configured, and never hears of the others",
        seen: Some("`filter_configured`, as Crisp's samples use it"),
        make: Make::Parts(|config| {
            Pages { configured_only: true, ..Pages::REFERENCE }.parts(config)
        }),
    },
    Mutant {
        name: "ready-before-load",
        number: 46,
        about: "says that it is ready before it has loaded anything",
        seen: Some("LaunchDarkly's `Initialized()` exists for this"),
        make: Make::Parts(|config| {
            Pages { ready_from_start: true, ..Pages::REFERENCE }.parts(config)
        }),
    },
];

/// A load that no differential follows, for a mutant of another part.
pub(super) fn unverified() -> Box<dyn Load> {
    Box::new(Pages { verifies: false, ..Pages::REFERENCE })
}

/// The reference, but that readers see pages as they come.
pub(super) fn page_by_page(config: &Config) -> Parts {
    Pages { publishing: Publishing::PageByPage, ..Pages::REFERENCE }.parts(config)
}

/// The reference's load, some of whose decisions are another's.
#[derive(Clone, Copy)]
struct Pages {
    first_page: u32,
    configured_only: bool,
    after_page: fn(&PageSeen) -> PageStep,
    after_failure: PageStep,
    verifies: bool,
    drifted: fn(&Evidence) -> bool,
    publishing: Publishing,
    ready_from_start: bool,
    keeps_unlisted: bool,
}

impl Pages {
    const REFERENCE: Self = Self {
        first_page: 1,
        configured_only: false,
        after_page: |seen| CarefulLoad.after_page(seen),
        after_failure: PageStep::Again,
        verifies: true,
        drifted: |evidence| CarefulLoad.drifted(evidence),
        publishing: Publishing::WhenVerified,
        ready_from_start: false,
        keeps_unlisted: false,
    };

    fn parts(self, config: &Config) -> Parts {
        Parts { load: Box::new(self), ..Parts::reference(config) }
    }
}

impl Load for Pages {
    fn first_page(&self) -> u32 {
        self.first_page
    }

    fn configured_only(&self) -> bool {
        self.configured_only
    }

    fn after_page(&mut self, seen: &PageSeen) -> PageStep {
        (self.after_page)(seen)
    }

    fn after_failure(&mut self, _page: u32) -> PageStep {
        self.after_failure
    }

    fn verifies(&self) -> bool {
        self.verifies
    }

    fn drifted(&self, evidence: &Evidence) -> bool {
        (self.drifted)(evidence)
    }

    fn publishing(&self) -> Publishing {
        self.publishing
    }

    fn ready_from_start(&self) -> bool {
        self.ready_from_start
    }

    fn keeps_unlisted(&self) -> bool {
        self.keeps_unlisted
    }
}
