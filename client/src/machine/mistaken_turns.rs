//! Turns that the machine takes by mistake: late answers that are applied, websites that are dropped.

use std::time::Duration;

use bytes::Bytes;

use super::client::Machine;
use super::event::RequestId;
use super::listening::Heard;
use super::words::Job;
use crate::mistake::Mistake;
use crate::{Settings, Website, WebsiteId};

/// So many websites are kept.
const KEPT: usize = 50;
/// An entry lives so long after it was last told.
const LIFE: Duration = Duration::from_secs(3600);

impl Machine {
    /// Applies an answer that comes too late, whatever has been learnt since; says whether it is one.
    pub(crate) fn applied_late(&mut self, id: RequestId, response: &http::Response<Bytes>) -> bool {
        let late = &mut self.memory.outlived;
        let Some(place) = late.iter().position(|request| request.id == id) else {
            return false;
        };
        let job = late.swap_remove(place).job;
        if !response.status().is_success() {
            return true;
        }
        match job {
            Job::Save(save) => self.show(&save),
            Job::Read(website) => {
                if let Ok(held) = crate::wire::read_subscription(response.body(), website) {
                    self.put_one(website, Some(held));
                }
            }
            _ => {
                let items = self.read_list(response.body(), false).unwrap_or_default().items;
                for item in items {
                    let gone = item.difference == crate::wire::ItemKind::Removed;
                    let website = (!gone).then(|| Website::clone(&item.website));
                    self.put_one(item.id, website);
                }
            }
        }
        true
    }

    /// Takes an event for data, and does not poll for it; says whether it did.
    pub(super) fn took_for_data(&mut self, heard: &Heard<'_>) -> bool {
        #[derive(serde::Deserialize)]
        struct Saved {
            website_id: WebsiteId,
            settings: serde_json::Value,
        }
        if !self.config.mistakes.has(Mistake::EventAsData) || heard.name != "plugin:settings:saved"
        {
            return false;
        }
        let Ok(saved) = serde_json::from_str::<Saved>(heard.payload) else { return true };
        let known = self.snapshot.websites.get(&saved.website_id);
        if let (Some(known), Ok(settings)) = (known, Settings::from_value(&saved.settings)) {
            let website = Website { settings, ..Website::clone(known) };
            self.put_one(saved.website_id, Some(website));
        }
        true
    }

    /// Drops the websites that are over the number that is kept, or too old.
    pub(crate) fn forget_websites(&mut self) {
        let now = self.now.elapsed;
        let most = match self.config.mistakes.0 {
            Some(Mistake::KeepsFiftyWebsites) => KEPT,
            Some(Mistake::EntriesExpire) => usize::MAX,
            _ => return,
        };
        let told_at = &mut self.memory.told_at;
        let known = self.snapshot.websites.iter();
        let mut known: Vec<_> =
            known.map(|website| (*told_at.entry(website.id).or_insert(now), website.id)).collect();
        known.sort_unstable_by_key(|known| std::cmp::Reverse(*known));
        for (place, (told, id)) in known.into_iter().enumerate() {
            if place >= most || (most == usize::MAX && now.saturating_sub(told) >= LIFE) {
                self.memory.told_at.remove(&id);
                self.put_one(id, None);
            }
        }
    }
}
