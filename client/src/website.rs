//! One website as the cache holds it, and the set of them.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::layered::Layered;
use crate::{Settings, WebsiteId};

/// The plan that a website pays for (docs/wire.md#pages, only with `include_plan`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The plan's identifier.
    #[serde(default)]
    pub id: Option<String>,
    /// The plan's name, as people know it.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether the website is still trying it out.
    #[serde(default)]
    pub trialing: bool,
}

/// A website that has the plugin installed.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Website {
    /// Which website.
    pub id: WebsiteId,
    /// The secret that the settings page of this website sends along (docs/wire.md#settings-page).
    /// `None` when the API sent none. A re-installed website usually has a new one.
    pub token: Option<Box<str>>,
    /// Its settings, `{}` when it was never configured.
    pub settings: Settings,
    /// What the website pays for the plugin; `None` when the API sent nothing readable.
    pub price: Option<u32>,
    /// Its plan, when the machine asks for plans and the API sent one.
    pub plan: Option<Box<Plan>>,
}

impl Website {
    /// Whether a settings page may act for this website: compares its token with the one that
    /// was posted. A website without a known token refuses everything.
    pub fn accepts_token(&self, posted: &str) -> bool {
        let Some(token) = &self.token else {
            return false;
        };
        // Every byte is looked at, so that the time taken does not tell how many were right.
        token.len() == posted.len()
            && token.bytes().zip(posted.bytes()).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
    }

    /// The text of this website: settings, token and plan.
    pub(crate) fn text_bytes(&self) -> usize {
        let plan = self.plan.as_deref();
        let words = plan.map(|plan| [plan.id.as_deref(), plan.name.as_deref()]);
        let words = words.into_iter().flatten().flatten().map(str::len).sum::<usize>();
        self.settings.as_json().len() + self.token.as_deref().map_or(0, str::len) + words
    }
}

impl fmt::Debug for Website {
    /// The token is a secret and is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Website")
            .field("id", &self.id)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("settings", &self.settings)
            .field("price", &self.price)
            .field("plan", &self.plan)
            .finish()
    }
}

/// How much a set holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) websites: usize,
    /// The text of all websites: settings, tokens and plans.
    pub(crate) bytes: usize,
}

/// A set of websites by id. Cloning is free and shares everything: a clone is a snapshot.
#[derive(Clone, Default)]
pub struct Websites {
    set: Layered<Arc<Website>>,
    /// The sum of what they hold as text.
    bytes: usize,
}

impl Websites {
    /// The website with this id.
    pub fn get(&self, id: &WebsiteId) -> Option<&Arc<Website>> {
        self.set.get(id)
    }

    /// Whether the website is in the set.
    pub fn contains(&self, id: &WebsiteId) -> bool {
        self.set.get(id).is_some()
    }

    /// How many websites there are.
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.set.len() == 0
    }

    /// How many bytes of settings, tokens and plans the set holds: what
    /// [`Config::most_bytes`](crate::Config::most_bytes) bounds.
    pub fn text_bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn size(&self) -> Size {
        Size { websites: self.len(), bytes: self.bytes }
    }

    /// All websites, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Website>> {
        self.set.iter().map(|(_, website)| website)
    }

    /// Puts a website in, in place of the one that had its id.
    pub fn insert(&mut self, website: Arc<Website>) -> Option<Arc<Website>> {
        self.bytes += website.text_bytes();
        let old = self.set.insert(website.id, website);
        self.bytes -= old.as_deref().map_or(0, Website::text_bytes);
        old
    }

    /// Takes a website out.
    pub fn remove(&mut self, id: &WebsiteId) -> Option<Arc<Website>> {
        let old = self.set.remove(id);
        self.bytes -= old.as_deref().map_or(0, Website::text_bytes);
        old
    }

    /// Moves changes to where they cost least, if no snapshot of before them is left.
    pub(crate) fn settle(&mut self) {
        self.set.settle();
    }

    /// The websites that are in only one of the sets, or different, in the order of their ids.
    pub(crate) fn differing(&self, new: &Self) -> Vec<WebsiteId> {
        let mut ids: Vec<_> = new
            .iter()
            .filter(|website| self.get(&website.id).is_none_or(|known| known != *website))
            .map(|website| website.id)
            .chain(self.iter().map(|website| website.id).filter(|id| !new.contains(id)))
            .collect();
        ids.sort_unstable();
        ids
    }

    /// Whether both are the same snapshot in memory, which costs nothing to find out.
    pub fn same_snapshot(&self, other: &Self) -> bool {
        self.set.same_snapshot(&other.set)
    }
}

