//! Many isolated spaces in one process; the credentials of a request choose its space.

mod activity;
mod in_flight;
mod info;
mod open_socket;
mod relay;
mod shared_space;
pub mod system_clock;
mod tap;
mod usage_summary;
mod waiting;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use parking_lot::{Mutex, MutexGuard, RwLock};

pub use activity::{Activity, UnderWay};
pub use in_flight::{InFlight, Listener, Reply, SpaceTime};
pub use info::Info;
pub use open_socket::OpenSocket;
pub(crate) use relay::Order;
pub use relay::{Frames, Progress, Relay, Relayed, relay};
pub use shared_space::SharedSpace;
pub use tap::Tap;
pub use usage_summary::{Unfired, UsageSummary};
pub use waiting::WaitingCall;

use crate::api;
use crate::bounds;
use crate::options::Blueprint;
use crate::space::{DEFAULT, Space};

/// Why a space cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Taken {
    /// There is one with that name.
    #[error("there is a space called `{0}` already: delete it first, or leave the name out")]
    Name(String),
    /// Its credentials lead to another.
    #[error("the identifier `{0}` leads to another space already: leave it out, or choose another")]
    Identifier(String),
    /// A server has so many spaces at most.
    #[error("there are {} spaces, and a server has no more: delete some", bounds::SPACES)]
    Spaces,
    /// Its websites would be too many, together with those of the other spaces.
    #[error(
        "with {websites} websites in all spaces there would be more than {}: ask for fewer, or delete \
         spaces",
        bounds::WEBSITES
    )]
    Websites {
        /// How many there would be.
        websites: usize,
    },
}

/// Whether a space may be called so: 1 to 64 letters, digits, `-`, `_` and `.`, and not dots alone,
/// since in a URL `..` names another space.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::spaces::is_space_name;
///
/// assert!(is_space_name("worker-1"));
/// assert!(!is_space_name(".."));
/// ```
#[must_use]
pub fn is_space_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let dots = name.chars().all(|c| c == '.');
    (1..=64).contains(&name.len()) && name.chars().all(plain) && !dots
}

/// All spaces of a server.
#[derive(Debug)]
pub struct Spaces {
    default: Arc<SharedSpace>,
    others: RwLock<Others>,
    /// The usage of spaces that were reset or removed.
    ended: Mutex<UsageSummary>,
    public_url: String,
    portless: Option<Arc<str>>,
}

#[derive(Debug, Default)]
struct Others {
    by_name: HashMap<String, Arc<SharedSpace>>,
    by_identifier: HashMap<String, Arc<SharedSpace>>,
    /// How many were made; their names count on and never come back.
    made: u64,
}

impl Spaces {
    /// A server's spaces, with the default one started. `portless` is the host on whose port 80 sockets
    /// are served, too.
    #[must_use]
    pub fn new(blueprint: Blueprint, public_url: String, portless: Option<Arc<str>>) -> Self {
        let space =
            Space::start(DEFAULT, Arc::new(blueprint), &public_url, system_clock::outside());
        let space = space.with_portless(portless.clone());
        Self {
            portless,
            default: Arc::new(SharedSpace::new(space, None)),
            others: RwLock::default(),
            ended: Mutex::default(),
            public_url,
        }
    }

    /// The space that requests with unknown credentials lead to.
    #[must_use]
    pub fn default_space(&self) -> &Arc<SharedSpace> {
        &self.default
    }

    /// The space of a request, by the identifier in its `Authorization`.
    #[must_use]
    pub fn of(&self, authorization: Option<&HeaderValue>) -> Arc<SharedSpace> {
        let others = self.others.read();
        if others.by_identifier.is_empty() {
            return Arc::clone(&self.default);
        }
        let identifier = api::identifier_of(authorization);
        let found = identifier.and_then(|identifier| others.by_identifier.get(&identifier));
        Arc::clone(found.unwrap_or(&self.default))
    }

    /// The space whose credentials have that identifier; none for those of the default space.
    #[must_use]
    pub fn of_identifier(&self, identifier: &str) -> Option<Arc<SharedSpace>> {
        self.others.read().by_identifier.get(identifier).map(Arc::clone)
    }

