//! The websites that a world starts with.

use std::time::Duration;

use crate::clock::{Moment, Stamp};
use crate::engine::{Installation, Plan, World};
use crate::id::WebsiteId;
use crate::options::Blueprint;
use crate::sample::{self, SettingsGenerator};

/// How long before the start they installed the plugin (product surface §1).
pub const INSTALLED_BEFORE: Duration = Duration::from_secs(30 * 86_400);

/// Fills a world with the websites that a blueprint asks for; returns warnings.
pub(crate) fn populate(world: &mut World, blueprint: &Blueprint, start: Stamp) -> Vec<String> {
    let then = Moment {
        elapsed: Duration::ZERO,
        wall: start.minus(INSTALLED_BEFORE),
    };
    let generator = SettingsGenerator::new(&blueprint.schema);
    let configured = blueprint.websites - blueprint.unconfigured;
    let mut without_settings = 0_u32;
    for number in 1..=blueprint.websites {
        let settings = (number <= configured)
            .then(|| generator.settings(blueprint.seed, number))
            .flatten();
        without_settings += u32::from(number <= configured && settings.is_none());
        let made_up = sample::website(blueprint.seed, number);
        let plan = Plan {
            id: made_up.plan.id.to_string(),
            name: made_up.plan.name.to_owned(),
            trialing: made_up.plan.trialing,
        };
        let how = Installation {
            settings,
            plan: Some(plan),
            price: made_up.price,
        };
        let admitted = world.populate(then, WebsiteId::numbered(number), how);
        debug_assert!(
            admitted.is_ok(),
            "numbers do not repeat, and settings were checked"
        );
    }
    warnings(without_settings)
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
