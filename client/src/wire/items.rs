//! The items of the two lists, and the subscription settings of one website.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::envelope::{self, Unreadable};
use super::short;
use crate::{Plan, Settings, Website, WebsiteId};

/// The `difference` of an item of `since` (docs/wire.md#differential).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// Newly installed, or installed again: its whole state.
    Added,
    /// Something changed: its whole state.
    Updated,
    /// Uninstalled.
    Removed,
    /// A word that the specification does not know, or none.
    Unknown(String),
}

/// One readable item of a list: a website, or the news that it is gone.
#[derive(Clone, Debug)]
pub struct Item {
    /// Which website.
    pub id: WebsiteId,
    /// What happened; [`ItemKind::Added`] for the items of a page, which carry no such word.
    pub difference: ItemKind,
    /// Its state as the item tells it. Of a removed website only the id means anything.
    pub website: Arc<Website>,
    /// Whether the item had a `settings` member at all, null or not.
    pub has_settings: bool,
}

/// What was read out of a list's body.
#[derive(Clone, Debug, Default)]
pub(crate) struct ItemList {
    /// The items that could be read, in the order sent.
    pub items: Vec<Item>,
    /// How many could not: no object, or no identifier. They are counted, never fatal.
    pub unreadable: usize,
}

#[derive(Deserialize)]
struct RawItem<'a> {
    #[serde(default, borrow)]
    website_id: Option<&'a RawValue>,
    #[serde(default, borrow)]
    token: Option<&'a RawValue>,
    #[serde(default, borrow)]
    settings: Option<&'a RawValue>,
    #[serde(default, borrow)]
    price: Option<&'a RawValue>,
    #[serde(default, borrow)]
    plan: Option<&'a RawValue>,
    #[serde(default, borrow)]
    difference: Option<&'a RawValue>,
}

/// A member that may be absent or odd: odd counts as absent.
fn lenient<T: DeserializeOwned>(raw: Option<&RawValue>) -> Option<T> {
    serde_json::from_str::<Option<T>>(raw?.get()).ok().flatten()
}

/// A member that is a text. One without escapes lies in the body as it is.
fn text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let written = raw?.get();
    let inner = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner.filter(|inner| !inner.contains('\\')) {
        Some(inner) => Some(inner.into()),
        None => lenient::<String>(raw).map(Cow::Owned),
    }
}

impl RawItem<'_> {
    fn website(&self, id: WebsiteId) -> Website {
        Website {
            id,
            token: text(self.token).map(Box::from),
            settings: Settings::from_wire(self.settings),
            price: lenient(self.price),
            plan: lenient::<Plan>(self.plan).map(Box::new),
        }
    }

    fn item(&self, of_page: bool) -> Option<Item> {
        let id: WebsiteId = text(self.website_id)?.parse().ok()?;
        let difference = match text(self.difference).as_deref() {
            _ if of_page => ItemKind::Added,
            Some("added") => ItemKind::Added,
            Some("updated") => ItemKind::Updated,
            Some("removed") => ItemKind::Removed,
            word => ItemKind::Unknown(word.unwrap_or_default().to_owned()),
        };
        let has_settings = self.settings.is_some();
        Some(Item { id, difference, website: Arc::new(self.website(id)), has_settings })
    }
}

/// Reads the body of a page (`of_page`) or of a differential.
pub(crate) fn read_items(body: &[u8], of_page: bool) -> Result<ItemList, Unreadable> {
    let mut list = ItemList::default();
    if let Some(raw) = envelope::good::<Vec<RawItem<'_>>>(body) {
        list.items.reserve(raw.len());
        raw.iter().for_each(|item| list.push(item.item(of_page)));
        return Ok(list);
    }
    let data = envelope::data(body)?.get();
    // One item is no object, or repeats a member: read them one by one.
    let raw: Vec<&RawValue> = serde_json::from_str(data)
        .map_err(|problem| Unreadable::WrongData { problem: short(problem) })?;
    for item in raw {
        let item = serde_json::from_str::<RawItem<'_>>(item.get()).ok();
        list.push(item.and_then(|item| item.item(of_page)));
    }
    Ok(list)
}

impl ItemList {
    fn push(&mut self, item: Option<Item>) {
        match item {
            Some(item) => self.items.push(item),
            None => self.unreadable += 1,
        }
    }
}

/// Reads the answer of `GET …/settings` (docs/wire.md#settings): token and settings of a website.
pub(crate) fn read_subscription(body: &[u8], id: WebsiteId) -> Result<Website, Unreadable> {
    let data = envelope::data(body)?.get();
    let raw: RawItem<'_> = serde_json::from_str(data)
        .map_err(|problem| Unreadable::WrongData { problem: short(problem) })?;
    if text(raw.website_id)
        .and_then(|text| text.parse().ok())
        .is_some_and(|answered: WebsiteId| answered != id)
    {
        let problem = format!("asked for {id}, got another website");
        return Err(Unreadable::WrongData { problem });
    }
    Ok(raw.website(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const W1: &str = "8c842203-7ed8-4e29-a608-7cf78a7d2fcc";

    fn list(data: &str, of_page: bool) -> ItemList {
        let body = format!(r#"{{"error":false,"reason":"listed","data":{data}}}"#);
        read_items(body.as_bytes(), of_page).unwrap()
    }

    #[test]
    fn an_item_is_read_with_its_token_price_and_difference() {
        let read = list(
            &format!(
                r#"[{{"website_id":"{W1}","token":"t","price":12,"settings":{{"a":1}},
                    "difference":"updated"}}]"#
            ),
            false,
        );
        let item = &read.items[0];
        assert_eq!(item.difference, ItemKind::Updated);
        assert_eq!(item.website.token.as_deref(), Some("t"));
        assert_eq!(item.website.price, Some(12));
        assert_eq!(item.website.settings.as_json(), r#"{"a":1}"#);
    }

    #[test]
    fn odd_members_do_not_lose_the_website() {
        let read = list(
            &format!(
                r#"[{{"website_id":"{W1}","price":-1,"plan":"Free","token":7,"settings":null}}]"#
            ),
            true,
        );
        let website = &read.items[0].website;
        assert_eq!((website.price, &website.plan, &website.token), (None, &None, &None));
        assert!(website.settings.is_unconfigured());
    }

    #[test]
    fn items_without_an_identifier_are_counted_and_the_others_kept() {
        let read = list(&format!(r#"[7, {{"website_id":"x"}}, {{"website_id":"{W1}"}}]"#), true);
        assert_eq!((read.items.len(), read.unreadable), (1, 2));
    }

    #[test]
    fn data_that_is_no_list_is_a_failure() {
        let body = br#"{"error":false,"data":{}}"#;
        let refusal = read_items(body, true).unwrap_err();
        assert!(matches!(refusal, Unreadable::WrongData { .. }), "{refusal}");
    }

    #[test]
    fn a_read_back_of_another_website_is_not_taken() {
        let body = format!(r#"{{"error":false,"data":{{"website_id":"{W1}","token":"t"}}}}"#);
        assert!(read_subscription(body.as_bytes(), WebsiteId::from_number(1)).is_err());
        let own = read_subscription(body.as_bytes(), W1.parse().unwrap()).unwrap();
        assert_eq!(own.token.as_deref(), Some("t"));
    }
}
