//! The steps of a scenario, carried out.

use std::time::Duration;

use crisp_mock_server::clock::Stamp;
use crisp_mock_server::engine::{InitialWebsite, Installation, Plan, Writer};
use crisp_mock_server::id::{WebsiteId, derive_uuid};
use crisp_mock_server::space::Space;
use serde_json::Value;

use super::{Prepared, Witness, World, record};
use crate::history::{By, What};
use crate::scenario::{Deed, Restarted, Side};
use crate::subject::{Event, How};

impl<W: Witness> World<'_, W> {
    pub(super) fn act(&mut self, index: usize) {
        let prepared = self.prepared;
        let changed = match &prepared.scenario.when[index].deed {
            Deed::ClientSave(websites) => self.order(websites, How::Put),
            Deed::ClientUpdate(websites) => self.order(websites, How::Patch),
            Deed::Clock { side, millis } => self.move_clock(*side, *millis),
            Deed::Restart(restarted) => self.restart(*restarted),
            Deed::Kick => self.kick(),
            Deed::Quiet => {
                self.end_faults();
                true
            }
            deed => self.alter(deed),
        };
        if !changed {
            self.push(What::Idle(u32::try_from(index).unwrap_or(u32::MAX)));
        }
    }

    /// Changes the server; says whether anything came of it.
    fn alter(&mut self, deed: &Deed) -> bool {
        let mut any = false;
        for nth in 0..deed.websites() {
            if let Some(id) = self.server.alter(&mut self.space, self.now, deed, nth) {
                any = true;
                self.note_truth(id, By::Operator);
            }
        }
        any
    }

    fn order(&mut self, websites: &[(WebsiteId, Value)], how: How) -> bool {
        if !self.about.abilities.saves {
            return false;
        }
        for (id, settings) in websites {
            let ticket = record::order(&mut self.history, self.now, *id, settings, how);
            let token = record::token(&self.history, ticket);
            self.push(What::SaveOrdered(ticket));
            let (website, settings) = (*id, settings.to_string());
            self.tell(Event::Save { ticket: ticket.into(), website, settings, token, how });
        }
        true
    }

    fn move_clock(&mut self, side: Side, millis: i64) -> bool {
        match side {
            Side::Server => self.space.clock.skew(millis),
            Side::Client => self.client_ahead = self.client_ahead.saturating_add(millis),
        }
        self.push(What::Clock { side, millis });
        true
    }

    fn restart(&mut self, restarted: Restarted) -> bool {
        self.hang_up();
        self.mail.drop_all();
        self.ids.clear();
        self.push(What::Restart);
        let now = self.moment();
        let mut shown = Vec::new();
        let kept = match restarted {
            Restarted::Client => None,
            Restarted::ClientWithItsFile => self.subject.resumed(now, &mut shown),
        };
        self.subject = kept.unwrap_or_else(|| self.client.start(&self.setup, now));
        self.hear(|_, _, actions| actions.append(&mut shown));
        self.tick();
        true
    }

    /// From here on nothing goes wrong any more.
    pub(super) fn end_faults(&mut self) {
        self.agenda.faults_ended(record::end_faults(&mut self.space));
        self.push(What::Quiet);
    }
}

/// Installs what is there before anything happens, 30 days before `wall`; says what that is.
pub(crate) fn populate(space: &mut Space, prepared: &Prepared, wall: Stamp) -> Vec<WebsiteId> {
    let then = crisp_mock_server::clock::Moment {
        elapsed: Duration::ZERO,
        wall: wall.minus(Duration::from_secs(30 * 86_400)),
    };
    let plan = std::sync::Arc::new(Plan::free());
    let mut there = Vec::with_capacity(prepared.start.len());
    for (id, settings) in &prepared.start {
        // Settings that the schema refuses cannot have been saved before the start either.
        let fits = |settings| space.world.schema().fits(settings);
        if settings.as_ref().is_none_or(fits) {
            let seed = space.blueprint().seed;
            let initial = InitialWebsite::new(seed, *id, settings.as_ref(), plan.clone(), 0);
            space.world.add_initial(then, std::iter::once(initial));
            there.push(*id);
        }
    }
    there
}

/// Does what happens at Crisp to one website of a deed; says to which, if anything came of it.
pub(super) fn alter(
    space: &mut Space,
    outside: Duration,
    deed: &Deed,
    nth: usize,
) -> Option<WebsiteId> {
    let now = space.now(outside);
    let world = &mut space.world;
    let (id, done) = match deed {
        Deed::Save(websites) => {
            let (id, settings) = websites.get(nth)?;
            let done = world.save(now, *id, settings.clone(), Writer::Operator);
            (*id, done)
        }
        Deed::Install(websites) => {
            let (id, settings) = websites.get(nth)?;
            let how = Installation { settings: settings.clone(), ..Installation::default() };
            (*id, world.install(now, *id, how).map(drop))
        }
        Deed::Plan(plans) => {
            let (id, name) = plans.get(nth)?;
            let plan = Plan {
                id: derive_uuid(&["plan", name]).to_string(),
                name: name.clone(),
                trialing: false,
            };
            (*id, world.set_plan(now, *id, Some(plan), None))
        }
        Deed::Uninstall(websites) => {
            let id = *websites.get(nth)?;
            (id, world.uninstall(now, id))
        }
        // What the client does itself, and what concerns no website.
        Deed::ClientSave(_)
        | Deed::ClientUpdate(_)
        | Deed::Clock { .. }
        | Deed::Restart(_)
        | Deed::Kick
        | Deed::Quiet => return None,
    };
    done.ok()?;
    space.written_from_outside();
    Some(id)
}
