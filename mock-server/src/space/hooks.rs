//! The web hooks of a space: its events become deliveries.

use std::time::Duration;

use http::Method;

use super::Space;
use crate::api::Plugin;
use crate::clock::Moment;
use crate::fault::RequestFacts;
use crate::hooks::{DeliveryId, Ended, NotSent, Queue, Rules, Sending};
use crate::id::derive_key;
use crate::operation::Operation;
use crate::options::Blueprint;
use crate::quirks::Quirks;

/// The hooks of a world at its start.
pub(super) fn queue(blueprint: &Blueprint, plugin: &Plugin) -> Queue {
    let id = plugin.id.to_string();
    Queue::new(&blueprint.options.hook, |hook| {
        let key = derive_key(&["hook", &id, &hook.url().to_string()]);
        format!("plugin/rtm {} production", key.get(..16).unwrap_or_default())
    })
}

fn rules(quirks: &Quirks) -> Rules {
    Rules { waits: quirks.hook_retries.0.clone(), suspended_after: quirks.hook_suspension.0 }
}

impl Space {
    /// Makes deliveries of the events that are new. To be called whenever events may have happened,
    /// at the moment at which they did.
    pub fn take_in_events(&mut self, now: Moment) {
        if self.hooks.is_empty() {
            return;
        }
        let rules = rules(&self.world.quirks);
        let (outbox, faults) = (&self.world.outbox, &mut self.faults);
        self.hooks.take_in(outbox, (now.elapsed, &self.plugin.secret, &rules), |event| {
            let delivery = RequestFacts {
                operation: Operation::Hook,
                page: None,
                website: Some(event.website_id),
                method: &Method::POST,
                elapsed: now.elapsed,
            };
            faults.decide(&delivery).of_event()
        });
    }

    /// The deliveries that are due, which are under way from now on.
    pub fn hooks_due(&mut self, outside: Duration) -> Vec<Sending> {
        let now = self.now(outside);
        self.hooks.due(now.elapsed)
    }

    /// An attempt of a delivery has ended.
    pub fn hook_answered(&mut self, id: DeliveryId, ended: Ended, outside: Duration) {
        let now = self.now(outside);
        let rules = rules(&self.world.quirks);
        self.hooks.answered(id, ended, now.elapsed, &rules);
    }

    /// One more attempt of a delivery that is over is due now.
    ///
    /// # Errors
    ///
    /// [`NotSent`] when there is no such delivery, or it is not over.
    pub fn redeliver(&mut self, id: DeliveryId, outside: Duration) -> Result<(), NotSent> {
        let now = self.now(outside);
        self.hooks.redeliver(id, now.elapsed).map(drop)
    }
}
