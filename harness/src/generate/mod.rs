//! Random scenarios: case `i` of a search is the same for the same seed, on any machine.
//!
//! [`scenario`] draws one; [`Scenarios`] is the same as a proptest strategy, for property tests
//! about scenarios. Everything drawn is inside the [`envelope`]. [`exhaustive`] numbers all small
//! cases instead of drawing some.

mod calendar;
mod combinations;
mod crowd;
pub mod envelope;
mod events;
pub mod exhaustive;
mod faults;
mod late;
mod long;
mod random;
mod set_up;
mod settings;
mod steps;
mod swarm;
mod times;
mod tree;
mod values;

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use proptest::test_runner::TestRng;
use serde_json::Value;

pub use tree::{Scenarios, Shrinking};
pub use values::Sort;

use crate::scenario::{Deed, Scenario};
use random::Random;
use swarm::Swarm;

/// How far a case may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// So many steps at most.
    pub max_steps: usize,
    /// Whether the plugin itself saves; off for a client that cannot.
    pub saves: bool,
    /// Whether events go wrong; on for a client that listens to them.
    pub events: bool,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { max_steps: 8, saves: true, events: false }
    }
}

/// Case `index` of the search with this seed.
///
/// # Examples
///
/// ```
/// use crisp_harness::generate::{Bounds, scenario};
///
/// let case = scenario(1, 412, Bounds::default());
/// assert_eq!(case, scenario(1, 412, Bounds::default()));
/// assert!(case.when.len() <= 8);
/// ```
#[must_use]
pub fn scenario(seed: u64, index: u64, bounds: Bounds) -> Scenario {
    let mut scenario = draw(&mut random::source(seed, index), bounds);
    scenario.name = format!("case {index} of seed {seed}");
    scenario
}

/// What is known of a case while it is drawn.
struct Case {
    swarm: Swarm,
    poll_every: Duration,
    page_size: u32,
    websites: u32,
    /// Whether they are many.
    crowded: bool,
    /// Pages of the first list, the empty one aside.
    pages: u32,
    pool: Vec<Value>,
    start: Vec<(WebsiteId, Value)>,
    /// Whether the plugin replaces settings somewhere.
    puts: bool,
    /// Whether the plugin changes settings somewhere.
    patches: bool,
}

impl Case {
    /// From one poll to the next, unless it is tuned.
    const POLL_EVERY: Duration = Duration::from_secs(60);

    fn draw(random: &mut Random<'_>, bounds: Bounds) -> Self {
        let swarm = Swarm::draw(random, bounds);
        let page_size = if swarm.pages { random.between(1, 3) } else { random.between(1, 5) };
        let websites = if swarm.pages {
            // More than two pages are full, so there is a third.
            2 * page_size + random.between(1, 2 * page_size)
        } else {
            random.below(6)
        };
        let crowd = crowd::size(random);
        let (websites, page_size) = crowd.unwrap_or((websites, page_size));
        let poll_every = if swarm.tuned && random.once_in(3) {
            Duration::from_secs(random.one(&[20, 120]))
        } else {
            Self::POLL_EVERY
        };
        let pool = settings::pool(random, swarm.rich);
        let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            swarm,
            poll_every,
            page_size: number(page_size),
            websites: number(websites),
            crowded: crowd.is_some(),
            pages: number(websites.div_ceil(page_size)),
            pool,
            start: Vec::new(),
            puts: false,
            patches: false,
        }
    }

    /// What a website has at the start, if that was written out.
    fn held(&self, id: WebsiteId) -> Option<Value> {
        let held = self.start.iter().find(|(other, _)| *other == id);
        held.map(|(_, settings)| settings.clone())
    }
}

fn draw(source: &mut TestRng, bounds: Bounds) -> Scenario {
    let mut random = Random(source);
    let mut case = Case::draw(&mut random, bounds);
    let start = set_up::start(&mut random, &case);
    case.start.clone_from(&start.websites);
    let when = steps::steps(&mut random, &case, bounds.max_steps);
    case.puts = when.iter().any(|step| matches!(step.deed, Deed::ClientSave(_)));
    case.patches = when.iter().any(|step| matches!(step.deed, Deed::ClientUpdate(_)));
    let mut scenario = Scenario {
        name: "a random case".to_owned(),
        server: set_up::server(&mut random, &case),
        client: set_up::client(&mut random, &case),
        start,
        faults: faults::faults(&mut random, &case),
        when,
        ..Scenario::default()
    };
    combinations::add(&mut random, &case, bounds, &mut scenario);
    set_up::settle(&mut scenario);
    if bounds.events {
        events::add(&mut random, &case, bounds, &mut scenario);
        set_up::settle(&mut scenario);
    }
    scenario
}
