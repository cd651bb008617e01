//! O3: a field never goes back to an older value.

use super::order::{Field, Order};
use super::{Breach, Oracle, shown, time};
use crate::history::{Event, History};

#[derive(Default)]
pub(super) struct Monotonic {
    order: Order,
}

impl Oracle for Monotonic {
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach> {
        let back = self.order.follow(history, event)?;
        if back.from_nothing {
            return None; // that is a resurrection
        }
        if back.to_nothing && history.lied {
            return None; // the server itself left it out of an answer
        }
        let name = history.name(back.site);
        let versions = &history.track(back.site).versions;
        let (older, newer) = (versions[back.shown], versions[back.reached]);
        let what = if back.field == Field::Token { "token" } else { "settings" };
        let (word, but) = if back.to_nothing {
            let fact = format!(
                "It disappeared at {}, as it had been before {}.",
                time(event.at),
                time(newer.from)
            );
            ("deleted the living", fact)
        } else {
            let fact =
                format!("At {} it showed those of {} again.", time(event.at), time(older.from));
            ("went back in time", fact)
        };
        Some(Breach {
            at: event.at,
            site: Some(back.site),
            word,
            fact: format!("The cache had the {what} that {name} has since {}.", time(newer.from)),
            but,
            expected: Some(shown(history, newer.state)),
            got: Some(shown(history, older.state)),
        })
    }
}
