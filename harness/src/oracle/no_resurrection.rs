//! O4: a removed website does not come back unless it was installed again.

use super::order::Order;
use super::{Breach, Oracle, shown, time};
use crate::history::{Event, History};

#[derive(Default)]
pub(super) struct NoResurrection {
    order: Order,
}

impl Oracle for NoResurrection {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        let back = self
            .order
            .follow(history, event)
            // An answer that leaves a removal out brings the website back.
            .filter(|back| back.from_nothing && !history.lied)?;
        let name = history.name(back.site);
        let versions = &history.track(back.site).versions;
        let (older, newer) = (versions[back.shown], versions[back.reached]);
        Some(Breach {
            at: event.at,
            site: Some(back.site),
            word: "came back from the dead",
            fact: format!("{name} left at {}, and the cache had dropped it.", time(newer.from)),
            but: format!(
                "At {} it is back with what it had since {}.",
                time(event.at),
                time(older.from)
            ),
            expected: Some("nothing".to_owned()),
            got: Some(shown(history, older.state)),
        })
    }
}
