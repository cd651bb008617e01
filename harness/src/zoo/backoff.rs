//! Mistakes about waiting after failures.

use std::time::Duration;

use crisp_sync::Config;
use crisp_sync::machine::Operation;
use crisp_sync::machine::parts::{Backoff, Jittered, Lane, Parts, Trouble};

use super::{Make, Mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "stops-on-refusal",
        number: 25,
        about: "stops for good when the API answers 401, 403 or 404 once",
        seen: Some("unleash-node-sdk #615; LaunchDarkly's list of statuses to retry"),
        make: Make::Parts(|config| {
            Waits {
                wait: |waits, lane, trouble, chance| match trouble {
                    Trouble::Refused => None,
                    _ => waits.inner.wait(lane, trouble, chance),
                },
                ..Waits::reference(config)
            }
            .parts(config)
        }),
    },
    Mutant {
        name: "no-backoff",
        number: 39,
        about: "asks again at once after a failure, as often as it takes",
        seen: Some("client-go, whose waits saved about 98 % of such traffic"),
        make: Make::Parts(|config| {
            Waits { wait: |_, _, _, _| Some(Duration::from_millis(50)), ..Waits::reference(config) }
                .parts(config)
        }),
    },
    Mutant {
        name: "ignores-retry-after",
        number: 40,
        about: "does not read `Retry-After`",
        seen: Some("Zendesk's limit of 10 requests a minute"),
        make: Make::Parts(|config| {
            Waits { obeys: false, ..Waits::reference(config) }.parts(config)
        }),
    },
    Mutant {
        name: "backoff-without-cap",
        number: 41,
        about: "doubles its waits without an end, and sleeps long after the outage is over",
        seen: Some("couch's state `crashing`"),
        make: Make::Parts(|config| {
            Waits {
                wait: |waits, lane, trouble, chance| {
                    let capped = waits.inner.wait(lane, trouble, chance)?;
                    let doubled = Duration::from_secs(1 << waits.failures.min(20));
                    waits.failures += 1;
                    Some(match trouble {
                        Trouble::Throttled | Trouble::Refused => capped,
                        _ => doubled,
                    })
                },
                ..Waits::reference(config)
            }
            .parts(config)
        }),
    },
    Mutant {
        name: "backoff-never-resets",
        number: 42,
        about: "waits as long after one failure today as after the tenth yesterday",
        seen: Some("client-go, which resets its waits after two minutes"),
        make: Make::Parts(|config| {
            Waits { resets: false, ..Waits::reference(config) }.parts(config)
        }),
    },
];

/// The reference, but that every wait is a second.
pub(super) fn once_a_second(config: &Config) -> Parts {
    Waits { wait: |_, _, _, _| Some(Duration::from_secs(1)), ..Waits::reference(config) }
        .parts(config)
}

/// The reference's waits, some of whose decisions are another's.
struct Waits {
    inner: Jittered,
    failures: u32,
    wait: fn(&mut Waits, Lane, Trouble, f64) -> Option<Duration>,
    resets: bool,
    obeys: bool,
}

impl Waits {
    fn reference(config: &Config) -> Self {
        Self {
            inner: Jittered::new(config),
            failures: 0,
            wait: |waits, lane, trouble, chance| waits.inner.wait(lane, trouble, chance),
            resets: true,
            obeys: true,
        }
    }

    fn parts(self, config: &Config) -> Parts {
        Parts { backoff: Box::new(self), ..Parts::reference(config) }
    }
}

impl Backoff for Waits {
    fn wait(&mut self, lane: Lane, trouble: Trouble, chance: f64) -> Option<Duration> {
        (self.wait)(self, lane, trouble, chance)
    }

    fn succeeded(&mut self, lane: Lane) {
        if self.resets {
            self.failures = 0;
            self.inner.succeeded(lane);
        }
    }

    fn obeyed(&self, asked: Duration) -> Duration {
        if self.obeys { self.inner.obeyed(asked) } else { Duration::ZERO }
    }

    fn silences(&self, operation: Operation) -> bool {
        self.inner.silences(operation)
    }
}
