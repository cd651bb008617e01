//! What a differential does to the set.

use std::sync::Arc;

use crate::website::Size;
use crate::wire::{Item, ItemKind};
use crate::{Website, WebsiteId, Websites};

/// A copy of the set that a differential is applied to; readers see it only when it is whole.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    websites: Websites,
    touched: Vec<WebsiteId>,
    doubts: Vec<WebsiteId>,
}

impl Draft {
    /// A draft that starts as a copy of this set, which costs nothing.
    pub(crate) fn of(websites: &Websites) -> Self {
        Self { websites: websites.clone(), touched: Vec::new(), doubts: Vec::new() }
    }

    /// How much the draft holds now.
    pub(crate) fn size(&self) -> Size {
        self.websites.size()
    }

    /// The website as the draft has it now.
    pub(crate) fn get(&self, id: &WebsiteId) -> Option<&Arc<Website>> {
        self.websites.get(id)
    }

    /// Puts the website's whole state in.
    pub(crate) fn put(&mut self, website: Arc<Website>) {
        self.touched.push(website.id);
        self.websites.insert(website);
    }

    /// Takes the website out, if it is there.
    pub(crate) fn remove(&mut self, id: WebsiteId) {
        self.touched.push(id);
        self.websites.remove(&id);
    }

    #[cfg(feature = "mistakes")]
    pub(crate) fn clear(&mut self) {
        self.touched.extend(self.websites.iter().map(|website| website.id));
        self.websites = Websites::default();
    }

    /// The answer does not settle what this website is: it will be read by itself.
    pub(crate) fn doubt(&mut self, id: WebsiteId) {
        self.doubts.push(id);
    }

    /// The set, the websites that were touched (each once, sorted), and those in doubt.
    pub(crate) fn finish(self) -> (Websites, Vec<WebsiteId>, Vec<WebsiteId>) {
        let Self { websites, mut touched, mut doubts } = self;
        touched.sort_unstable();
        touched.dedup();
        doubts.sort_unstable();
        doubts.dedup();
        (websites, touched, doubts)
    }
}

/// Applies the items, which are whole states, in the order sent: the last one of a website counts.
pub(crate) fn apply(items: &[Item], draft: &mut Draft) {
    for item in items {
        match &item.difference {
            ItemKind::Removed => draft.remove(item.id),
            ItemKind::Added | ItemKind::Updated => draft.put(whole(item, draft)),
            // A9: the word is unknown, but there is a state, which is applied.
            ItemKind::Unknown(_) if item.has_settings => draft.put(whole(item, draft)),
            ItemKind::Unknown(_) => draft.doubt(item.id),
        }
    }
    contradictions(items).into_iter().for_each(|id| draft.doubt(id));
}

/// Websites that one answer calls both removed and alive: which of the two is later is not
/// certain, whatever the order (hazard A4).
fn contradictions(items: &[Item]) -> Vec<WebsiteId> {
    let gone = |item: &Item| item.difference == ItemKind::Removed;
    if !items.iter().any(gone) {
        return Vec::new();
    }
    let mut said: Vec<_> = items.iter().map(|item| (item.id, gone(item))).collect();
    said.sort_unstable();
    said.dedup();
    said.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[0].0).collect()
}

/// The item's state. A differential item without a token keeps the known one (hazard W8), unless
/// it says that the website was installed anew (A2).
fn whole(item: &Item, draft: &Draft) -> Arc<Website> {
    let known = draft.get(&item.id);
    match known {
        Some(known) if item.website.token.is_none() && item.difference == ItemKind::Updated => {
            let token = known.token.clone();
            Arc::new(Website { token, ..Website::clone(&item.website) })
        }
        _ => item.website.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    fn website(number: u128, token: Option<&str>, settings: &str) -> Website {
        Website {
            id: WebsiteId::from_number(number),
            token: token.map(Into::into),
            settings: Settings::from_json(settings).unwrap(),
            price: None,
            plan: None,
        }
    }

    fn item(kind: ItemKind, website: Website) -> Item {
        Item { id: website.id, difference: kind, website: Arc::new(website), has_settings: true }
    }

    fn applied(known: Vec<Website>, items: &[Item]) -> (Websites, Vec<WebsiteId>) {
        let mut draft = Draft::of(&known.into_iter().collect());
        apply(items, &mut draft);
        let (websites, _, doubts) = draft.finish();
        (websites, doubts)
    }

    #[test]
    fn updated_for_an_unknown_website_inserts_it() {
        let (set, _) = applied(vec![], &[item(ItemKind::Updated, website(1, None, "{}"))]);
        assert!(set.contains(&WebsiteId::from_number(1)));
    }

    #[test]
    fn added_for_a_known_website_replaces_settings_and_token() {
        let known = vec![website(1, Some("old"), r#"{"a":1}"#)];
        let new = website(1, Some("new"), r#"{"b":2}"#);
        let (set, _) = applied(known, &[item(ItemKind::Added, new.clone())]);
        assert_eq!(**set.get(&new.id).unwrap(), new);
    }

    #[test]
    fn an_update_without_a_token_keeps_the_known_one() {
        let known = vec![website(1, Some("old"), "{}")];
        let (set, _) = applied(known, &[item(ItemKind::Updated, website(1, None, "{}"))]);
        assert_eq!(set.iter().next().unwrap().token.as_deref(), Some("old"));
    }

    #[test]
    fn of_several_items_of_one_website_the_last_counts() {
        let first = item(ItemKind::Updated, website(1, None, r#"{"a":1}"#));
        let last = item(ItemKind::Updated, website(1, None, r#"{"a":2}"#));
        let (set, doubts) = applied(vec![], &[first, last]);
        assert_eq!(set.iter().next().unwrap().settings.as_json(), r#"{"a":2}"#);
        assert!(doubts.is_empty());
    }

    #[test]
    fn removed_and_added_in_one_answer_are_applied_in_order_and_put_in_doubt() {
        let removed = item(ItemKind::Removed, website(1, None, "{}"));
        let added = item(ItemKind::Added, website(1, None, "{}"));
        let (set, doubts) = applied(vec![], &[removed.clone(), added.clone()]);
        assert_eq!((set.len(), doubts.len()), (1, 1));
        let (set, doubts) = applied(vec![], &[added, removed]);
        assert_eq!((set.len(), doubts.len()), (0, 1));
    }

    #[test]
    fn removed_for_an_unknown_website_is_nothing() {
        let (set, doubts) = applied(vec![], &[item(ItemKind::Removed, website(1, None, "{}"))]);
        assert!(set.is_empty() && doubts.is_empty());
    }

    #[test]
    fn an_unknown_word_is_an_update_if_there_are_settings_and_a_doubt_if_not() {
        let renamed = item(ItemKind::Unknown("renamed".into()), website(1, None, "{}"));
        let (set, _) = applied(vec![], std::slice::from_ref(&renamed));
        assert_eq!(set.len(), 1);
        let bare = Item { has_settings: false, ..renamed };
        let (set, doubts) = applied(vec![], &[bare]);
        assert_eq!((set.len(), doubts.len()), (0, 1));
    }
}