    /// The space with that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arc<SharedSpace>> {
        if name == DEFAULT {
            return Some(Arc::clone(&self.default));
        }
        let others = self.others.read();
        others.by_name.get(name).map(Arc::clone)
    }

    /// The names of all spaces, the default one first.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let others = self.others.read();
        let mut names: Vec<_> = others.by_name.keys().cloned().collect();
        names.sort();
        names.insert(0, DEFAULT.to_owned());
        names
    }

    /// All of them, the default one first.
    fn all(&self) -> Vec<Arc<SharedSpace>> {
        let others = self.others.read();
        std::iter::once(&self.default).chain(others.by_name.values()).cloned().collect()
    }

    /// Makes a space, named or not.
    ///
    /// # Errors
    ///
    /// [`Taken`] when its name or its credentials are another's.
    pub fn make(
        &self,
        name: Option<String>,
        blueprint: Blueprint,
        expires: Duration,
    ) -> Result<Arc<SharedSpace>, Taken> {
        self.has_room(&blueprint)?;
        let name = match name {
            Some(name) => name,
            None => self.next_name(),
        };
        let space =
            Space::start(&name, Arc::new(blueprint), &self.public_url, system_clock::outside());
        let space = space.with_portless(self.portless.clone());
        let accounts = space.accounts().clone();
        let cell = Arc::new(SharedSpace::new(space, Some(expires)));
        let identifiers = accounts.all().map(|account| account.identifier.clone());
        let mut others = self.others.write();
        if name == DEFAULT || others.by_name.contains_key(&name) {
            return Err(Taken::Name(name));
        }
        let defaults = self.default.lock().accounts().clone();
        for identifier in &identifiers {
            let default = defaults.all().iter().any(|account| account.identifier == *identifier);
            if default || others.by_identifier.contains_key(identifier) {
                return Err(Taken::Identifier(identifier.clone()));
            }
        }
        for identifier in identifiers {
            others.by_identifier.insert(identifier, Arc::clone(&cell));
        }
        others.by_name.insert(name, Arc::clone(&cell));
        Ok(cell)
    }

    /// Whether a world like this may be made beside those there are, before it takes any memory.
    fn has_room(&self, blueprint: &Blueprint) -> Result<(), Taken> {
        let all = self.all();
        if all.len() > bounds::SPACES {
            return Err(Taken::Spaces);
        }
        let asked = blueprint.websites as usize;
        let websites = asked + all.iter().map(|space| space.known_websites()).sum::<usize>();
        // A server may have begun with more: a space that adds none is made all the same.
        let too_many = asked > 0 && websites > bounds::WEBSITES;
        if too_many { Err(Taken::Websites { websites }) } else { Ok(()) }
    }

    fn next_name(&self) -> String {
        let mut others = self.others.write();
        loop {
            others.made += 1;
            let name = format!("s{}", others.made);
            if !others.by_name.contains_key(&name) {
                return name;
            }
        }
    }

    /// Tears a space down; tells whether there was one.
    pub fn remove(&self, name: &str) -> bool {
        let mut others = self.others.write();
        let Some(cell) = others.by_name.remove(name) else {
            return false;
        };
        others.by_identifier.retain(|_, other| !Arc::ptr_eq(other, &cell));
        drop(others);
        cell.lock().sockets.kick_all();
        self.reset(&cell); // lets go of answers that were held back
        true
    }

    /// Takes a space back to its start; its usage so far is kept for the summary.
    pub fn reset(&self, cell: &SharedSpace) {
        let now = system_clock::elapsed();
        self.ended().add(&cell.lock(), now);
        cell.reset();
    }

    /// The usage of all spaces so far, those included that were reset or removed.
    #[must_use]
    pub fn usage_summary(&self) -> UsageSummary {
        let now = system_clock::elapsed();
        let mut summary = self.ended().clone();
        for cell in self.names().iter().filter_map(|name| self.named(name)) {
            summary.add(&cell.lock(), now);
        }
        summary
    }

    /// The usage of spaces that were reset or removed.
    pub(crate) fn ended(&self) -> MutexGuard<'_, UsageSummary> {
        self.ended.lock()
    }

    /// Tears down what has gone unused for too long.
    pub fn remove_expired(&self) {
        let expired: Vec<_> = {
            let others = self.others.read();
            others
                .by_name
                .values()
                .filter(|cell| cell.is_expired())
                .map(|cell| cell.name().to_owned())
                .collect()
        };
        for name in expired {
            self.remove(&name);
        }
    }
}
