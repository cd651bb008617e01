//! The websites that a world starts with.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::clock::{Moment, Stamp};
use crate::engine::{INSTALLED_BEFORE, InitialWebsite, Plan, World};
use crate::id::WebsiteId;
use crate::options::Blueprint;
use crate::sample::{self, SettingsGenerator};

/// Below this many websites a thread costs more than it saves.
const ENOUGH_FOR_A_THREAD: u32 = 500;

/// Fills a world with the websites that a blueprint asks for; returns warnings.
pub(super) fn populate(world: &mut World, blueprint: &Blueprint, start: Stamp) -> Vec<String> {
    if blueprint.websites == 0 {
        // What makes settings takes longer to be made than an empty world.
        return Vec::new();
    }
    let then = Moment { elapsed: Duration::ZERO, wall: start.minus(INSTALLED_BEFORE) };
    let generator = SettingsGenerator::new(&blueprint.schema);
    let make = |numbers| Part::make(numbers, blueprint, &generator);
    let numbers: Vec<_> = parts(blueprint.websites).collect();
    let parts: Vec<Part> = if numbers.len() == 1 {
        numbers.into_iter().map(make).collect()
    } else {
        // Every website follows from the seed and its number alone, so all parts can be made at
        // once. None is made in this thread: what the making leaves in an allocator's pool would
        // slow down the first hundred thousand requests.
        thread::scope(|scope| {
            let threads: Vec<_> =
                numbers.into_iter().map(|numbers| scope.spawn(move || make(numbers))).collect();
            let joined = threads.into_iter().map(thread::ScopedJoinHandle::join);
            joined
                .map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    };
    let without_settings = parts.iter().map(|part| part.without_settings).sum();
    for part in parts {
        world.add_initial(then, part.websites.into_iter());
    }
    warnings(without_settings)
}

/// The numbers from 1 on, in one part for each core, or fewer.
fn parts(websites: u32) -> impl Iterator<Item = RangeInclusive<u32>> {
    let worth = (websites / ENOUGH_FOR_A_THREAD).max(1);
    // Counting the cores reads files, which takes longer than a small world.
    let threads = match worth {
        1 => 1,
        worth => thread::available_parallelism().map_or(1, |cores| worth.min(cores.get() as u32)),
    };
    let size = websites.div_ceil(threads).max(1);
    (0..threads)
        .map(move |part| (part * size + 1)..=((part + 1).saturating_mul(size).min(websites)))
}

/// Some of the websites.
struct Part {
    websites: Vec<InitialWebsite>,
    without_settings: u32,
}

impl Part {
    fn make(
        numbers: RangeInclusive<u32>,
        blueprint: &Blueprint,
        generator: &SettingsGenerator,
    ) -> Self {
        let configured = blueprint.websites - blueprint.unconfigured;
        let mut plans = Plans::default();
        let mut without_settings = 0;
        let made = numbers.map(|number| {
            let settings = (number <= configured)
                .then(|| generator.settings(blueprint.seed, number))
                .flatten();
            without_settings += u32::from(number <= configured && settings.is_none());
            let made_up = sample::website(blueprint.seed, number);
            let (id, plan) = (WebsiteId::numbered(number), plans.share(&made_up.plan));
            InitialWebsite::new(blueprint.seed, id, settings.as_ref(), plan, made_up.price)
        });
        Self { websites: made.collect(), without_settings }
    }
}

/// The few plans there are, each kept once however many websites have it.
#[derive(Default)]
struct Plans(Vec<(sample::Plan, Arc<Plan>)>);

impl Plans {
    fn share(&mut self, made_up: &sample::Plan) -> Arc<Plan> {
        if let Some((_, plan)) = self.0.iter().find(|(known, _)| known == made_up) {
            return Arc::clone(plan);
        }
        let plan = Arc::new(Plan {
            id: made_up.id.to_string(),
            name: made_up.name.to_owned(),
            trialing: made_up.trialing,
        });
        self.0.push((made_up.clone(), Arc::clone(&plan)));
        plan
    }
}

fn warnings(without_settings: u32) -> Vec<String> {
    if without_settings == 0 {
        return Vec::new();
    }
    vec![format!(
        "{without_settings} websites start unconfigured: no settings could be generated that satisfy \
         the schema. Give its properties `default` or `examples`, or save some with `crisp-mock ctl save`."
    )]
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn parts_cover_every_number_once_and_in_order() {
        for websites in [0, 1, 25, 999, 1_000, 1_001, 100_003] {
            let numbers: Vec<_> = parts(websites).flatten().collect();
            assert!(numbers.into_iter().eq(1..=websites), "{websites}");
        }
    }
}
