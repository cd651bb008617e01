//! The steps of a scenario, carried out.

use crisp_mock_server::engine::{Installation, Plan, Refusal, Writer};
use crisp_mock_server::id::{WebsiteId, derive_uuid};
use serde_json::Value;

use super::{Witness, World};
use crate::history::{By, Save, What};
use crate::scenario::{Deed, Side};
use crate::subject::{Event, How};

impl<W: Witness> World<'_, W> {
    pub(super) fn act(&mut self, index: usize) {
        let prepared = self.prepared;
        let changed = match &prepared.scenario.when[index].deed {
            Deed::Save(websites) => self.each(websites, Self::save),
            Deed::Install(websites) => self.each(websites, Self::install),
            Deed::Uninstall(websites) => {
                let gone: Vec<_> = websites.iter().map(|id| (*id, ())).collect();
                self.each(&gone, |world, id, ()| world.uninstall(id))
            }
            Deed::Plan(plans) => self.each(plans, |world, id, plan| world.plan(id, plan)),
            Deed::ClientSave(websites) => self.order(websites, How::Put),
            Deed::ClientUpdate(websites) => self.order(websites, How::Patch),
            Deed::Clock { side, millis } => self.move_clock(*side, *millis),
            Deed::Restart => self.restart(),
            Deed::Quiet => {
                self.quieten();
                true
            }
        };
        if !changed {
            self.push(What::Idle(u32::try_from(index).unwrap_or(u32::MAX)));
        }
    }

    /// Does something to each website; says whether anything came of it.
    fn each<T>(
        &mut self,
        websites: &[(WebsiteId, T)],
        deed: impl Fn(&mut Self, WebsiteId, &T) -> Result<(), Refusal>,
    ) -> bool {
        let mut any = false;
        for (id, with) in websites {
            if deed(self, *id, with).is_ok() {
                any = true;
                self.last_write = self.last_write.max(self.newest(*id));
                self.space.written_from_outside();
                self.note_truth(*id, By::Operator);
            }
        }
        any
    }

    fn newest(&self, id: WebsiteId) -> u64 {
        self.space
            .world
            .website(id)
            .map_or(0, |website| website.changed.seq)
    }

    fn save(&mut self, id: WebsiteId, settings: &Value) -> Result<(), Refusal> {
        let now = self.space.now(self.now);
        self.space
            .world
            .save(now, id, settings.clone(), Writer::Operator)
    }

    fn install(&mut self, id: WebsiteId, settings: &Option<Value>) -> Result<(), Refusal> {
        let now = self.space.now(self.now);
        let how = Installation {
            settings: settings.clone(),
            ..Installation::default()
        };
        self.space.world.install(now, id, how).map(drop)
    }

    fn uninstall(&mut self, id: WebsiteId) -> Result<(), Refusal> {
        let now = self.space.now(self.now);
        self.space.world.uninstall(now, id)
    }

    fn plan(&mut self, id: WebsiteId, name: &str) -> Result<(), Refusal> {
        let now = self.space.now(self.now);
        let plan = Plan {
            id: derive_uuid(&["plan", name]).to_string(),
            name: name.to_owned(),
            trialing: false,
        };
        self.space.world.set_plan(now, id, Some(plan), None)
    }

    fn order(&mut self, websites: &[(WebsiteId, Value)], how: How) -> bool {
        if !self.about.abilities.saves {
            return false;
        }
        for (id, settings) in websites {
            let text = settings.to_string();
            let ticket = self.history.saves.len();
            let save = Save {
                site: self.history.site(*id),
                how,
                settings: self.history.values.json(&text),
                ordered: self.now,
                end: None,
                attempts: Vec::new(),
            };
            self.history.saves.push(save);
            self.push(What::SaveOrdered(u32::try_from(ticket).unwrap_or(u32::MAX)));
            let event = Event::Save {
                ticket: ticket as u64,
                website: *id,
                settings: text,
                how,
            };
            self.tell(event);
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

    fn restart(&mut self) -> bool {
        self.mail.burn();
        self.ids.clear();
        self.push(What::Restart);
        self.subject = self.client.start(&self.setup, self.moment());
        self.tick();
        true
    }

    /// From here on nothing goes wrong any more.
    pub(super) fn quieten(&mut self) {
        self.quiet = true;
        self.space.faults.clear();
        self.push(What::Quiet);
    }
}