impl FromIterator<Website> for Websites {
    fn from_iter<I: IntoIterator<Item = Website>>(websites: I) -> Self {
        let set: Layered<_> =
            websites.into_iter().map(|website| (website.id, Arc::new(website))).collect();
        let bytes = set.iter().map(|(_, website)| website.text_bytes()).sum();
        Self { set, bytes }
    }
}

impl fmt::Debug for Websites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.set.iter()).finish()
    }
}

/// What happened to one website in the cache: the difference between two snapshots.
///
/// Told once for each real difference, whether a poll, a re-list, a read-back or an own save
/// brought it; repeats of the same state tell nothing (hazards A14, C4).
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The website was not known before.
    Added {
        /// As it is now.
        new: Arc<Website>,
    },
    /// Its settings, token, price or plan are different.
    Updated {
        /// As it was.
        old: Arc<Website>,
        /// As it is now.
        new: Arc<Website>,
    },
    /// The plugin was uninstalled there.
    Removed {
        /// As it was last.
        old: Arc<Website>,
    },
}

impl Change {
    /// The website that changed.
    pub fn website(&self) -> WebsiteId {
        match self {
            Self::Added { new } | Self::Updated { new, .. } => new.id,
            Self::Removed { old } => old.id,
        }
    }

    /// The change that leads from `old` to `new`, if they differ.
    pub(crate) fn between(old: Option<&Arc<Website>>, new: Option<&Arc<Website>>) -> Option<Self> {
        match (old, new) {
            (None, Some(new)) => Some(Self::Added { new: new.clone() }),
            (Some(old), None) => Some(Self::Removed { old: old.clone() }),
            (Some(old), Some(new)) if old != new => {
                Some(Self::Updated { old: old.clone(), new: new.clone() })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn website(token: Option<&str>) -> Website {
        Website {
            id: WebsiteId::from_number(1),
            token: token.map(Into::into),
            settings: Settings::unconfigured(),
            price: None,
            plan: None,
        }
    }

    #[test]
    fn only_the_website_s_own_token_is_accepted() {
        assert!(website(Some("secret")).accepts_token("secret"));
        assert!(!website(Some("secret")).accepts_token("secreT"));
        assert!(!website(Some("secret")).accepts_token("secret "));
        assert!(!website(None).accepts_token(""));
    }

    #[test]
    fn a_set_knows_how_much_text_it_holds_whatever_came_and_went() {
        let sized = |number, token: &str, settings: &str| Website {
            id: WebsiteId::from_number(number),
            token: Some(token.into()),
            settings: Settings::from_json(settings).unwrap(),
            ..website(None)
        };
        let mut set: Websites = [sized(1, "abc", "{}"), sized(1, "ab", "{}")].into_iter().collect();
        assert_eq!(set.text_bytes(), 4, "of two with one id the last counts");
        set.insert(Arc::new(sized(2, "x", "[1]")));
        assert_eq!((set.text_bytes(), set.size().websites), (8, 2));
        set.insert(Arc::new(sized(2, "", "[]")));
        set.remove(&WebsiteId::from_number(1));
        set.remove(&WebsiteId::from_number(9));
        assert_eq!(set.text_bytes(), 2);
        let plan = Plan { id: Some("id".into()), name: Some("name".into()), trialing: true };
        set.insert(Arc::new(Website { plan: Some(Box::new(plan)), ..sized(2, "", "[]") }));
        assert_eq!(set.text_bytes(), 8);
    }

    #[test]
    fn a_token_is_never_printed() {
        let printed = format!("{:?}", website(Some("secret")));
        assert!(!printed.contains("secret"), "{printed}");
    }
}
